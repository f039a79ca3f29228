//! What a rule says of the pairs so far.

use super::change::{Change, Doubt};

/// The end of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What the pairs showed.
    pub change: Change,
    /// How many of them it rests on.
    pub pairs: usize,
    /// The look that decided, from 1; `None` when the pairs ended before any did.
    pub look: Option<usize>,
}

impl Decision {
    /// The decision when there will be no more pairs and no look has decided.
    pub(super) fn ended_early(pairs: usize) -> Self {
        Self {
            change: Change::Inconclusive(Doubt::EndedEarly),
            pairs,
            look: None,
        }
    }
}
