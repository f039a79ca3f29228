//! Cases put together for the tests of explanations.

use super::{Explanation, explain};
use crate::differences::{Difference, Kind};
use crate::expectation::Place;
use crate::index::{Asked, EventKind, IndexCourse, IndexEvent, IndexRequest, IndexUse};
use crate::observation::Observation;
use crate::run::CaseRecord;

pub(crate) const MS: u64 = 1_000_000;

/// A whole answer on the main index that took 10 ms.
pub(crate) fn sent(what: Asked, at_ms: u64, after: usize, answer: &str) -> IndexRequest {
    IndexRequest {
        index: "main".into(),
        at_ns: at_ms * MS,
        took_ns: 10 * MS,
        method: "GET".into(),
        what,
        status: 200,
        bytes: 100,
        complete: true,
        answer: Some(answer.into()),
        after,
        faults: Vec::new(),
    }
}

pub(crate) fn page(project: &str, at_ms: u64, after: usize, answer: &str) -> IndexRequest {
    let project = project.into();
    sent(Asked::Page { project }, at_ms, after, answer)
}

pub(crate) fn file(name: &str, at_ms: u64, answer: &str) -> IndexRequest {
    let what = Asked::File {
        project: name.split_once('-').map(|(project, _)| project.into()),
        name: name.into(),
    };
    sent(what, at_ms, 0, answer)
}

/// Word that there is no such thing.
pub(crate) fn absent(request: IndexRequest) -> IndexRequest {
    IndexRequest {
        status: 404,
        answer: None,
        ..request
    }
}

pub(crate) fn changed(by: &str, request: IndexRequest) -> IndexRequest {
    IndexRequest {
        faults: vec![by.into()],
        ..request
    }
}

/// A body that broke off.
pub(crate) fn cut(request: IndexRequest) -> IndexRequest {
    IndexRequest {
        complete: false,
        ..request
    }
}

/// A fault of what is sent of acme.
pub(crate) fn fault(name: &str, kind: EventKind, what: &str, at_ms: u64) -> IndexEvent {
    IndexEvent {
        index: "main".into(),
        name: name.into(),
        what: what.into(),
        kind,
        project: Some("acme".into()),
        version: None,
        when: "after 1 s".into(),
        at_ns: Some(at_ms * MS),
        ended_ns: None,
        hits: 0,
        place: Place {
            file: "f.yaml".into(),
            line: 1,
            column: 1,
            snippet: String::new(),
        },
    }
}

/// What becomes of a release, named by project and version.
pub(crate) fn of_release(name: &str, kind: EventKind, release: &str, at_ms: u64) -> IndexEvent {
    let word = match kind {
        EventKind::Added => "added",
        EventKind::Yanked => "yanked",
        EventKind::Deleted => "deleted",
        _ => "published",
    };
    let (project, version) = release.split_once(' ').unwrap_or((release, ""));
    IndexEvent {
        project: Some(project.into()),
        version: Some(version.into()),
        ..fault(name, kind, &format!("{release} {word}"), at_ms)
    }
}

pub(crate) fn release() -> IndexEvent {
    of_release("release", EventKind::Published, "acme 2.0.0", 6_310)
}

/// Replicas by number, each with its requests.
pub(crate) fn case(events: Vec<IndexEvent>, logs: Vec<Vec<IndexRequest>>) -> CaseRecord {
    let observations = logs.into_iter().enumerate().map(|(replica, log)| Observation {
        replica,
        index: Some(IndexUse {
            requests: log.len() as u64,
            log,
            ..IndexUse::default()
        }),
        ..Observation::default()
    });
    CaseRecord {
        observations: observations.collect(),
        course: Some(IndexCourse {
            events,
            ..IndexCourse::default()
        }),
        ..CaseRecord::default()
    }
}

/// The difference of a project whose kinds hold this version on these observations of the case.
pub(crate) fn difference(project: &str, case: &CaseRecord, kinds: &[(&str, &[usize])]) -> Difference {
    let kinds = kinds.iter().map(|(version, observations)| Kind {
        replicas: observations.iter().map(|at| case.observations[*at].who()).collect(),
        versions: [*version]
            .iter()
            .filter(|one| !one.is_empty())
            .map(ToString::to_string)
            .collect(),
        digest: String::new(),
    });
    Difference {
        project: Some(project.into()),
        kinds: kinds.collect(),
        files: Vec::new(),
        more_files: 0,
    }
}

/// The one explanation of acme in 1.0.0 on the first observations and in 2.0.0 on the last: its event and its text.
pub(crate) fn only(case: &CaseRecord) -> (Option<String>, String) {
    let last = case.observations.len() - 1;
    let first: Vec<_> = (0..last).collect();
    let mut all = explain(
        &difference("acme", case, &[("1.0.0", &first), ("2.0.0", &[last])]),
        case,
    );
    assert_eq!(all.len(), 1, "{all:?}");
    let Explanation { event, text } = all.remove(0);
    (event, text)
}
