//! The middle of what several boots cost, with how sure it is.

use crate::numbers::counted;

/// Confidence of the intervals.
const CONFIDENCE: f64 = 0.95;

/// The middle of several values. The median is judged; its interval is only shown.
pub(super) struct Middle {
    /// Ascending, at least one.
    pub(super) values: Vec<f64>,
    pub(super) median: f64,
}

impl Middle {
    pub(super) fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let (low, high) = ((values.len() - 1) / 2, values.len() / 2);
        let median = values[low].midpoint(values[high]);
        Self { values, median }
    }

    /// Interval of the median, which [`interval_of_median`] places.
    pub(super) fn interval(&self) -> Option<(f64, f64)> {
        let below = interval_of_median(self.values.len())?;
        Some((self.values[below], self.values[self.values.len() - 1 - below]))
    }

    /// `14.2 s`, or `median 14.2 s of 10 boots (95 % interval 13.9 s to 14.8 s)`.
    pub(super) fn told(&self, shown: fn(u64) -> String) -> String {
        let shown = |value: f64| shown(value as u64);
        if self.values.len() == 1 {
            return shown(self.median);
        }
        let interval = self.interval();
        let interval = interval.map(|(low, high)| format!(" (95 % interval {} to {})", shown(low), shown(high)));
        let boots = counted(self.values.len(), "boot");
        format!(
            "median {} of {boots}{}",
            shown(self.median),
            interval.unwrap_or_default()
        )
    }
}

/// How many of `n` ordered values lie outside at each end of the narrowest interval that is symmetric in rank and holds the
/// median with the [`CONFIDENCE`] wanted; `None` where there are too few, which is below six. By the sign test: the number
/// of values below the median is binomial with one half (David and Nagaraja, Order Statistics, 7.1).
fn interval_of_median(n: usize) -> Option<usize> {
    let mut term = 0.5_f64.powi(i32::try_from(n).ok()?);
    let mut tail = 0.0;
    let mut outside = None;
    for rank in 0..n / 2 {
        tail += term;
        if 2.0 * tail > 1.0 - CONFIDENCE {
            break;
        }
        outside = Some(rank);
        term *= (n - rank) as f64 / (rank + 1) as f64;
    }
    outside
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_needs_six_values() {
        // Ranks of the 95 % interval, from tables of the sign test.
        let known = [
            (5, None),
            (6, Some(0)),
            (8, Some(0)),
            (9, Some(1)),
            (10, Some(1)),
            (12, Some(2)),
            (20, Some(5)),
            (100, Some(39)),
        ];
        for (n, outside) in known {
            assert_eq!(interval_of_median(n), outside, "{n}");
        }
        assert!(interval_of_median(1000).is_some());
    }
}
