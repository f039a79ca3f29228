//! How many times as long one side of a pair took as the other.

use super::quantile::median;

/// The logarithm of new / old, in which a doubling and a halving weigh alike and swapping the sides turns the sign. `None`
/// unless both are above zero and finite.
pub fn log_ratio(old: f64, new: f64) -> Option<f64> {
    let positive = |value: f64| (value > 0.0 && value.is_finite()).then(|| value.ln());
    Some(positive(new)? - positive(old)?)
}

/// The middle one of the pairs' ratios new / old: the median of their logarithms, so that swapping the sides inverts it. It is
/// not the ratio of the medians, which loses what the pairs share.
pub fn paired_ratio(pairs: &[(f64, f64)]) -> Option<f64> {
    let logs: Vec<_> = pairs
        .iter()
        .map(|(old, new)| log_ratio(*old, *new))
        .collect::<Option<_>>()?;
    median(&logs).map(f64::exp)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_ratio_is_that_of_the_pairs() {
        let ratio = paired_ratio(&[(100.0, 110.0), (200.0, 240.0), (50.0, 60.0)]);
        assert!((ratio.unwrap() - 1.2).abs() < 1e-12);
        assert_eq!(paired_ratio(&[]), None);
        assert_eq!(paired_ratio(&[(0.0, 1.0)]), None);
        assert_eq!(log_ratio(1.0, f64::NAN), None);
    }

    proptest! {
        #[test]
        fn swapping_the_sides_inverts_it(pairs in prop::collection::vec((1.0..1e9, 1.0..1e9), 1..30)) {
            let swapped: Vec<_> = pairs.iter().map(|(old, new)| (*new, *old)).collect();
            let product = paired_ratio(&pairs).unwrap() * paired_ratio(&swapped).unwrap();
            prop_assert!((product - 1.0).abs() < 1e-9);
        }
    }
}
