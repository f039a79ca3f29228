//! The document of one run, written after every case.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::differences::Difference;
use crate::expectation::Expectation;
use crate::index::IndexCourse;
use crate::judge::Verdict;
use crate::manifest::{Manifest, ManifestDiff};
use crate::observation::Observation;
use crate::sample::Sample;

/// Format version of the record: major breaks readers, minor adds (reports/FORMAT.md).
pub const FORMAT: &str = "1.2";

/// One invocation of `seatrial run`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RunRecord {
    /// [`FORMAT`] of the writer.
    pub format: String,
    /// Version of seatrial.
    pub seatrial: String,
    /// Unique id of the run.
    pub run: String,
    /// Wall clock at the start, RFC 3339 UTC.
    pub started: String,
    /// Seed of the order in which cases ran.
    pub seed: u64,
    /// Host and engine.
    pub host: HostFacts,
    /// Images used, by name.
    pub images: BTreeMap<String, ImageFacts>,
    /// Ids of the cases planned, in plan order.
    pub planned: Vec<String>,
    /// Cases that have ended, in the order they ran.
    pub cases: Vec<CaseRecord>,
    /// Signal that ended the run early: `SIGINT` or `SIGTERM`.
    pub interrupted: Option<String>,
    /// Requests that the package index turned away: without a token of the run, or malformed.
    #[serde(default)]
    pub refused: u64,
    /// Duration of the whole run so far, nanoseconds.
    pub took_ns: u64,
}

/// Facts of host and engine that timings depend on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HostFacts {
    /// Operating system and kernel.
    pub kernel: String,
    /// Architecture.
    pub arch: String,
    /// Processor model.
    pub cpu: String,
    /// Logical processors.
    pub cpus: usize,
    /// Memory, bytes.
    pub memory_bytes: u64,
    /// Engine and version.
    pub engine: String,
    /// Storage driver.
    pub storage_driver: String,
    /// cgroup version.
    pub cgroup: String,
    /// Whether replicas run on an internal network without a way out.
    pub isolated: bool,
}

/// Facts of one image.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImageFacts {
    /// Reference as used.
    pub reference: String,
    /// Content id.
    pub id: String,
    /// Size, bytes.
    pub size_bytes: u64,
    /// The image's own installed set; absent when it has no Python.
    pub manifest: Option<Manifest>,
}

/// One case and all that is known of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseRecord {
    /// `group/name@variant`.
    pub id: String,
    /// Why the expectations are right.
    pub why: String,
    /// Reasons of the exceptions that apply to this variant.
    pub because: Vec<String>,
    /// Name of the image.
    pub image: String,
    /// Extension method.
    pub method: String,
    /// Image that was launched, when it is not the named one (`dockerfile`): the derived image.
    pub derived: Option<ImageFacts>,
    /// What was expected.
    pub expectations: Vec<Expectation>,
    /// What was seen, one per life of a replica.
    pub observations: Vec<Observation>,
    /// Why the case could not run.
    pub error: Option<CaseError>,
    /// Whether it had the machine to itself; timings of cases that overlapped are not for comparison.
    pub alone: bool,
    /// Judgement, one per expectation, in their order; empty when the case could not run.
    pub verdicts: Vec<Verdict>,
    /// How the functional facts compare with the accepted snapshot.
    pub snapshot: SnapshotState,
    /// Manifest of replica 0 against the image's own.
    pub manifest_diff: Option<ManifestDiff>,
    /// The script of the case's index and what came of it; absent when it has none.
    #[serde(default)]
    pub course: Option<IndexCourse>,
    /// In what the installed sets of the replicas differ: empty when they are identical, absent when fewer than two
    /// were read.
    #[serde(default)]
    pub differences: Option<Vec<Difference>>,
    /// Every timed boot, in the order they were made; empty for a case that was booted once.
    #[serde(default)]
    pub samples: Vec<Sample>,
}

impl CaseRecord {
    /// The scenario: the id without its variant.
    pub fn scenario(&self) -> &str {
        split_id(&self.id).0
    }

    /// The timed boots that count: all but warm-ups.
    pub fn counted_samples(&self) -> impl Iterator<Item = &Sample> {
        self.samples.iter().filter(|sample| !sample.warm_up)
    }

    /// The variant: what follows the scenario in the id.
    pub fn variant(&self) -> &str {
        split_id(&self.id).1
    }
}

/// Scenario and variant of a case id; an id without a variant has an empty one.
pub(crate) fn split_id(id: &str) -> (&str, &str) {
    id.split_once('@').unwrap_or((id, ""))
}

/// Group and the rest of a case id.
pub(crate) fn split_group(id: &str) -> (&str, &str) {
    let (scenario, _) = split_id(id);
    match scenario.rfind('/') {
        Some(slash) => (&id[..slash], &id[slash + 1..]),
        None => ("", id),
    }
}

/// Why a case could not run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseError {
    /// What failed and how, causes joined.
    pub what: String,
    /// What to do next.
    pub hint: Option<String>,
}

/// How the functional facts of a case compare with the accepted snapshot.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SnapshotState {
    /// Not compared: the case could not run, an expectation failed, or the image is not the one snapshots are kept for.
    #[default]
    NotCompared,
    /// As accepted.
    Same,
    /// None accepted yet; a pending one was written.
    New {
        /// The pending file, relative to the project root.
        pending: String,
    },
    /// Different; a pending one was written.
    Differs {
        /// The pending file, relative to the project root.
        pending: String,
        /// Unified difference, accepted against seen.
        diff: String,
    },
}
