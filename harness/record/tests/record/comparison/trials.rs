//! Made-up pairs whose log ratios scatter as those of real starts do.

use seatrial_record::comparison::{Measured, Pair};
use seatrial_record::stats::SplitMix64;

/// What a boot takes, more or less, nanoseconds.
const TYPICAL_NS: f64 = 2e9;

/// How log ratios scatter around their centre.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// Normally.
    Normal,
    /// Normally, but one in ten four times as wide.
    HeavyTailed,
}

/// A source of pairs.
pub struct Trials {
    lots: SplitMix64,
    shape: Shape,
    deviation: f64,
}

impl Trials {
    /// Pairs whose log ratios have this standard deviation.
    pub fn new(shape: Shape, deviation: f64, seed: u64) -> Self {
        Self {
            lots: SplitMix64::new(seed),
            shape,
            deviation,
        }
    }

    /// A pair whose new side takes `ratio` times as long, but for chance. What both share moves far more than they differ.
    pub fn pair(&mut self, ratio: f64) -> Pair {
        let common = TYPICAL_NS * (0.3 * self.normal()).exp();
        let log_ratio = ratio.ln() + self.deviation * self.scatter();
        let side = |log_ratio: f64| Measured {
            wall_ns: (common * log_ratio.exp()) as u64,
            ..Measured::default()
        };
        Pair {
            old: side(-log_ratio / 2.0),
            new: side(log_ratio / 2.0),
        }
    }

    /// So many pairs.
    pub fn pairs(&mut self, count: usize, ratio: f64) -> Vec<Pair> {
        (0..count).map(|_| self.pair(ratio)).collect()
    }

    /// A number with a standard deviation of 1.
    fn scatter(&mut self) -> f64 {
        let one = self.normal();
        match self.shape {
            Shape::Normal => one,
            Shape::HeavyTailed if self.lots.unit() < 0.1 => 4.0 * one / 2.5_f64.sqrt(),
            Shape::HeavyTailed => one / 2.5_f64.sqrt(),
        }
    }

    /// Box and Muller, "A Note on the Generation of Random Normal Deviates", 1958.
    fn normal(&mut self) -> f64 {
        let (one, other) = (1.0 - self.lots.unit(), self.lots.unit());
        (-2.0 * one.ln()).sqrt() * (std::f64::consts::TAU * other).cos()
    }
}
