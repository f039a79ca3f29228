//! The extension methods of one scenario side by side: how long each takes to serve, and where that time goes.

use super::page::{Page, Tone};
use super::phase_table;
use super::table::time_to_ready;
use crate::numbers::{duration, ratio};
use crate::observation::{Observation, Phase};
use crate::phases::{Part, breakdown};
use crate::run::{CaseRecord, RunRecord};

/// A part is named beside a time from a hundredth of it on.
const NAMED_FROM: u64 = 100;

/// Shows a block for each scenario and image with at least two methods that serve.
pub(super) fn show(page: &mut Page, record: &RunRecord) {
    for rows in comparable(record) {
        let none = rows.iter().find(|row| row.case.method == "none");
        let Some(base) = none.or_else(|| rows.iter().min_by_key(|row| row.ready)) else {
            continue;
        };
        let heading = format!("{}: time to ready by method", base.case.scenario());
        let against = format!(" ({}; 1.0x is {})", base.case.image, base.case.method);
        page.line(&[(Tone::Strong, &heading), (Tone::Faint, &against)]);
        for row in &rows {
            let times = format!("{:>7} {:>6}  ", duration(row.ready), ratio(row.ready, base.ready));
            let label = format!("  {:<12} {times}", row.case.method);
            let parts = slowest(row.case).map(breakdown).unwrap_or_default();
            page.paragraph(&label, label.chars().count(), Tone::Plain, &named_parts(&parts));
        }
        if rows.iter().any(|row| !row.case.samples.is_empty()) {
            page.line(&[(
                Tone::Faint,
                "  medians, and ratios of medians; parts are of the boot that was looked into",
            )]);
        }
        let boots = rows
            .iter()
            .filter_map(|row| Some((row.case.method.as_str(), slowest(row.case)?)));
        phase_table::show(page, &boots.collect::<Vec<_>>());
        page.gap();
    }
}

/// A case that serves.
struct Row<'a> {
    case: &'a CaseRecord,
    ready: u64,
}

/// Cases that serve and had the machine to themselves, by scenario and image in plan order, where at least two methods
/// do.
fn comparable(record: &RunRecord) -> Vec<Vec<Row<'_>>> {
    let mut blocks: Vec<Vec<Row<'_>>> = Vec::new();
    for (_, _, case) in record.outcomes() {
        let alone = case.filter(|case| case.alone);
        let Some((case, ready)) = alone.and_then(|case| Some((case, time_to_ready(case)?))) else {
            continue;
        };
        let same = |block: &&mut Vec<Row<'_>>| {
            block[0].case.scenario() == case.scenario() && block[0].case.image == case.image
        };
        match blocks.iter_mut().find(same) {
            Some(block) if block.iter().any(|row| row.case.method == case.method) => {}
            Some(block) => block.push(Row { case, ready }),
            None => blocks.push(vec![Row { case, ready }]),
        }
    }
    blocks.retain(|block| block.len() > 1);
    blocks
}

/// The replica that a case's time is of.
fn slowest(case: &CaseRecord) -> Option<&Observation> {
    case.observations.iter().max_by_key(|seen| seen.instant(Phase::Ready))
}

/// The parts that matter, in their order, and the rest of the time.
fn named_parts(parts: &[Part]) -> String {
    let whole: u64 = parts.iter().map(|part| part.ns).sum();
    let matters = |part: &&Part| part.ns.saturating_mul(NAMED_FROM) >= whole;
    let rest: u64 = parts.iter().filter(|part| !matters(part)).map(|part| part.ns).sum();
    let all = parts.iter().filter(matters).copied();
    all.chain((rest > 0).then_some(Part { name: "rest", ns: rest }))
        .map(|part| format!("{} {}", part.name, duration(part.ns)))
        .collect::<Vec<_>>()
        .join(", ")
}
