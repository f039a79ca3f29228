//! Other people's clocks, put on that of tokio's instants: the wall clock, with which the engine stamps its events, and
//! CLOCK_MONOTONIC as a number, which containers write into their logs.

use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// Engine and host read the same kernel clock, so an event lies in the past. One further ahead than this was
/// stamped by another clock (an engine in a virtual machine, on another host).
const SLACK: Duration = Duration::from_millis(1);
const SAMPLES: usize = 5;
/// Clocks drift, so one reading of both is not used for longer.
pub(crate) const CLOCKS_HOLD: Duration = Duration::from_secs(1);

/// The wall clock and the monotonic clock read at the same moment.
///
/// Sampled anew for every event, and every second for lines of logs, rather than once per run: the wall clock may be stepped
/// or slewed (by up to 0.5 ms per second) meanwhile. What remains is the drift between event and sample, and half the time
/// that one reading takes: microseconds, for an event that is milliseconds old.
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

/// The instant of a moment in nanoseconds since the Unix epoch, as a container that shares the host's clock tells it; `None`
/// for one ahead of us.
///
/// Moments asked for within a second are translated by one reading of both clocks, so that they keep their order.
#[must_use]
pub fn wall_instant(unix_ns: i128) -> Option<Instant> {
    static LATEST: Mutex<Option<Clocks>> = Mutex::new(None);
    let mut latest = LATEST.lock().unwrap_or_else(PoisonError::into_inner);
    let age = |clocks: &Clocks| Instant::now().checked_duration_since(clocks.sampled());
    let held = latest.filter(|clocks| age(clocks).is_some_and(|age| age <= CLOCKS_HOLD));
    latest.insert(held.unwrap_or_else(Clocks::sample)).instant_at(unix_ns)
}

/// An instant and its reading of CLOCK_MONOTONIC, taken once per process.
///
/// std's `Instant` is that clock on Linux, but keeps the number to itself, so one pair is enough for all. It is read from
/// the real clock, and so holds in paused time too: a paused `Instant` counts in the same numbers, it only stands still
/// or hurries ahead in them. Elsewhere than on Linux the two clocks may part while the host sleeps.
static ORIGIN: LazyLock<(Instant, u64)> = LazyLock::new(|| {
    let (_, origin) = (0..SAMPLES)
        .map(|_| {
            let before = std::time::Instant::now();
            let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
            let width = before.elapsed();
            // Time since boot is neither negative nor longer than 584 years.
            let ns = now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64;
            (width, (Instant::from_std(before + width / 2), ns))
        })
        .min_by_key(|(width, _)| *width)
        .expect("SAMPLES is not zero");
    origin
});

/// The instant at which CLOCK_MONOTONIC, the clock that a Linux host shares with its containers, read so many nanoseconds;
/// `None` for a reading that no instant can have.
///
/// Exact but for the reading of the pair behind it, tens of nanoseconds, the same for all; in paused time what
/// [`monotonic_of`] gives leads back to the very instant.
pub fn instant_of_monotonic(ns: u64) -> Option<Instant> {
    let (origin, origin_ns) = *ORIGIN;
    match ns.checked_sub(origin_ns) {
        Some(after) => origin.checked_add(Duration::from_nanos(after)),
        None => origin.checked_sub(Duration::from_nanos(origin_ns - ns)),
    }
}

/// What CLOCK_MONOTONIC reads at an instant, nanoseconds; the inverse of [`instant_of_monotonic`]. 0 for an instant from
/// before that clock began.
pub fn monotonic_of(at: Instant) -> u64 {
    let (origin, origin_ns) = *ORIGIN;
    let ns = |apart: Duration| u64::try_from(apart.as_nanos()).unwrap_or(u64::MAX);
    match at.checked_duration_since(origin) {
        Some(after) => origin_ns.saturating_add(ns(after)),
        None => origin_ns.saturating_sub(ns(origin - at)),
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
    fn a_reading_of_the_monotonic_clock_leads_to_its_instant_and_back() {
        let now = Instant::now();
        let reading = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        let ns = reading.tv_sec as u64 * 1_000_000_000 + reading.tv_nsec as u64;
        let after = Instant::now();
        let slack = Duration::from_micros(100);
        let at = instant_of_monotonic(ns).unwrap();
        assert!(now <= at + slack && at <= after + slack);
        for at in [
            now,
            now + Duration::from_nanos(12_345_678_901),
            now - Duration::from_nanos(1),
        ] {
            assert_eq!(instant_of_monotonic(monotonic_of(at)), Some(at));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn paused_time_goes_there_and_back_to_the_nanosecond() {
        tokio::time::advance(Duration::from_nanos(3_600_000_000_007)).await;
        let at = Instant::now();
        assert_eq!(instant_of_monotonic(monotonic_of(at)), Some(at));
    }
}
