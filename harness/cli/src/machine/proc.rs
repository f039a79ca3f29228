//! Reads what Linux tells of the machine below /proc.

use std::fs;
use std::time::Duration;

use tokio::time::Instant;

use super::Moment;

/// Milliseconds of a tick in /proc/stat: USER_HZ is 100 on every architecture that seatrial is built for (proc(5)).
const TICK_MS: u64 = 10;

/// What this machine has done so far; `None` where there is no /proc/stat.
pub fn moment() -> Option<Moment> {
    let processors = processors(&fs::read_to_string("/proc/stat").ok()?)?;
    let waited = |what: &str| pressure(&fs::read_to_string(format!("/proc/pressure/{what}")).ok()?);
    Some(Moment {
        at: Instant::now(),
        busy: Duration::from_millis(TICK_MS * processors.busy),
        all: Duration::from_millis(TICK_MS * processors.all),
        own: own()?,
        pressure: ["cpu", "io", "memory"].map(waited),
    })
}

/// CPU time of this process, user and system, of all its threads. /proc/self/stat tells the same, in whole ticks.
#[cfg(target_os = "linux")]
fn own() -> Option<Duration> {
    let spent = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Some(Duration::new(
        spent.tv_sec.try_into().ok()?,
        spent.tv_nsec.try_into().ok()?,
    ))
}

#[cfg(not(target_os = "linux"))]
fn own() -> Option<Duration> {
    None
}

/// Ticks of all processors together since the machine started.
#[derive(Debug, PartialEq, Eq)]
struct Processors {
    busy: u64,
    all: u64,
}

/// The first line of /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal; guest time is part of user. What a
/// hypervisor took away (steal) was not there for us either, so it counts as busy.
fn processors(stat: &str) -> Option<Processors> {
    let line = stat.lines().find_map(|line| line.strip_prefix("cpu "))?;
    let ticks: Vec<u64> = line
        .split_whitespace()
        .map_while(|word| word.parse().ok())
        .take(8)
        .collect();
    let idle = ticks.get(3)? + ticks.get(4).unwrap_or(&0);
    let all: u64 = ticks.iter().sum();
    Some(Processors { busy: all - idle, all })
}

/// The total of the line `some` of a file below /proc/pressure, which counts microseconds.
fn pressure(text: &str) -> Option<Duration> {
    let line = text.lines().find(|line| line.starts_with("some "))?;
    let total = line.split_whitespace().find_map(|word| word.strip_prefix("total="))?;
    total.parse().ok().map(Duration::from_micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_for_storage_is_idle_and_stolen_time_is_not() {
        let stat = "cpu  100 10 50 1000 200 5 5 30 7 0\ncpu0 1 2 3 4\nintr 12\n";
        assert_eq!(processors(stat), Some(Processors { busy: 200, all: 1400 }));
        let old = "cpu 100 10 50 1000\n";
        assert_eq!(processors(old), Some(Processors { busy: 160, all: 1160 }));
        assert_eq!(processors("cpu0 1 2 3 4\n"), None);
        assert_eq!(processors(""), None);
    }

    #[test]
    fn pressure_is_the_total_of_some() {
        let text = "some avg10=99.39 avg60=98.34 avg300=95.51 total=1171917688\n\
                    full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n";
        assert_eq!(pressure(text), Some(Duration::from_micros(1_171_917_688)));
        assert_eq!(pressure("full avg10=0.00 total=3\n"), None);
        assert_eq!(pressure("some avg10=0.00 total=much\n"), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_machine_is_read_and_never_goes_back() {
        let earlier = moment().unwrap();
        let later = moment().unwrap();
        assert!(later.busy >= earlier.busy && later.all >= later.busy && later.own >= earlier.own);
    }
}
