//! What a comparison comes to, in a word.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Outcome of a comparison.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// The new side is faster, by more than chance and by enough to matter.
    Improved,
    /// The new side is slower, by more than chance and by enough to matter.
    Regressed,
    /// A change that matters is ruled out, in either direction.
    Unchanged,
    /// The pairs do not tell, for this reason.
    Inconclusive(Doubt),
    /// The two sides cannot be compared, for this reason in words.
    Incomparable(String),
}

/// Why pairs do not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// They ended before the rule had come to an end.
    EndedEarly,
    /// The change that the rule plans for is ruled out, and the pairs left would most likely not have settled the rest.
    GivenUp,
    /// All the pairs that the rule allows were made.
    AllPairsMade,
    /// It would be an alarm by itself, but among so many comparisons one like it comes by chance.
    AmongMany,
}

impl Change {
    /// The word of the outcome.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Improved => "improved",
            Self::Regressed => "regressed",
            Self::Unchanged => "unchanged",
            Self::Inconclusive(_) => "inconclusive",
            Self::Incomparable(_) => "incomparable",
        }
    }

    /// Whether a change was found.
    pub fn found(&self) -> bool {
        matches!(self, Self::Improved | Self::Regressed)
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EndedEarly => "the pairs ended before the rule could tell",
            Self::GivenUp => "given up early: more pairs would most likely not have told",
            Self::AllPairsMade => "all pairs were made, and they scatter too much to tell",
            Self::AmongMany => "found by itself, but among so many comparisons one like it comes by chance",
        })
    }
}
