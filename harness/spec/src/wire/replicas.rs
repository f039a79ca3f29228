//! Replicas as written: how many start and when, and what is expected of them together. Doc comments here are what
//! editors show.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::duration::WrittenDuration;

/// Numbers of replicas, counted from 0.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(transparent, extend("minItems" = 1, "uniqueItems" = true))]
pub(crate) struct ReplicaList(pub Vec<usize>);

/// How replicas start, when not all at once.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum StartEntry {
    /// Each that long after the one before.
    Staggered(WrittenDuration),
    /// So many at a time; the next when every one of the last is ready or has ended.
    Waves {
        /// Replicas of one wave.
        #[schemars(range(min = 1))]
        of: usize,
        /// At the earliest that long after the wave before began.
        every: Option<WrittenDuration>,
    },
}

/// A replica that is started again.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RestartEntry {
    /// Its number, counted from 0.
    pub replica: usize,
    /// What becomes of its container.
    #[serde(rename = "as")]
    pub how: RestartWord,
}

/// What becomes of the container of a replica that is started again.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(title = "kind of restart")]
pub(crate) enum RestartWord {
    /// The same container again.
    Restarted,
    /// A new container in its place.
    Recreated,
}

/// What the replicas of a case have in common, or do not.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum ReplicasEntry {
    /// `true`: they hold the same packages, by version and by digest of the files.
    Identical(bool),
    /// They differ in this way and in no other.
    Drift {
        /// Projects that differ, exactly these.
        #[serde(rename = "in")]
        #[schemars(length(min = 1))]
        projects: Vec<String>,
        /// Replicas outside the largest group, exactly these.
        #[serde(default)]
        odd: ReplicaList,
        /// Name of the event that explains it.
        since: Option<String>,
    },
}
