//! The view for CI servers: JUnit XML with a suite per group and a test case per case.
//!
//! An expectation that does not hold is a failure, a case that could not run is an error, a case whose turn never came
//! is skipped. A snapshot to review is neither: it stands in a property and in `system-err`, and in the exit code.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};

use super::terminal::side_by_side;
use crate::expectation::Expectation;
use crate::judge::Verdict;
use crate::log_text::sanitize;
use crate::outcome::Outcome;
use crate::phases::metrics;
use crate::run::{CaseRecord, RunRecord, SnapshotState, split_group};

/// The run as JUnit XML.
pub fn junit(record: &RunRecord) -> String {
    let mut report = Report::new("seatrial");
    report.set_time(Duration::from_nanos(record.took_ns));
    let mut suites: Vec<TestSuite> = Vec::new();
    for (id, outcome, case) in record.outcomes() {
        let (group, name) = split_group(id);
        let test = test_case(record, group, name, outcome, case);
        match suites.iter_mut().find(|suite| suite.name.as_str() == group) {
            Some(suite) => {
                suite.add_test_case(test);
            }
            None => {
                let mut suite = TestSuite::new(group);
                suite.extra.insert("timestamp".into(), record.started.as_str().into());
                suite.add_property(Property::new("run", &record.run));
                suite.add_property(Property::new("engine", &record.host.engine));
                suite.add_test_case(test);
                suites.push(suite);
            }
        }
    }
    report.add_test_suites(suites);
    report
        .to_string()
        .expect("quick-junit drops what XML cannot hold, and memory does not refuse a write")
}

fn test_case(record: &RunRecord, group: &str, name: &str, outcome: Outcome, case: Option<&CaseRecord>) -> TestCase {
    let Some(case) = case else {
        let mut status = TestCaseStatus::skipped();
        status.set_message(match &record.interrupted {
            Some(signal) => format!("not run: the run was ended by {signal}"),
            None => "not run: the run ended before its turn".into(),
        });
        let mut test = TestCase::new(name, status);
        test.set_classname(group);
        return test;
    };
    let mut test = TestCase::new(name, status(outcome, case));
    test.set_classname(group);
    let ends = case.observations.iter().flat_map(|seen| {
        let instants = seen.phases.iter();
        instants.map(|instant| seen.launched_ns.saturating_add(instant.at_ns))
    });
    test.set_time(Duration::from_nanos(ends.max().unwrap_or_default()));
    test.add_properties(properties(record, case));
    if let Some(text) = told(case) {
        test.set_system_out(text);
    }
    if let Some(text) = to_review(&case.snapshot) {
        test.set_system_err(text);
    }
    test
}

fn status(outcome: Outcome, case: &CaseRecord) -> TestCaseStatus {
    if let Some(error) = &case.error {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        let hint = error
            .hint
            .as_ref()
            .map(|hint| format!("\nto do: {hint}"))
            .unwrap_or_default();
        status
            .set_type("could not run")
            .set_message(sanitize(error.what.lines().next().unwrap_or_default()))
            .set_description(clean(&format!("{}{hint}", error.what)));
        return status;
    }
    if outcome == Outcome::Passed {
        return TestCaseStatus::success();
    }
    let broken: Vec<_> = case
        .expectations
        .iter()
        .zip(&case.verdicts)
        .filter(|(_, verdict)| !verdict.passed())
        .collect();
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    let Some((expectation, verdict)) = broken.first() else {
        status.set_type("expectation").set_message("the case was not judged");
        return status;
    };
    let message = format!(
        "{}: expected {}, got {}",
        expectation.place, verdict.expected, verdict.actual
    );
    status
        .set_type(expectation.check.subject())
        .set_message(clean(&message));
    let because = case
        .because
        .iter()
        .map(|reason| format!("because: {reason}\n"))
        .collect::<String>();
    let description = broken
        .iter()
        .map(|(expectation, verdict)| failure(expectation, verdict))
        .collect::<String>();
    status.set_description(clean(&format!("{description}why: {}\n{because}", case.why)));
    status
}

/// One expectation that does not hold, with all that helps.
fn failure(expectation: &Expectation, verdict: &Verdict) -> String {
    let place = &expectation.place;
    let detail: String = verdict.detail.iter().map(|line| format!("    {line}\n")).collect();
    format!(
        "{place}\n    {}\n  expected: {}\n  actual:   {}\n{detail}",
        place.snippet.trim(),
        verdict.expected,
        verdict.actual
    )
}

fn properties<'a>(record: &'a RunRecord, case: &'a CaseRecord) -> impl Iterator<Item = Property> + 'a {
    let image = case.derived.as_ref().or_else(|| record.images.get(&case.image));
    let snapshot = match case.snapshot {
        SnapshotState::NotCompared => "not compared",
        SnapshotState::Same => "same",
        SnapshotState::New { .. } => "new",
        SnapshotState::Differs { .. } => "differs",
    };
    let texts = [
        ("image", case.image.as_str()),
        ("method", case.method.as_str()),
        ("snapshot", snapshot),
    ]
    .into_iter()
    .chain(
        image
            .into_iter()
            .flat_map(|image| [("reference", image.reference.as_str()), ("image id", image.id.as_str())]),
    )
    .map(|(name, value)| Property::new(name, value));
    let figures = case.observations.iter().flat_map(|seen| {
        let prefix = if case.observations.len() > 1 {
            format!("{}: ", seen.who())
        } else {
            String::new()
        };
        metrics(seen)
            .into_iter()
            .map(move |part| Property::new(format!("{prefix}{}_ns", part.name), part.ns.to_string()))
    });
    texts.chain(figures)
}

/// What is to review of a snapshot.
fn to_review(snapshot: &SnapshotState) -> Option<String> {
    match snapshot {
        SnapshotState::NotCompared | SnapshotState::Same => None,
        SnapshotState::New { pending } => Some(format!("snapshot is new: {pending}\n")),
        SnapshotState::Differs { pending, diff } => Some(format!("snapshot differs: {pending}\n{}\n", clean(diff))),
    }
}

/// How several replicas compare, what the index did, and the end of each one's log.
fn told(case: &CaseRecord) -> Option<String> {
    let several = case.observations.len() > 1;
    let mut text = side_by_side(case);
    for seen in case.observations.iter().filter(|seen| !seen.log.tail.is_empty()) {
        if several {
            text += &format!("{}:\n", seen.who());
        }
        text += &clean(&seen.log.tail.join("\n"));
        text.push('\n');
    }
    (!text.is_empty()).then_some(text)
}

/// Makes every line safe and keeps the line ends.
fn clean(text: &str) -> String {
    text.lines().map(sanitize).collect::<Vec<_>>().join("\n")
}
