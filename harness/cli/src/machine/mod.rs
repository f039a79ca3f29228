//! What the whole machine does while something is timed: how busy it is, what waits in it, what its page cache holds.

mod gate;
mod page_cache;
mod proc;

use std::sync::Arc;
use std::time::Duration;

use seatrial_record::MachineLoad;
use tokio::time::Instant;

pub use gate::{Gate, Held};
pub use page_cache::PageCache;

/// What the machine has done since it started, as far as it tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// When it was asked.
    pub at: Instant,
    /// Time that all processors together were busy.
    pub busy: Duration,
    /// The same, idle or busy.
    pub all: Duration,
    /// CPU time of this process.
    pub own: Duration,
    /// Time in which some task waited for a processor, for storage, for memory.
    pub pressure: [Option<Duration>; 3],
}

impl Moment {
    /// What was done from an earlier moment to this one.
    pub fn since(&self, earlier: &Moment) -> MachineLoad {
        let ns = |later: Duration, earlier: Duration| later.saturating_sub(earlier).as_nanos() as u64;
        let waited = |kind: usize| Some(ns(self.pressure[kind]?, earlier.pressure[kind]?));
        MachineLoad {
            wall_ns: self.at.saturating_duration_since(earlier.at).as_nanos() as u64,
            busy_ns: ns(self.busy, earlier.busy),
            own_ns: ns(self.own, earlier.own),
            cpu_pressure_ns: waited(0),
            io_pressure_ns: waited(1),
            memory_pressure_ns: waited(2),
        }
    }

    /// Share of all processors that others than this process used since an earlier moment, 0 to 1; 0 for a span too short
    /// to tell.
    pub fn foreign_share(&self, earlier: &Moment) -> f64 {
        let all = self.all.saturating_sub(earlier.all).as_secs_f64();
        let busy = self.busy.saturating_sub(earlier.busy);
        let foreign = busy.saturating_sub(self.own.saturating_sub(earlier.own));
        if all > 0.0 {
            (foreign.as_secs_f64() / all).min(1.0)
        } else {
            0.0
        }
    }
}

/// Asks the machine what it has done so far; `None` where it does not tell.
#[derive(Clone)]
pub struct Meter(Arc<dyn Fn() -> Option<Moment> + Send + Sync>);

impl Meter {
    /// The machine that this process runs on: Linux tells, others do not.
    pub fn here() -> Meter {
        Meter(Arc::new(proc::moment))
    }

    /// A made-up machine.
    #[cfg(test)]
    pub fn scripted(moment: impl Fn() -> Option<Moment> + Send + Sync + 'static) -> Meter {
        Meter(Arc::new(moment))
    }

    /// What it has done so far.
    pub fn read(&self) -> Option<Moment> {
        (self.0)()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn what_this_process_did_is_not_foreign_and_what_is_not_told_is_absent() {
        let earlier = Moment {
            at: Instant::now(),
            busy: 1000 * MS,
            all: 4000 * MS,
            own: 100 * MS,
            pressure: [Some(5 * MS), None, Some(7 * MS)],
        };
        let later = Moment {
            at: earlier.at + 100 * MS,
            busy: 1090 * MS,
            all: 4200 * MS,
            own: 150 * MS,
            pressure: [Some(25 * MS), Some(MS), Some(7 * MS)],
        };
        assert!((later.foreign_share(&earlier) - 0.2).abs() < 1e-9);
        assert!(earlier.foreign_share(&earlier).abs() < 1e-9);
        let load = MachineLoad {
            wall_ns: 100_000_000,
            busy_ns: 90_000_000,
            own_ns: 50_000_000,
            cpu_pressure_ns: Some(20_000_000),
            io_pressure_ns: None,
            memory_pressure_ns: Some(0),
        };
        assert_eq!(later.since(&earlier), load);
    }
}
