//! How much a sample is like the one before it, and how many independent ones the samples are worth then.

use super::sorted;

/// Lag-1 autocorrelation, -1 to 1: the sum of products of neighbours' deviations from the mean over the sum of squared
/// deviations (Box and Jenkins, "Time Series Analysis", 2.1.5). In the order in which the samples were taken; `None` with
/// fewer than three, or when all are equal.
pub fn lag_one(samples: &[f64]) -> Option<f64> {
    if samples.len() < 3 || samples.iter().any(|sample| !sample.is_finite()) {
        return None;
    }
    let mean = samples.iter().sum::<f64>() / samples.len() as f64;
    let squares: f64 = samples.iter().map(|sample| (sample - mean).powi(2)).sum();
    let products: f64 = samples.windows(2).map(|two| (two[0] - mean) * (two[1] - mean)).sum();
    (squares > 0.0).then(|| products / squares)
}

/// How much more often than by chance neighbours lie on the same side of the median, 0 to 1: an autocorrelation that a few
/// wild samples do not move, for timings on a machine that others use too. `None` without samples.
pub fn side_likeness(samples: &[f64]) -> Option<f64> {
    let median = super::quantile::middle(&sorted(samples)?);
    let side = |sample: f64| f64::from(i8::from(sample > median) - i8::from(sample < median));
    let alike: f64 = samples.windows(2).map(|two| side(two[0]) * side(two[1])).sum();
    Some((alike / samples.len() as f64).clamp(0.0, 1.0))
}

/// How many independent samples `count` of them are worth when each is like the one before by `likeness`: n (1 - r) / (1 + r),
/// as for the mean of a first-order autoregression (Bayley and Hammersley, Journal of the Royal Statistical Society
/// Supplement 8, 1946). Likeness below 0 counts as 0, so that never more are claimed than there are.
pub fn effective_size(count: usize, likeness: f64) -> usize {
    let likeness = likeness.clamp(0.0, 1.0);
    (count as f64 * (1.0 - likeness) / (1.0 + likeness)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::SplitMix64;

    #[test]
    fn known_values() {
        assert_eq!(lag_one(&[1.0, 2.0, 3.0, 4.0, 5.0]), Some(0.4));
        assert_eq!(lag_one(&[1.0, -1.0, 1.0, -1.0]), Some(-0.75));
        assert_eq!(lag_one(&[1.0, 1.0, 1.0]), None);
        assert_eq!(lag_one(&[1.0, 2.0]), None);
        assert_eq!(side_likeness(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), Some(0.5));
        assert_eq!(side_likeness(&[]), None);
        assert_eq!(
            [0.0, 0.47, -0.5, 1.0].map(|r| effective_size(100, r)),
            [100, 36, 100, 0]
        );
        assert_eq!(effective_size(10, f64::NAN), 0);
    }

    #[test]
    fn both_find_how_much_each_follows_the_one_before() {
        let mut lots = SplitMix64::new(3);
        let mut last = 0.0;
        let series: Vec<f64> = (0..20_000)
            .map(|_| {
                // The sum of twelve uniform numbers is close to normal.
                last = 0.6 * last + (0..12).map(|_| lots.unit()).sum::<f64>() - 6.0;
                last
            })
            .collect();
        let (lag, side) = (lag_one(&series).unwrap(), side_likeness(&series).unwrap());
        assert!((lag - 0.6).abs() < 0.03, "{lag}");
        // Of a normal one, the sides' is 2 / pi times the arc sine of the lag.
        assert!((side - 0.41).abs() < 0.04, "{side}");
    }
}
