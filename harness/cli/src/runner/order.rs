//! The order in which cases run: shuffled from a recorded seed, so that no case always follows the same one. Cases that are
//! booted again and again are shuffled anew in every round.

/// SplitMix64's step from one state to the next.
const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// Shuffles (Fisher and Yates) with SplitMix64 (Steele, Lea and Flood 2014) seeded by `seed`: the same seed gives the
/// same order on every machine.
pub fn shuffled<T>(mut items: Vec<T>, seed: u64) -> Vec<T> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_add(GAMMA);
        mixed(state)
    };
    for last in (1..items.len()).rev() {
        let pick = (next() % (last as u64 + 1)) as usize;
        items.swap(last, pick);
    }
    items
}

/// The seed of one round of a run: as unlike those of other rounds as SplitMix64's numbers are unlike each other.
pub fn seed_of_round(seed: u64, round: usize) -> u64 {
    mixed(seed ^ mixed(GAMMA.wrapping_mul(round as u64 + 1)))
}

/// SplitMix64's number for a state.
fn mixed(state: u64) -> u64 {
    let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{seed_of_round, shuffled};

    #[test]
    fn a_seed_gives_one_order_and_loses_nothing() {
        let items: Vec<u32> = (0..50).collect();
        let once = shuffled(items.clone(), 7);
        assert_eq!(once, shuffled(items.clone(), 7));
        assert_ne!(once, shuffled(items.clone(), 8));
        let mut sorted = once;
        sorted.sort_unstable();
        assert_eq!(sorted, items);
    }

    #[test]
    fn rounds_are_shuffled_each_in_its_own_way_and_every_case_follows_every_other() {
        let round = |round| shuffled(vec![0, 1, 2, 3, 4], seed_of_round(7, round));
        let rounds: Vec<Vec<i32>> = (0..100).map(round).collect();
        assert_eq!(rounds, (0..100).map(round).collect::<Vec<_>>());
        let follows: BTreeSet<(i32, i32)> = rounds
            .iter()
            .flat_map(|order| order.windows(2).map(|pair| (pair[0], pair[1])))
            .collect();
        assert_eq!(follows.len(), 5 * 4);
    }
}
