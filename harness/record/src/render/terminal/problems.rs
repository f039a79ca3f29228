//! Everything that needs attention, each with its place, what was expected, what was seen, why, and what to type next.

use super::page::{Page, Tone};
use crate::expectation::{Check, Expectation, Place};
use crate::judge::Verdict;
use crate::outcome::Outcome;
use crate::run::{CaseError, CaseRecord, RunRecord, SnapshotState};

/// Column at which the text of a block starts.
const INDENT: usize = 12;

/// New snapshots up to this many are shown one by one.
const FEW: usize = 3;

/// Failed cases, then those that could not run, then snapshots to review.
pub(super) fn show(page: &mut Page, record: &RunRecord) {
    let with = |outcome| record.cases.iter().filter(move |case| case.outcome() == outcome);
    with(Outcome::Failed).for_each(|case| failed(page, case));
    with(Outcome::Errored).for_each(|case| errored(page, case));
    let (new, different): (Vec<_>, Vec<_>) = record
        .snapshots_to_review()
        .partition(|case| matches!(case.snapshot, SnapshotState::New { .. }));
    different.into_iter().for_each(|case| to_review(page, case));
    match new.as_slice() {
        [] => {}
        few if few.len() <= FEW => few.iter().for_each(|case| to_review(page, case)),
        many => all_new(page, many.len()),
    }
}

/// A first run has a new snapshot for every case: one block says it all.
fn all_new(page: &mut Page, count: usize) {
    let what = format!("  {count} cases have no accepted snapshot yet");
    page.line(&[(Tone::Warn, "SNAPSHOT"), (Tone::Strong, &what)]);
    let pending = "the files `.snap.new` below reports/snapshots hold what was seen";
    page.paragraph("  pending", INDENT, Tone::Plain, pending);
    page.paragraph(
        "  next",
        INDENT,
        Tone::Strong,
        "seatrial snapshot list, then seatrial snapshot accept",
    );
    page.gap();
}

fn failed(page: &mut Page, case: &CaseRecord) {
    page.line(&[(Tone::Bad, "FAILED"), (Tone::Strong, &format!("    {}", case.id))]);
    let judged = case.expectations.iter().zip(&case.verdicts);
    for (expectation, verdict) in judged.filter(|(_, verdict)| !verdict.passed()) {
        broken(page, expectation, verdict);
    }
    if case.verdicts.len() < case.expectations.len() {
        page.paragraph("  actual", INDENT, Tone::Plain, "the case was not judged");
    }
    page.paragraph("  why", INDENT, Tone::Plain, &case.why);
    for reason in &case.because {
        page.paragraph("  because", INDENT, Tone::Plain, reason);
    }
    again(page, case);
}

/// One expectation that does not hold.
fn broken(page: &mut Page, expectation: &Expectation, verdict: &Verdict) {
    place(page, &expectation.place);
    page.paragraph("  expected", INDENT, Tone::Good, &verdict.expected);
    page.paragraph("  actual", INDENT, Tone::Bad, &verdict.actual);
    for line in &verdict.detail {
        page.paragraph("", INDENT, Tone::Plain, line);
    }
}

/// The place in the file and its line, with a caret under the column.
fn place(page: &mut Page, place: &Place) {
    page.paragraph("  at", INDENT, Tone::Strong, &place.to_string());
    let number = place.line.to_string();
    let gutter = format!("{number:>width$} | ", width = INDENT - 3);
    let snippet = place.snippet.trim_end().replace('\t', " ");
    let indent = snippet.chars().take_while(|c| *c == ' ').count();
    // A long line is shown from its first word on, or from the column on when that lies too far to the right.
    let room = page.width().saturating_sub(INDENT + 1);
    let column = place.column.saturating_sub(1);
    let from = if column < indent + room { indent } else { column };
    let mut shown: String = snippet.chars().skip(from).take(room).collect();
    if from + room < snippet.chars().count() {
        shown.pop();
        shown.push('…');
    }
    page.line(&[(Tone::Faint, &gutter), (Tone::Plain, &shown)]);
    let caret = format!("{}^", " ".repeat(column.saturating_sub(from)));
    page.line(&[
        (Tone::Faint, &format!("{:>width$} | ", "", width = INDENT - 3)),
        (Tone::Bad, &caret),
    ]);
}

fn errored(page: &mut Page, case: &CaseRecord) {
    let Some(CaseError { what, hint }) = &case.error else {
        return;
    };
    page.line(&[(Tone::Bad, "ERRORED"), (Tone::Strong, &format!("   {}", case.id))]);
    for line in what.lines() {
        page.paragraph("", INDENT, Tone::Bad, line);
    }
    if let Some(hint) = hint {
        page.paragraph("  to do", INDENT, Tone::Plain, hint);
    }
    again(page, case);
}

fn to_review(page: &mut Page, case: &CaseRecord) {
    let (what, pending, diff) = match &case.snapshot {
        SnapshotState::New { pending } => ("no accepted snapshot yet", pending, ""),
        SnapshotState::Differs { pending, diff } => ("differs from the accepted snapshot", pending, diff.as_str()),
        SnapshotState::NotCompared | SnapshotState::Same => return,
    };
    page.line(&[
        (Tone::Warn, "SNAPSHOT"),
        (Tone::Strong, &format!("  {}", case.id)),
        (Tone::Plain, &format!(": {what}")),
    ]);
    for line in diff.lines() {
        let tone = match line.chars().next() {
            Some('+') => Tone::Good,
            Some('-') => Tone::Bad,
            _ => Tone::Plain,
        };
        page.line(&[(Tone::Plain, &" ".repeat(INDENT)), (tone, line)]);
    }
    page.paragraph("  pending", INDENT, Tone::Plain, pending);
    page.paragraph(
        "  next",
        INDENT,
        Tone::Strong,
        &format!("seatrial snapshot accept --filter '{}'", case.id),
    );
    page.gap();
}

/// The command that runs this case alone; with those that it is compared with, where such a comparison does not hold.
fn again(page: &mut Page, case: &CaseRecord) {
    let mut judged = case.expectations.iter().zip(&case.verdicts);
    let compared = judged.any(|(one, verdict)| matches!(one.check, Check::RatioBudget { .. }) && !verdict.passed());
    let filter = if compared {
        format!("{}@*", case.scenario())
    } else {
        case.id.clone()
    };
    page.paragraph(
        "  next",
        INDENT,
        Tone::Strong,
        &format!("seatrial run --filter '{filter}'"),
    );
    page.gap();
}
