//! How long the stub engine's calls take: not at all, or times drawn from a seed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Draws a time for every call. The same seed draws the same time for the same call on the same object for the
/// how-manieth time, whatever happens in between.
#[derive(Clone, Debug, Default)]
pub(super) struct Latency {
    lots: Option<Lots>,
    /// How often each was drawn.
    drawn: Arc<Mutex<HashMap<String, u64>>>,
}

#[derive(Clone, Copy, Debug)]
struct Lots {
    seed: u64,
    most: Duration,
}

impl Latency {
    pub(super) fn up_to(seed: u64, most: Duration) -> Self {
        Self {
            lots: Some(Lots { seed, most }),
            drawn: Arc::default(),
        }
    }

    /// The time that a call on an object takes.
    pub(super) fn draw(&self, call: &str, object: &str) -> Duration {
        let Some(Lots { seed, most }) = self.lots else {
            return Duration::ZERO;
        };
        let key = format!("{call} {object}");
        // Counters are whole at every moment: a thread that panicked leaves them usable.
        let mut drawn = self.drawn.lock().unwrap_or_else(PoisonError::into_inner);
        let count = drawn.entry(key.clone()).or_default();
        *count += 1;
        let lot = mixed(digest(&key) ^ mixed(seed ^ mixed(*count)));
        let range = u128::from(u64::try_from(most.as_nanos()).unwrap_or(u64::MAX)) + 1;
        // The high half of the product is even over the range.
        Duration::from_nanos(((u128::from(lot) * range) >> 64) as u64)
    }

    /// Waits for the time that a call on an object takes.
    pub(super) async fn pass(&self, call: &str, object: &str) {
        let time = self.draw(call, object);
        if !time.is_zero() {
            tokio::time::sleep(time).await;
        }
    }
}

/// FNV-1a, 64 bits (draft-eastlake-fnv): the same in every release of every toolchain.
pub(super) fn digest(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |digest, byte| {
        (digest ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    })
}

/// The output function of SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
fn mixed(seed: u64) -> u64 {
    let z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: Duration = Duration::from_millis(10);

    fn drawn(seed: u64, calls: &[&str]) -> Vec<Duration> {
        let latency = Latency::up_to(seed, MOST);
        calls.iter().map(|call| latency.draw(call, "c1")).collect()
    }

    #[test]
    fn a_lot_depends_on_the_seed_and_the_call_but_not_on_what_comes_between() {
        let straight = drawn(1, &["kill", "kill", "exec"]);
        assert_eq!(straight, drawn(1, &["kill", "kill", "exec"]));
        assert_ne!(straight, drawn(2, &["kill", "kill", "exec"]));
        let other = drawn(1, &["exec", "kill", "kill"]);
        assert_eq!(straight, [other[1], other[2], other[0]]);
        assert_ne!(straight[0], straight[1]);
    }

    #[test]
    fn lots_fill_their_range_and_do_not_leave_it() {
        let calls = ["x"; 1_000];
        let lots = drawn(7, &calls);
        assert!(lots.iter().all(|lot| *lot <= MOST));
        assert!(lots.iter().any(|lot| *lot < MOST / 10) && lots.iter().any(|lot| *lot > MOST * 9 / 10));
        assert_eq!(Latency::default().draw("x", "y"), Duration::ZERO);
    }
}
