//! What pairs say at one look.

use super::CONFIDENCE;
use super::change::{Change, Doubt};
use super::measured::Pair;
use super::outlook::Outlook;
use super::rule::Rule;
use crate::stats::{Shift, SignedRank, median, shift, signed_rank};

/// The pairs so far, as log ratios new / old.
pub(super) struct Evidence {
    /// How likely they are when both sides are alike.
    pub(super) test: SignedRank,
    /// Where their centre lies.
    pub(super) shift: Shift,
    /// What counts as a change that matters.
    pub(super) margin: f64,
    pairs: usize,
}

impl Evidence {
    /// `None` when there is no pair.
    pub(super) fn of(pairs: &[Pair], rule: &Rule) -> Option<Self> {
        let ratios: Vec<_> = pairs.iter().map(Pair::log_ratio).collect();
        let walls: Vec<_> = pairs
            .iter()
            .flat_map(|pair| [pair.old.wall_ns as f64, pair.new.wall_ns as f64])
            .collect();
        Some(Self {
            test: signed_rank(&ratios)?,
            shift: shift(&ratios, CONFIDENCE)?,
            // Of both sides together, so that it is the same when they are swapped.
            margin: rule.margin(median(&walls)?),
            pairs: pairs.len(),
        })
    }

    /// What they come to at a look (its place in the rule); `None` when it is to go on.
    pub(super) fn change(&self, rule: &Rule, at: usize) -> Option<Change> {
        let look = rule.looks.get(at)?;
        let last = at + 1 == rule.looks.len();
        if self.test.greater <= look.spent && self.shift.estimate >= self.margin {
            Some(Change::Regressed)
        } else if self.test.less <= look.spent && self.shift.estimate <= -self.margin {
            Some(Change::Improved)
        } else if self.rules_out_what_matters() {
            Some(Change::Unchanged)
        } else if last {
            Some(Change::Inconclusive(Doubt::AllPairsMade))
        } else if self.is_futile(rule, look.give_up?) {
            Some(Change::Inconclusive(Doubt::GivenUp))
        } else {
            None
        }
    }

    fn rules_out_what_matters(&self) -> bool {
        let interval = self.shift.interval;
        interval.is_some_and(|ends| ends.low > -self.margin && ends.high < self.margin)
    }

    /// Whether a change as large as planned for is ruled out with this error, and the pairs left would more likely than not
    /// leave the rest open.
    fn is_futile(&self, rule: &Rule, error: f64) -> bool {
        let Some((last, interval)) = rule.looks.last().zip(self.shift.interval) else {
            return false;
        };
        let planned = rule.planned_for.ln_1p().max(self.margin);
        Outlook::of(self.shift.estimate, interval, self.pairs, last.pairs).is_some_and(|outlook| {
            outlook.rules_out(planned, error) && outlook.chance_of_settling(self.margin, last.spent) < 0.5
        })
    }
}
