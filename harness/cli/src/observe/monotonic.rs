//! The host's monotonic clock as a number, which std keeps to itself.

use tokio::time::Instant;

/// Nanoseconds of an instant on CLOCK_MONOTONIC, the clock that a Linux host shares with its containers; `None` where
/// that is not the clock of instants.
pub fn monotonic_ns(at: Instant) -> Option<u64> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    let age = at.elapsed();
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    let now = u64::try_from(now.tv_sec).ok()? * 1_000_000_000 + u64::try_from(now.tv_nsec).ok()?;
    now.checked_sub(u64::try_from(age.as_nanos()).ok()?)
}
