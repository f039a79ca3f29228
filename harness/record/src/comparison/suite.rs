//! Many comparisons judged together, so that their number alone raises no alarm.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::change::{Change, Doubt};
use super::summary::Comparison;
use crate::stats::holm;

/// All comparisons of one suite: cases, or metrics of a case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SuiteComparison {
    /// The chance, at most, of any false alarm in each direction: 0.05 is one suite in twenty.
    pub error: f64,
    /// The comparisons, in their order.
    pub members: Vec<SuiteMember>,
}

/// One comparison of a suite.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SuiteMember {
    /// The case, or the metric.
    pub name: String,
    /// What it comes to among the others.
    pub change: Change,
    /// The probability that decides among the others, adjusted for their number (Holm), of the direction in which it went.
    pub p: f64,
    /// The comparison by itself.
    pub comparison: Comparison,
}

impl SuiteComparison {
    /// Judges comparisons together: a change that one found by itself stands when Holm's procedure, over the probabilities of
    /// all of them for that direction, keeps it at `error`.
    ///
    /// One that was stopped by a rule for single comparisons rarely stands among many, as it stopped as soon as it knew
    /// enough for itself: give all of them [`Rule::among`](super::Rule::among) from the start.
    pub fn of(comparisons: Vec<(String, Comparison)>, error: f64) -> Self {
        let adjusted =
            |side: fn(&Comparison) -> f64| holm(&comparisons.iter().map(|(_, one)| side(one)).collect::<Vec<_>>());
        let regressed = adjusted(|one| one.p_regressed);
        let improved = adjusted(|one| one.p_improved);
        let directions = regressed.into_iter().zip(improved);
        let members = comparisons
            .into_iter()
            .zip(directions)
            .map(|((name, comparison), (slower, faster))| {
                let p = match comparison.change {
                    Change::Regressed => slower,
                    Change::Improved => faster,
                    _ => slower.min(faster),
                };
                let stands = !comparison.change.found() || p <= error;
                let change = if stands {
                    comparison.change.clone()
                } else {
                    Change::Inconclusive(Doubt::AmongMany)
                };
                SuiteMember {
                    name,
                    change,
                    p,
                    comparison,
                }
            });
        Self {
            error,
            members: members.collect(),
        }
    }

    /// Those that regressed.
    pub fn regressed(&self) -> impl Iterator<Item = &SuiteMember> {
        self.members.iter().filter(|member| member.change == Change::Regressed)
    }
}
