//! Percentiles, only where there are samples enough for one.

use super::quantile::of_sorted;
use super::sorted;

/// Samples expected beyond a percentile before it is given. With four the chance that none lies beyond is below e^-4, 1.8 %,
/// so that a two-sided 95 % interval from the samples' own ranks exists (Wilks, "Determination of Sample Sizes for Setting
/// Tolerance Limits", Annals of Mathematical Statistics 12, 1941).
const BEYOND: f64 = 4.0;

/// How many samples the percentile of a share (above 0, below 1) needs: 8 for the median, 80 for 0.95, 400 for 0.99.
pub fn samples_needed(share: f64) -> Option<usize> {
    let beyond = super::proper(share)?.min(1.0 - share);
    // What is whole but for rounding stays whole.
    Some((BEYOND / beyond - 1e-6).ceil() as usize)
}

/// The value below which a share of what was sampled lies; `None` with fewer samples than it [needs](samples_needed).
pub fn percentile(samples: &[f64], share: f64) -> Option<f64> {
    let sorted = sorted(samples)?;
    (sorted.len() >= samples_needed(share)?).then(|| of_sorted(&sorted, share))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn far_percentiles_need_many_samples() {
        let needed = [0.5, 0.05, 0.95, 0.99, 0.999].map(samples_needed);
        assert_eq!(needed, [8, 80, 80, 400, 4_000].map(Some));
        assert_eq!([0.0, 1.0, f64::NAN].map(samples_needed), [None; 3]);
    }

    #[test]
    fn it_is_given_from_the_first_sample_that_suffices() {
        let samples: Vec<_> = (0..80).map(f64::from).collect();
        assert_eq!(percentile(&samples[..79], 0.95), None);
        assert_eq!(percentile(&samples, 0.95), Some(75.05));
        assert_eq!(percentile(&samples, 0.99), None);
    }

    #[test]
    fn so_many_samples_have_one_beyond_in_95_of_100_cases_on_either_side() {
        for share in [0.5, 0.9, 0.95, 0.99] {
            let none_beyond = f64::powi(share, samples_needed(share).unwrap() as i32);
            assert!(none_beyond < 0.025, "{share}: {none_beyond}");
        }
    }
}
