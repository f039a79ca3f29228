//! Which lives of which replicas an expectation is about, and one finding over all of them.

use std::collections::BTreeSet;

use super::verdict::{Finding, Seen};
use crate::expectation::Check;
use crate::numbers;
use crate::observation::{Observation, Phase};
use crate::replica::{ReplicaLife, counted, named, numbered};
use crate::run::CaseRecord;

/// Lines about other replicas shown beside a finding.
const OTHERS: usize = 8;

/// What was seen of each life.
type Lives = Vec<(ReplicaLife, Seen)>;

/// One finding over every life that the check is about. All of them must hold, or as many as a readiness asks for.
pub(super) fn over(check: &Check, case: &CaseRecord, of_one: &dyn Fn(&Observation) -> Seen) -> Seen {
    let lives: Lives = match check {
        Check::Ready { replicas, .. } | Check::Refuses { replicas, .. } => {
            let unseen = missing(replicas, case);
            if !unseen.is_empty() {
                return Seen::nothing(format!("{} was not started", numbered(&unseen)));
            }
            of(replicas, case)
        }
        _ => to_be_ready(case),
    }
    .into_iter()
    .map(|seen| (seen.who(), of_one(seen)))
    .collect();

    match check {
        _ if case.observations.is_empty() => Seen::nothing("no replica was started"),
        _ if lives.is_empty() => Seen::nothing("no replica became ready"),
        Check::Ready {
            at_least: Some(enough), ..
        } => some(*enough, lives),
        _ => every(lives, case.observations.len()),
    }
}

/// Lives that are to be ready: of the replicas that the readiness names; where it asks for so many, those that were;
/// else all.
pub(super) fn to_be_ready(case: &CaseRecord) -> Vec<&Observation> {
    let ready = case
        .expectations
        .iter()
        .find_map(|expectation| match &expectation.check {
            Check::Ready { at_least, replicas, .. } => Some((at_least.is_some(), replicas.as_slice())),
            _ => None,
        });
    let (only_ready, replicas) = ready.unwrap_or_default();
    let mut lives = of(replicas, case);
    lives.retain(|seen| !only_ready || seen.instant(Phase::Ready).is_some());
    lives
}

/// Every life of these replicas; of all, when none is named.
fn of<'a>(replicas: &[usize], case: &'a CaseRecord) -> Vec<&'a Observation> {
    let concerned = |seen: &&Observation| replicas.is_empty() || replicas.contains(&seen.replica);
    case.observations.iter().filter(concerned).collect()
}

/// Replicas named of which nothing was seen.
fn missing(replicas: &[usize], case: &CaseRecord) -> Vec<usize> {
    let unseen = |replica: &usize| !case.observations.iter().any(|seen| seen.replica == *replica);
    replicas.iter().copied().filter(unseen).collect()
}

/// Holds when every life holds. The first that does not speaks, the others are named; a replica that is alone in its
/// case is not.
fn every(mut lives: Lives, in_case: usize) -> Seen {
    let who: Vec<_> = lives.iter().map(|(who, _)| *who).collect();
    let alike = lives.windows(2).all(|pair| pair[0].1.actual == pair[1].1.actual);
    let odd = lives.iter().position(|(_, seen)| seen.finding != Finding::Holds);
    let (speaker, seen) = lives.remove(odd.unwrap_or(0));
    if in_case == 1 {
        return seen;
    }
    let subject = if !alike {
        speaker.to_string()
    } else if who.len() == in_case {
        format!("all {}", counted(&who))
    } else {
        named(&who)
    };
    let others = if alike { Vec::new() } else { others(&lives) };
    Seen {
        actual: format!("{subject}: {}", seen.actual),
        ..seen
    }
    .with(others)
}

/// Holds when so many replicas hold, each in all its lives. The first life that does not is named with the count.
fn some(enough: usize, mut lives: Lives) -> Seen {
    let who: Vec<_> = lives.iter().map(|(who, _)| *who).collect();
    lives.retain(|(_, seen)| seen.finding != Finding::Holds);
    let replicas: BTreeSet<_> = who.iter().map(|who| who.replica).collect();
    let broken: BTreeSet<_> = lives.iter().map(|(who, _)| who.replica).collect();
    let held = replicas.len() - broken.len();
    let again = if who.len() > replicas.len() {
        ", in all their lives"
    } else {
        ""
    };
    let mut actual = format!(
        "{held} of {} ready in time{again}",
        numbers::counted(replicas.len(), "replica")
    );
    if held < enough {
        actual += &format!(", at least {enough} expected");
    }
    let mut detail = Vec::new();
    if !lives.is_empty() {
        let (first, seen) = lives.remove(0);
        actual += &format!("; {first}: {}", seen.actual);
        detail = seen.detail;
    }
    Seen::compared(held >= enough, actual)
        .explained(detail)
        .with(others(&lives))
}

/// A line for all replicas of which the same was seen.
fn others(lives: &[(ReplicaLife, Seen)]) -> Vec<String> {
    let mut alike: Vec<(&str, Vec<ReplicaLife>)> = Vec::new();
    for (who, seen) in lives {
        match alike.iter_mut().find(|(actual, _)| *actual == seen.actual) {
            Some((_, of)) => of.push(*who),
            None => alike.push((&seen.actual, vec![*who])),
        }
    }
    let more = alike.split_off(alike.len().min(OTHERS));
    let mut lines: Vec<_> = alike
        .iter()
        .map(|(actual, who)| format!("{}: {actual}", named(who)))
        .collect();
    let more: Vec<_> = more.into_iter().flat_map(|(_, who)| who).collect();
    if !more.is_empty() {
        lines.push(format!("and otherwise: {}", named(&more)));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::IndexUse;
    use crate::judge::trial;
    use crate::judge::verdict::Verdict;
    use crate::observation::{Exit, PhaseInstant};
    use crate::replica::Beginning;

    const S: u64 = 1_000_000_000;

    fn ready(at_least: Option<usize>, replicas: &[usize]) -> Check {
        Check::Ready {
            within_ns: 60 * S,
            at_least,
            replicas: replicas.into(),
        }
    }

    fn refuses(replicas: &[usize]) -> Check {
        Check::Refuses {
            within_ns: 60 * S,
            inner: None,
            container: Some(111),
            log: None,
            replicas: replicas.into(),
            since: None,
        }
    }

    /// Replicas by number, each with its user: ready, or ended when it has none.
    fn seen(uids: &[Option<u32>]) -> Vec<Observation> {
        let one = |(replica, uid): (usize, &Option<u32>)| Observation {
            replica,
            uid: *uid,
            phases: uid
                .map(|_| PhaseInstant {
                    phase: Phase::Ready,
                    at_ns: 2 * S,
                })
                .into_iter()
                .collect(),
            exit: uid.is_none().then_some(Exit {
                container: 111,
                inner: None,
                at_ns: S,
            }),
            ..Observation::default()
        };
        uids.iter().enumerate().map(one).collect()
    }

    fn verdicts(checks: Vec<Check>, seen: Vec<Observation>) -> Vec<Verdict> {
        trial::case(checks, seen).verdicts
    }

    #[test]
    fn every_replica_must_hold_and_the_one_that_does_not_is_named() {
        let user = |uids: &[Option<u32>]| verdicts(vec![Check::User { uid: 1000 }], seen(uids)).remove(0);
        let alike = user(&[Some(1000), Some(1000)]);
        assert_eq!(
            (alike.finding, alike.actual.as_str()),
            (Finding::Holds, "all 2 replicas: user id 1000")
        );

        let odd = user(&[Some(1000), Some(0), Some(1000), Some(1)]);
        assert_eq!(
            (odd.finding, odd.actual.as_str()),
            (Finding::Fails, "replica 1: user id 0")
        );
        assert_eq!(odd.detail, ["replicas 0 and 2: user id 1000", "replica 3: user id 1"]);

        assert_eq!(user(&[]).actual, "not observed: no replica was started");
    }

    #[test]
    fn a_restarted_replica_is_judged_again() {
        let mut lives = seen(&[Some(1000), Some(0)]);
        lives[1].replica = 0;
        lives[1].life = 1;
        lives[1].began = Beginning::Restarted;
        let verdict = verdicts(vec![Check::User { uid: 1000 }], lives).remove(0);
        assert_eq!(verdict.actual, "replica 0 (restarted): user id 0");
    }

    #[test]
    fn so_many_suffice_and_the_others_are_not_asked_for_more() {
        let checks = || vec![ready(Some(2), &[]), Check::User { uid: 1000 }];
        let enough = verdicts(checks(), seen(&[Some(1000), None, Some(1000)]));
        assert!(enough[0].passed() && enough[1].passed(), "{enough:?}");
        assert!(
            enough[0]
                .actual
                .starts_with("2 of 3 replicas ready in time; replica 1: the container ended")
        );
        assert_eq!(enough[1].actual, "replicas 0 and 2: user id 1000");

        let few = verdicts(checks(), seen(&[None, None, Some(1000)]));
        assert_eq!(few[0].finding, Finding::Fails);
        assert!(
            few[0]
                .actual
                .starts_with("1 of 3 replicas ready in time, at least 2 expected; replica 0: ")
        );
        assert_eq!(verdicts(checks(), seen(&[None, None]))[1].finding, Finding::NotObserved);
    }

    #[test]
    fn a_replica_counts_once_and_only_when_all_its_lives_hold() {
        let with_restarts = |uids: &[Option<u32>]| {
            let mut lives = seen(uids);
            for (restarted, replica) in lives[2..].iter_mut().zip(0..) {
                (restarted.replica, restarted.life, restarted.began) = (replica, 1, Beginning::Restarted);
            }
            verdicts(vec![ready(Some(2), &[])], lives).remove(0)
        };
        let twice = with_restarts(&[Some(1000), None, Some(1000), None]);
        assert_eq!(
            twice.finding,
            Finding::Fails,
            "two lives of one replica are not two replicas"
        );
        assert!(
            twice
                .actual
                .starts_with("1 of 2 replicas ready in time, in all their lives, at least 2 expected; replica 1: "),
            "{}",
            twice.actual
        );
        let broken = with_restarts(&[Some(1000), Some(1000), None]);
        assert_eq!(broken.finding, Finding::Fails);
        assert!(broken.actual.contains("; replica 0 (restarted): "), "{}", broken.actual);

        let whole = with_restarts(&[Some(1000), Some(1000), Some(1000), Some(1000)]);
        assert_eq!(whole.actual, "2 of 2 replicas ready in time, in all their lives");
        assert!(whole.passed());
    }

    #[test]
    fn requests_are_counted_life_by_life() {
        let asked = |requests| Observation {
            index: Some(IndexUse {
                requests,
                ..IndexUse::default()
            }),
            ..Observation::default()
        };
        let mut lives = vec![asked(6), asked(6)];
        (lives[1].life, lives[1].began) = (1, Beginning::Restarted);
        let judged = |at_most| verdicts(vec![Check::IndexRequests { at_most }], lives.clone()).remove(0);
        assert!(judged(6).passed(), "{:?}", judged(6));
        assert!(!judged(5).passed());
    }

    #[test]
    fn readiness_and_refusal_are_of_the_replicas_they_name() {
        let checks = || vec![ready(None, &[0, 2]), refuses(&[1]), Check::User { uid: 1000 }];
        let as_said = verdicts(checks(), seen(&[Some(1000), None, Some(1000)]));
        assert!(as_said.iter().all(Verdict::passed), "{as_said:?}");
        assert_eq!(
            as_said[1].actual,
            "replica 1: the container ended after 1.00 s, container exit code 111, inner exit code not seen"
        );

        let booted = verdicts(checks(), seen(&[Some(1000), Some(1000), None]));
        assert_eq!([booted[0].finding, booted[1].finding], [Finding::Fails; 2]);

        let absent = verdicts(checks(), seen(&[Some(1000), None])).remove(0);
        assert_eq!(
            (absent.finding, absent.actual.as_str()),
            (Finding::NotObserved, "not observed: replica 2 was not started")
        );
    }
}
