//! What a replica leaves behind: its user, its health over time, its log, its requests to the index.

use super::fate::{fate, last_lines};
use super::verdict::Seen;
use crate::numbers::counted;
use crate::observation::{HealthState, Observation};

/// States and files listed before the rest is only counted.
const LISTED: usize = 20;

/// User id of the server process.
pub(super) fn user(uid: u32, seen: &Observation) -> Seen {
    match seen.uid {
        Some(actual) => Seen::compared(actual == uid, format!("user id {actual}")),
        None => Seen::nothing(format!("the server process was not found; {}", fate(seen))),
    }
}

/// Health states in this order, others may lie between.
pub(super) fn health(wanted: &[HealthState], seen: &Observation) -> Seen {
    if seen.health.is_empty() {
        return Seen::nothing(format!("health was never probed; {}", fate(seen)));
    }
    let mut rest = seen.health.iter().map(|transition| transition.state);
    let missing = wanted.iter().position(|state| !rest.any(|other| other == *state));
    let states: Vec<_> = seen
        .health
        .iter()
        .map(|transition| transition.state.to_string())
        .collect();
    let explanation = missing.map(|at| match at.checked_sub(1) {
        Some(before) => format!("{} was not seen after {}", wanted[at], wanted[before]),
        None => format!("{} was not seen", wanted[at]),
    });
    Seen::compared(missing.is_none(), listed(&states, ", then ")).with(explanation)
}

/// One log line holds this text.
pub(super) fn log(text: &str, seen: &Observation) -> Seen {
    match (seen.log_line(text), &seen.log.cut) {
        (Some(line), _) => Seen::compared(true, format!("log line {line:?}")),
        (None, Some(why)) => Seen::nothing(format!("the log was not read to its end: {why}")),
        (None, None) => {
            let lines = seen.log.lines;
            Seen::compared(false, format!("none of {lines} log lines holds the text")).with(last_lines(seen))
        }
    }
}

/// The index was asked, or was not.
pub(super) fn index_asked(asked: bool, seen: &Observation) -> Seen {
    let Some(index) = &seen.index else {
        return Seen::nothing(format!("requests to the index were not counted; {}", fate(seen)));
    };
    let actual = match index.requests {
        0 => "the index was not asked".to_owned(),
        1 => "the index was asked once".to_owned(),
        many => format!("the index was asked {many} times"),
    };
    let files = (!index.files.is_empty()).then(|| format!("files served: {}", listed(&index.files, ", ")));
    Seen::compared(asked == (index.requests > 0), actual).explained(files)
}

/// The index was asked no more often than that.
pub(super) fn index_requests(at_most: u64, seen: &Observation) -> Seen {
    let Some(index) = &seen.index else {
        return Seen::nothing(format!("requests to the index were not counted; {}", fate(seen)));
    };
    let mut actual = counted(index.requests as usize, "request");
    if index.errors > 0 {
        actual += &format!(", {} of them answered with an error", index.errors);
    }
    Seen::compared(index.requests <= at_most, actual)
}

/// The first elements joined, the rest counted.
fn listed(all: &[String], separator: &str) -> String {
    let shown = all[..all.len().min(LISTED)].join(separator);
    match all.len().saturating_sub(LISTED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expectation::Check;
    use crate::index::IndexUse;
    use crate::judge::Finding;
    use crate::judge::trial::one;
    use crate::observation::HealthTransition;
    use HealthState::{Hanging, Refused, Status};

    #[test]
    fn health_is_a_subsequence_not_a_set() {
        let transition = |(at, state)| HealthTransition {
            state,
            at_ns: at as u64,
        };
        let health = [Refused, Status(502), Hanging, Status(200)]
            .into_iter()
            .enumerate()
            .map(transition)
            .collect();
        let seen = Observation {
            health,
            ..Observation::default()
        };

        assert!(
            one(
                Check::Health {
                    states: vec![Status(502), Status(200)]
                },
                &seen
            )
            .passed()
        );
        let order = one(
            Check::Health {
                states: vec![Hanging, Status(502)],
            },
            &seen,
        );
        assert_eq!(order.finding, Finding::Fails);
        assert_eq!(order.actual, "refused, then 502, then hanging, then 200");
        assert_eq!(order.detail, ["502 was not seen after hanging"]);
    }

    #[test]
    fn an_index_that_was_not_counted_is_not_an_index_that_was_not_asked() {
        let quiet = Check::IndexAsked { asked: false };
        assert_eq!(
            one(quiet.clone(), &Observation::default()).finding,
            Finding::NotObserved
        );
        let index = |requests| Observation {
            index: Some(IndexUse {
                requests,
                files: vec!["numpy.whl".into()],
                ..IndexUse::default()
            }),
            ..Observation::default()
        };
        assert!(one(quiet.clone(), &index(0)).passed());
        assert_eq!(one(quiet, &index(3)).detail, ["files served: numpy.whl"]);
    }

    #[test]
    fn requests_are_bounded_to_the_last_one() {
        let bound = |at_most| Check::IndexRequests { at_most };
        let seen = Observation {
            index: Some(IndexUse {
                requests: 14,
                errors: 9,
                ..IndexUse::default()
            }),
            ..Observation::default()
        };
        assert!(one(bound(14), &seen).passed());
        let many = one(bound(13), &seen);
        assert_eq!(
            (many.finding, many.actual.as_str()),
            (Finding::Fails, "14 requests, 9 of them answered with an error")
        );
        assert_eq!(one(bound(13), &Observation::default()).finding, Finding::NotObserved);
    }

    #[test]
    fn a_user_that_was_not_seen_is_not_root() {
        assert_eq!(
            one(Check::User { uid: 0 }, &Observation::default()).finding,
            Finding::NotObserved
        );
        assert!(
            !one(
                Check::User { uid: 1000 },
                &Observation {
                    uid: Some(0),
                    ..Observation::default()
                }
            )
            .passed()
        );
    }
}
