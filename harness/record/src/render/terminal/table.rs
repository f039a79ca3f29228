//! Every case on a line with its figures, under its scenario.

use super::page::{Page, Tone};
use crate::numbers::{bytes, duration, median};
use crate::observation::{Observation, Phase};
use crate::outcome::Outcome;
use crate::phases::breakdown;
use crate::run::{CaseRecord, RunRecord, split_id};
use crate::sample::Sample;

/// Headings of the figures.
const COLUMNS: [&str; 7] = ["outcome", "ready", "install", "image", "index", "memory", "cpu"];

/// What stands where nothing was observed.
const NOTHING: &str = "-";

/// Shows the table; nothing when no case was planned.
pub(super) fn show(page: &mut Page, record: &RunRecord) {
    let rows: Vec<_> = record
        .outcomes()
        .map(|(id, outcome, case)| Row {
            id,
            outcome,
            figures: figures(record, outcome, case),
        })
        .collect();
    if rows.is_empty() {
        return;
    }
    let widths: [usize; COLUMNS.len()] = std::array::from_fn(|column| {
        let cells = rows.iter().map(|row| row.figures[column].chars().count());
        cells.max().unwrap_or_default().max(COLUMNS[column].len())
    });
    let figures_width: usize = widths.iter().map(|width| width + 1).sum();
    let longest = rows
        .iter()
        .map(|row| row.label().chars().count())
        .max()
        .unwrap_or_default();
    let name_width = longest
        .max("case".len())
        .min(page.width().saturating_sub(figures_width));

    let heading = cells(&COLUMNS.map(String::from), &widths);
    page.line(&[(Tone::Faint, &format!("{:<name_width$}{heading}", "case"))]);
    let mut scenario = "";
    for row in &rows {
        if row.scenario() != scenario {
            scenario = row.scenario();
            page.line(&[(Tone::Strong, scenario)]);
        }
        row.show(page, name_width, &widths);
    }
    if record
        .cases
        .iter()
        .any(|case| !case.alone && slowest(case, ready).is_some())
    {
        page.line(&[(Tone::Faint, "~ booted while another case did: not for comparison")]);
    }
    let gaps = record.cases.iter().flat_map(|case| {
        let sampled = case.counted_samples().map(|sample| sample.ready_gap_ns);
        sampled.chain([slowest(case, |seen| seen.ready_gap_ns)]).flatten()
    });
    if let Some(gap) = gaps.max() {
        let text = format!("ready as probed; it may have been so up to {} earlier", duration(gap));
        page.line(&[(Tone::Faint, &text)]);
    }
    page.gap();
}

/// One case.
struct Row<'a> {
    id: &'a str,
    outcome: Outcome,
    figures: [String; COLUMNS.len()],
}

impl Row<'_> {
    fn scenario(&self) -> &str {
        split_id(self.id).0
    }

    fn label(&self) -> String {
        format!("  {}", split_id(self.id).1)
    }

    /// A label too long for its column keeps a line of its own: ids are never cut, they are there to be copied.
    fn show(&self, page: &mut Page, name_width: usize, widths: &[usize]) {
        let mut label = self.label();
        if label.chars().count() > name_width {
            page.line(&[(Tone::Plain, &label)]);
            label.clear();
        }
        let tone = match self.outcome {
            Outcome::Passed => Tone::Good,
            Outcome::Failed | Outcome::Errored => Tone::Bad,
            Outcome::Skipped => Tone::Faint,
        };
        page.line(&[
            (Tone::Plain, &format!("{label:<name_width$}")),
            (tone, &cells(&self.figures[..1], &widths[..1])),
            (Tone::Plain, &cells(&self.figures[1..], &widths[1..])),
        ]);
    }
}

/// Right-aligned cells, each with a space before it.
fn cells(texts: &[String], widths: &[usize]) -> String {
    texts
        .iter()
        .zip(widths)
        .map(|(text, width)| format!(" {text:>width$}"))
        .collect()
}

fn figures(record: &RunRecord, outcome: Outcome, case: Option<&CaseRecord>) -> [String; COLUMNS.len()] {
    let image = case.and_then(|case| case.derived.as_ref().or_else(|| record.images.get(&case.image)));
    let size = image.map(|image| image.size_bytes).filter(|size| *size > 0);
    let index = case
        .and_then(index)
        .map(|(requests, size)| format!("{requests}/{}", bytes(size)));
    let of = |figure: fn(&Observation) -> Option<u64>| case.and_then(|case| slowest(case, figure));
    let shown = |figure: Option<u64>, text: fn(u64) -> String| figure.map_or_else(|| NOTHING.to_owned(), text);
    let overlapped = case.is_some_and(|case| !case.alone);
    let time = |figure: Option<u64>| match figure {
        Some(ns) if overlapped => format!("~{}", duration(ns)),
        other => shown(other, duration),
    };
    [
        outcome.word().to_owned(),
        case.and_then(some_ready).unwrap_or_default() + &time(case.and_then(median_ready).or_else(|| of(ready))),
        time(of(install)),
        shown(size, bytes),
        index.unwrap_or_else(|| NOTHING.to_owned()),
        shown(of(|seen| seen.resources?.peak_memory_bytes), bytes),
        shown(of(|seen| seen.resources?.cpu_ns), duration),
    ]
}

/// Time to ready of a case: that of its slowest replica, or the median of a case that was booted several times; none unless all
/// became ready.
pub(super) fn time_to_ready(case: &CaseRecord) -> Option<u64> {
    let (ready_ones, all) = readied(case);
    (ready_ones == all).then(|| median_ready(case).or_else(|| slowest(case, ready)))?
}

fn median_ready(case: &CaseRecord) -> Option<u64> {
    median(case.counted_samples().filter_map(Sample::ready_ns).collect())
}

/// How many replicas became ready, or how many boots of a case that was booted several times, and of how many.
fn readied(case: &CaseRecord) -> (usize, usize) {
    let boots = case.counted_samples().count();
    if boots > 0 {
        return (case.counted_samples().filter_map(Sample::ready_ns).count(), boots);
    }
    let count = case.observations.iter().filter(|seen| ready(seen).is_some()).count();
    (count, case.observations.len())
}

/// The same where some did and some did not: it stands before the time of the slowest, or the median.
fn some_ready(case: &CaseRecord) -> Option<String> {
    let (count, all) = readied(case);
    (0 < count && count < all).then(|| format!("{count}/{all} "))
}

/// The largest figure over the replicas that have one.
fn slowest(case: &CaseRecord, figure: fn(&Observation) -> Option<u64>) -> Option<u64> {
    case.observations.iter().filter_map(figure).max()
}

/// A life's own boot.
fn ready(seen: &Observation) -> Option<u64> {
    seen.instant(Phase::Ready)
}

fn install(seen: &Observation) -> Option<u64> {
    breakdown(seen)
        .iter()
        .find(|part| part.name == "install")
        .map(|part| part.ns)
}

/// Requests and bytes of all replicas.
fn index(case: &CaseRecord) -> Option<(u64, u64)> {
    let uses: Vec<_> = case
        .observations
        .iter()
        .filter_map(|seen| seen.index.as_ref())
        .collect();
    (!uses.is_empty()).then(|| {
        uses.iter().fold((0, 0), |(requests, size), index| {
            (
                u64::saturating_add(requests, index.requests),
                u64::saturating_add(size, index.bytes),
            )
        })
    })
}
