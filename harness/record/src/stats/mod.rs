//! Statistics of timings: estimates that a few wild samples do not move, each with an interval or an exact probability.
//!
//! Everything is a pure function of samples as `f64` in a unit of the caller's (nanoseconds, or logarithms of ratios). What
//! cannot be said of the samples, because there are too few or one is not a finite number, is `None`; nothing panics. Chance
//! comes from a seed that is passed in, so that the same samples always give the same figures.

mod autocorrelation;
mod bootstrap;
mod detectable;
mod holm;
mod interval;
mod median_interval;
mod normal;
mod percentile;
mod proportion;
mod quantile;
mod ratio;
mod shift;
mod signed_rank;
mod spending;
mod split_mix;

pub use autocorrelation::{effective_size, lag_one, side_likeness};
pub use bootstrap::bootstrap;
pub use detectable::{detectable, pairs_needed};
pub use holm::holm;
pub use interval::Interval;
pub use median_interval::{median_interval, median_rank};
pub use normal::{normal_below, normal_quantile};
pub use percentile::{percentile, samples_needed};
pub use proportion::{proportion_interval, proportion_upper};
pub use quantile::{mad, median, quantile, quartiles, standard_deviation};
pub use ratio::{log_ratio, paired_ratio};
pub use shift::{Shift, shift};
pub use signed_rank::{SignedRank, signed_rank};
pub use spending::{Spent, overall_p, total_spent};
pub use split_mix::SplitMix64;

/// The samples in ascending order; `None` when there is none, or one is not finite.
fn sorted(samples: &[f64]) -> Option<Vec<f64>> {
    if samples.is_empty() || samples.iter().any(|sample| !sample.is_finite()) {
        return None;
    }
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    Some(sorted)
}

/// Whether a number is a probability that something can be held against: above 0 and below 1.
fn proper(share: f64) -> Option<f64> {
    (share > 0.0 && share < 1.0).then_some(share)
}
