//! The engine stamps its events with the wall clock, and containers their lines with that or the monotonic one as a number;
//! this puts both on the clock of instants.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// Engine and host read the same kernel clock, so an event lies in the past. One further ahead than this was
/// stamped by another clock (an engine in a virtual machine, on another host).
const SLACK: Duration = Duration::from_millis(1);
const SAMPLES: usize = 5;

/// The wall clock and the monotonic clock read at the same moment.
///
/// Sampled anew for every translation rather than once per run: the wall clock may be stepped or slewed (by up to
/// 0.5 ms per second) meanwhile. What remains is the drift between event and sample, and half the time that one
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

/// The instant of a moment in nanoseconds since the Unix epoch, as a container that shares the host's clock tells it; `None`
/// for one ahead of us.
#[must_use]
pub fn wall_instant(unix_ns: i128) -> Option<Instant> {
    Clocks::sample().instant_at(unix_ns)
}

/// The instant of a moment on CLOCK_MONOTONIC in nanoseconds, as a container that shares the host's kernel tells it; `None`
/// for one ahead of us, and where that is not the clock of instants.
#[must_use]
pub fn monotonic_instant(ns: u64) -> Option<Instant> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    let clock = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    let now = Instant::now();
    let clock = Duration::new(u64::try_from(clock.tv_sec).ok()?, u32::try_from(clock.tv_nsec).ok()?);
    let moment = Duration::from_nanos(ns);
    match clock.checked_sub(moment) {
        Some(age) => now.checked_sub(age),
        None if moment - clock <= SLACK => Some(now),
        None => None,
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

    #[test]
    #[cfg(target_os = "linux")]
    fn a_number_of_the_monotonic_clock_is_the_instant_it_was_read_at() {
        let before = Instant::now();
        let read = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        let after = Instant::now();
        let ns = read.tv_sec as u64 * 1_000_000_000 + read.tv_nsec as u64;
        let instant = monotonic_instant(ns).unwrap();
        // Mapping reads the two clocks one after the other, and may be interrupted between: that makes it later.
        assert!(instant >= before && after >= before, "{:?}", before - instant);
        assert_eq!(monotonic_instant(ns + 3_600_000_000_000), None);
    }
}
