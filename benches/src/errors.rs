//! How late readiness was seen: the spread of the error, not only its middle.

use std::fmt;

use seatrial_record::stats;

use crate::figure::Figure;

/// Limits of the histogram's bars, ms.
const BARS: [f64; 12] = [0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 100.0, 1000.0];

/// Errors of one way of watching: seen minus able.
#[derive(Clone, Debug)]
pub struct Errors {
    name: String,
    ms: Vec<f64>,
}

impl Errors {
    /// Errors of a way of watching that has this name, none yet.
    pub fn new(name: impl Into<String>) -> Errors {
        Errors {
            name: name.into(),
            ms: Vec::new(),
        }
    }

    /// Adds one: seen at this instant, able from that on, nanoseconds of the same clock.
    pub fn add(&mut self, seen: u64, able: u64) {
        self.ms.push((seen as f64 - able as f64) / 1e6);
    }

    /// The median, ms.
    ///
    /// # Panics
    /// When there is no sample.
    #[must_use]
    pub fn median(&self) -> f64 {
        Figure::of(self.ms.iter().copied()).median
    }
}

/// Figures and a histogram, over several lines.
impl fmt::Display for Errors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Errors { name, ms } = self;
        writeln!(f, "{name}: seen after the stub was able, n {}", ms.len())?;
        let figure = Figure::of(ms.iter().copied());
        writeln!(f, "  median  {} ms", figure.told(|ms| format!("{ms:.3}")))?;
        let mean = ms.iter().sum::<f64>() / ms.len() as f64;
        let p99 = stats::percentile(ms, 0.99).map_or("too few samples".to_owned(), |ms| format!("{ms:.3} ms"));
        let (least, most) = (
            ms.iter().copied().fold(f64::INFINITY, f64::min),
            ms.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        );
        writeln!(
            f,
            "  p99     {p99}, least {least:.3}, most {most:.3}, mean {mean:.3} ms"
        )?;
        let limits = BARS.into_iter().zip(BARS.into_iter().skip(1).chain([f64::INFINITY]));
        for (low, high) in [(f64::NEG_INFINITY, 0.0)].into_iter().chain(limits) {
            let count = ms.iter().filter(|ms| (low..high).contains(*ms)).count();
            if count > 0 {
                let bar = "#".repeat((count * 50).div_ceil(ms.len()));
                writeln!(f, "  {low:>6} to {high:<6} ms {count:>5} {bar}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn middle_edge_and_bars_are_told() {
        let mut errors = Errors::new("acme");
        for late in 0..400 {
            errors.add(1_000_000 + late * 10_000, 1_000_000);
        }
        assert_eq!(errors.median(), 1.995);
        let told = errors.to_string();
        assert!(
            told.starts_with("acme: seen after the stub was able, n 400\n  median  1.995, quartiles"),
            "{told}"
        );
        assert!(
            told.contains("p99     3.950 ms, least 0.000, most 3.990, mean 1.995 ms"),
            "{told}"
        );
        assert!(told.contains("1 to 1.5    ms    50 #######\n"), "{told}");
    }

    #[test]
    fn what_was_seen_too_early_shows_and_few_samples_have_no_edge() {
        let mut errors = Errors::new("acme");
        errors.add(500_000, 1_000_000);
        errors.add(3_000_000, 1_000_000);
        let told = errors.to_string();
        assert!(told.contains("least -0.500, most 2.000"), "{told}");
        assert!(
            told.contains("too few samples") && told.contains("-inf to 0 "),
            "{told}"
        );
    }
}
