//! When to probe next: often while that costs next to nothing, less often the older the boot and the dearer a probe.

use std::time::Duration;

use seatrial_record::HealthState;
use tokio::time::{Instant, sleep_until};

/// The shortest time from one probe to the next. The runtime's timer counts whole milliseconds.
const SHORTEST: Duration = Duration::from_millis(1);
/// A refused connection is the kernel's work alone, some 20 to 40 microseconds: the next comes after this share of the
/// boot's age, counted from when this one was due.
const REFUSED_SHARE: u32 = 2000;
/// An answer takes the time of the server that boots as well: the next probe comes after this share of the boot's age,
/// counted from the answer. Seen that late, the instant of a long boot is off by 0.2 % at most.
const ANSWERED_SHARE: u32 = 500;

/// The pace of probing one boot.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    begun: Instant,
    due: Instant,
}

impl Pace {
    /// The first probe is due now, and the boot's age counts from now.
    pub(super) fn begin() -> Pace {
        let begun = Instant::now();
        Pace { begun, due: begun }
    }

    /// Waits until the next probe is due, after one that has found this.
    pub(super) async fn wait(&mut self, found: HealthState) {
        let now = Instant::now();
        self.due = self.next(found, now);
        sleep_until(self.due).await;
    }

    /// Time between two looks at a request that is not answered yet.
    pub(super) fn look(&self) -> Duration {
        self.pause(ANSWERED_SHARE, Instant::now())
    }

    fn next(&self, found: HealthState, now: Instant) -> Instant {
        if found != HealthState::Refused {
            return now + self.pause(ANSWERED_SHARE, now);
        }
        let pause = self.pause(REFUSED_SHARE, now);
        // From tick to tick: a pause after each probe would add the probe's own time and the timer's rounding. One that
        // came too late for its tick is not made up for.
        let tick = self.due + pause;
        if tick > now { tick } else { now + pause }
    }

    fn pause(&self, share: u32, now: Instant) -> Duration {
        (now.duration_since(self.begun) / share).max(SHORTEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFUSED: HealthState = HealthState::Refused;
    const BAD_GATEWAY: HealthState = HealthState::Status(502);

    /// Microseconds from the beginning at which the next probe is due, when the last was due at `due` and had its answer
    /// at `now`.
    fn next(due: u64, now: u64, found: HealthState) -> u128 {
        let begun = Instant::now();
        let after = |micros| begun + Duration::from_micros(micros);
        let pace = Pace { begun, due: after(due) };
        pace.next(found, after(now)).duration_since(begun).as_micros()
    }

    #[test]
    fn refused_probes_keep_to_their_ticks_and_answered_ones_leave_the_server_alone() {
        assert_eq!(next(5_000, 5_300, REFUSED), 6_000);
        assert_eq!(next(5_000, 5_300, BAD_GATEWAY), 6_300);
        assert_eq!(next(5_000, 6_000, REFUSED), 7_000, "its tick has passed");
        assert_eq!(next(5_000, 9_300, REFUSED), 10_300, "several have passed");
    }

    #[test]
    fn pauses_grow_with_the_age_of_the_boot() {
        assert_eq!(next(2_000_000, 2_000_400, REFUSED), 2_001_000);
        assert_eq!(next(60_000_000, 60_000_000, REFUSED), 60_030_000);
        assert_eq!(next(60_000_000, 60_000_000, BAD_GATEWAY), 60_120_000);
        assert_eq!(next(310_000_000, 310_000_000, HealthState::Closed), 310_620_000);
    }
}
