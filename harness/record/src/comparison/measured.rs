//! What the two sides of a pair took.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::sample::{MachineLoad, Sample};
use crate::stats::log_ratio;

/// One side of a pair, measured once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// How long it took, nanoseconds.
    pub wall_ns: u64,
    /// CPU time of the container meanwhile, nanoseconds.
    pub cpu_ns: Option<u64>,
    /// What the whole machine did meanwhile.
    pub machine: Option<MachineLoad>,
    /// The parts that sum to the whole, nanoseconds by name; one that is not named took no time.
    pub parts: Vec<(String, u64)>,
}

impl Measured {
    /// The time to ready of a sample, cut into these parts; `None` of a warm-up and of one that did not become ready.
    pub fn of(sample: &Sample, parts: Vec<(String, u64)>) -> Option<Self> {
        if sample.warm_up || sample.error.is_some() {
            return None;
        }
        Some(Self {
            wall_ns: sample.ready_ns()?,
            cpu_ns: sample.cpu_ns,
            machine: sample.machine,
            parts,
        })
    }

    /// How long a part took, nanoseconds.
    pub(super) fn part(&self, name: &str) -> u64 {
        let of_it = self.parts.iter().filter(|(part, _)| part == name);
        of_it.map(|(_, ns)| ns).sum()
    }
}

/// Both sides, measured one right after the other in random order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pair {
    /// What the new side is held against.
    pub old: Measured,
    /// What is being judged.
    pub new: Measured,
}

impl Pair {
    /// The logarithm of new / old wall time; a time of 0 counts as a nanosecond.
    pub(super) fn log_ratio(&self) -> f64 {
        let wall = |side: &Measured| side.wall_ns.max(1) as f64;
        log_ratio(wall(&self.old), wall(&self.new)).expect("whole numbers above 0 have finite logarithms")
    }

    /// New less old of a figure, in its unit; `None` when a side does not have it.
    pub(super) fn difference(&self, figure: impl Fn(&Measured) -> Option<f64>) -> Option<f64> {
        Some(figure(&self.new)? - figure(&self.old)?)
    }

    /// The sides swapped.
    #[cfg(test)]
    pub(super) fn swapped(&self) -> Self {
        Self {
            old: self.new.clone(),
            new: self.old.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::{Phase, PhaseInstant};
    use crate::run::CaseError;

    #[test]
    fn only_a_boot_that_became_ready_and_was_meant_counts() {
        let sample = Sample {
            phases: vec![PhaseInstant {
                phase: Phase::Ready,
                at_ns: 70,
            }],
            cpu_ns: Some(40),
            ..Sample::default()
        };
        let parts = vec![("create".to_owned(), 30), ("boot".to_owned(), 40)];
        let measured = Measured::of(&sample, parts).unwrap();
        assert_eq!(
            (measured.wall_ns, measured.cpu_ns, measured.part("boot")),
            (70, Some(40), 40)
        );
        assert_eq!(measured.part("install"), 0);

        let warm_up = Sample {
            warm_up: true,
            ..sample.clone()
        };
        let failed = Sample {
            error: Some(CaseError {
                what: "no such image".into(),
                hint: None,
            }),
            ..sample.clone()
        };
        let unready = Sample::default();
        assert!(
            [warm_up, failed, unready]
                .iter()
                .all(|sample| Measured::of(sample, Vec::new()).is_none())
        );
    }
}
