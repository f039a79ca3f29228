//! Figures: the median of raw samples, an interval for it that assumes no distribution, and the quartiles.

use std::f64::consts::LN_2;
use std::fmt;

/// What an interval covers at least.
const COVERAGE: f64 = 0.95;

/// What samples come to. Their unit is that of the samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figure {
    /// Number of samples.
    pub count: usize,
    /// The middle one.
    pub median: f64,
    /// Where the median of what was sampled lies, with 95 % confidence or a little more; `None` when there are too few
    /// samples for that, which is below 6, and more where neighbours are alike.
    pub interval: Option<(f64, f64)>,
    /// The middle half of the samples lies between these.
    pub quartiles: (f64, f64),
}

impl Figure {
    /// Sums samples up, which come in the order in which they were taken.
    ///
    /// # Panics
    /// When there is no sample.
    #[must_use]
    pub fn of(samples: impl IntoIterator<Item = f64>) -> Figure {
        let samples: Vec<f64> = samples.into_iter().collect();
        assert!(!samples.is_empty(), "a figure needs samples");
        let mut sorted = samples.clone();
        sorted.sort_by(f64::total_cmp);
        let count = sorted.len();
        let median = quantile(&sorted, 0.5);
        let independent = independent(&samples, median);
        let rank = rank(independent).map(|rank| (rank * count / independent).max(1));
        Figure {
            count,
            median,
            interval: rank.map(|rank| (sorted[rank - 1], sorted[count - rank])),
            quartiles: (quantile(&sorted, 0.25), quantile(&sorted, 0.75)),
        }
    }

    /// The figure in words, each number as `show` writes it: `1.03 [1.01, 1.05], quartiles 1.00 to 1.06`.
    pub fn told<S: fmt::Display>(&self, show: impl Fn(f64) -> S) -> String {
        let interval = match self.interval {
            Some((low, high)) => format!(" [{}, {}]", show(low), show(high)),
            None => String::new(),
        };
        let (first, third) = self.quartiles;
        format!(
            "{}{interval}, quartiles {} to {}",
            show(self.median),
            show(first),
            show(third)
        )
    }
}

/// Interpolated between neighbours: definition 7 of Hyndman and Fan, "Sample quantiles in statistical packages", 1996.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = (sorted.len() - 1) as f64 * share;
    let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    below + (above - below) * place.fract()
}

/// How many independent samples these are worth: n (1 - r) / (1 + r), as for a first-order autoregression, where r says
/// how much more often than by chance neighbours lie on the same side of the median.
fn independent(samples: &[f64], median: f64) -> usize {
    let alike = samples
        .windows(2)
        .map(|two| match (two[0] - median) * (two[1] - median) {
            product if product > 0.0 => 1.0,
            product if product < 0.0 => -1.0,
            _ => 0.0,
        });
    let lag = (alike.sum::<f64>() / samples.len() as f64).clamp(0.0, 1.0);
    (samples.len() as f64 * (1.0 - lag) / (1.0 + lag)) as usize
}

/// The highest rank, counted from 1, such that the samples of that rank from below and from above have the median
/// between them with [`COVERAGE`]: it lies outside when a binomial of `count` fair tosses stays below the rank, or its
/// mirror image does (Conover, "Practical Nonparametric Statistics", 3rd edition, 3.2).
fn rank(count: usize) -> Option<usize> {
    let mut log_share = -(count as f64) * LN_2;
    let mut below = 0.0;
    let mut rank = None;
    for next in 1..=count / 2 {
        below += log_share.exp();
        if 1.0 - 2.0 * below < COVERAGE {
            break;
        }
        rank = Some(next);
        log_share += ((count - next + 1) as f64 / next as f64).ln();
    }
    rank
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of the published tables, as in Conover's: ranks for 95 %.
    #[test]
    fn ranks_are_those_of_the_tables() {
        let ranks = [5, 6, 8, 9, 10, 20, 100].map(rank);
        let expected = [None, Some(1), Some(1), Some(2), Some(2), Some(6), Some(40)];
        assert_eq!(ranks, expected);
    }

    /// How often, of 4,000 times, the interval of 30 samples holds the median when each is so much like the one before.
    fn coverage(likeness: f64) -> f64 {
        let mut lots = fastrand::Rng::with_seed(7);
        // The sum of twelve uniform numbers is close to normal.
        let mut step = move || (0..12).map(|_| lots.f64()).sum::<f64>() - 6.0;
        let rounds = 4_000;
        let held = (0..rounds).filter(|_| {
            let mut last = step();
            let samples = (0..30).map(|_| {
                last = likeness * last + (1.0 - likeness * likeness).sqrt() * step();
                // Skewed, as timings are; the median stays where the middle of the sum is.
                last.exp()
            });
            let interval = Figure::of(samples).interval;
            interval.is_none_or(|(low, high)| (low..=high).contains(&1.0))
        });
        held.count() as f64 / f64::from(rounds)
    }

    #[test]
    fn the_interval_holds_the_median_as_often_as_it_says() {
        let shares = [0.0, 0.3, 0.6].map(coverage);
        assert!(shares[0] > 0.95 && shares[1] > 0.93 && shares[2] > 0.9, "{shares:?}");
        assert!(shares[0] < 0.99, "it is no wider than it has to be: {shares:?}");
    }

    #[test]
    fn neighbours_that_are_alike_make_an_interval_wider() {
        let figure = Figure::of([5.0, 1.0, 4.0, 2.0, 6.0, 3.0]);
        let sorted = Figure::of([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        assert_eq!((sorted.median, sorted.quartiles), (figure.median, figure.quartiles));
        assert_eq!(sorted.interval, None, "so few that drift are worth nothing");
        assert_eq!(
            (figure.count, figure.median, figure.interval),
            (6, 3.5, Some((1.0, 6.0)))
        );
        assert_eq!(figure.quartiles, (2.25, 4.75));
        assert_eq!(
            figure.told(|value| format!("{value:.1}")),
            "3.5 [1.0, 6.0], quartiles 2.2 to 4.8"
        );
    }
}
