//! A comparison as people read it.

use super::calibration::Calibration;
use super::change::Change;
use super::parts::PartChange;
use super::rule::percent;
use super::summary::{Comparison, Estimate};
use crate::numbers::{counted, duration};

/// A labelled line of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it tells; the same for every comparison.
    pub label: &'static str,
    /// What it says.
    pub text: String,
    /// Whether it needs a look.
    pub warns: bool,
}

impl Line {
    fn says(label: &'static str, text: impl Into<String>) -> Self {
        Self {
            label,
            text: text.into(),
            warns: false,
        }
    }

    fn warns(label: &'static str, text: impl Into<String>) -> Self {
        Self {
            warns: true,
            ..Self::says(label, text)
        }
    }
}

impl Comparison {
    /// What it came to in a line, why it is believed in the others. With the calibration of this class of hosts, if there is
    /// one.
    pub fn lines(&self, calibration: Option<&Calibration>) -> Vec<Line> {
        let mut lines = vec![Line::says("result", result(self))];
        if self.pairs == 0 {
            return lines;
        }
        lines.extend(times(self));
        lines.push(Line::says("pairs", stopped(self)));
        lines.extend(self.detectable.map(|ratio| Line::says("could see", could_see(ratio))));
        lines.extend(moved(&self.parts));
        lines.extend(who(self));
        if self.alike() {
            lines.push(Line::warns("note", alike(self)));
        }
        lines.push(match calibration {
            Some(calibration) => Line::says("this host", calibration.told()),
            None => Line::warns(
                "this host",
                "not calibrated: its false alarms are bounded by the rule, but were not measured",
            ),
        });
        lines
    }
}

fn result(comparison: &Comparison) -> String {
    let word = comparison.change.word();
    let ratio = comparison
        .ratio
        .as_ref()
        .map(|ratio| format!("{word}, {}", against(ratio)));
    let told = ratio.unwrap_or_else(|| word.to_owned());
    match &comparison.change {
        Change::Inconclusive(doubt) => format!("{told}; {doubt}"),
        Change::Incomparable(why) => format!("{word}: {why}"),
        _ => told,
    }
}

/// A ratio with its interval: `new / old 1.12 [1.08, 1.17]`.
fn against(ratio: &Estimate) -> String {
    let interval = ratio
        .interval
        .map(|ends| format!(" [{:.3}, {:.3}]", ends.low, ends.high));
    format!("new / old {:.3}{}", ratio.value, interval.unwrap_or_default())
}

fn times(comparison: &Comparison) -> Option<Line> {
    let (old, new) = (comparison.old_ns?, comparison.new_ns?);
    Some(Line::says(
        "medians",
        format!("old {}, new {}", duration(old), duration(new)),
    ))
}

fn stopped(comparison: &Comparison) -> String {
    let pairs = counted(comparison.pairs, "pair");
    let looks = comparison.rule.looks.len();
    let by = match comparison.look {
        Some(look) => format!("decided at look {look} of {looks}"),
        None => "ended before a look decided".to_owned(),
    };
    format!("{pairs} in random order, {by}; {}", comparison.rule)
}

fn could_see(ratio: f64) -> String {
    format!("a slow-down of {} or more, with 80 % power", percent_of_ratio(ratio))
}

/// A ratio above 1 as what it adds, to a tenth of a percent.
fn percent_of_ratio(ratio: f64) -> String {
    format!("{:.1} %", (ratio - 1.0) * 100.0)
}

/// The parts that explain the change, or that none does.
fn moved(parts: &[PartChange]) -> Option<Line> {
    let told = |part: &PartChange| {
        let share = part
            .share
            .map(|share| format!(" ({:.0} % of the change)", share * 100.0));
        format!("{} {}{}", part.name, signed(part.change_ns), share.unwrap_or_default())
    };
    let join = |parts: Vec<String>| (!parts.is_empty()).then(|| parts.join(", "));
    let explaining = join(parts.iter().filter(|part| part.explains).map(told).collect());
    let others = join(
        parts
            .iter()
            .filter(|part| part.moved && !part.explains)
            .map(told)
            .collect(),
    );
    let text = match (explaining, others) {
        (Some(explaining), Some(others)) => format!("{explaining}; also {others}"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) if parts.is_empty() => return None,
        (None, None) => "none by more than chance".to_owned(),
    };
    Some(Line::says("moved", text))
}

/// Who did it, with the figures that say so.
fn who(comparison: &Comparison) -> Option<Line> {
    let cause = comparison.cause.as_ref()?;
    let witnesses: Vec<_> = cause
        .witnesses
        .iter()
        .map(|witness| format!("{} {}", witness.kind.words(), signed(witness.change_ns)))
        .collect();
    Some(Line::says(
        "did it",
        format!("{}: {}", cause.culprit, witnesses.join(", ")),
    ))
}

fn alike(comparison: &Comparison) -> String {
    let lag = comparison.autocorrelation.unwrap_or_default();
    format!(
        "neighbouring pairs are alike (lag-1 autocorrelation {lag:.2}): the interval may be too narrow; the test stands, as the \
         order within each pair was drawn"
    )
}

impl Calibration {
    /// What it says of this class of hosts, in a sentence.
    pub fn told(&self) -> String {
        let interval = self.false_alarms.interval;
        let interval = interval.map(|ends| format!(" [{}, {}]", percent(ends.low), percent(ends.high)));
        let seen: Vec<_> = self
            .detectable
            .iter()
            .map(|seen| format!("{} in {} pairs", percent_of_ratio(seen.ratio), seen.pairs))
            .collect();
        format!(
            "{} of {} comparisons of {} with itself said regressed, {}{}; it can see {} ({})",
            self.regressed,
            self.comparisons,
            self.what,
            percent(self.false_alarms.value),
            interval.unwrap_or_default(),
            seen.join(", "),
            self.host
        )
    }
}

/// A change with its sign: `+12.3 ms`, `-4.0 ms`.
fn signed(ns: i64) -> String {
    let sign = if ns < 0 { "-" } else { "+" };
    format!("{sign}{}", duration(ns.unsigned_abs()))
}
