//! Does it serve in time, or does it refuse to boot as it should?

use super::fate::{fate, last_lines};
use super::verdict::{Finding, Seen};
use crate::explain::{Obstacle, obstacles};
use crate::numbers::duration;
use crate::observation::{Observation, Phase};
use crate::run::CaseRecord;
use crate::sample::Sample;

/// First 200 within a time.
pub(super) fn ready(within_ns: u64, seen: &Observation) -> Seen {
    match seen.instant(Phase::Ready) {
        Some(at) if at <= within_ns => Seen::compared(true, format!("ready after {}", duration(at))),
        Some(at) => {
            let late = duration(at - within_ns);
            Seen::compared(false, format!("ready after {}, {late} too late", duration(at)))
        }
        None => Seen::compared(false, fate(seen)).with(last_lines(seen)),
    }
}

/// The same of every timed boot: the first that was not ready in time speaks, unless the boot that was read does.
pub(super) fn sampled(within_ns: u64, seen: Seen, samples: &[Sample]) -> Seen {
    let in_time = |sample: &Sample| sample.ready_ns().is_some_and(|at| at <= within_ns);
    let odd = samples.iter().position(|sample| !in_time(sample));
    let Some(at) = odd.filter(|_| seen.finding == Finding::Holds) else {
        return seen;
    };
    let odd = &samples[at];
    let fate = match (odd.ready_ns(), odd.instant(Phase::Exited)) {
        (Some(ready), _) => format!(
            "ready after {}, {} too late",
            duration(ready),
            duration(ready - within_ns)
        ),
        (None, Some(exited)) => format!("the container ended after {}", duration(exited)),
        (None, None) => "never ready".to_owned(),
    };
    let late = samples.iter().filter(|sample| !in_time(sample)).count();
    let others = (late > 1).then(|| format!("{late} of {} boots were not ready in time", samples.len()));
    Seen::compared(false, format!("{}: {fate}", named(samples, at))).with(others)
}

/// A timed boot by its place among those of its kind: `sample 3 of 10 (iteration 4)`.
fn named(samples: &[Sample], at: usize) -> String {
    let warm_up = samples[at].warm_up;
    let alike = |samples: &[Sample]| samples.iter().filter(|sample| sample.warm_up == warm_up).count();
    let kind = if warm_up { "warm-up" } else { "sample" };
    let (number, of) = (alike(&samples[..=at]), alike(samples));
    format!("{kind} {number} of {of} (iteration {})", samples[at].iteration)
}

/// How a container must end.
pub(super) struct Refusal<'a> {
    pub(super) within_ns: u64,
    pub(super) inner: Option<i64>,
    pub(super) container: Option<i64>,
    pub(super) log: Option<&'a str>,
    /// The event that stood in the way.
    pub(super) since: Option<&'a str>,
}

/// The container ends by itself in time, with these codes and this log line, and was never ready.
pub(super) fn refuses(wanted: &Refusal<'_>, seen: &Observation, case: &CaseRecord) -> Seen {
    let &Refusal {
        within_ns,
        inner,
        container,
        log,
        since,
    } = wanted;
    if let Some(ready) = seen.instant(Phase::Ready) {
        return Seen::compared(false, format!("it booted: ready after {}", duration(ready)));
    }
    let Some(exit) = &seen.exit else {
        return Seen::compared(false, format!("the container did not end by itself: {}", fate(seen)))
            .with(last_lines(seen));
    };
    let mut problems = Vec::new();
    if exit.at_ns > within_ns {
        problems.push(format!("{} too late", duration(exit.at_ns - within_ns)));
    }
    if container.is_some_and(|code| code != exit.container) {
        problems.push(format!("container exit code is {}", exit.container));
    }
    let missing = log.is_some_and(|text| seen.log_line(text).is_none());
    match &seen.log.cut {
        Some(why) if missing && problems.is_empty() => {
            return Seen::nothing(format!("the log was not read to its end: {why}")).with(last_lines(seen));
        }
        _ if missing => problems.push("no log line holds the text".to_owned()),
        _ => {}
    }
    let obstacles = obstacles(seen, case);
    if let Some(event) = since.filter(|event| !obstacles.iter().any(|obstacle| obstacle.event.name == *event)) {
        problems.push(format!("`{event}` changed none of the answers that it went by"));
    }
    if let (Some(_), Some(actual)) = (inner.filter(|code| Some(*code) != exit.inner), exit.inner) {
        problems.push(format!("inner exit code is {actual}"));
    }
    if problems.is_empty() && inner.is_some() && exit.inner.is_none() {
        return Seen::nothing(format!("the log does not tell the inner exit code; {}", fate(seen)))
            .with(last_lines(seen));
    }
    let matched = log
        .and_then(|text| seen.log_line(text))
        .map(|line| format!("log: {line}"));
    Seen::compared(problems.is_empty(), fate(seen))
        .with(matched)
        .explained(problems)
        .explained(obstacles.iter().map(Obstacle::to_string))
        .explained(last_lines(seen))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expectation::Check;
    use crate::judge::trial::{self, one};
    use crate::observation::{Exit, HealthState, HealthTransition, LogTail, PhaseInstant};

    const S: u64 = 1_000_000_000;

    fn ended(inner: Option<i64>) -> Observation {
        Observation {
            exit: Some(Exit {
                container: 111,
                inner,
                at_ns: 3 * S,
            }),
            log: LogTail {
                tail: vec!["flask is too old".into(), "Killing image.".into()],
                matched: vec![("too old".into(), "flask is too old".into())],
                ..LogTail::default()
            },
            ..Observation::default()
        }
    }

    fn ready(within_ns: u64) -> Check {
        Check::Ready {
            within_ns,
            at_least: None,
            replicas: Vec::new(),
        }
    }

    fn refusal(inner: i64, log: &str) -> Check {
        Check::Refuses {
            within_ns: 60 * S,
            inner: Some(inner),
            container: Some(111),
            log: Some(log.into()),
            replicas: Vec::new(),
            since: None,
        }
    }

    #[test]
    fn a_refusal_since_an_event_holds_only_when_that_event_stood_in_the_way() {
        use crate::explain::trial;
        use crate::index::EventKind;
        let failed = trial::absent(trial::changed("gone", trial::page("acme", 1_000, 1, "")));
        let gone = trial::fault("gone", EventKind::Answered, "404", 0);
        let other = trial::fault("other", EventKind::Answered, "404", 0);
        let case = trial::case(vec![gone, other], vec![vec![failed]]);
        let seen = Observation {
            index: case.observations[0].index.clone(),
            ..ended(Some(1))
        };
        let since = |event| {
            let wanted = Refusal {
                within_ns: 60 * S,
                inner: None,
                container: None,
                log: None,
                since: Some(event),
            };
            refuses(&wanted, &seen, &case)
        };
        assert_eq!(since("gone").finding, Finding::Holds);
        let other = since("other");
        assert_eq!(other.finding, Finding::Fails);
        assert_eq!(
            other.detail[..2],
            [
                "`other` changed none of the answers that it went by",
                "replica 0 asked for acme at 1.00 s, and `gone` spoilt the answer: 404; it ended without it"
            ]
        );
    }

    #[test]
    fn ready_is_judged_to_the_nanosecond() {
        let at = |at_ns| Observation {
            phases: vec![PhaseInstant {
                phase: Phase::Ready,
                at_ns,
            }],
            ..Observation::default()
        };
        assert!(one(ready(S), &at(S)).passed());
        let late = one(ready(60 * S), &at(60 * S + 4_000_000));
        assert_eq!(
            (late.finding, late.actual.as_str()),
            (Finding::Fails, "ready after 60.0 s, 4.0 ms too late")
        );
    }

    #[test]
    fn every_timed_boot_must_be_ready_in_time_warm_ups_included() {
        let sample = |iteration, warm_up, phase, at_ns| Sample {
            iteration,
            warm_up,
            phases: vec![PhaseInstant { phase, at_ns }],
            ..Sample::default()
        };
        let judged = |samples| {
            let mut case = trial::case(vec![ready(S)], vec![in_time()]);
            case.samples = samples;
            case.judge();
            case.verdicts.remove(0)
        };
        let quick = |iteration, warm_up| sample(iteration, warm_up, Phase::Ready, S);
        assert!(judged(vec![quick(0, true), quick(1, false)]).passed());
        let ended = sample(3, false, Phase::Exited, 2 * S);
        let late = sample(4, false, Phase::Ready, S + 5_000_000);
        let odd = judged(vec![
            quick(0, true),
            quick(1, true),
            quick(2, false),
            ended,
            late.clone(),
        ]);
        assert_eq!(
            odd.actual,
            "sample 2 of 3 (iteration 3): the container ended after 2.00 s"
        );
        assert_eq!(odd.detail, ["2 of 5 boots were not ready in time"]);
        let odd = judged(vec![quick(0, false), late]);
        assert_eq!(
            odd.actual,
            "sample 2 of 2 (iteration 4): ready after 1.00 s, 5.0 ms too late"
        );
        let odd = judged(vec![sample(0, true, Phase::Created, 1), quick(1, false)]);
        assert_eq!(odd.actual, "warm-up 1 of 1 (iteration 0): never ready");
    }

    fn in_time() -> Observation {
        Observation {
            phases: vec![PhaseInstant {
                phase: Phase::Ready,
                at_ns: S,
            }],
            ..Observation::default()
        }
    }

    #[test]
    fn not_ready_says_what_became_of_it() {
        let dead = one(ready(S), &ended(Some(1)));
        assert_eq!(
            dead.actual,
            "the container ended after 3.00 s, inner exit code 1, container exit code 111"
        );
        assert_eq!(dead.detail.last().unwrap(), "log: Killing image.");

        let health = vec![HealthTransition {
            state: HealthState::Status(502),
            at_ns: 300_000_000,
        }];
        let stuck = one(
            ready(S),
            &Observation {
                health,
                ..Observation::default()
            },
        );
        assert_eq!(stuck.actual, "never ready, health was 502 since 300 ms");
    }

    #[test]
    fn a_refusal_holds_only_with_every_code_and_line() {
        assert!(one(refusal(1, "too old"), &ended(Some(1))).passed());

        let wrong = one(refusal(95, "absent text"), &ended(Some(1)));
        assert_eq!(wrong.finding, Finding::Fails);
        assert_eq!(
            wrong.detail[..2],
            ["no log line holds the text", "inner exit code is 1"]
        );

        let unseen = one(refusal(1, "too old"), &ended(None));
        assert_eq!(unseen.finding, Finding::NotObserved);

        let mut booted = ended(Some(1));
        booted.phases.push(PhaseInstant {
            phase: Phase::Ready,
            at_ns: S,
        });
        assert_eq!(
            one(refusal(1, "too old"), &booted).actual,
            "it booted: ready after 1.00 s"
        );
        assert_eq!(
            one(refusal(1, "too old"), &Observation::default()).finding,
            Finding::Fails
        );
    }
}
