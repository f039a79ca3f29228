//! From what an index did and was asked to what a record keeps of it: the counterpart of `worlds`.

use std::time::Duration;

use seatrial_index::{Action, Asked, FaultKind, Happened, Index, Request};
use seatrial_record as record;
use seatrial_record::{EventKind, IndexCourse, IndexEvent, IndexRequest, IndexUse};
use seatrial_spec::{Case, Project};
use tokio::time::Instant;

use crate::expectations::place;
use crate::worlds::Opened;

/// Requests of a replica that a record keeps. Of those beyond, the last for each page and file stays: that is what the
/// replica went by.
const KEPT: usize = 1_000;

/// What came of the scripts of a case, on a clock that began at `zero`; `None` where there is nothing to tell.
pub fn of(opened: &Opened, case: &Case, project: &Project, seed: u64, zero: Instant) -> Option<IndexCourse> {
    let setup = &case.scenario.index;
    if setup.sides().all(|side| side.script.is_empty()) {
        return None;
    }
    let ns = |at: Instant| at.saturating_duration_since(zero).as_nanos() as u64;
    let mut events = Vec::new();
    for ((index, world), side) in opened.named().zip(setup.sides()) {
        for Happened { event, at, ended, hits } in world.timeline() {
            let written = side.script.iter().find(|written| written.name == event.name);
            events.extend(written.map(|written| IndexEvent {
                index: index.to_owned(),
                what: event.action.to_string(),
                project: event.action.project().map(str::to_owned),
                kind: kind(&event.action),
                version: version(&event.action),
                when: event.when.to_string(),
                name: event.name,
                at_ns: at.map(ns),
                ended_ns: ended.map(ns),
                hits,
                place: place(&written.at, project),
            }));
        }
    }
    Some(IndexCourse { seed, events })
}

fn kind(action: &Action) -> EventKind {
    match action {
        Action::Publish { .. } => EventKind::Published,
        Action::Add { .. } => EventKind::Added,
        Action::Yank { .. } => EventKind::Yanked,
        Action::Delete { .. } => EventKind::Deleted,
        Action::End(_) => EventKind::Ended,
        Action::Fault(fault) => match fault.kind {
            FaultKind::Answer { .. } => EventKind::Answered,
            FaultKind::Delay(_) => EventKind::Delayed,
            FaultKind::Throttle(_) => EventKind::Throttled,
            FaultKind::Truncate(_) => EventKind::Truncated,
            FaultKind::Reset => EventKind::Reset,
            FaultKind::Hang => EventKind::Hung,
            FaultKind::Corrupt => EventKind::Corrupted,
            FaultKind::Stale => EventKind::Stale,
        },
    }
}

fn version(action: &Action) -> Option<String> {
    match action {
        Action::Publish { version, .. } | Action::Add { version, .. } | Action::Yank { version, .. } => {
            Some(version.clone())
        }
        Action::Delete { version, .. } => version.clone(),
        Action::End(_) | Action::Fault(_) => None,
    }
}

/// What a life of a replica asked of its indexes between two instants, the second of which may be still to come; `only`
/// when the replica has no other life. `tokens` has the name of each index with the token that the replica has there.
pub fn asked(
    index: &Index,
    tokens: &[(&'static str, String)],
    from: Instant,
    until: Option<Instant>,
    only: bool,
) -> IndexUse {
    let mut requests: Vec<(&str, Request)> = Vec::new();
    for (name, token) in tokens {
        let of_this_life = |request: &Request| request.at >= from && until.is_none_or(|until| request.at < until);
        let all = index.requests(token).into_iter().filter(of_this_life);
        requests.extend(all.map(|request| (*name, request)));
    }
    requests.sort_by_key(|(_, request)| request.at);
    let mut used = IndexUse::default();
    let mut beyond: Vec<IndexRequest> = Vec::new();
    for (name, request) in requests {
        used.requests += 1;
        used.bytes += request.bytes;
        used.errors += u64::from(request.status >= 400);
        if let Asked::File(file) = &request.what
            && matches!(request.status, 200 | 206)
            && request.bytes > 0
            && !used.files.contains(file)
        {
            used.files.push(file.clone());
        }
        let request = kept(name, request, from);
        if used.log.len() < KEPT {
            used.log.push(request);
        } else {
            beyond.retain(|earlier| (&earlier.index, &earlier.what) != (&request.index, &request.what));
            beyond.push(request);
        }
    }
    used.log.extend(beyond);
    if only {
        // The index counts on where its log ends.
        let served: Vec<_> = tokens.iter().map(|(_, token)| index.served(token)).collect();
        used.requests = served.iter().map(|served| served.requests).sum();
        used.bytes = served.iter().map(|served| served.bytes).sum();
        used.errors = served.iter().map(|served| served.errors).sum();
    }
    used
}

fn kept(index: &str, request: Request, zero: Instant) -> IndexRequest {
    let ns = |duration: Duration| duration.as_nanos() as u64;
    let project = request.what.project();
    IndexRequest {
        index: index.to_owned(),
        at_ns: ns(request.at.saturating_duration_since(zero)),
        took_ns: ns(request.duration),
        method: request.method,
        what: match request.what {
            Asked::Project(name) => record::Asked::Page {
                project: project.unwrap_or(name),
            },
            Asked::File(name) => record::Asked::File { project, name },
            Asked::Metadata(name) => record::Asked::Metadata { project, name },
            Asked::Other(path) => record::Asked::Other { path },
        },
        status: request.status,
        bytes: request.bytes,
        complete: request.complete,
        answer: request.answer,
        after: request.after,
        faults: request.faults,
    }
}
