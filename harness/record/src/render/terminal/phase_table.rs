//! The parts of several boots side by side, down to what nothing explains.

use super::page::{Page, Tone};
use crate::numbers::duration;
use crate::observation::Observation;
use crate::phases::{INSTALL, Part, RESIDUE, breakdown, first_response, install_parts};

/// Rows in their order: the whole part, or under `install` one of its own.
const ROWS: [&str; 16] = [
    "create",
    "start",
    "boot",
    INSTALL,
    "install_resolve",
    "install_download",
    "install_resolve_download",
    "install_unpack",
    "install_compile",
    "install_unpack_compile",
    "install_rest",
    "launch",
    "server",
    "import",
    "init",
    "serve",
];

/// What stands where a boot has no such part.
const NOTHING: &str = "-";

/// Shows a column for each boot under its heading, and a row for each part that any of them has; then the residue, the sum,
/// and what follows it.
pub(super) fn show(page: &mut Page, boots: &[(&str, &Observation)]) {
    let columns: Vec<Vec<Part>> = boots.iter().map(|(_, seen)| parts(seen)).collect();
    let mut rows: Vec<(String, Vec<Option<u64>>)> = Vec::new();
    for name in ROWS {
        let figures: Vec<_> = columns.iter().map(|parts| of(parts, name)).collect();
        if figures.iter().any(Option::is_some) {
            rows.push((label(name), figures));
        }
    }
    let residue = |parts: &Vec<Part>| Some(of(parts, RESIDUE).unwrap_or(0));
    rows.push((RESIDUE.into(), columns.iter().map(residue).collect()));
    let sum = |(_, seen): &(&str, &Observation)| Some(breakdown(seen).iter().map(|part| part.ns).sum());
    rows.push(("sum".into(), boots.iter().map(sum).collect()));
    let first: Vec<_> = boots
        .iter()
        .map(|(_, seen)| first_response(seen).map(|part| part.ns))
        .collect();
    if first.iter().any(Option::is_some) {
        rows.push(("first response".into(), first));
    }

    let headings: Vec<&str> = boots.iter().map(|(heading, _)| *heading).collect();
    let label_width = rows
        .iter()
        .map(|(label, _)| label.chars().count())
        .max()
        .unwrap_or_default();
    let shown: Vec<(String, Vec<String>)> = rows
        .into_iter()
        .map(|(label, figures)| (label, figures.into_iter().map(figure).collect()))
        .collect();
    let width = |column: usize| {
        let cells = shown.iter().map(|(_, cells)| cells[column].chars().count());
        cells.max().unwrap_or_default().max(headings[column].chars().count())
    };
    let widths: Vec<usize> = (0..headings.len()).map(width).collect();
    let cells = |texts: &mut dyn Iterator<Item = &str>| -> String {
        let padded = texts.zip(&widths).map(|(text, width)| format!("  {text:>width$}"));
        padded.collect()
    };
    let heading = cells(&mut headings.iter().copied());
    page.line(&[(Tone::Faint, &format!("  {:<label_width$}{heading}", "part"))]);
    for (label, figures) in &shown {
        let figures = cells(&mut figures.iter().map(String::as_str));
        page.line(&[(Tone::Plain, &format!("  {label:<label_width$}{figures}"))]);
    }
}

/// The parts of a boot, those of the installation among them.
fn parts(seen: &Observation) -> Vec<Part> {
    breakdown(seen).into_iter().chain(install_parts(seen)).collect()
}

fn of(parts: &[Part], name: &str) -> Option<u64> {
    parts.iter().find(|part| part.name == name).map(|part| part.ns)
}

/// A part of the installation stands under it, by its own name; two that could not be told apart with a plus.
fn label(name: &str) -> String {
    match name.strip_prefix("install_") {
        Some(part) => format!("  {}", part.replace('_', "+")),
        None => name.to_owned(),
    }
}

fn figure(ns: Option<u64>) -> String {
    ns.map_or_else(|| NOTHING.to_owned(), duration)
}
