//! The replicas of one case as rows: when each was launched, asked the index and became ready, and what it got.

use super::page::{Page, Tone};
use crate::differences::Difference;
use crate::log_text::sanitize;
use crate::numbers::{counted, duration, median};
use crate::observation::{Observation, Phase};
use crate::replica::{Beginning, ranges};
use crate::run::CaseRecord;

/// Headings before those of the projects.
const COLUMNS: [&str; 5] = ["replica", "launched", "asked", "ready", "requests"];

/// More lives than this are folded where they are alike.
const ROWS: usize = 12;

/// So many lives that are alike are still shown one by one.
const FEW: usize = 3;

/// Projects that are given a column.
const PROJECTS: usize = 3;

/// The widest column of a project.
const WIDEST: usize = 24;

/// The narrowest column that still tells something of a longer text.
const NARROWEST: usize = 8;

/// Longest list of replicas in the first column; a longer one stands below its row.
const LABEL: usize = 16;

/// Column at which such a list starts.
const INDENT: usize = 4;

/// What stands where nothing was observed.
const NOTHING: &str = "-";

/// Shows the rows, and returns the differences that had no room for a column.
pub(super) fn show<'a>(page: &mut Page, case: &'a CaseRecord) -> &'a [Difference] {
    let differences = case.differences.as_deref().unwrap_or_default();
    let groups = groups(case, differences);
    let rows: Vec<_> = groups.iter().map(|lives| cells(lives, case.alone)).collect();
    let widths: [usize; COLUMNS.len()] = std::array::from_fn(|column| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.max().unwrap_or_default().max(COLUMNS[column].len())
    });
    let taken: usize = widths.iter().map(|width| width + 2).sum();
    let columns = project_columns(differences, &groups, page.width().saturating_sub(taken));

    let folded = rows.len() < case.observations.len();
    let medians = if folded { "; of several replicas the median" } else { "" };
    let clock = format!("  times since the case's first create request{medians}");
    page.line(&[(Tone::Faint, &clock)]);
    let of_projects = |row: usize| columns.iter().map(|column| column[row].as_str()).collect::<String>();
    let heading = line(&COLUMNS.map(String::from), &widths) + &of_projects(0);
    page.line(&[(Tone::Faint, &heading)]);
    for (at, (row, lives)) in rows.iter().zip(&groups).enumerate() {
        let tone = if is_odd(differences, lives[0]) {
            Tone::Warn
        } else {
            Tone::Plain
        };
        page.line(&[(tone, &line(row, &widths)), (tone, &of_projects(at + 1))]);
        let all = all(lives);
        if all.len() > LABEL {
            page.paragraph("", INDENT, tone, &all);
        }
    }
    &differences[columns.len()..]
}

/// A column for each of the first projects that differ, as long as there is room: its name, then a cell per row.
fn project_columns(differences: &[Difference], groups: &[Vec<&Observation>], mut room: usize) -> Vec<Vec<String>> {
    let mut columns = Vec::new();
    for found in differences.iter().take(PROJECTS) {
        let mut column = vec![sanitize(found.subject())];
        column.extend(groups.iter().map(|lives| held(found, lives[0])));
        let widest = column.iter().map(|text| text.chars().count()).max().unwrap_or_default();
        let width = widest.min(WIDEST).min(room.saturating_sub(2));
        if width < widest.min(NARROWEST) {
            break;
        }
        room -= width + 2;
        columns.push(
            column
                .iter()
                .map(|text| format!("  {:<width$}", clip(text, width)))
                .collect(),
        );
    }
    columns
}

/// The first cell to the left, the others to the right.
fn line(texts: &[String], widths: &[usize]) -> String {
    let cells = texts.iter().zip(widths).enumerate();
    cells
        .map(|(at, (text, width))| match at {
            0 => format!("  {text:<width$}"),
            _ => format!("  {text:>width$}"),
        })
        .collect()
}

/// Lives that share a row: each its own, until there are too many of them.
fn groups<'a>(case: &'a CaseRecord, differences: &[Difference]) -> Vec<Vec<&'a Observation>> {
    if case.observations.len() <= ROWS {
        return case.observations.iter().map(|seen| vec![seen]).collect();
    }
    let mut alike: Vec<(_, Vec<&Observation>)> = Vec::new();
    for seen in &case.observations {
        let kinds: Vec<_> = differences.iter().map(|found| found.kind_of(seen.who())).collect();
        let key = (seen.began, seen.instant(Phase::Ready).is_some(), ending(seen), kinds);
        match alike.iter_mut().find(|(other, _)| *other == key) {
            Some((_, lives)) => lives.push(seen),
            None => alike.push((key, vec![seen])),
        }
    }
    let mut groups: Vec<Vec<_>> = Vec::new();
    for (_, lives) in alike {
        match lives.len() {
            few if few <= FEW => groups.extend(lives.into_iter().map(|seen| vec![seen])),
            _ => groups.push(lives),
        }
    }
    groups.sort_by_key(|lives| lives[0].who());
    groups
}

/// The figures of lives that share a row: of several the medians.
fn cells(lives: &[&Observation], alone: bool) -> [String; COLUMNS.len()] {
    let middle = |figure: &dyn Fn(&Observation) -> Option<u64>| {
        median(lives.iter().filter_map(|seen| figure(seen)).collect::<Vec<_>>())
    };
    let sign = if alone { "" } else { "~" };
    let time = |ns: Option<u64>| ns.map(|ns| format!("{sign}{}", duration(ns)));
    let ready = time(middle(&|seen| {
        Some(seen.launched_ns.saturating_add(seen.instant(Phase::Ready)?))
    }));
    let ready: Vec<_> = ready.into_iter().chain(ending(lives[0])).collect();

    let requests = middle(&|seen| Some(seen.index.as_ref()?.requests));
    let errors = middle(&|seen| Some(seen.index.as_ref()?.errors)).filter(|errors| *errors > 0);
    let errors = errors.map(|errors| format!(" ({})", counted(errors as usize, "error")));
    let requests = requests.map(|requests| format!("{requests}{}", errors.unwrap_or_default()));

    let label = match all(lives) {
        long if long.len() > LABEL => format!("{} alike", lives.len()),
        short => short,
    };
    let shown = |text: Option<String>| text.unwrap_or_else(|| NOTHING.to_owned());
    [
        label,
        shown(middle(&|seen| Some(seen.launched_ns)).map(duration)),
        shown(time(middle(&asked))),
        ready.join(", "),
        shown(requests),
    ]
}

/// All lives of a row, by number.
fn all(lives: &[&Observation]) -> String {
    ranges(&lives.iter().map(|seen| seen.who()).collect::<Vec<_>>())
}

/// First request to the index, on the case's clock.
fn asked(seen: &Observation) -> Option<u64> {
    let first = seen.index.as_ref()?.log.iter().map(|request| request.at_ns).min()?;
    Some(seen.launched_ns.saturating_add(first))
}

/// How a life ended that did not go on to serve.
fn ending(seen: &Observation) -> Option<String> {
    match (&seen.exit, &seen.error) {
        (Some(exit), _) => Some(match exit.inner {
            Some(inner) => format!("ended {inner}/{}", exit.container),
            None => format!("ended {}", exit.container),
        }),
        (None, Some(_)) => Some("error".into()),
        (None, None) if seen.instant(Phase::Ready).is_none() => Some("never".into()),
        (None, None) => None,
    }
}

/// What a life holds of a project that differs.
fn held(difference: &Difference, seen: &Observation) -> String {
    match difference.kind_of(seen.who()) {
        Some(kind) => sanitize(difference.holding(kind)),
        None => "not read".into(),
    }
}

/// Whether a life is not in the largest group of some difference, or began anew.
fn is_odd(differences: &[Difference], seen: &Observation) -> bool {
    let outside = |found: &Difference| found.kind_of(seen.who()) != found.kinds.first();
    seen.began != Beginning::Launched || differences.iter().any(outside)
}

/// Names and versions come from inside a container: no longer than their column.
fn clip(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let kept: String = text.chars().take(width.saturating_sub(1)).collect();
    kept + "…"
}
