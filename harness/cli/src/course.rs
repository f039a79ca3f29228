//! From what an index did and was asked to what a record keeps of it: the counterpart of `worlds`.

use std::time::Duration;

use seatrial_index::{Action, Asked, Happened, Index, Request};
use seatrial_record as record;
use seatrial_record::{IndexCourse, IndexEvent, IndexRequest, IndexUse};
use seatrial_spec::{Case, Project};
use tokio::time::Instant;

use crate::expectations::place;
use crate::worlds::Opened;

/// Requests of a replica that a record keeps; those beyond are counted only.
const KEPT: usize = 1_000;

/// What came of the scripts of a case, on a clock that began at `zero`; `None` where there is nothing to tell.
pub fn of(
    opened: &Opened,
    case: &Case,
    project: &Project,
    seed: u64,
    refused: u64,
    zero: Instant,
) -> Option<IndexCourse> {
    let setup = &case.scenario.index;
    if refused == 0 && setup.sides().all(|side| side.script.is_empty()) {
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
                fault: matches!(event.action, Action::Fault(_)),
                when: event.when.to_string(),
                name: event.name,
                at_ns: at.map(ns),
                ended_ns: ended.map(ns),
                hits,
                place: place(&written.at, project),
            }));
        }
    }
    Some(IndexCourse { seed, refused, events })
}

/// What a replica asked of its indexes between two instants, the second of which may be still to come. `tokens` has the
/// name of each index with the token that the replica has there.
pub fn asked(index: &Index, tokens: &[(&'static str, String)], from: Instant, until: Option<Instant>) -> IndexUse {
    let mut requests: Vec<(&str, Request)> = Vec::new();
    for (name, token) in tokens {
        let of_this_life = |request: &Request| request.at >= from && until.is_none_or(|until| request.at < until);
        let all = index.requests(token).into_iter().filter(of_this_life);
        requests.extend(all.map(|request| (*name, request)));
    }
    requests.sort_by_key(|(_, request)| request.at);
    let mut used = IndexUse::default();
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
        if used.log.len() < KEPT {
            used.log.push(kept(name, request, from));
        }
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
