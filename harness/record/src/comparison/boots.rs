//! Two boots, one of each side, made one right after the other.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::measured::{Measured, Pair};
use super::record::Obstacle;
use crate::observation::Phase;
use crate::phases::cut;
use crate::replica::Beginning;
use crate::sample::Sample;

/// A side of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// What the new side is held against.
    Old,
    /// What is judged.
    New,
}

impl Side {
    /// The word that names it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Old => "old",
            Self::New => "new",
        }
    }
}

/// One boot of each side, with everything that was seen of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BootPair {
    /// The side that was booted first, as drawn.
    pub first: Side,
    /// The boot of the old side.
    pub old: Sample,
    /// The boot of the new side.
    pub new: Sample,
}

impl BootPair {
    /// What both took; `None` of a warm-up, and where one did not become ready.
    pub fn measured(&self) -> Option<Pair> {
        Some(Pair {
            old: measured(&self.old)?,
            new: measured(&self.new)?,
        })
    }

    /// Why its case cannot be compared, if one of the boots is the reason.
    pub(super) fn obstacle(&self) -> Option<Obstacle> {
        let sides = [(Side::Old, &self.old), (Side::New, &self.new)];
        sides
            .into_iter()
            .find_map(|(side, sample)| obstacle(side.word(), sample))
    }
}

fn measured(sample: &Sample) -> Option<Measured> {
    let parts = cut(&sample.phases, Beginning::Launched, sample.ready_ns()?);
    let parts = parts.into_iter().map(|part| (part.name.to_owned(), part.ns));
    Measured::of(sample, parts.collect())
}

fn obstacle(side: &str, sample: &Sample) -> Option<Obstacle> {
    let pair = match sample.warm_up {
        true => "in the warm-up".to_owned(),
        // The warm-up is pair 0, so numbers count from 1.
        false => format!("in pair {}", sample.iteration),
    };
    if let Some(error) = &sample.error {
        let what = &error.what;
        return Some(Obstacle::CouldNotRun(format!(
            "the {side} side could not run {pair}: {what}"
        )));
    }
    let how = match (sample.ready_ns(), sample.instant(Phase::Exited)) {
        (Some(_), _) => return None,
        (None, Some(_)) => "ended by itself before it was ready",
        (None, None) => "was not ready in the time that its scenario gives it",
    };
    Some(Obstacle::NotReady(format!("the {side} side {how} {pair}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::PhaseInstant;
    use crate::run::CaseError;

    fn sample(instants: &[(Phase, u64)]) -> Sample {
        let instant = |&(phase, at_ns)| PhaseInstant { phase, at_ns };
        Sample {
            iteration: 1,
            phases: instants.iter().map(instant).collect(),
            ..Sample::default()
        }
    }

    fn pair(old: Sample, new: Sample) -> BootPair {
        let first = Side::New;
        BootPair { first, old, new }
    }

    #[test]
    fn parts_sum_to_what_a_side_took() {
        let booted = sample(&[
            (Phase::CreateRequested, 0),
            (Phase::Created, 30),
            (Phase::Started, 50),
            (Phase::Ready, 120),
        ]);
        let both = pair(booted.clone(), booted.clone());
        let old = both.measured().unwrap().old;
        let sum: u64 = old.parts.iter().map(|(_, ns)| ns).sum();
        assert_eq!((old.wall_ns, sum, both.obstacle()), (120, 120, None));
        let warm_up = Sample {
            warm_up: true,
            ..booted.clone()
        };
        let warmed = pair(warm_up, booted);
        assert!(warmed.measured().is_none() && warmed.obstacle().is_none());
    }

    #[test]
    fn what_was_not_ready_is_told_from_what_could_not_run() {
        let ready = sample(&[(Phase::Ready, 120)]);
        let ended = sample(&[(Phase::Exited, 90)]);
        let error = Some(CaseError {
            what: "no such image".into(),
            hint: None,
        });
        let failed = Sample {
            error,
            ..Sample::default()
        };
        let not_ready = |why: &str| Some(Obstacle::NotReady(why.into()));
        assert_eq!(
            pair(ready.clone(), ended).obstacle(),
            not_ready("the new side ended by itself before it was ready in pair 1")
        );
        assert_eq!(
            pair(sample(&[]), ready.clone()).obstacle(),
            not_ready("the old side was not ready in the time that its scenario gives it in pair 1")
        );
        assert!(matches!(pair(failed, ready).obstacle(), Some(Obstacle::CouldNotRun(_))));
    }
}
