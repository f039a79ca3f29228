//! What the pairs of one comparison showed, with everything that is needed to believe it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cause::Cause;
use super::change::Change;
use super::evidence::Evidence;
use super::measured::{Measured, Pair};
use super::parts::{self, PartChange};
use super::rule::{Look, Rule};
use super::{CONFIDENCE, POWER};
use crate::stats::{self, Interval, Spent};

/// Beyond this, neighbouring pairs are too much alike to count as independent.
const ALIKE: f64 = 0.2;

/// A comparison of two sides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Comparison {
    /// What it comes to.
    pub change: Change,
    /// New / old: the centre of the pairs' log ratios (Hodges and Lehmann), with 95 % confidence at the look that decided.
    pub ratio: Option<Estimate>,
    /// Median of the old side, nanoseconds.
    pub old_ns: Option<u64>,
    /// Median of the new side, nanoseconds.
    pub new_ns: Option<u64>,
    /// Pairs that it rests on.
    pub pairs: usize,
    /// The look that decided, from 1; absent when the pairs ended before.
    pub look: Option<usize>,
    /// The rule that was fixed before the first pair.
    pub rule: Rule,
    /// The chance of so much slower a new side at any look made, were both alike.
    pub p_regressed: f64,
    /// The chance of so much faster a new side at any look made, were both alike.
    pub p_improved: f64,
    /// Standard deviation of the pairs' log ratios.
    pub spread: Option<f64>,
    /// The smallest slow-down that so many pairs find with 80 % power, as a ratio above 1; absent when they reached no look
    /// that spends error.
    pub detectable: Option<f64>,
    /// How much a pair's log ratio is like that of the pair before, lag-1 autocorrelation.
    pub autocorrelation: Option<f64>,
    /// How each part changed, in the order in which they come.
    pub parts: Vec<PartChange>,
    /// Whether the machine or the program did it; absent unless it improved or regressed.
    pub cause: Option<Cause>,
}

/// A figure with its interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Estimate {
    /// The figure.
    pub value: f64,
    /// Where it lies with 95 % confidence; absent with too few pairs.
    pub interval: Option<Interval>,
}

impl Comparison {
    /// What pairs show by a rule. Pairs beyond the look that decided are not used.
    pub fn of(pairs: &[Pair], rule: &Rule) -> Self {
        let decision = rule.conclude(pairs);
        let pairs = &pairs[..decision.pairs];
        let ratios: Vec<_> = pairs.iter().map(Pair::log_ratio).collect();
        let spread = stats::standard_deviation(&ratios);
        let [p_regressed, p_improved] = overall(pairs, rule);
        Self {
            cause: decision.change.found().then(|| Cause::of(pairs)).flatten(),
            change: decision.change,
            ratio: ratio(&ratios),
            old_ns: median_ns(pairs, |pair| &pair.old),
            new_ns: median_ns(pairs, |pair| &pair.new),
            pairs: pairs.len(),
            look: decision.look,
            rule: rule.clone(),
            p_regressed,
            p_improved,
            spread,
            detectable: spread.and_then(|spread| detectable(spread, pairs.len(), rule, typical_ns(pairs)?)),
            autocorrelation: stats::lag_one(&ratios),
            parts: parts::changes(pairs),
        }
    }

    /// A comparison that could not be made, for this reason: one side never becomes ready, say.
    pub fn incomparable(why: impl Into<String>, rule: &Rule) -> Self {
        Self {
            change: Change::Incomparable(why.into()),
            ..Self::of(&[], rule)
        }
    }

    /// Whether neighbouring pairs are so much alike that the interval may be too narrow. The test stands all the same: which
    /// side came first was drawn for each pair, and that alone makes the signs fair.
    pub fn alike(&self) -> bool {
        self.autocorrelation.is_some_and(|lag| lag > ALIKE)
    }
}

/// The smallest slow-down, as a ratio, that a rule finds in so many pairs whose log ratios scatter by `spread`: large enough
/// for the test, and beyond the margin, each with 80 % power. `None` when they reach no look that spends error.
pub(super) fn detectable(spread: f64, pairs: usize, rule: &Rule, typical_ns: f64) -> Option<f64> {
    let by_test = stats::detectable(spread, pairs, rule.level(pairs)?, POWER)?;
    // The part of the formula without the level is what the estimate needs to lie beyond the margin.
    let beyond_margin = rule.margin(typical_ns) + stats::detectable(spread, pairs, 0.5, POWER)?;
    Some(by_test.max(beyond_margin).exp())
}

fn ratio(log_ratios: &[f64]) -> Option<Estimate> {
    let shift = stats::shift(log_ratios, CONFIDENCE)?;
    Some(Estimate {
        value: shift.estimate.exp(),
        interval: shift.interval.map(|ends| ends.map(f64::exp)),
    })
}

fn median_ns(pairs: &[Pair], side: impl Fn(&Pair) -> &Measured) -> Option<u64> {
    crate::numbers::median(pairs.iter().map(|pair| side(pair).wall_ns).collect())
}

fn typical_ns(pairs: &[Pair]) -> Option<f64> {
    let walls = pairs.iter().flat_map(|pair| [pair.old.wall_ns, pair.new.wall_ns]);
    stats::median(&walls.map(|ns| ns as f64).collect::<Vec<_>>())
}

/// The probabilities of both directions over all looks made; without any, 1.
fn overall(pairs: &[Pair], rule: &Rule) -> [f64; 2] {
    let made = |look: &Look| Some((look.spent, Evidence::of(pairs.get(..look.pairs)?, rule)?.test));
    let tests: Vec<_> = rule.looks.iter().filter_map(made).collect();
    let over = |side: fn(&stats::SignedRank) -> f64| {
        let looks: Vec<_> = tests
            .iter()
            .map(|(error, test)| Spent {
                p: side(test),
                error: *error,
            })
            .collect();
        stats::overall_p(&looks, rule.error())
    };
    [over(|test| test.greater), over(|test| test.less)]
}
