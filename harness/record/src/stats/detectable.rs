//! How small a change so many pairs can show: without it, "no difference seen" says nothing.

use std::f64::consts::PI;

use super::normal::normal_quantile;
use super::proper;

/// How many pairs the signed-rank test is worth to a t-test's one when differences are normal: 3 / pi, and more where they
/// are not, but never below 0.864 (Hodges and Lehmann, "The Efficiency of Some Nonparametric Competitors of the t-Test",
/// Annals of Mathematical Statistics 27, 1956).
const EFFICIENCY: f64 = 3.0 / PI;

/// The smallest shift that a one-sided signed-rank test at `level` finds with the given power, of differences that scatter
/// with the standard deviation `deviation`: (z(1 - level) + z(power)) deviation / sqrt(3 n / pi).
///
/// In the unit of the differences: of log ratios, e to the power of it is the ratio. Normal theory, which for fewer than ten
/// pairs promises a little too much. `None` without pairs, or when `level` and `power` are not between 0 and 1.
pub fn detectable(deviation: f64, pairs: usize, level: f64, power: f64) -> Option<f64> {
    let standard_error = deviation / (EFFICIENCY * pairs as f64).sqrt();
    let shift = reach(level, power)? * standard_error;
    shift.is_finite().then_some(shift)
}

/// The fewest pairs that find a shift, from the same formula; never fewer than can reach the level at all, all differences
/// having the same sign.
pub fn pairs_needed(deviation: f64, shift: f64, level: f64, power: f64) -> Option<usize> {
    let pairs = (reach(level, power)? * deviation / shift).powi(2) / EFFICIENCY;
    let least = (-level.log2()).ceil();
    (pairs.is_finite() && shift > 0.0).then(|| pairs.ceil().max(least) as usize)
}

fn reach(level: f64, power: f64) -> Option<f64> {
    Some(normal_quantile(1.0 - proper(level)?)? + normal_quantile(power)?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Pairs of a signed-rank test at 1 % with 80 % power when log ratios scatter by 0.167, and by 0.106.
    #[test]
    fn known_values() {
        let needed = |deviation: f64, change: f64| pairs_needed(deviation, change.ln(), 0.01, 0.8);
        assert_eq!(
            [1.2, 1.1, 1.05].map(|change| needed(0.167, change)),
            [9, 33, 124].map(Some)
        );
        assert_eq!(
            [1.2, 1.1, 1.05].map(|change| needed(0.106, change)),
            [7, 13, 50].map(Some)
        );
    }

    #[test]
    fn what_cannot_be_said_is_none() {
        assert_eq!(detectable(0.1, 0, 0.01, 0.8), None);
        assert_eq!(detectable(f64::NAN, 9, 0.01, 0.8), None);
        assert_eq!(detectable(0.1, 9, 0.0, 0.8), None);
        assert_eq!(pairs_needed(0.1, 0.0, 0.01, 0.8), None);
    }

    proptest! {
        #[test]
        fn so_many_pairs_find_the_change_and_one_less_does_not(deviation in 0.05..0.5, shift in 0.02..0.3) {
            let pairs = pairs_needed(deviation, shift, 0.01, 0.8).unwrap();
            prop_assert!(detectable(deviation, pairs, 0.01, 0.8).unwrap() <= shift * (1.0 + 1e-9));
            prop_assert!(pairs == 7 || detectable(deviation, pairs - 1, 0.01, 0.8).unwrap() > shift);
        }
    }
}
