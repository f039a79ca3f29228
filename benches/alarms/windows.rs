//! Comparisons over windows of recorded pairs, and what they come to.

use std::fmt;

use seatrial_record::comparison::{CONFIDENCE, Change, Decision, Look, Pair, Rule};
use seatrial_record::stats::proportion_interval;

/// Each two of them once, the first as the old side.
pub fn pairings<'a>(names: &[&'a str]) -> Vec<(&'a str, &'a str)> {
    let with_later = |(at, old): (usize, &&'a str)| {
        let old = *old;
        names[at + 1..].iter().map(move |new| (old, *new)).collect::<Vec<_>>()
    };
    names.iter().enumerate().flat_map(with_later).collect()
}

/// A window from each pair on, as long as the rule may want or as there are pairs, going round the end.
pub fn windows(pairs: &[Pair]) -> impl Iterator<Item = Vec<Pair>> {
    let length = Rule::default().most_pairs().min(pairs.len());
    (0..pairs.len()).map(move |from| pairs.iter().cycle().skip(from).take(length).cloned().collect())
}

/// All pairs at once, at the level of all looks together.
pub fn fixed() -> Rule {
    let rule = Rule::default();
    Rule {
        looks: vec![Look {
            pairs: rule.most_pairs(),
            spent: rule.error(),
            give_up: None,
        }],
        ..rule
    }
}

/// Whether both are alarms, of which one says the contrary of the other.
pub fn opposite(one: &Change, other: &Change) -> bool {
    one.found() && other.found() && one != other
}

/// Decisions, and over how many pairs they were made.
#[derive(Default)]
pub struct Tally {
    decisions: Vec<Decision>,
    pairs: usize,
}

impl Tally {
    /// Adds the decision of each window.
    pub fn over_windows(&mut self, pairs: &[Pair], rule: &Rule) {
        self.pairs += pairs.len();
        self.decisions
            .extend(windows(pairs).map(|window| rule.conclude(&window)));
    }

    /// Adds the decisions of comparisons made one after another, each from where the last one ended.
    pub fn one_after_another(&mut self, mut pairs: &[Pair], rule: &Rule) {
        self.pairs += pairs.len();
        loop {
            let decision = rule.conclude(pairs);
            if decision.look.is_none() {
                break;
            }
            pairs = &pairs[decision.pairs..];
            self.decisions.push(decision);
        }
    }

    pub fn comparisons(&self) -> usize {
        self.decisions.len()
    }

    pub fn count(&self, change: &Change) -> usize {
        self.decisions.iter().filter(|one| one.change == *change).count()
    }

    /// In how many windows a pair is used, in the mean.
    pub fn overlap(&self) -> f64 {
        self.used() as f64 / self.pairs as f64
    }

    /// How many came to this, against the most that may.
    pub fn share(&self, change: &Change, most: f64) -> String {
        told(self.count(change), self.comparisons(), |low, high| {
            verdict(high <= most, low > most, format!("<= {:.0} %", most * 100.0))
        })
    }

    /// How many said "regressed" by so many pairs, against the least that are to.
    pub fn found_within(&self, pairs: usize, least: f64) -> String {
        let found = |one: &&Decision| one.change == Change::Regressed && one.pairs <= pairs;
        let found = self.decisions.iter().filter(found).count();
        told(found, self.comparisons(), |low, high| {
            verdict(low >= least, high < least, format!(">= {:.0} %", least * 100.0))
        })
    }

    fn used(&self) -> usize {
        self.decisions.iter().map(|one| one.pairs).sum()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mean = self.used() as f64 / self.comparisons().max(1) as f64;
        write!(f, "{} comparisons of {mean:.1} pairs in the mean:", self.comparisons())?;
        let mut words: Vec<&str> = self.decisions.iter().map(|one| one.change.word()).collect();
        words.sort_unstable();
        for of_word in words.chunk_by(|one, other| one == other) {
            write!(f, " {} {},", of_word.len(), of_word[0])?;
        }
        write!(f, " {} pairs recorded", self.pairs)
    }
}

/// A share with its exact interval, as if no window shared a pair with another, and how that stands to a goal.
pub fn told(hits: usize, of: usize, goal: impl Fn(f64, f64) -> String) -> String {
    let Some(ends) = proportion_interval(hits, of, CONFIDENCE) else {
        return "nothing to tell".to_owned();
    };
    let percent = |share: f64| share * 100.0;
    format!(
        "{hits} of {of}, {:.2} % [{:.2}, {:.2}]; goal {}",
        percent(hits as f64 / of as f64),
        percent(ends.low),
        percent(ends.high),
        goal(ends.low, ends.high)
    )
}

/// The goal and whether it is met.
pub fn verdict(met: bool, missed: bool, goal: String) -> String {
    let verdict = match (met, missed) {
        (true, _) => "met",
        (_, true) => "missed",
        _ => "open",
    };
    format!("{goal}: {verdict}")
}
