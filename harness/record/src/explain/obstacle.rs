//! What stood in the way of a life that ended before it served: the faults that spoilt what it was last sent.

use std::fmt;

use crate::index::{Asked, EventKind, IndexEvent, IndexRequest};
use crate::numbers::{counted, duration};
use crate::observation::{Observation, Phase};
use crate::replica::ReplicaLife;
use crate::run::CaseRecord;

/// A fault that spoilt the last answer a life was sent for something.
pub(crate) struct Obstacle<'a> {
    pub(crate) event: &'a IndexEvent,
    who: ReplicaLife,
    /// The last request for it.
    last: &'a IndexRequest,
    /// How often it was asked for.
    times: usize,
    /// When the last request arrived, on the case's clock.
    at_ns: u64,
}

/// The faults behind the end of a life, in the order in which it met them at last; none for one that became ready or goes
/// on. An answer is spoilt when a fault changed it and it failed, broke off or was altered. What was asked for again, and then
/// sent as it is, stands in nobody's way.
pub(crate) fn obstacles<'a>(seen: &'a Observation, case: &'a CaseRecord) -> Vec<Obstacle<'a>> {
    let (Some(index), Some(course)) = (&seen.index, &case.course) else {
        return Vec::new();
    };
    if seen.exit.is_none() || seen.instant(Phase::Ready).is_some() {
        return Vec::new();
    }
    let same = |one: &IndexRequest, other: &IndexRequest| (&one.index, &one.what) == (&other.index, &other.what);
    let mut found: Vec<Obstacle<'_>> = Vec::new();
    for (position, last) in index.log.iter().enumerate() {
        if index.log[position + 1..].iter().any(|later| same(later, last)) {
            continue;
        }
        let spoilt = course.of(&last.index).filter(|event| spoilt(event, last));
        found.extend(spoilt.map(|event| Obstacle {
            event,
            who: seen.who(),
            last,
            times: index.log.iter().filter(|one| same(one, last)).count(),
            at_ns: seen.launched_ns.saturating_add(last.at_ns),
        }));
    }
    found
}

/// Whether a fault changed an answer so that nothing could be done with it. What only came late stands in the way when nobody
/// waited for it.
fn spoilt(event: &IndexEvent, request: &IndexRequest) -> bool {
    let failed = match event.kind {
        EventKind::Delayed | EventKind::Throttled => !request.complete,
        _ => request.status >= 400 || !request.complete,
    };
    event.altered(request) || failed && request.faults.contains(&event.name)
}

/// One sentence; the time is on the case's clock.
impl fmt::Display for Obstacle<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match &self.last.what {
            Asked::Page { project } => project,
            Asked::File { name, .. } | Asked::Metadata { name, .. } => name,
            Asked::Other { path } => path,
        };
        let times = match self.times {
            1 => String::new(),
            times => format!(" {}, at last", counted(times, "time")),
        };
        write!(
            f,
            "{} asked for {what}{times} at {}, and `{}` spoilt the answer: {}; it ended without it",
            self.who,
            duration(self.at_ns),
            self.event.name,
            self.event
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::trial::{absent, case, changed, cut, fault, file, page};
    use crate::observation::Exit;

    const WHEEL: &str = "acme-1.0.0-py3-none-any.whl";

    fn told(events: Vec<IndexEvent>, log: Vec<IndexRequest>) -> Vec<String> {
        let mut case = case(events, vec![log]);
        case.observations[0].exit = Some(Exit {
            container: 111,
            inner: Some(95),
            at_ns: 9_000_000_000,
        });
        obstacles(&case.observations[0], &case)
            .iter()
            .map(Obstacle::to_string)
            .collect()
    }

    fn failed(by: &str, at_ms: u64) -> IndexRequest {
        IndexRequest {
            status: 503,
            answer: None,
            ..changed(by, page("acme", at_ms, 1, ""))
        }
    }

    #[test]
    fn an_outage_that_outlasts_every_retry_is_named_with_how_often() {
        let outage = fault("outage", EventKind::Answered, "503", 0);
        let log = vec![
            failed("outage", 1_000),
            failed("outage", 1_500),
            failed("outage", 2_500),
        ];
        assert_eq!(
            told(vec![outage], log),
            [
                "replica 0 asked for acme 3 times, at last at 2.50 s, and `outage` spoilt the answer: 503; it ended without it"
            ]
        );
    }

    #[test]
    fn what_was_sent_whole_in_the_end_stood_in_nobodys_way() {
        let outage = fault("outage", EventKind::Answered, "503", 0);
        let log = vec![failed("outage", 1_000), page("acme", 2_000, 1, "new")];
        assert_eq!(told(vec![outage], log), [""; 0]);
    }

    #[test]
    fn of_a_body_that_broke_off_or_changed_the_fault_is_named_and_of_a_late_one_not() {
        let short = fault("short", EventKind::Truncated, "bodies cut off after 500 B", 0);
        let late = fault("late", EventKind::Delayed, "answers 1 s late", 0);
        let log = vec![
            changed("late", page("acme", 1_000, 2, "new")),
            changed("late", absent(page("bolt", 1_500, 2, ""))),
            cut(changed("short", file(WHEEL, 2_000, "whole"))),
        ];
        assert_eq!(
            told(vec![short, late], log),
            [format!(
                "replica 0 asked for {WHEEL} at 2.00 s, and `short` spoilt the answer: bodies cut off after 500 B; it ended \
                 without it"
            )]
        );
    }

    #[test]
    fn who_serves_had_nothing_in_the_way() {
        let outage = fault("outage", EventKind::Answered, "503", 0);
        let case = case(vec![outage], vec![vec![failed("outage", 1_000)]]);
        assert!(obstacles(&case.observations[0], &case).is_empty());
    }
}
