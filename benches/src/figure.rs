//! Figures: the median of raw samples, an interval for it that assumes no distribution, and the quartiles.

use std::fmt;

use seatrial_record::stats;

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
    /// When there is no sample, or one is not a finite number.
    #[must_use]
    pub fn of(samples: impl IntoIterator<Item = f64>) -> Figure {
        let samples: Vec<f64> = samples.into_iter().collect();
        let mut sorted = samples.clone();
        sorted.sort_by(f64::total_cmp);
        let count = sorted.len();
        let (median, quartiles) = stats::median(&samples)
            .zip(stats::quartiles(&samples))
            .expect("a figure needs samples, and numbers for them");
        let likeness = stats::side_likeness(&samples).unwrap_or_default();
        let independent = stats::effective_size(count, likeness);
        // The rank of so many samples, at its place among all of them.
        let rank = stats::median_rank(independent, COVERAGE).map(|rank| (rank * count / independent).max(1));
        Figure {
            count,
            median,
            interval: rank.map(|rank| (sorted[rank - 1], sorted[count - rank])),
            quartiles,
        }
    }

    /// How it stands to a limit that it is not to exceed: the whole interval has to be on one side of it.
    #[must_use]
    pub fn verdict(&self, limit: f64) -> &'static str {
        match self.interval {
            Some((_, high)) if high <= limit => "met",
            Some((low, _)) if low > limit => "missed",
            _ => "open",
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

#[cfg(test)]
mod tests {
    use super::*;

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
