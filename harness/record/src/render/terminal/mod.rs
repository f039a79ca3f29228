//! The view for people: what needs attention first, then every case with its figures, then the totals.

mod compared;
mod comparison;
mod page;
mod phase_table;
mod problems;
mod replica_rows;
mod replicas;
mod samples;
mod startup;
mod table;

use crate::exit::ExitCode;
use crate::numbers::{counted, duration};
use crate::run::{CaseRecord, RunRecord};
use page::{Page, Tone};

pub use compared::compared;
pub use comparison::comparison;
pub use page::Style;

/// Shows a run on a terminal or in a log, in the given style.
pub fn terminal(record: &RunRecord, style: Style) -> String {
    let mut page = Page::new(style);
    problems::show(&mut page, record);
    table::show(&mut page, record);
    for (_, _, case) in record.outcomes() {
        case.into_iter().for_each(|case| replicas::show(&mut page, case));
    }
    startup::show(&mut page, record);
    samples::show(&mut page, record);
    totals(&mut page, record);
    page.finish()
}

/// How the replicas of one case compare and what its index did, as plain text; empty where there is neither.
pub(super) fn side_by_side(case: &CaseRecord) -> String {
    let mut page = Page::new(Style::default());
    replicas::show(&mut page, case);
    page.finish()
}

/// The last lines: what limits the result, the counts, the exit code and its meaning.
fn totals(page: &mut Page, record: &RunRecord) {
    if !record.host.isolated && record.cases.iter().any(|case| !case.observations.is_empty()) {
        page.paragraph(
            "note",
            6,
            Tone::Warn,
            "the replicas were not isolated: they could reach the internet",
        );
    }
    if let Some(signal) = &record.interrupted {
        page.paragraph("note", 6, Tone::Warn, &format!("the run was ended by {signal}"));
    }
    if record.refused > 0 {
        let requests = counted(record.refused as usize, "request");
        let text = format!("the package index turned {requests} away: without a token of this run, or malformed");
        page.paragraph("note", 6, Tone::Warn, &text);
    }
    let counts = record.totals();
    let all = counts.passed + counts.failed + counts.errored + counts.skipped;
    let mut line = format!(
        "{}: {} passed, {} failed, {} errored, {} skipped",
        counted(all, "case"),
        counts.passed,
        counts.failed,
        counts.errored,
        counts.skipped
    );
    match record.snapshots_to_review().count() {
        0 => {}
        review => line += &format!("; {} to review", counted(review, "snapshot")),
    }
    page.line(&[(Tone::Strong, &line)]);

    let code = record.exit_code();
    let tone = if code == ExitCode::Expected {
        Tone::Good
    } else {
        Tone::Bad
    };
    let ending = format!("exit code {}: {}", u8::from(code), code.meaning());
    let took = format!("  (run {}, {})", record.run, duration(record.took_ns));
    page.line(&[(tone, &ending), (Tone::Faint, &took)]);
}
