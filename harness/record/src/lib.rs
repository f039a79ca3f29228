//! seatrial-record holds what was seen, what was expected and what was concluded: pure, no I/O.
//!
//! An [`Observation`] has no opinion; [`judge`] compares it with [`Expectation`]s into [`Verdict`]s; a
//! [`RunRecord`] keeps all three, and every view and the exit code come from it alone.

mod document;
mod exit;
mod expectation;
mod judge;
mod log_text;
mod manifest;
pub mod numbers;
mod observation;
mod outcome;
mod phases;
pub mod render;
mod run;
pub mod snapshot;

pub use document::{RecordError, schema};
pub use exit::ExitCode;
pub use expectation::{Check, Expectation, Place};
pub use judge::{Finding, Verdict, judge};
pub use log_text::{LINE_LIMIT, sanitize};
pub use manifest::{Distribution, Import, Manifest, ManifestDiff, Origin};
pub use observation::{
    Exit, HealthState, HealthTransition, IndexUse, LogTail, Observation, Phase, PhaseInstant, Resources, ScoredResponse,
};
pub use outcome::{Outcome, Totals};
pub use phases::{Part, breakdown, metrics};
pub use run::{CaseError, CaseRecord, FORMAT, HostFacts, ImageFacts, RunRecord, SnapshotState};
