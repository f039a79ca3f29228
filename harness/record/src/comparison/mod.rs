//! Two sides compared in pairs: whether the new one is faster or slower than the old, by how much, which part of it, and
//! whether the machine or the program did it.
//!
//! Pairs are made in random order, so that what the machine does meanwhile meets both sides alike. A [`Rule`] that is fixed
//! before the first pair says after each whether enough is known; [`Comparison::of`] sums up what the pairs showed;
//! [`SuiteComparison`] keeps many comparisons from raising an alarm by their number alone; a [`Calibration`] is what the
//! same machine shows when both sides are the same. A [`ComparisonRecord`] keeps every boot of it all. A [`Baseline`] of
//! accepted timings judges nothing: it says when a comparison is worth making.

mod baseline;
mod boots;
mod calibration;
mod cause;
mod change;
mod decision;
mod evidence;
mod host_class;
mod measured;
mod outlook;
mod parts;
mod record;
mod rule;
mod suite;
mod summary;
mod windows;
mod words;

pub use baseline::{Accepted, BASELINE_FORMAT, Baseline, Departure, FEWEST};
pub use boots::{BootPair, Side};
pub use calibration::{Calibration, Detectable};
pub use cause::{Cause, Culprit, Witness, WitnessKind};
pub use change::{Change, Doubt};
pub use decision::Decision;
pub use host_class::HostClass;
pub use measured::{Measured, Pair};
pub use parts::PartChange;
pub use record::{
    COMPARISON_FORMAT, ComparedCase, ComparedSide, ComparisonRecord, ImageReference, LeftOut, Obstacle, SUITE_ERROR,
    Sides,
};
pub use rule::{Look, Rule};
pub use suite::{SuiteComparison, SuiteMember};
pub use summary::{Comparison, Estimate};
pub use windows::{WINDOWS_APART, series_of, windows};
pub use words::Line;

/// Confidence of every interval of a comparison.
pub const CONFIDENCE: f64 = 0.95;

/// Chance with which the smallest change that a comparison could have seen is seen.
pub const POWER: f64 = 0.8;
