//! The checked meaning of what a scenario says about its replicas: how they start, and what is expected of them together.

use std::time::Duration;

use crate::scenario::At;

/// The replicas of each case.
#[derive(Clone, Debug)]
pub struct Replicas {
    /// How many, at least 1; they are numbered from 0.
    pub count: usize,
    /// How they start.
    pub start: Start,
    /// Replicas that are started again, one after another, once all have settled and were read.
    pub restarts: Vec<Restart>,
}

/// How replicas start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// All at once.
    Together,
    /// Each that long after the one before.
    Staggered(Duration),
    /// So many at a time.
    Waves {
        /// Replicas of one wave, in the order of their numbers.
        of: usize,
        /// The next wave starts when every replica of the last is ready or has ended, and at the earliest that long after
        /// the last one began.
        every: Option<Duration>,
    },
}

/// A replica that is started again.
#[derive(Clone, Debug)]
pub struct Restart {
    /// Its number, from 0.
    pub replica: usize,
    /// A new container takes the place of the old; else the same one starts again.
    pub recreated: bool,
    /// Where it stands.
    pub at: At,
}

/// What the replicas of a case have in common, or do not; every life of a replica that was read counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplicasExpect {
    /// They hold the same packages, by version and by digest of the files.
    Identical,
    /// They differ in this way and in no other.
    Drift {
        /// Projects that differ, exactly these; normalised.
        projects: Vec<String>,
        /// Replicas outside the largest group, exactly these; empty: not looked at.
        odd: Vec<usize>,
        /// Name of the event that explains it; `None`: not looked at.
        since: Option<String>,
    },
}
