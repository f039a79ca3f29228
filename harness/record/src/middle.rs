//! The middle of what several boots cost, with how sure it is.

use crate::numbers::counted;
use crate::stats::median_interval;

/// Confidence of the intervals.
const CONFIDENCE: f64 = 0.95;

/// The middle of several values. The median is judged; its interval is only shown.
pub(crate) struct Middle {
    /// Ascending, at least one.
    pub(crate) values: Vec<f64>,
    pub(crate) median: f64,
}

impl Middle {
    pub(crate) fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let (low, high) = ((values.len() - 1) / 2, values.len() / 2);
        let median = values[low].midpoint(values[high]);
        Self { values, median }
    }

    /// `7.02 s to 8.10 s`, from the least to the most; nothing for one value.
    pub(crate) fn span(&self, shown: fn(u64) -> String) -> Option<String> {
        let (least, most) = (self.values[0], self.values[self.values.len() - 1]);
        (self.values.len() > 1).then(|| format!("{} to {}", shown(least as u64), shown(most as u64)))
    }

    /// The ends of the interval of the median.
    pub(crate) fn interval(&self) -> Option<(f64, f64)> {
        median_interval(&self.values, CONFIDENCE).map(|ends| (ends.low, ends.high))
    }

    /// `14.2 s`, or `median 14.2 s of 10 boots (95 % interval 13.9 s to 14.8 s)`.
    pub(crate) fn told(&self, shown: fn(u64) -> String) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_needs_six_values_and_is_there_for_any_more() {
        let interval = |n: u32| Middle::of((1..=n).map(f64::from).collect()).interval();
        assert_eq!(interval(5), None);
        assert_eq!(interval(6), Some((1.0, 6.0)));
        assert_eq!(interval(20), Some((6.0, 15.0)));
        // 2^-1075 is no number any more.
        let (low, high) = interval(2000).unwrap();
        assert!((900.0..1000.0).contains(&low) && high == 2001.0 - low, "{low} {high}");
    }
}
