//! What is fixed before the first pair: which change matters, when the pairs are looked at, and the error spent at each look.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::decision::Decision;
use super::evidence::Evidence;
use super::measured::Pair;
use crate::numbers;
use crate::stats::total_spent;

/// When a comparison stops, and what it says then.
///
/// At each look, in this order: **regressed** (or improved) when the signed-rank test's one-sided probability is at most the
/// error spent at this look, and the ratio is beyond the margin; **unchanged** when the interval of the ratio is within the
/// margin on both sides; **given up** when the change that is planned for is ruled out with the look's confidence, and the
/// chance that the pairs left would settle it is below one half. Errors are spent for each direction separately; their sum
/// bounds the false alarms of that direction whatever the distribution (see [`total_spent`]).
///
/// The default is tuned by simulation, on log ratios that scatter by 0.167 as measured on a busy machine: the portion at 15
/// pairs is the smallest that finds +20 % there with 80 % power, nearly all the rest is spent at 40 for +10 %; 25 and 60
/// are left a little for changes that come out late, 10 none, as ten pairs of one sign are no rarer than 1 in 1,024.
///
/// | log ratios scatter by | +20 % found at 15 | +10 % found by 40 | false "regressed" | pairs: alike, +10 %, +20 %, +30 % |
/// |---|---|---|---|---|
/// | 0.167, normal | 80.6 % | 80.2 % | 0.8 % | 34, 36, 18, 15 |
/// | 0.167, one in ten four times as wide | 83.2 % | 95.3 % | 0.5 % | 30, 28, 18, 16 |
/// | 0.106, normal | 99.8 % | 97.2 % | 0.2 % | 28, 23, 15, 15 |
/// | 0.05, normal | 100.0 % | 100.0 % | 0.0 % | 14, 15, 15, 15 |
///
/// Of 8,000 made-up comparisons each: `cargo test --release -p seatrial-record --test record figures_of_the -- --ignored --nocapture`.
/// The other tests there hold the first two rows to 80 % of either and all to 1 % of false alarms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The smallest relative change that matters: 0.05 is 5 %, a ratio of 1.05 or of 1 / 1.05.
    pub matters: f64,
    /// The smallest absolute change that matters, nanoseconds; a change has to be beyond both.
    pub matters_ns: u64,
    /// The relative change that the looks are planned to find; pairs end early once it is ruled out.
    pub planned_for: f64,
    /// The looks, by rising number of pairs; the last one ends the comparison.
    pub looks: Vec<Look>,
}

/// A moment at which the pairs so far are judged.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Look {
    /// After so many pairs.
    pub pairs: usize,
    /// The error spent here in each direction: the chance of an alarm at this look when both sides are alike.
    pub spent: f64,
    /// The chance of giving up here although the change is as large as planned for; absent where it is not given up.
    pub give_up: Option<f64>,
}

impl Default for Rule {
    fn default() -> Self {
        let look = |pairs, spent, give_up| Look { pairs, spent, give_up };
        Self {
            matters: 0.05,
            matters_ns: 2_000_000,
            planned_for: 0.1,
            looks: vec![
                look(10, 0.0, None),
                look(15, 0.0034, Some(0.02)),
                look(25, 0.0003, Some(0.02)),
                look(40, 0.006, Some(0.05)),
                look(60, 0.0003, None),
            ],
        }
    }
}

impl Rule {
    /// What is decided after these pairs; `None` when another pair is wanted. Pure, so that whoever makes pairs can ask after
    /// each: between looks the answer is always another pair.
    pub fn decide(&self, pairs: &[Pair]) -> Option<Decision> {
        let at = self.looks.iter().position(|look| look.pairs == pairs.len())?;
        let evidence = Evidence::of(pairs, self)?;
        let change = evidence.change(self, at)?;
        Some(Decision {
            change,
            pairs: pairs.len(),
            look: Some(at + 1),
        })
    }

    /// What is decided by pairs that are all there are: as of the first look that decided, whatever was measured after it, so
    /// that more pairs than were wanted do not add to the error.
    pub fn conclude(&self, pairs: &[Pair]) -> Decision {
        let made = self.looks.iter().filter_map(|look| pairs.get(..look.pairs));
        made.filter_map(|made| self.decide(made))
            .next()
            .unwrap_or_else(|| Decision::ended_early(pairs.len()))
    }

    /// The most pairs that are made.
    pub fn most_pairs(&self) -> usize {
        self.looks.last().map_or(0, |look| look.pairs)
    }

    /// What false alarms are bounded by in each direction.
    pub fn error(&self) -> f64 {
        total_spent(self.looks.iter().map(|look| look.spent))
    }

    /// The same looks for one of `count` comparisons that are judged together, so that all of them raise a false alarm in
    /// either direction with a chance of at most `error`: each spends an equal part (Bonferroni), never more than by itself.
    /// Smaller errors need larger changes or more pairs.
    pub fn among(mut self, count: usize, error: f64) -> Self {
        let part = error / count.max(1) as f64;
        let scale = (part / self.error()).min(1.0);
        if scale.is_finite() {
            self.looks.iter_mut().for_each(|look| look.spent *= scale);
        }
        self
    }

    /// What counts as a change that matters, in log ratios, for sides that usually take `typical_ns`.
    pub(super) fn margin(&self, typical_ns: f64) -> f64 {
        let absolute = self.matters_ns as f64 / typical_ns.max(1.0);
        self.matters.max(absolute).ln_1p()
    }

    /// The error that was spent at the last look which so many pairs reached and at which some was; `None` before the first
    /// such look, when nothing can be found yet.
    pub(super) fn level(&self, pairs: usize) -> Option<f64> {
        let mut spending = self.looks.iter().filter(|look| look.spent > 0.0);
        spending.rfind(|look| look.pairs <= pairs).map(|look| look.spent)
    }
}

/// The rule in words.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let looks: Vec<_> = self.looks.iter().map(|look| look.pairs.to_string()).collect();
        write!(
            f,
            "looked at after {} pairs, signed-rank test, false alarms at most {} in each direction; a change matters beyond {} and {}",
            looks.join(", "),
            percent(self.error()),
            percent(self.matters),
            numbers::limit(self.matters_ns)
        )
    }
}

/// A share as people read it: `5 %`, `0.1 %`.
pub(super) fn percent(share: f64) -> String {
    let rounded = (share * 1e4).round() / 1e2;
    format!("{rounded} %")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_most_one_in_a_hundred_false_alarms_are_spent() {
        let rule = Rule::default();
        assert!(rule.error() <= 0.01 + 1e-12, "{}", rule.error());
        assert!(rule.looks.is_sorted_by_key(|look| look.pairs));
        let suite = rule.clone().among(50, 0.05);
        assert!((suite.error() - 0.001).abs() < 1e-12);
        assert_eq!(rule.clone().among(2, 0.05), rule, "never more than by itself");
        assert_eq!(rule.clone().among(0, 0.05), rule);
    }

    #[test]
    fn short_times_have_to_change_by_more() {
        let rule = Rule::default();
        let ratio = |typical_ns| (rule.margin(typical_ns).exp() * 1e9).round() / 1e9;
        assert_eq!([1e9, 40e6, 20e6, 2e6].map(ratio), [1.05, 1.05, 1.1, 2.0]);
        assert_eq!(
            [14, 15, 30, 45, 99].map(|pairs| rule.level(pairs)),
            [None, Some(0.0034), Some(0.0003), Some(0.006), Some(0.0003)]
        );
    }

    #[test]
    fn the_rule_is_told() {
        assert_eq!(
            Rule::default().to_string(),
            "looked at after 10, 15, 25, 40, 60 pairs, signed-rank test, false alarms at most 1 % in each direction; a change \
             matters beyond 5 % and 2 ms"
        );
    }
}
