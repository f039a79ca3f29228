//! The engine stamps its events with the wall clock; this puts them on the monotonic one.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// Engine and host read the same kernel clock, so an event lies in the past. One further ahead than this was
/// stamped by another clock (an engine in a virtual machine, on another host).
const SLACK: Duration = Duration::from_millis(1);
const SAMPLES: usize = 5;

/// The wall clock and the monotonic clock read at the same moment.
///
/// Sampled anew for every translation (of log lines: every second) rather than once per run: the wall clock may be
/// stepped or slewed (by up to 0.5 ms per second) meanwhile. What remains is the drift between event and sample, and half the time that one
/// reading takes: microseconds, for an event that is milliseconds old.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clocks {
    instant: Instant,
    wall: Duration,
}

impl Clocks {
    /// Reads both clocks a few times and keeps the reading that was interrupted least.
    pub(crate) fn sample() -> Self {
        let (_, clocks) = (0..SAMPLES)
            .map(|_| {
                let before = Instant::now();
                let wall = SystemTime::now();
                let width = before.elapsed();
                let wall = wall.duration_since(UNIX_EPOCH).unwrap_or_default();
                (
                    width,
                    Self {
                        instant: before + width / 2,
                        wall,
                    },
                )
            })
            .min_by_key(|(width, _)| *width)
            .expect("SAMPLES is not zero");
        clocks
    }

    /// When both were read.
    pub(crate) fn sampled(&self) -> Instant {
        self.instant
    }

    /// The instant of a moment given in nanoseconds since the Unix epoch; `None` for one ahead of us.
    pub(crate) fn instant_at(&self, unix_ns: i128) -> Option<Instant> {
        let moment = Duration::from_nanos(u64::try_from(unix_ns).ok()?);
        match self.wall.checked_sub(moment) {
            Some(age) => self.instant.checked_sub(age),
            None if moment - self.wall <= SLACK => Some(self.instant),
            None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_past_keeps_its_distance_and_the_future_is_refused() {
        let clocks = Clocks::sample();
        let now = clocks.wall.as_nanos() as i128;
        assert_eq!(clocks.instant_at(now), Some(clocks.instant));
        assert_eq!(
            clocks.instant_at(now - 5_000_000),
            Some(clocks.instant - Duration::from_millis(5))
        );
        assert_eq!(clocks.instant_at(now + 500_000), Some(clocks.instant));
        assert_eq!(clocks.instant_at(now + 5_000_000), None);
        assert_eq!(clocks.instant_at(-1), None);
    }
}
