//! What the pairs that are left would most likely show: whether it is worth making them.

use super::CONFIDENCE;
use crate::stats::{Interval, normal_below, normal_quantile};

/// The centre of log ratios seen so far, and where it will lie once all pairs are made if what was seen so far goes on:
/// stochastic curtailment (Lan, Simon and Halperin, "Stochastically Curtailed Tests in Long-Term Clinical Trials", Sequential
/// Analysis 1, 1982; under the trend seen, Lan and Wittes, "The B-Value", Biometrics 44, 1988).
///
/// To give up early raises no alarm, so it can only make false ones rarer.
pub(super) struct Outlook {
    /// The centre so far.
    estimate: f64,
    /// Its standard error so far, from the width of its interval.
    error: f64,
    /// Its standard error once all pairs are made.
    final_error: f64,
    /// How far the final centre may still move: standard deviation about the one so far.
    movement: f64,
    /// Standard errors from the middle of an interval to its ends.
    reach: f64,
}

impl Outlook {
    /// `None` when no pair is left, or the interval has no width.
    pub(super) fn of(estimate: f64, interval: Interval, pairs: usize, all: usize) -> Option<Self> {
        let reach = normal_quantile(f64::midpoint(1.0, CONFIDENCE))?;
        let error = (interval.high - interval.low) / 2.0 / reach;
        let done = pairs as f64 / all as f64;
        let final_error = error * done.sqrt();
        let movement = final_error * (1.0 - done).sqrt();
        (movement > 0.0).then_some(Self {
            estimate,
            error,
            final_error,
            movement,
            reach,
        })
    }

    /// Whether shifts of that size are ruled out in both directions, each with this error.
    pub(super) fn rules_out(&self, size: f64, error: f64) -> bool {
        normal_quantile(1.0 - error).is_some_and(|reach| self.estimate.abs() + reach * self.error < size)
    }

    /// The chance that the last look finds a change beyond the margin at `level`, or rules one out.
    pub(super) fn chance_of_settling(&self, margin: f64, level: f64) -> f64 {
        let found_from = normal_quantile(1.0 - level).map(|reach| margin.max(reach * self.final_error));
        let found = found_from.map_or(0.0, |from| 1.0 - self.chance_within(from));
        let ruled_out_to = margin - self.reach * self.final_error;
        let ruled_out = if ruled_out_to > 0.0 {
            self.chance_within(ruled_out_to)
        } else {
            0.0
        };
        found + ruled_out
    }

    /// The chance that the final centre lies less than `size` off zero.
    fn chance_within(&self, size: f64) -> f64 {
        let below = |end: f64| normal_below((end - self.estimate) / self.movement);
        below(size) - below(-size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outlook(estimate: f64, half_width: f64) -> Outlook {
        let interval = Interval {
            low: estimate - half_width,
            high: estimate + half_width,
        };
        Outlook::of(estimate, interval, 15, 60).unwrap()
    }

    #[test]
    fn a_planned_change_is_ruled_out_by_distance_alone() {
        // A standard error of 0.05, of which 0.05 is 2.05 * 0.05 = 0.103 short of 0.153.
        assert!(outlook(0.05, 0.098).rules_out(0.154, 0.02));
        assert!(!outlook(0.05, 0.098).rules_out(0.152, 0.02));
        assert!(outlook(-0.05, 0.098).rules_out(0.154, 0.02));
    }

    #[test]
    fn what_is_seen_clearly_will_be_settled_and_what_is_not_will_not() {
        let chance = |estimate, half_width| outlook(estimate, half_width).chance_of_settling(0.0488, 0.0003);
        assert!(chance(0.0, 0.02) > 0.99, "no change, and little scatter");
        assert!(chance(0.2, 0.098) > 0.95, "a large change");
        assert!(chance(0.0, 0.098) < 0.1, "no change, and much scatter");
        assert!(chance(0.04, 0.06) < 0.5, "at the margin");
        assert!(chance(0.03, 0.05) == chance(-0.03, 0.05));
    }

    #[test]
    fn there_is_none_when_nothing_is_left_to_come() {
        let ends = Interval { low: -0.1, high: 0.1 };
        assert!(Outlook::of(0.0, ends, 60, 60).is_none());
        assert!(Outlook::of(0.0, Interval { low: 0.0, high: 0.0 }, 15, 60).is_none());
    }
}
