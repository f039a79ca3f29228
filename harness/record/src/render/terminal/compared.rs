//! The view of a comparison for people: what was compared, what each case came to and why, then the totals.

use super::comparison::comparison;
use super::page::{Page, Style, Tone};
use crate::comparison::{ComparedCase, ComparisonRecord, Sides};
use crate::exit::ExitCode;
use crate::numbers::{counted, duration};

/// Where texts below a case start.
const INDENT: usize = 12;

/// Shows a comparison on a terminal or in a log, in the given style.
pub fn compared(record: &ComparisonRecord, style: Style) -> String {
    let mut text = Page::new(style);
    text.paragraph("compared", INDENT, Tone::Plain, &sides(&record.sides));
    text.gap();
    let mut text = text.finish();
    match record.sides {
        Sides::Same => text += &series(record, style),
        Sides::Images { .. } | Sides::Methods { .. } => text += &cases(record, style),
    }
    text + &totals(record, style)
}

fn sides(sides: &Sides) -> String {
    match sides {
        Sides::Images { image, old, new } => format!("{image}: old {old}, new {new}; time to ready"),
        Sides::Methods { old, new } => format!("methods: old {old}, new {new}; time to ready"),
        Sides::Same => "each case with itself; time to ready".to_owned(),
    }
}

fn cases(record: &ComparisonRecord, style: Style) -> String {
    let suite = record.suite();
    let shown = suite.judged().zip(&record.cases).map(|((name, judged), case)| {
        let mut page = Page::new(style);
        if same_image(record, case) {
            page.paragraph("  note", INDENT, Tone::Warn, "both sides are the same image");
        }
        page.gap();
        comparison(name, &judged, record.calibration.as_ref(), style) + &page.finish()
    });
    shown.collect()
}

/// Methods that need no image of their own have the same one on both sides.
fn same_image(record: &ComparisonRecord, case: &ComparedCase) -> bool {
    matches!(record.sides, Sides::Images { .. }) && case.same_image()
}

/// What a calibration shows; of each case only how many pairs there are.
fn series(record: &ComparisonRecord, style: Style) -> String {
    let mut page = Page::new(style);
    for case in &record.cases {
        page.line(&[(Tone::Strong, &case.name)]);
        let pairs = counted(case.measured().len(), "pair");
        page.paragraph("  series", INDENT, Tone::Plain, &format!("{pairs} of it with itself"));
        if let Some(error) = &case.obstacle() {
            page.paragraph("  problem", INDENT, Tone::Bad, error.why());
        }
    }
    match &record.calibration {
        Some(calibration) => page.paragraph("this host", INDENT, Tone::Plain, &calibration.told()),
        None => page.paragraph(
            "this host",
            INDENT,
            Tone::Warn,
            "not calibrated: no series came to its end",
        ),
    }
    page.gap();
    page.finish()
}

/// The last lines: what was not compared, the counts, the exit code and its meaning.
fn totals(record: &ComparisonRecord, style: Style) -> String {
    let mut page = Page::new(style);
    for left in &record.left_out {
        page.paragraph("left out", INDENT, Tone::Faint, &format!("{}: {}", left.case, left.why));
    }
    let early = match &record.interrupted {
        Some(signal) => Some(format!("the comparison was ended by {signal}")),
        None => (!record.finished).then(|| "the comparison did not come to its end".to_owned()),
    };
    if let Some(early) = early {
        page.paragraph("note", INDENT, Tone::Warn, &early);
    }
    if record.sides != Sides::Same {
        let totals = record.totals();
        let told: Vec<_> = totals.iter().map(|(word, count)| format!("{count} {word}")).collect();
        let line = format!("{}: {}", counted(record.cases.len(), "case"), told.join(", "));
        page.line(&[(Tone::Strong, &line)]);
    }
    let code = record.exit_code();
    let (tone, meaning) = match code {
        ExitCode::Expected => (Tone::Good, "nothing regressed"),
        code => (Tone::Bad, code.meaning()),
    };
    let ending = format!("exit code {}: {meaning}", u8::from(code));
    let took = format!("  (run {}, {})", record.run, duration(record.took_ns));
    page.line(&[(tone, &ending), (Tone::Faint, &took)]);
    page.finish()
}
