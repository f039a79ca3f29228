//! The replicas of a case and all that is known of them, while it runs and when it is over.

use std::collections::BTreeMap;

use seatrial_engine::Replica;
use seatrial_record::{Contents, Difference, Observation, ReplicaLife, differences};
use tokio::time::Instant;

use super::inside::Files;
use super::life::Life;

/// The replicas of a case and all that is known of them.
pub struct Roster<R> {
    /// Those whose container is there.
    pub lives: Vec<Life<R>>,
    /// Lives that are over, and those that never began.
    pub observations: Vec<Observation>,
    /// The create (or restart) request of each life.
    pub begun: BTreeMap<ReplicaLife, Instant>,
    /// Single files of each life that was read.
    pub files: BTreeMap<ReplicaLife, Files>,
}

impl<R> Default for Roster<R> {
    fn default() -> Self {
        Roster {
            lives: Vec::new(),
            observations: Vec::new(),
            begun: BTreeMap::new(),
            files: BTreeMap::new(),
        }
    }
}

impl<R: Replica> Roster<R> {
    /// Takes in a life that has settled.
    pub fn admit(&mut self, life: Life<R>) {
        self.begun.insert(life.who, life.zero);
        self.lives.push(life);
    }

    /// Takes in what became of replicas that were launched.
    pub fn take_in(&mut self, other: Roster<R>) {
        self.observations.extend(other.observations);
        other.lives.into_iter().for_each(|life| self.admit(life));
    }

    /// In what the installed sets differ; `None` when fewer than two were read.
    pub fn differences(&self) -> Option<Vec<Difference>> {
        let none = Files::default();
        let read: Vec<Contents<'_>> = self
            .observations
            .iter()
            .filter_map(|observation| {
                let who = observation.who();
                Some(Contents {
                    replica: who.replica,
                    life: who.life,
                    began: who.began,
                    manifest: observation.manifest.as_ref()?,
                    files: self.files.get(&who).unwrap_or(&none),
                })
            })
            .collect();
        (read.len() > 1).then(|| differences(&read))
    }
}
