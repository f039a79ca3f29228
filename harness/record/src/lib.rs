//! seatrial-record holds what was seen, what was expected and what was concluded: pure, no I/O.
//!
//! An [`Observation`] has no opinion; [`CaseRecord::judge`] compares it with [`Expectation`]s into [`Verdict`]s; a
//! [`RunRecord`] keeps all three, and every view and the exit code come from it alone. [`differences`] tells replicas
//! apart, [`explain`] says what of the index's course came between them. [`comparison`] holds timings of two sides against
//! each other, by the [`stats`].

pub mod comparison;
mod differences;
mod document;
mod exit;
mod expectation;
mod explain;
mod index;
mod judge;
mod log_text;
mod manifest;
mod middle;
pub mod numbers;
mod observation;
mod outcome;
mod phases;
pub mod render;
mod replica;
mod run;
mod sample;
pub mod snapshot;
pub mod stats;

pub use differences::{Contents, Difference, FileDifference, Kind, differences};
pub use document::{RecordError, baseline_schema, calibration_schema, comparison_schema, schema};
pub use exit::ExitCode;
pub use expectation::{Check, Expectation, Place, TimeFigure};
pub use explain::{Explanation, explain};
pub use index::{Asked, EventKind, IndexCourse, IndexEvent, IndexRequest, IndexUse};
pub use judge::{Finding, Verdict};
pub use log_text::{LINE_LIMIT, sanitize};
pub use manifest::{Beside, Distribution, Import, Manifest, ManifestDiff, Origin};
pub use observation::{
    Exit, HealthState, HealthTransition, InstallFacts, InstalledFiles, LogTail, Observation, Phase, PhaseInstant,
    Resources, ScoredResponse,
};
pub use outcome::{Outcome, Totals};
pub use phases::{Part, breakdown, cut, first_response, install_parts, metrics};
pub use replica::{Beginning, ReplicaLife};
pub use run::{CaseError, CaseRecord, FORMAT, HostFacts, ImageFacts, RunRecord, SnapshotState};
pub use sample::{MachineLoad, Sample};
