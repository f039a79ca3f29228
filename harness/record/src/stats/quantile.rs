//! The middle of samples and how far they scatter around it.

use super::sorted;

/// The value below which a share (0 to 1) of the samples lies, interpolated between neighbours: definition 7 of Hyndman and
/// Fan, "Sample Quantiles in Statistical Packages", The American Statistician 50 (1996). For far shares of few samples see
/// [`percentile`](super::percentile).
pub fn quantile(samples: &[f64], share: f64) -> Option<f64> {
    if !(0.0..=1.0).contains(&share) {
        return None;
    }
    Some(of_sorted(&sorted(samples)?, share))
}

/// The middle sample, of an even number of them the mean of the two in the middle.
pub fn median(samples: &[f64]) -> Option<f64> {
    Some(middle(&sorted(samples)?))
}

/// The middle half of the samples lies between these.
pub fn quartiles(samples: &[f64]) -> Option<(f64, f64)> {
    let sorted = sorted(samples)?;
    Some((of_sorted(&sorted, 0.25), of_sorted(&sorted, 0.75)))
}

/// The median absolute deviation from the median: half of the samples lie closer to it. Of normal samples it is the standard
/// deviation divided by 1.4826; it is not scaled here (Hampel, "The Influence Curve and its Role in Robust Estimation",
/// JASA 69, 1974).
pub fn mad(samples: &[f64]) -> Option<f64> {
    let middle = median(samples)?;
    let deviations: Vec<_> = samples.iter().map(|sample| (sample - middle).abs()).collect();
    median(&deviations)
}

/// The standard deviation of what was sampled, with n - 1 in the denominator; needs two samples.
pub fn standard_deviation(samples: &[f64]) -> Option<f64> {
    if samples.len() < 2 || samples.iter().any(|sample| !sample.is_finite()) {
        return None;
    }
    let mean = samples.iter().sum::<f64>() / samples.len() as f64;
    let squares: f64 = samples.iter().map(|sample| (sample - mean).powi(2)).sum();
    Some((squares / (samples.len() - 1) as f64).sqrt())
}

/// [`median`] of samples in ascending order, of which there is at least one.
pub(super) fn middle(sorted: &[f64]) -> f64 {
    let upper = sorted[sorted.len() / 2];
    match sorted.len() % 2 {
        1 => upper,
        _ => sorted[sorted.len() / 2 - 1].midpoint(upper),
    }
}

/// [`quantile`] of samples in ascending order, of which there is at least one.
pub(super) fn of_sorted(sorted: &[f64], share: f64) -> f64 {
    let place = (sorted.len() - 1) as f64 * share;
    let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    below + (above - below) * place.fract()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_cannot_be_said_is_none() {
        for samples in [&[][..], &[1.0, f64::NAN], &[f64::INFINITY]] {
            assert_eq!((median(samples), mad(samples), quartiles(samples)), (None, None, None));
        }
        assert_eq!(standard_deviation(&[1.0]), None);
        assert_eq!(quantile(&[1.0], 1.5), None);
    }

    /// Quartiles as R's `quantile` gives them by default.
    #[test]
    fn known_values() {
        let samples = [6.0, 1.0, 5.0, 2.0, 4.0, 3.0];
        assert_eq!(median(&samples), Some(3.5));
        assert_eq!(quartiles(&samples), Some((2.25, 4.75)));
        assert_eq!(mad(&[1.0, 1.0, 2.0, 2.0, 4.0, 6.0, 9.0]), Some(1.0));
        assert_eq!(
            standard_deviation(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]),
            Some((32.0_f64 / 7.0).sqrt())
        );
    }

    proptest! {
        #[test]
        fn as_many_samples_lie_below_the_median_as_above(samples in prop::collection::vec(-1e9..1e9, 1..60)) {
            let middle = median(&samples).unwrap();
            let below = samples.iter().filter(|sample| **sample < middle).count();
            let above = samples.iter().filter(|sample| **sample > middle).count();
            prop_assert!(below * 2 <= samples.len() && above * 2 <= samples.len());
            prop_assert!((quantile(&samples, 0.5).unwrap() - middle).abs() <= middle.abs() * 1e-12);
        }

        #[test]
        fn the_deviation_does_not_depend_on_where_samples_lie(samples in prop::collection::vec(-1e3..1e3, 1..40), by in -1e3..1e3) {
            let moved: Vec<_> = samples.iter().map(|sample| sample + by).collect();
            prop_assert!((mad(&samples).unwrap() - mad(&moved).unwrap()).abs() < 1e-9);
        }
    }
}
