//! When to probe next: often while that costs next to nothing, less often the older the boot and the dearer a probe.

use std::time::Duration;

use seatrial_record::HealthState;
use tokio::time::{Instant, sleep_until};

/// The shortest time from one probe to the next. The runtime's timer counts whole milliseconds.
const SHORTEST: Duration = Duration::from_millis(1);
/// Pauses grow to this share of a boot's age, so that the instant of a long boot is seen within 0.2 % of its time and
/// waiting for it stays cheap.
const SHARE: u32 = 500;
/// A refused connection is the kernel's work alone: for so long into a boot that costs too little to be spared, and pauses
/// are the share of what comes after.
const CHEAP: Duration = Duration::from_secs(4);

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
        self.pause(Duration::ZERO, Instant::now())
    }

    fn next(&self, found: HealthState, now: Instant) -> Instant {
        if found != HealthState::Refused {
            // An answer takes the time of the server that boots as well: it is left alone for all of the pause.
            return now + self.pause(Duration::ZERO, now);
        }
        let pause = self.pause(CHEAP, now);
        // From tick to tick: a pause after each probe would add the probe's own time and the timer's rounding. One that
        // came too late for its tick is not made up for.
        let tick = self.due + pause;
        if tick > now { tick } else { now + pause }
    }

    /// The share of the boot's age beyond `spared`.
    fn pause(&self, spared: Duration, now: Instant) -> Duration {
        let age = now.duration_since(self.begun);
        (age.saturating_sub(spared) / SHARE).max(SHORTEST)
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
        assert_eq!(next(1_000_000, 1_000_000, BAD_GATEWAY), 1_002_000);
        assert_eq!(next(4_000_000, 4_000_400, REFUSED), 4_001_000);
        assert_eq!(next(64_000_000, 64_000_000, REFUSED), 64_120_000);
        assert_eq!(next(310_000_000, 310_000_000, HealthState::Closed), 310_620_000);
    }
}
