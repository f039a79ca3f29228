//! The functional facts of a case as text, in the file format of insta, so that `cargo insta review` reads it too.
//!
//! A snapshot holds only what a hundred runs would agree on: no durations, no budgets, no ids, no places of this host, and of the
//! health only what timing cannot change. Files are read and written elsewhere.

use std::fmt::Write as _;

use serde_json::Value;
use similar::TextDiff;

use crate::differences::Difference;
use crate::index::INDEXES;
use crate::log_text::sanitize;
use crate::manifest::{Import, ManifestDiff};
use crate::observation::{HealthState, Observation, Phase};
use crate::replica::{ReplicaLife, ranges};
use crate::run::{CaseRecord, split_group};

/// Extension of accepted snapshots.
pub const EXTENSION: &str = "snap";

/// Extension of pending snapshots.
pub const PENDING_EXTENSION: &str = "snap.new";

/// How facts compare with the accepted ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// As accepted.
    Same,
    /// None accepted yet.
    New,
    /// Different.
    Differs {
        /// Unified difference, accepted against seen.
        diff: String,
    },
}

/// Path of the accepted snapshot below `reports/snapshots`, with forward slashes: `group/group__name@variant.snap`.
pub fn file_name(id: &str) -> String {
    let (group, rest) = split_group(id);
    let folder = safe(group).replace("..", "__");
    let file = safe(&rest.replace('/', "__"));
    match folder.trim_matches('/') {
        "" => format!("{file}.{EXTENSION}"),
        folder => format!("{folder}/{}__{file}.{EXTENSION}", folder.replace('/', "__")),
    }
}

/// The whole snapshot file of a case.
pub fn render(case: &CaseRecord) -> String {
    let source = match case.expectations.first() {
        Some(expectation) => expectation.place.file.clone(),
        None => format!("scenarios/{}.yaml", case.scenario()),
    };
    // JSON strings are YAML strings, whatever is in them.
    let header = [
        ("source", source),
        ("description", case.why.clone()),
        ("expression", case.id.clone()),
    ]
    .map(|(key, value)| format!("{key}: {}\n", Value::from(sanitize(value))))
    .concat();
    format!("---\n{header}---\n{}", facts(case))
}

/// The facts in a snapshot file: what follows its header, with plain line ends. `None`: the file has no header.
pub fn accepted_facts(file: &str) -> Option<String> {
    let text = file.replace("\r\n", "\n");
    let (_, facts) = text.strip_prefix("---\n")?.split_once("\n---\n")?;
    Some(format!("{}\n", facts.trim_end()))
}

/// Compares a case with its accepted snapshot file, if there is one. Only the facts count, not the header.
pub fn compare(accepted: Option<&str>, case: &CaseRecord) -> Comparison {
    let Some(file) = accepted else {
        return Comparison::New;
    };
    let accepted = accepted_facts(file).unwrap_or_default();
    let seen = facts(case);
    if accepted == seen {
        return Comparison::Same;
    }
    let diff = TextDiff::from_lines(accepted.as_str(), seen.as_str())
        .unified_diff()
        .header("accepted", "seen")
        .to_string();
    Comparison::Differs { diff }
}

/// The functional facts of a case, one a line.
pub fn facts(case: &CaseRecord) -> String {
    let mut text = format!("outcome: {}\n", case.functional_outcome().word());
    section(
        &mut text,
        "expectations",
        case.expectations
            .iter()
            .zip(&case.verdicts)
            .filter(|(expectation, _)| !expectation.check.is_budget())
            .map(|(expectation, verdict)| {
                let finding = if verdict.passed() { "holds" } else { "does not hold" };
                format!("{}: {finding}", expectation.check.subject())
            }),
    );
    if case.observations.len() > 1 {
        match case.differences.as_deref() {
            None => text += "replicas: not compared\n",
            Some([]) => text += "replicas: identical\n",
            Some(differences) => section(&mut text, "replicas", differences.iter().map(drift_line)),
        }
    }
    let happened = happened(case);
    if !happened.is_empty() {
        let _ = writeln!(text, "events: {}", happened.join(", "));
    }
    text += &facts_by_replica(case);
    match &case.manifest_diff {
        Some(diff) if diff.is_empty() => text += "packages: as in the image\n",
        Some(diff) => section(&mut text, "packages", package_lines(diff)),
        None => text += "packages: not read\n",
    }
    text
}

/// The events that happened, by name, as they are written in the file and the main index first: in which order they
/// happened is a matter of time.
fn happened(case: &CaseRecord) -> Vec<String> {
    let course = case.course.iter();
    let indexes = course.flat_map(|course| INDEXES.map(|index| course.of(index)));
    let names = indexes.flat_map(|events| {
        let mut events: Vec<_> = events.collect();
        events.sort_by_key(|event| (event.place.line, event.place.column));
        events.into_iter().map(|event| sanitize(&event.name))
    });
    names.collect()
}

/// The facts of all replicas at once when they agree, else those of each group that does.
fn facts_by_replica(case: &CaseRecord) -> String {
    let mut groups: Vec<(String, Vec<ReplicaLife>)> = Vec::new();
    for seen in &case.observations {
        let facts = replica_facts(seen);
        match groups.iter_mut().find(|(other, _)| *other == facts) {
            Some((_, lives)) => lives.push(seen.who()),
            None => groups.push((facts, vec![seen.who()])),
        }
    }
    if groups.len() < 2 {
        return groups.into_iter().map(|(facts, _)| facts).collect();
    }
    let mut text = String::new();
    for (facts, lives) in groups {
        let plural = if lives.len() == 1 { "" } else { "s" };
        let _ = writeln!(text, "replica{plural} {}:", ranges(&lives));
        text.extend(facts.lines().map(|line| format!("  {line}\n")));
    }
    text
}

/// Who holds what of a project. Without digests: a fault that changes bytes changes other ones with another seed.
fn drift_line(difference: &Difference) -> String {
    let mut before = Vec::new();
    let kinds = difference.kinds.iter().map(|kind| {
        let versions = sanitize(difference.versions(kind));
        let other = if before.contains(&versions) {
            ", other files"
        } else {
            ""
        };
        let told = format!("{versions}{other} ({})", ranges(&kind.replicas));
        before.push(versions);
        told
    });
    let kinds: Vec<_> = kinds.collect();
    format!("drift in {}: {}", sanitize(difference.subject()), kinds.join("; "))
}

/// The facts of one replica.
fn replica_facts(seen: &Observation) -> String {
    let mut text = format!("health: {}\n", health(seen));
    match &seen.exit {
        None => text += "exit: none\n",
        Some(exit) => {
            let inner = exit.inner.map_or("not seen".to_owned(), |code| code.to_string());
            let _ = writeln!(text, "exit: {} (inner {inner})", exit.container);
        }
    }
    if let Some(uid) = seen.uid {
        let _ = writeln!(text, "user: {uid}");
    }
    if let Some(status) = seen.score.as_ref().and_then(|score| score.status) {
        let _ = writeln!(text, "score: {status}");
    }
    let mut imports: Vec<_> = seen.imports.iter().collect();
    imports.sort_by(|one, other| one.project.cmp(&other.project));
    section(&mut text, "imports", imports.into_iter().map(import_line));
    text
}

/// Statuses answered, in the order of their first appearance: whether a probe met a refused, closed or hanging
/// connection in between depends on the moment it was sent.
fn health(seen: &Observation) -> String {
    if seen.instant(Phase::Ready).is_none() {
        return "never 200".into();
    }
    let mut answered = Vec::new();
    for transition in &seen.health {
        if let HealthState::Status(status) = transition.state
            && !answered.contains(&status)
        {
            answered.push(status);
        }
    }
    answered.iter().map(u16::to_string).collect::<Vec<_>>().join(", ")
}

fn import_line(import: &Import) -> String {
    let project = sanitize(&import.project);
    match (&import.error, &import.version) {
        (Some(_), _) => format!("{project}: cannot be imported"),
        (None, version) => {
            let version = version.as_ref().map_or("version unknown".into(), sanitize);
            let origin = import
                .origin
                .map_or("origin unknown".into(), |origin| origin.to_string());
            format!("{project}: {version}, {origin}")
        }
    }
}

fn package_lines(diff: &ManifestDiff) -> impl Iterator<Item = String> {
    let joined = |versions: &[String]| sanitize(versions.join(" and "));
    let mut lines: Vec<_> = diff
        .added
        .iter()
        .map(|(project, versions)| (project, format!("added {}", joined(versions))))
        .chain(
            diff.removed
                .iter()
                .map(|(project, versions)| (project, format!("removed {}", joined(versions)))),
        )
        .chain(
            diff.changed
                .iter()
                .map(|(project, (before, after))| (project, format!("{} -> {}", joined(before), joined(after)))),
        )
        .collect();
    lines.sort();
    lines
        .into_iter()
        .map(|(project, change)| format!("{}: {change}", sanitize(project)))
}

/// A heading with indented lines; nothing at all when there are none.
fn section(text: &mut String, heading: &str, lines: impl Iterator<Item = String>) {
    let mut lines = lines.peekable();
    if lines.peek().is_some() {
        let _ = writeln!(text, "{heading}:");
        text.extend(lines.map(|line| format!("  {line}\n")));
    }
}

/// Characters that every file system takes; a slash stays. The scenario of an id is checked at load time, a variant may
/// name anything.
fn safe(part: &str) -> String {
    part.chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || "-_@.+=,/".contains(c) {
                c
            } else {
                '_'
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_in_their_folder() {
        assert_eq!(
            file_name("override/numpy@dynamic"),
            "override/override__numpy@dynamic.snap"
        );
        assert_eq!(
            file_name("a/b/c@azureml-py313,none"),
            "a/b/a__b__c@azureml-py313,none.snap"
        );
        assert_eq!(file_name("x@none"), "x@none.snap");
        assert_eq!(
            file_name("../../etc/passwd@a/b"),
            "__/__/etc/________etc__passwd@a__b.snap"
        );
    }

    #[test]
    fn facts_are_read_back_whatever_the_line_ends() {
        let file = "---\nsource: \"a\"\n---\noutcome: passed\n---\nx\n";
        assert_eq!(accepted_facts(file).unwrap(), "outcome: passed\n---\nx\n");
        assert_eq!(accepted_facts(&file.replace('\n', "\r\n")), accepted_facts(file));
        assert_eq!(accepted_facts("outcome: passed\n"), None);
    }
}
