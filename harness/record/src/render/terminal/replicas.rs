//! The replicas of one case side by side: which got what, when, and why.

use super::page::{Page, Tone};
use super::replica_rows;
use crate::differences::{Difference, subjects};
use crate::explain::{differing_pages, explain, obstacles};
use crate::index::{IndexEvent, MAIN};
use crate::numbers::{self, duration, median};
use crate::observation::{Observation, Phase};
use crate::replica::{Beginning, counted, named};
use crate::run::CaseRecord;

/// Column at which the text of a note starts.
const INDENT: usize = 12;

/// Width of an event's time.
const TIME: usize = 8;

/// Notes of one kind before the rest is counted.
const NOTES: usize = 6;

/// Projects, files and pages named in one place.
const NAMED: usize = 3;

/// Requests by which a storm is told from chance.
const STORM: u64 = 5;

/// Shows a case with several replicas or with one that was restarted, and of one with a single replica what its index did;
/// nothing for any other.
pub(super) fn show(page: &mut Page, case: &CaseRecord) {
    let several = case.observations.len() > 1;
    if case.observations.is_empty() || !several && case.course.is_none() {
        return;
    }
    page.paragraph("", 0, Tone::Strong, &heading(case));
    if several {
        compared(page, case);
    } else {
        course(page, case);
        notes(page, "why", Tone::Strong, why(case));
    }
    page.gap();
}

/// The replicas side by side, and what came between them.
fn compared(page: &mut Page, case: &CaseRecord) {
    let without_column = replica_rows::show(page, case);
    notes(page, "installed", Tone::Plain, installed(case));
    notes(
        page,
        "drift",
        Tone::Plain,
        without_column.iter().map(Difference::to_string).collect(),
    );
    notes(
        page,
        "files",
        Tone::Plain,
        differences(case).iter().filter_map(files).collect(),
    );
    course(page, case);
    notes(page, "why", Tone::Strong, why(case));
    notes(page, "answers", Tone::Plain, answers(case));
    notes(page, "storm", Tone::Warn, storms(case));
    notes(page, "spread", Tone::Plain, spread(case).into_iter().collect());
    notes(page, "error", Tone::Bad, errors(case));
}

/// Paragraphs under one label.
fn notes(page: &mut Page, label: &str, tone: Tone, mut texts: Vec<String>) {
    let more = texts.len().saturating_sub(NOTES);
    texts.truncate(NOTES);
    if more > 0 {
        texts.push(format!("and {more} more"));
    }
    let mut label = format!("  {label}");
    for text in texts {
        page.paragraph(&label, INDENT, tone, &text);
        label.clear();
    }
}

fn differences(case: &CaseRecord) -> &[Difference] {
    case.differences.as_deref().unwrap_or_default()
}

/// Who there was, how many of them serve, and, of several, whether they are the same.
fn heading(case: &CaseRecord) -> String {
    let who: Vec<_> = case.observations.iter().map(Observation::who).collect();
    let ready = case
        .observations
        .iter()
        .filter(|seen| seen.instant(Phase::Ready).is_some())
        .count();
    let verdict = match case.differences.as_deref() {
        _ if who.len() < 2 => String::new(),
        None => ", not compared".to_owned(),
        Some([]) => ", identical".to_owned(),
        Some(differences) => format!(", drift in {}", subjects(&differences.iter().collect::<Vec<_>>())),
    };
    format!("{}: {}, {ready} ready{verdict}", case.id, counted(&who))
}

/// The first few joined, the rest counted.
fn some(all: Vec<String>) -> String {
    let named = all[..all.len().min(NAMED)].join(", ");
    match all.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

/// What was compared, where no difference was found.
fn installed(case: &CaseRecord) -> Vec<String> {
    let manifests: Vec<_> = case
        .observations
        .iter()
        .filter_map(|seen| seen.manifest.as_ref())
        .collect();
    match (case.differences.as_deref(), manifests.as_slice()) {
        (Some([]), [first, ..]) => {
            let all = numbers::counted(first.distributions.len(), "distribution");
            let unknown = first
                .distributions
                .iter()
                .filter(|found| found.digest.is_none())
                .count();
            let by_version = match unknown {
                0 => String::new(),
                _ => format!("; {unknown} compared by version alone"),
            };
            let whose = match manifests.len() {
                all if all == case.observations.len() => "everywhere".to_owned(),
                some => format!("on the {some} that were read"),
            };
            vec![format!("{all}, the same {whose}{by_version}")]
        }
        (None, _) => vec!["fewer than two installed sets were read".into()],
        _ => Vec::new(),
    }
}

/// The files behind a difference that versions do not show.
fn files(difference: &Difference) -> Option<String> {
    let paths: Vec<_> = difference.files.iter().map(|file| file.path.clone()).collect();
    if paths.is_empty() || !difference.same_versions() {
        return None;
    }
    let more = paths.len().saturating_sub(NAMED) + difference.more_files;
    let named = paths[..paths.len().min(NAMED)].join(", ");
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    Some(format!("{}: {named}{more}", difference.subject()))
}

/// The events of the index in order of time, those that never happened at the end.
fn course(page: &mut Page, case: &CaseRecord) {
    let Some(course) = &case.course else { return };
    let mut events: Vec<_> = course.events.iter().collect();
    events.sort_by_key(|event| (event.at_ns.is_none(), event.at_ns));
    let mut label = "  index";
    for event in events {
        let (time, tone) = match event.at_ns {
            Some(at) => (duration(at), Tone::Plain),
            None => ("never".to_owned(), Tone::Warn),
        };
        let label = format!("{:<INDENT$}{time:<TIME$}", std::mem::take(&mut label));
        page.paragraph(&label, INDENT + TIME, tone, &told(event));
    }
}

/// What an event did, why then, and what came of it.
fn told(event: &IndexEvent) -> String {
    let mut text = format!("{event} ({}: {})", event.name, event.when);
    if event.hits > 0 {
        text += &format!(", {} changed", numbers::counted(event.hits as usize, "answer"));
    }
    if let Some(at) = event.ended_ns {
        text += &format!(", until {}", duration(at));
    }
    text
}

/// Why replicas differ, and why some ended before they served.
fn why(case: &CaseRecord) -> Vec<String> {
    let differ = differences(case).iter().flat_map(|found| explain(found, case));
    let ended = case.observations.iter().flat_map(|seen| obstacles(seen, case));
    let ended = ended.map(|obstacle| obstacle.to_string());
    differ.map(|one| one.text).chain(ended).collect()
}

/// Pages that were not the same for all, of projects in which that made no difference.
fn answers(case: &CaseRecord) -> Vec<String> {
    let drifted = |project: &str| {
        differences(case)
            .iter()
            .any(|found| found.project.as_deref() == Some(project))
    };
    let pages = differing_pages(case);
    let harmless = pages.iter().filter(|page| !drifted(page.project));
    let told = harmless.map(|page| {
        let index = if page.index == MAIN { "" } else { " on the extra index" };
        let mut groups: Vec<_> = page
            .sent
            .iter()
            .map(|lives| format!("one to {}", named(lives)))
            .collect();
        if !page.absent.is_empty() {
            groups.push(format!("none to {}", named(&page.absent)));
        }
        let pages = numbers::counted(page.sent.len(), "page");
        format!("{pages} of {}{index}: {}", page.project, some(groups))
    });
    told.collect()
}

/// Lives that asked far more often than the one that asked least: more than twice as often, and by more than chance.
fn storms(case: &CaseRecord) -> Vec<String> {
    let asked = || {
        let lives = case.observations.iter();
        lives.filter_map(|seen| Some((seen, seen.index.as_ref().filter(|index| index.requests > 0)?)))
    };
    let Some(fewest) = asked().map(|(_, index)| index.requests).min() else {
        return Vec::new();
    };
    let many =
        asked().filter(|(_, index)| index.requests > fewest.saturating_mul(2) && index.requests - fewest >= STORM);
    many.map(|(seen, index)| {
        format!(
            "{} asked {} times, {} of them answered with an error; the one that asked least did so {}",
            seen.who(),
            index.requests,
            index.errors,
            numbers::counted(fewest as usize, "time")
        )
    })
    .collect()
}

/// How far apart the replicas became ready, each after its own launch.
fn spread(case: &CaseRecord) -> Option<String> {
    let launched = case
        .observations
        .iter()
        .filter(|seen| seen.began == Beginning::Launched);
    let ready: Vec<_> = launched.filter_map(|seen| seen.instant(Phase::Ready)).collect();
    if ready.len() < 2 {
        return None;
    }
    let sign = if case.alone { "" } else { "~" };
    let time = |ns: &u64| format!("{sign}{}", duration(*ns));
    let (first, last) = (ready.iter().min().map(time)?, ready.iter().max().map(time)?);
    let middle = time(&median(ready)?);
    Some(format!(
        "ready {first} (first), {middle} (median), {last} (last) after their own launch"
    ))
}

/// Lives that could not be launched or watched.
fn errors(case: &CaseRecord) -> Vec<String> {
    let failed = case
        .observations
        .iter()
        .filter_map(|seen| Some((seen, seen.error.as_ref()?)));
    failed
        .map(|(seen, error)| match &error.hint {
            Some(hint) => format!("{}: {}; {hint}", seen.who(), error.what),
            None => format!("{}: {}", seen.who(), error.what),
        })
        .collect()
}
