//! Which replica, in which of its lives, and how several of them are named in a sentence, a list or a cell.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Replicas named in a sentence before the rest is only counted.
const NAMED: usize = 5;

/// How a life of a replica began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Beginning {
    /// Created and started, as the case planned it.
    #[default]
    Launched,
    /// The same container, started again.
    Restarted,
    /// A new container in the place of the old one.
    Recreated,
}

impl fmt::Display for Beginning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Launched => "launched",
            Self::Restarted => "restarted",
            Self::Recreated => "recreated",
        })
    }
}

/// One life of one replica. Ordered by replica, then by life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplicaLife {
    /// Number of the replica within its group, from 0.
    pub replica: usize,
    /// Number of the life, from 0.
    pub life: usize,
    /// How it began.
    #[serde(default)]
    pub began: Beginning,
}

/// `replica 3`, `replica 3 (restarted)`, and from its third life on `replica 3 (restarted, life 2)`.
impl fmt::Display for ReplicaLife {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "replica {}", self.in_sentence())
    }
}

impl ReplicaLife {
    /// `3`, `3 (restarted)`: behind the word replica.
    fn in_sentence(&self) -> String {
        match (self.began, self.life) {
            (Beginning::Launched, _) => self.replica.to_string(),
            (began, 0 | 1) => format!("{} ({began})", self.replica),
            (began, life) => format!("{} ({began}, life {life})", self.replica),
        }
    }

    /// `3`, `3 restarted`: in a cell or between parentheses.
    pub(crate) fn in_list(&self) -> String {
        match (self.began, self.life) {
            (Beginning::Launched, _) => self.replica.to_string(),
            (began, 0 | 1) => format!("{} {began}", self.replica),
            (began, life) => format!("{} {began} {life}", self.replica),
        }
    }
}

/// `replica 3`, `replicas 0, 1 and 0 (restarted)`, `replicas 0, 1, 2, 3, 4 and 24 more`.
pub(crate) fn named(lives: &[ReplicaLife]) -> String {
    sentence(lives.iter().map(ReplicaLife::in_sentence))
}

/// The same for replicas by number, whatever their lives.
pub(crate) fn numbered(replicas: &[usize]) -> String {
    sentence(replicas.iter().map(usize::to_string))
}

fn sentence(names: impl ExactSizeIterator<Item = String>) -> String {
    let count = names.len();
    let mut names: Vec<_> = names.take(NAMED).collect();
    let last = match count.saturating_sub(NAMED) {
        0 => names.pop().unwrap_or_default(),
        more => format!("{more} more"),
    };
    match names.as_slice() {
        [] => format!("replica {last}"),
        before => format!("replicas {} and {last}", before.join(", ")),
    }
}

/// Every one of them, runs of numbers drawn together: `0-16, 18-29, 0 restarted`.
pub(crate) fn ranges(lives: &[ReplicaLife]) -> String {
    let mut all: Vec<_> = lives.iter().collect();
    all.sort_by_key(|one| (one.began != Beginning::Launched, **one));
    let mut runs: Vec<(&ReplicaLife, &ReplicaLife)> = Vec::new();
    for one in all {
        match runs.last_mut() {
            Some((_, last)) if one.began == Beginning::Launched && last.replica + 1 == one.replica => *last = one,
            _ => runs.push((one, one)),
        }
    }
    let shown = runs.iter().map(|(first, last)| match last.replica - first.replica {
        0 => first.in_list(),
        1 => format!("{}, {}", first.in_list(), last.in_list()),
        _ => format!("{}-{}", first.in_list(), last.in_list()),
    });
    shown.collect::<Vec<_>>().join(", ")
}

/// `3 replicas`, `3 replicas and 1 restart`.
pub(crate) fn counted(lives: &[ReplicaLife]) -> String {
    use crate::numbers::counted;
    let mut by_replica = BTreeMap::<usize, usize>::new();
    lives
        .iter()
        .for_each(|one| *by_replica.entry(one.replica).or_default() += 1);
    let replicas = counted(by_replica.len(), "replica");
    match lives.len() - by_replica.len() {
        0 => replicas,
        again => format!("{replicas} and {}", counted(again, "restart")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lives(all: &[(usize, usize, Beginning)]) -> Vec<ReplicaLife> {
        all.iter()
            .map(|(replica, life, began)| ReplicaLife {
                replica: *replica,
                life: *life,
                began: *began,
            })
            .collect()
    }

    fn launched(replicas: impl IntoIterator<Item = usize>) -> Vec<ReplicaLife> {
        replicas
            .into_iter()
            .map(|replica| ReplicaLife {
                replica,
                ..ReplicaLife::default()
            })
            .collect()
    }

    #[test]
    fn a_few_are_named_and_many_are_counted() {
        assert_eq!(named(&launched([3])), "replica 3");
        assert_eq!(named(&launched([0, 1])), "replicas 0 and 1");
        assert_eq!(named(&launched(0..5)), "replicas 0, 1, 2, 3 and 4");
        assert_eq!(named(&launched(0..29)), "replicas 0, 1, 2, 3, 4 and 24 more");
        assert_eq!(numbered(&[0, 2]), "replicas 0 and 2");
    }

    #[test]
    fn lives_after_the_first_say_how_they_began() {
        use Beginning::*;
        let all = lives(&[(0, 0, Launched), (0, 1, Restarted), (1, 2, Recreated)]);
        assert_eq!(all[1].to_string(), "replica 0 (restarted)");
        assert_eq!(named(&all), "replicas 0, 0 (restarted) and 1 (recreated, life 2)");
        assert_eq!(ranges(&all), "0, 0 restarted, 1 recreated 2");
        assert_eq!(counted(&all), "2 replicas and 1 restart");
    }

    #[test]
    fn runs_of_numbers_are_drawn_together() {
        assert_eq!(ranges(&launched((0..17).chain(18..30))), "0-16, 18-29");
        assert_eq!(ranges(&launched([0, 1, 3])), "0, 1, 3");
        assert_eq!(counted(&launched(0..30)), "30 replicas");
    }
}
