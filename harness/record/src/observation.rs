//! What was seen of one life of a replica: facts and instants, no opinion.
//!
//! All instants are nanoseconds on the host's monotonic clock since this life's own create (or restart) request.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::index::IndexUse;
use crate::manifest::{Import, Manifest};
use crate::replica::{Beginning, ReplicaLife};
use crate::run::CaseError;

/// Everything seen of one life of one replica of one case. What was not observed is absent, never zero.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Observation {
    /// Number of the replica within its group, from 0.
    pub replica: usize,
    /// Number of this life: 0, and one more after every restart.
    pub life: usize,
    /// How this life began.
    pub began: Beginning,
    /// This life's create (or restart) request on the case's clock, whose zero is the first create request of the case;
    /// nanoseconds.
    pub launched_ns: u64,
    /// The same request on CLOCK_MONOTONIC of the host, nanoseconds: joins these instants with stamps that the container or a
    /// trace of the host has taken on that clock. Absent where the host has none.
    pub zero_monotonic_ns: Option<u64>,
    /// Why it could not be launched, or not be watched to its end; its case is errored then.
    pub error: Option<CaseError>,
    /// Instants of phases, in order of time.
    pub phases: Vec<PhaseInstant>,
    /// Health as probed from outside, each change with its instant.
    pub health: Vec<HealthTransition>,
    /// How much earlier than seen it may have been ready, nanoseconds: from the last probe that found it not ready to the
    /// first 200. A request held open counts as such a probe each time it is looked at and found unanswered. Absent when
    /// the first probe was answered with 200.
    pub ready_gap_ns: Option<u64>,
    /// How the container ended, when it ended by itself.
    pub exit: Option<Exit>,
    /// Numeric user id of the server process.
    pub uid: Option<u32>,
    /// Peak memory and CPU time of the container.
    pub resources: Option<Resources>,
    /// What the replica asked of the index.
    pub index: Option<IndexUse>,
    /// The one scored request, when one was sent.
    pub score: Option<ScoredResponse>,
    /// The installed set, read after the timed part.
    pub manifest: Option<Manifest>,
    /// What an import really yields, for each package named in the expectations.
    pub imports: Vec<Import>,
    /// Why the manifest could not be read, when it could not.
    pub manifest_error: Option<String>,
    /// What an installation at boot left on disk, read after the timed part; absent for every other method, and where no
    /// manifest was read.
    pub install: Option<InstallFacts>,
    /// The end of the log, and those expected lines that were seen anywhere in it.
    pub log: LogTail,
}

impl Observation {
    /// Which replica this is, in which life.
    pub fn who(&self) -> ReplicaLife {
        ReplicaLife {
            replica: self.replica,
            life: self.life,
            began: self.began,
        }
    }

    /// Instant at which a phase was first reached, nanoseconds since this life's create request.
    pub fn instant(&self, phase: Phase) -> Option<u64> {
        self.phases
            .iter()
            .filter(|seen| seen.phase == phase)
            .map(|seen| seen.at_ns)
            .min()
    }

    /// First line of the log that holds `text`, when the expectations looked for it and it was there.
    pub fn log_line(&self, text: &str) -> Option<&str> {
        self.log
            .matched
            .iter()
            .find(|(wanted, _)| wanted == text)
            .map(|(_, line)| line.as_str())
    }
}

/// A point in the life of a replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The container, or its restart, was asked for: the zero of all instants.
    CreateRequested,
    /// The engine's create event.
    Created,
    /// The engine's start event.
    Started,
    /// First instruction of the container's first process, by its own word.
    FirstInstruction,
    /// First line of the log.
    FirstLog,
    /// Installation at boot began.
    InstallBegin,
    /// The installer has fetched everything and begins to unpack.
    UnpackBegin,
    /// The installer says that everything is installed.
    UnpackEnd,
    /// Installation at boot ended.
    InstallEnd,
    /// The server process is started.
    ServerStart,
    /// The server listens.
    Listen,
    /// The user's init() began.
    InitBegin,
    /// The user's init() ended.
    InitEnd,
    /// The container itself says that it serves.
    Answering,
    /// First 200 on the health route, as the prober saw it.
    Ready,
    /// First scored response.
    FirstResponse,
    /// The container's end.
    Exited,
}

/// The times of files that an installation at boot has written, as their file system keeps them: to the tick of the
/// kernel's clock, milliseconds at worst.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InstallFacts {
    /// Distributions in the order in which they were unpacked. One that was installed anew with the very files that the
    /// image has of it is not among them.
    pub distributions: Vec<InstalledFiles>,
}

/// When the files of one distribution were written, nanoseconds since this life's create request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InstalledFiles {
    /// Project name, normalised.
    pub project: String,
    /// Its last unpacked file: not a compiled one, a script, or a note of the installer.
    pub unpacked_ns: u64,
    /// Its last byte-compiled file; absent when there is none.
    pub compiled_ns: Option<u64>,
}

/// When a phase was reached.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PhaseInstant {
    /// Which.
    pub phase: Phase,
    /// Nanoseconds since this life's create request.
    pub at_ns: u64,
}

/// What the health route does at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HealthState {
    /// No TCP connection.
    Refused,
    /// Connection accepted, then closed without an answer.
    Closed,
    /// Connection accepted, no answer for the contract's `hanging_after`.
    Hanging,
    /// An HTTP status.
    Status(u16),
}

impl fmt::Display for HealthState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused => f.write_str("refused"),
            Self::Closed => f.write_str("closed"),
            Self::Hanging => f.write_str("hanging"),
            Self::Status(status) => write!(f, "{status}"),
        }
    }
}

/// A change of health.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HealthTransition {
    /// The new state.
    pub state: HealthState,
    /// Nanoseconds since this life's create request; for `hanging` the instant the unanswered request was sent.
    pub at_ns: u64,
}

/// How a container ended by itself.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exit {
    /// Exit code of the container.
    pub container: i64,
    /// Exit code of the server or its launcher, from the contract's log line.
    pub inner: Option<i64>,
    /// Nanoseconds since this life's create request.
    pub at_ns: u64,
}

/// cgroup accounting of the container.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Resources {
    /// Highest memory use, bytes, page cache included as the cgroup counts it.
    pub peak_memory_bytes: Option<u64>,
    /// CPU time, user and system, nanoseconds.
    pub cpu_ns: Option<u64>,
}

/// The answer to the scored request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScoredResponse {
    /// HTTP status; absent when there was no answer.
    pub status: Option<u16>,
    /// Body as JSON, when it is JSON.
    pub json: Option<serde_json::Value>,
    /// Start of the body as text, control sequences removed.
    pub text: String,
    /// Why there was no answer.
    pub error: Option<String>,
    /// Duration of the request, nanoseconds.
    pub took_ns: u64,
}

/// A bounded part of the log, control sequences removed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LogTail {
    /// The last lines.
    pub tail: Vec<String>,
    /// First line holding each text that the expectations look for: text, line.
    pub matched: Vec<(String, String)>,
    /// Bytes of the whole log as received.
    pub bytes: u64,
    /// Lines of the whole log.
    pub lines: u64,
    /// Why the log was not read to its end, when it was not: what is missing from it may then have been there.
    pub cut: Option<String>,
}
