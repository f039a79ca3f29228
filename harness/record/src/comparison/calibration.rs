//! What a machine shows when both sides are the same: how often it raises a false alarm, and what it can see at all.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::CONFIDENCE;
use super::change::Change;
use super::host_class::HostClass;
use super::rule::Rule;
use super::summary::{Comparison, Estimate, detectable};
use crate::stats::{median, proportion_interval};

/// Numbers of pairs for which the smallest detectable change is told.
const PAIRS: [usize; 2] = [15, 40];

/// Comparisons of something with itself on one class of hosts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// The class.
    pub host: HostClass,
    /// What was compared with itself, and how comparisons share samples if they do, in words.
    pub what: String,
    /// The rule by which.
    pub rule: Rule,
    /// Comparisons that came to an end.
    pub comparisons: usize,
    /// How many said "regressed", which all are false alarms.
    pub regressed: usize,
    /// How many said "improved", likewise.
    pub improved: usize,
    /// Share of false "regressed" with its exact 95 % interval (Clopper and Pearson).
    pub false_alarms: Estimate,
    /// Standard deviation of the pairs' log ratios, the middle one of all comparisons.
    pub spread: f64,
    /// What can be seen here.
    pub detectable: Vec<Detectable>,
}

/// The smallest change that so many pairs find with 80 % power.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Detectable {
    /// So many pairs.
    pub pairs: usize,
    /// The slow-down, as a ratio above 1.
    pub ratio: f64,
}

impl Calibration {
    /// Sums up comparisons of `what` with itself by one rule; `None` when none came to an end.
    pub fn of(host: HostClass, what: impl Into<String>, rule: &Rule, comparisons: &[Comparison]) -> Option<Self> {
        let ended: Vec<_> = comparisons.iter().filter(|one| one.look.is_some()).collect();
        let count = |change: Change| ended.iter().filter(|one| one.change == change).count();
        let (regressed, improved) = (count(Change::Regressed), count(Change::Improved));
        let spread = median(&ended.iter().filter_map(|one| one.spread).collect::<Vec<_>>())?;
        let typical: Vec<_> = ended.iter().filter_map(|one| one.old_ns).map(|ns| ns as f64).collect();
        let typical = median(&typical)?;
        let seen = PAIRS.into_iter().filter_map(|pairs| {
            let ratio = detectable(spread, pairs, rule, typical)?;
            Some(Detectable { pairs, ratio })
        });
        Some(Self {
            host,
            what: what.into(),
            rule: rule.clone(),
            comparisons: ended.len(),
            regressed,
            improved,
            false_alarms: Estimate {
                value: regressed as f64 / ended.len() as f64,
                interval: proportion_interval(regressed, ended.len(), CONFIDENCE),
            },
            spread,
            detectable: seen.collect(),
        })
    }
}
