//! The order in which cases run: shuffled from a recorded seed, so that no case always follows the same one.

/// Shuffles (Fisher and Yates) with SplitMix64 (Steele, Lea and Flood 2014) seeded by `seed`: the same seed gives the
/// same order on every machine.
pub fn shuffled<T>(mut items: Vec<T>, seed: u64) -> Vec<T> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    for last in (1..items.len()).rev() {
        let pick = (next() % (last as u64 + 1)) as usize;
        items.swap(last, pick);
    }
    items
}

#[cfg(test)]
mod tests {
    use super::shuffled;

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
}
