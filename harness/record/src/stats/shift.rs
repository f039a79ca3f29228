//! By how much paired differences lie off zero.

use super::interval::Interval;
use super::quantile::middle;
use super::signed_rank::sums_beyond;
use super::{proper, sorted};

/// The centre of paired differences and where it lies, in their unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shift {
    /// The middle one of all pairwise means.
    pub estimate: f64,
    /// Holds the centre with the asked confidence; `None` when there are too few differences for it, which for 95 % is below 6.
    pub interval: Option<Interval>,
}

/// The centre of differences by Hodges and Lehmann, "Estimates of Location Based on Rank Tests", Annals of Mathematical
/// Statistics 34 (1963): the median of the means of every two differences and of each with itself (Walsh averages).
///
/// Its interval are the values that the two-sided signed-rank test does not refuse: the means without as many of the smallest
/// and of the largest as that test's distribution says (Tukey's method; Hollander and Wolfe, "Nonparametric Statistical
/// Methods", 3.3). No distribution is assumed but that it is symmetric, which differences of two sides in random order are
/// when the sides are alike. `None` when there is no difference, or one is not finite. It takes n² / 2 numbers of memory.
pub fn shift(differences: &[f64], confidence: f64) -> Option<Shift> {
    let beyond = (1.0 - proper(confidence)?) / 2.0;
    let differences = sorted(differences)?;
    let mut means: Vec<f64> = Vec::with_capacity(differences.len() * (differences.len() + 1) / 2);
    for (at, one) in differences.iter().enumerate() {
        means.extend(differences[at..].iter().map(|other| one.midpoint(*other)));
    }
    means.sort_by(f64::total_cmp);
    let outside = sums_beyond(differences.len(), beyond);
    let interval = (outside > 0).then(|| Interval {
        low: means[outside - 1],
        high: means[means.len() - outside],
    });
    Some(Shift {
        estimate: middle(&means),
        interval,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stats::signed_rank;

    /// The example of Hollander and Wolfe, 3.3: nine patients, 96.1 % confidence.
    #[test]
    fn a_published_example() {
        let differences = [0.952, -0.147, 1.022, 0.430, 0.620, 0.590, 0.490, -0.080, 0.010];
        let shift = shift(&differences, 0.96).unwrap();
        let interval = shift.interval.unwrap();
        assert!((shift.estimate - 0.46).abs() < 1e-9, "{shift:?}");
        assert!(
            (interval.low - 0.01).abs() < 1e-9 && (interval.high - 0.786).abs() < 1e-9,
            "{shift:?}"
        );
    }

    #[test]
    fn few_differences_have_a_centre_and_no_interval() {
        let of = |differences: &[f64]| shift(differences, 0.95);
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[1.0, f64::INFINITY]), None);
        assert_eq!(
            of(&[1.0, 2.0, 4.0, 8.0, 16.0]),
            Some(Shift {
                estimate: 5.0,
                interval: None
            })
        );
        assert!(of(&[1.0, 2.0, 4.0, 8.0, 16.0, 32.0]).unwrap().interval.is_some());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn what_the_test_refuses_lies_outside(differences in prop::collection::vec(-1e3..1e3, 6..30), supposed in -500.0..500.0) {
            let interval = shift(&differences, 0.95).unwrap().interval.unwrap();
            let moved: Vec<_> = differences.iter().map(|one| one - supposed).collect();
            let refused = signed_rank(&moved).unwrap().two_sided <= 0.05;
            prop_assert_eq!(refused, !interval.contains(supposed));
        }

        #[test]
        fn swapping_the_sides_turns_the_sign(differences in prop::collection::vec(-1e3..1e3, 1..60)) {
            let swapped: Vec<_> = differences.iter().map(|one| -one).collect();
            let (one, other) = (shift(&differences, 0.95).unwrap(), shift(&swapped, 0.95).unwrap());
            prop_assert_eq!(one.estimate, -other.estimate);
            prop_assert_eq!(one.interval.map(|ends| (ends.low, ends.high)), other.interval.map(|ends| (-ends.high, -ends.low)));
        }
    }
}
