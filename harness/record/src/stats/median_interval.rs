//! Where the median of what was sampled lies, whatever its distribution: between two of the samples themselves.

use std::f64::consts::LN_2;

use super::interval::Interval;
use super::{proper, sorted};

/// The interval that holds the median with at least the given confidence (0 to 1), of independent samples; `None` where even
/// the smallest and the largest of them do not hold it that surely, which for 0.95 is below 6.
pub fn median_interval(samples: &[f64], confidence: f64) -> Option<Interval> {
    let sorted = sorted(samples)?;
    let rank = median_rank(sorted.len(), confidence)?;
    Some(Interval {
        low: sorted[rank - 1],
        high: sorted[sorted.len() - rank],
    })
}

/// The highest rank, counted from 1, such that the samples of that rank from below and from above have the median between
/// them with the given confidence: it lies outside when a binomial of `count` fair tosses stays below the rank, or its mirror
/// image does (Conover, "Practical Nonparametric Statistics", 3rd edition, 3.2).
pub fn median_rank(count: usize, confidence: f64) -> Option<usize> {
    let confidence = proper(confidence)?;
    let mut log_share = -(count as f64) * LN_2;
    let mut below = 0.0;
    let mut rank = None;
    for next in 1..=count / 2 {
        below += log_share.exp();
        if 1.0 - 2.0 * below < confidence {
            break;
        }
        rank = Some(next);
        log_share += ((count - next + 1) as f64 / next as f64).ln();
    }
    rank
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stats::median;

    /// Of the published tables, as in Conover's: ranks for 95 %.
    #[test]
    fn ranks_are_those_of_the_tables() {
        let ranks = [0, 5, 6, 8, 9, 10, 20, 100].map(|count| median_rank(count, 0.95));
        assert_eq!(
            ranks,
            [None, None, Some(1), Some(1), Some(2), Some(2), Some(6), Some(40)]
        );
        assert_eq!(median_interval(&[1.0, 2.0, f64::NAN, 3.0, 4.0, 5.0], 0.9), None);
    }

    /// The share of all ways in which `count` fair tosses come out that stay below the rank on neither side.
    fn counted_out(count: u32, rank: u32) -> f64 {
        let held = (0..1_u32 << count).filter(|tosses| (rank..=count - rank).contains(&tosses.count_ones()));
        held.count() as f64 / f64::from(1_u32 << count)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn the_rank_is_the_highest_that_keeps_its_confidence(count in 2_u32..14, confidence in 0.5..0.99) {
            match median_rank(count as usize, confidence) {
                Some(rank) => {
                    let rank = rank as u32;
                    prop_assert!(counted_out(count, rank) >= confidence - 1e-12);
                    prop_assert!(rank + 1 > count / 2 || counted_out(count, rank + 1) < confidence + 1e-12);
                }
                None => prop_assert!(counted_out(count, 1) < confidence + 1e-12),
            }
        }

        #[test]
        fn it_holds_the_median_of_the_samples(samples in prop::collection::vec(-1e6..1e6, 6..60)) {
            let interval = median_interval(&samples, 0.95).unwrap();
            prop_assert!(interval.contains(median(&samples).unwrap()));
        }
    }
}
