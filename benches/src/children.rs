//! What the processes took that a bench has waited for.

use std::fs;
use std::time::Duration;

use anyhow::Context as _;

/// The kernel's unit for user space, `USER_HZ`: a hundredth of a second on every architecture that Docker runs on.
const TICK: Duration = Duration::from_millis(10);

/// User and system time of the children of this process that have ended, and of theirs (`cutime` and `cstime` of proc(5)),
/// in hundredths of a second.
///
/// # Errors
/// Elsewhere than on Linux.
pub fn children_cpu() -> anyhow::Result<Duration> {
    let stat = fs::read_to_string("/proc/self/stat").context("this needs Linux")?;
    // The name in parentheses may hold anything; `cutime` is the fourteenth field after it.
    let (_, fields) = stat.rsplit_once(')').context("not as proc(5) has it")?;
    let ticks = fields.split_whitespace().skip(13).take(2).map(str::parse::<u32>);
    Ok(TICK * ticks.sum::<Result<u32, _>>()?)
}
