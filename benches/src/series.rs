//! A series: one thing timed again and again, without a yardstick beside it.

use std::fmt;
use std::time::Duration;

use seatrial_record::{numbers, stats};

use crate::figure::Figure;
use crate::pairs::time;

/// Times of one thing, in the order in which they were taken.
#[derive(Clone, Debug)]
pub struct Series {
    /// What is timed, in a few words that also make a file name.
    pub name: &'static str,
    seconds: Vec<f64>,
}

impl Series {
    /// A series without times yet.
    #[must_use]
    pub fn new(name: &'static str) -> Series {
        Series {
            name,
            seconds: Vec::new(),
        }
    }

    /// Adds a time.
    pub fn add(&mut self, taken: Duration) {
        self.add_seconds(taken.as_secs_f64());
    }

    /// Adds a time that may be negative, as the difference of two is.
    pub fn add_seconds(&mut self, seconds: f64) {
        self.seconds.push(seconds);
    }

    /// Whether there is no time yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.seconds.is_empty()
    }

    /// Seconds.
    ///
    /// # Panics
    /// When there is no time.
    #[must_use]
    pub fn figure(&self) -> Figure {
        Figure::of(self.seconds.iter().copied())
    }

    /// The value that a share of the times does not exceed, seconds; `None` where they are too few to say.
    #[must_use]
    pub fn percentile(&self, share: f64) -> Option<f64> {
        stats::percentile(&self.seconds, share)
    }

    /// The raw samples, nanoseconds.
    pub fn rows(&self) -> impl Iterator<Item = [String; 1]> {
        self.seconds.iter().map(|seconds| [format!("{:.0}", seconds * 1e9)])
    }
}

/// The figure on two lines, with the 99th percentile where there are enough samples.
impl fmt::Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let figure = self.figure();
        writeln!(f, "{}: {}", self.name, numbers::counted(figure.count, "sample"))?;
        write!(f, "  median {}", figure.told(time))?;
        match self.percentile(0.99) {
            Some(edge) => writeln!(f, ", p99 {}", time(edge)),
            None => writeln!(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_is_told_and_the_edge_only_of_enough_samples() {
        let mut series = Series::new("acme");
        (1..=6).for_each(|us| series.add(Duration::from_micros(us)));
        assert!(series.to_string().starts_with("acme: 6 samples\n  median 3.5 µs"));
        assert_eq!(series.percentile(0.99), None);
        (7..=2_000).for_each(|us| series.add(Duration::from_micros(us)));
        let edge = series.percentile(0.99).unwrap();
        assert!((0.00197..0.00199).contains(&edge), "{edge}");
        assert!(series.to_string().contains(", p99 1.98"), "{series}");
        assert_eq!(series.rows().next(), Some(["1000".to_owned()]));
    }
}
