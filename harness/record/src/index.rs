//! What a replica asked of the package index, and how the index moved while it did.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::expectation::Place;

/// The index that every replica is given.
pub(crate) const MAIN: &str = "main";

/// The indexes that a replica can be given, the main one first.
pub(crate) const INDEXES: [&str; 2] = [MAIN, "extra"];

/// What one replica asked of the index.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IndexUse {
    /// Number of requests.
    pub requests: u64,
    /// Bytes of response bodies.
    pub bytes: u64,
    /// Files served, by name, in order.
    pub files: Vec<String>,
    /// Answers with a status of 400 or more.
    pub errors: u64,
    /// The first 1,000 requests in the order they arrived, and of those beyond the last for each page and file.
    #[serde(default)]
    pub log: Vec<IndexRequest>,
}

/// One request of a replica and what it was sent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IndexRequest {
    /// The index asked: `main` or `extra`.
    pub index: String,
    /// When it arrived, nanoseconds since this life began.
    pub at_ns: u64,
    /// From its arrival to the last byte of the answer, nanoseconds.
    pub took_ns: u64,
    /// HTTP method.
    pub method: String,
    /// What was asked for.
    pub what: Asked,
    /// HTTP status.
    pub status: u16,
    /// Bytes of the body that were sent.
    pub bytes: u64,
    /// Whether the whole body was sent.
    pub complete: bool,
    /// Start of the digest of what the index had to send: equal answers have equal text. What a fault did to the bytes on
    /// their way does not show in it.
    pub answer: Option<String>,
    /// How many events of this index had happened when it arrived: the first so many of its events in
    /// [`IndexCourse::events`].
    pub after: usize,
    /// Names of the faults that changed its answer, in the order in which they began.
    pub faults: Vec<String>,
}

/// What a request asked for. Project names are normalised (PEP 503).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Asked {
    /// The page of a project.
    Page {
        /// The project.
        project: String,
    },
    /// A wheel or source distribution.
    File {
        /// The project that it belongs to, when the index knows it.
        project: Option<String>,
        /// File name.
        name: String,
    },
    /// The metadata beside a wheel.
    Metadata {
        /// The project that it belongs to, when the index knows it.
        project: Option<String>,
        /// File name, `.metadata` included.
        name: String,
    },
    /// Anything else.
    Other {
        /// The path as the client wrote it, cut when it is long.
        path: String,
    },
}

impl Default for Asked {
    fn default() -> Self {
        Self::Other { path: String::new() }
    }
}

/// The script of a case's index and what came of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IndexCourse {
    /// Seed of what the script leaves to chance.
    pub seed: u64,
    /// Events of each index in the order they happened; those that never did stand at the end.
    pub events: Vec<IndexEvent>,
}

/// One event of the script.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IndexEvent {
    /// The index that it moves: `main` or `extra`.
    pub index: String,
    /// Its name in the script.
    pub name: String,
    /// What it does, subject first: `acme 2.0.0 published`, `503, Retry-After 3 s (for 10 s)`.
    pub what: String,
    /// What kind of event it is.
    pub kind: EventKind,
    /// The project concerned, normalised; absent when all are.
    pub project: Option<String>,
    /// The version that is published, joined by a file, yanked or deleted, as the universe writes it; absent for a whole
    /// project and for all other kinds.
    pub version: Option<String>,
    /// Its trigger, in words: `when replicas 0 and 1 are ready`, `after 4 s`.
    pub when: String,
    /// When it happened, nanoseconds on the case's clock; absent when it never did.
    pub at_ns: Option<u64>,
    /// When it ended, for a fault that did; nanoseconds on the case's clock.
    pub ended_ns: Option<u64>,
    /// Answers that it changed, for a fault: their bytes, their time, or whether there was one at all.
    pub hits: u64,
    /// Where it is written.
    pub place: Place,
}

/// What kind of event it is. The first four change what the index holds, the last eight are faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// A release appears.
    Published,
    /// A file joins a release.
    Added,
    /// A release is yanked.
    Yanked,
    /// A release, or a whole project, is gone.
    Deleted,
    /// A fault ends.
    Ended,
    /// A status in place of the answer.
    Answered,
    /// The answer comes later.
    Delayed,
    /// The body comes slowly.
    Throttled,
    /// The body breaks off.
    Truncated,
    /// The connection is reset.
    Reset,
    /// Nothing is ever answered.
    Hung,
    /// The body holds something else than the index had to send.
    Corrupted,
    /// A page as it was at the start.
    Stale,
}

impl IndexCourse {
    /// The events of one index that happened, in their order.
    pub(crate) fn of<'a>(&'a self, index: &'a str) -> impl Iterator<Item = &'a IndexEvent> {
        self.events
            .iter()
            .filter(move |event| event.index == index && event.at_ns.is_some())
    }
}

impl EventKind {
    /// Whether it changes what the index holds, from then on.
    pub(crate) fn moves_the_index(self) -> bool {
        matches!(self, Self::Published | Self::Added | Self::Yanked | Self::Deleted)
    }
}

impl IndexEvent {
    /// Whether it changed what was sent for a request, and not only when that came or whether it came at all. A page from
    /// the start counts, though it may be what the index held anyway: that shows in its digest.
    pub(crate) fn altered(&self, request: &IndexRequest) -> bool {
        let of_page = matches!(request.what, Asked::Page { .. });
        let altered = match self.kind {
            EventKind::Truncated => !request.complete,
            EventKind::Corrupted => request.bytes > 0,
            EventKind::Stale => of_page,
            EventKind::Answered => of_page && request.says_absent(),
            _ => false,
        };
        altered && request.faults.contains(&self.name)
    }
}

impl IndexRequest {
    /// Whether the answer was that there is no such thing.
    pub(crate) fn says_absent(&self) -> bool {
        matches!(self.status, 404 | 410)
    }
}

/// What it does; of the extra index it is said.
impl fmt::Display for IndexEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.index.as_str() {
            MAIN => f.write_str(&self.what),
            other => write!(f, "{other} index: {}", self.what),
        }
    }
}
