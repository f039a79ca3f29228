//! The `index` block of a scenario as written. Doc comments here are what editors show.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::duration::WrittenDuration;
use crate::share::WrittenShare;
use crate::size::WrittenSize;
use crate::wire::{ProjectEntries, ReplicaList};

/// What the package index has and how it moves; at least one key.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("minProperties" = 1))]
pub(crate) struct IndexBlock {
    /// Universes of fixtures/packages, laid together.
    #[schemars(length(min = 1), extend("uniqueItems" = true))]
    pub packages: Option<Vec<String>>,
    /// Further projects; one that is also in `packages` takes its place.
    #[schemars(extend("minProperties" = 1))]
    pub projects: Option<ProjectEntries>,
    /// What stands behind the universe. Left out: `none` with a universe, else `live`.
    pub upstream: Option<UpstreamWord>,
    /// The index as it was then (RFC 3339); later releases are left out.
    pub as_of: Option<String>,
    /// What happens to the index, and when.
    #[serde(default)]
    pub script: Vec<EventEntry>,
    /// A second index that pip is given besides.
    pub extra: Option<SideBlock>,
}

/// One of two indexes; at least one key.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("minProperties" = 1))]
pub(crate) struct SideBlock {
    /// Universes of fixtures/packages, laid together.
    #[schemars(length(min = 1), extend("uniqueItems" = true))]
    pub packages: Option<Vec<String>>,
    /// Further projects; one that is also in `packages` takes its place.
    #[schemars(extend("minProperties" = 1))]
    pub projects: Option<ProjectEntries>,
    /// What stands behind the universe. Left out: `none` with a universe, else `live`.
    pub upstream: Option<UpstreamWord>,
    /// The index as it was then (RFC 3339); later releases are left out.
    pub as_of: Option<String>,
    /// What happens to the index, and when.
    #[serde(default)]
    pub script: Vec<EventEntry>,
}

impl IndexBlock {
    /// The first index and the second one.
    pub fn sides(self) -> (SideBlock, Option<SideBlock>) {
        let main = SideBlock {
            packages: self.packages,
            projects: self.projects,
            upstream: self.upstream,
            as_of: self.as_of,
            script: self.script,
        };
        (main, self.extra)
    }
}

/// What stands behind a universe.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(title = "upstream")]
pub(crate) enum UpstreamWord {
    /// Nothing: what the universe lacks is not there.
    None,
    /// What the universe lacks comes from upstream.
    Live,
}

/// One event of a script.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventEntry {
    /// Its name: lower-case letters, digits and `-`. Left out: `event-1`, `event-2` ... by its place in the list.
    pub name: Option<String>,
    /// When it happens; exactly one key. Left out: from the start.
    pub when: Option<TriggerEntry>,
    /// What happens; exactly one key.
    #[serde(rename = "do")]
    pub action: ActionEntry,
    /// Faults: which requests. Left out: all.
    pub only: Option<OnlyBlock>,
    /// Faults: it ends that long after it began.
    #[serde(rename = "for")]
    pub lasts: Option<WrittenDuration>,
    /// Faults: it ends after it has changed so many answers.
    #[schemars(range(min = 1))]
    pub times: Option<u64>,
}

/// When an event happens.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum TriggerEntry {
    /// That long after the first replica's create request.
    After(WrittenDuration),
    /// When the n-th request arrives; it is the first that sees the change.
    Request {
        /// Which one, counted from 1.
        #[schemars(range(min = 1))]
        number: u64,
        /// Only requests for this project's page and files count.
        project: Option<String>,
    },
    /// When so many bytes of bodies have been sent.
    Served(WrittenSize),
    /// When all these replicas have been started.
    Started(ReplicaList),
    /// When all these replicas have begun to install.
    Installing(ReplicaList),
    /// When all these replicas are ready.
    Ready(ReplicaList),
}

/// What happens.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum ActionEntry {
    /// A release appears, which was held back from the start.
    Publish {
        /// Project of the universe.
        project: String,
        /// Version of a release.
        version: String,
    },
    /// A file joins its release; it was held back from the start.
    Add {
        /// Project of the universe.
        project: String,
        /// Version of the release.
        version: String,
        /// Name of the file.
        file: String,
    },
    /// A release is yanked.
    Yank {
        /// Project of the universe.
        project: String,
        /// Version of the release.
        version: String,
        /// Why, as pip is told.
        #[serde(default)]
        reason: String,
    },
    /// A release, or a whole project, is gone.
    Delete {
        /// Project of the universe.
        project: String,
        /// Version of the release. Left out: the whole project.
        version: Option<String>,
    },
    /// A fault ends.
    End {
        /// Name of the event that began it.
        event: String,
    },
    /// Fault: this status is answered.
    Answer {
        /// Status of the answer.
        #[schemars(range(min = 400, max = 599))]
        status: u16,
        /// Retry-After of the answer, in whole seconds.
        retry_after: Option<WrittenDuration>,
    },
    /// Fault: the answer comes that much later.
    Delay(WrittenDuration),
    /// Fault: so many bytes of the body a second.
    Throttle(WrittenSize),
    /// Fault: the connection ends after so many bytes of the body.
    Truncate(WrittenSize),
    /// Fault: the connection gives no answer.
    Connection(ConnectionWord),
    /// Fault: the answer holds something else.
    Content(ContentWord),
}

/// How a connection fails.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(title = "connection fault")]
pub(crate) enum ConnectionWord {
    /// It is reset.
    Reset,
    /// It is held and nothing is ever answered.
    Hang,
}

/// How an answer is wrong.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(title = "content fault")]
pub(crate) enum ContentWord {
    /// One byte of the body is changed.
    Corrupt,
    /// The page is the one of the start.
    Stale,
}

/// Which requests a fault is for; at least one key, and all that are given must match.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("minProperties" = 1))]
pub(crate) struct OnlyBlock {
    /// Requests for these projects.
    #[schemars(length(min = 1))]
    pub projects: Option<Vec<String>>,
    /// Requests for these wheels and sdists, by file name, and for the metadata beside them.
    #[schemars(length(min = 1))]
    pub files: Option<Vec<String>>,
    /// Requests of this kind.
    pub what: Option<WhatWord>,
    /// Requests of these replicas.
    pub replicas: Option<ReplicaList>,
    /// So many of the requests, chosen by the seed of the run: 1% to 100%.
    pub share: Option<WrittenShare>,
}

/// What a request is for.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(title = "kind of request")]
pub(crate) enum WhatWord {
    /// Pages of projects.
    Pages,
    /// Wheels and sdists.
    Files,
    /// Metadata beside wheels.
    Metadata,
}
