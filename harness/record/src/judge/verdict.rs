//! A verdict per expectation, for one replica and over all replicas of a case.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{boot, package, score, traces};
use crate::expectation::{Check, Expectation};
use crate::log_text::sanitize;
use crate::observation::Observation;
use crate::run::CaseRecord;

/// How an expectation came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// As expected.
    Holds,
    /// Seen, and otherwise than expected.
    Fails,
    /// The fact was not seen, so nothing shows that the expectation holds; counts as failed.
    NotObserved,
}

/// Judgement on one expectation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    /// How it came out.
    pub finding: Finding,
    /// What must hold, in words.
    pub expected: String,
    /// What was seen, in words; or why nothing was.
    pub actual: String,
    /// What helps to understand it: the imported file, other copies, log lines that matter.
    pub detail: Vec<String>,
}

impl Verdict {
    /// Whether the expectation holds.
    pub fn passed(&self) -> bool {
        self.finding == Finding::Holds
    }
}

/// Judges one replica: one verdict per expectation, in their order.
pub fn judge(expectations: &[Expectation], observation: &Observation) -> Vec<Verdict> {
    expectations
        .iter()
        .map(|expectation| verdict(&expectation.check, observation))
        .collect()
}

fn verdict(check: &Check, seen: &Observation) -> Verdict {
    let seen = match check {
        Check::Ready { within_ns } => boot::ready(*within_ns, seen),
        Check::Refuses {
            within_ns,
            inner,
            container,
            log,
        } => boot::refuses(*within_ns, *inner, *container, log.as_deref(), seen),
        Check::Package {
            project,
            version,
            origins,
            copies,
            absent,
        } => {
            let wanted = package::Wanted {
                project,
                version: version.as_deref(),
                origins,
                copies: *copies,
            };
            if *absent {
                package::absent(project, seen)
            } else {
                package::present(&wanted, seen)
            }
        }
        Check::Score { status, json } => score::score(*status, json.as_ref(), seen),
        Check::User { uid } => traces::user(*uid, seen),
        Check::Health { states } => traces::health(states, seen),
        Check::Log { text } => traces::log(text, seen),
        Check::IndexAsked { asked } => traces::index_asked(*asked, seen),
    };
    Verdict {
        finding: seen.finding,
        expected: sanitize(check.to_string()),
        actual: sanitize(seen.actual),
        detail: seen.detail.iter().map(sanitize).collect(),
    }
}

/// What was seen of one expectation, before it is paired with the expectation's own words.
pub(super) struct Seen {
    finding: Finding,
    actual: String,
    detail: Vec<String>,
}

impl Seen {
    /// As expected or not, decided by the caller.
    pub(super) fn compared(holds: bool, actual: impl Into<String>) -> Self {
        let finding = if holds { Finding::Holds } else { Finding::Fails };
        Self {
            finding,
            actual: actual.into(),
            detail: Vec::new(),
        }
    }

    /// The fact is missing; `reason` says why, as a fragment of a sentence.
    pub(super) fn nothing(reason: impl AsRef<str>) -> Self {
        let actual = format!("not observed: {}", reason.as_ref());
        Self {
            finding: Finding::NotObserved,
            actual,
            detail: Vec::new(),
        }
    }

    /// Adds lines that help to understand a failure.
    pub(super) fn with(mut self, detail: impl IntoIterator<Item = String>) -> Self {
        self.detail.extend(detail);
        self
    }

    /// Adds lines only when the expectation does not hold.
    pub(super) fn explained(self, detail: impl IntoIterator<Item = String>) -> Self {
        if self.finding == Finding::Holds {
            self
        } else {
            self.with(detail)
        }
    }
}

impl CaseRecord {
    /// Judges the case anew from its own observations. Every expectation must hold on every replica; a case that could
    /// not run has no verdicts.
    pub fn judge(&mut self) {
        self.verdicts = match (&self.error, self.observations.as_slice()) {
            (Some(_), _) => Vec::new(),
            (None, [only]) => judge(&self.expectations, only),
            (None, replicas) => {
                let judged: Vec<_> = replicas
                    .iter()
                    .map(|seen| (seen.replica, judge(&self.expectations, seen)))
                    .collect();
                let over_all =
                    |(at, expectation)| across(expectation, judged.iter().map(|(replica, all)| (*replica, &all[at])));
                self.expectations.iter().enumerate().map(over_all).collect()
            }
        };
    }
}

/// One verdict from those of several replicas: the first that does not hold speaks, the others are named.
fn across<'a>(expectation: &Expectation, replicas: impl Iterator<Item = (usize, &'a Verdict)>) -> Verdict {
    let all: Vec<_> = replicas.collect();
    let expected = sanitize(expectation.check.to_string());
    let Some((replica, first)) = all.iter().find(|(_, verdict)| !verdict.passed()).or(all.first()) else {
        let actual = "not observed: no replica was started".into();
        return Verdict {
            finding: Finding::NotObserved,
            expected,
            actual,
            detail: Vec::new(),
        };
    };
    let mut verdict = (*first).clone();
    if all.iter().all(|(_, other)| other.actual == first.actual) {
        verdict.actual = format!("all {} replicas: {}", all.len(), first.actual);
    } else {
        verdict.actual = format!("replica {replica}: {}", first.actual);
        let others = all.iter().filter(|(other, _)| other != replica);
        verdict
            .detail
            .extend(others.map(|(other, verdict)| format!("replica {other}: {}", verdict.actual)));
    }
    verdict
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Place;
    use crate::run::{CaseError, SnapshotState};

    fn case(uids: &[Option<u32>]) -> CaseRecord {
        let replicas = uids.iter().enumerate();
        let observations = replicas
            .map(|(replica, uid)| Observation {
                replica,
                uid: *uid,
                ..Observation::default()
            })
            .collect();
        let place = Place {
            file: "f.yaml".into(),
            line: 1,
            column: 1,
            snippet: String::new(),
        };
        let mut case = CaseRecord {
            id: "g/n@none".into(),
            why: String::new(),
            because: Vec::new(),
            image: "stub".into(),
            method: "none".into(),
            derived: None,
            expectations: vec![Expectation {
                check: Check::User { uid: 1000 },
                place,
            }],
            observations,
            error: None,
            alone: true,
            verdicts: Vec::new(),
            snapshot: SnapshotState::NotCompared,
            manifest_diff: None,
        };
        case.judge();
        case
    }

    #[test]
    fn every_replica_must_hold_and_the_one_that_does_not_is_named() {
        let alike = case(&[Some(1000), Some(1000)]).verdicts.remove(0);
        assert_eq!(
            (alike.finding, alike.actual.as_str()),
            (Finding::Holds, "all 2 replicas: user id 1000")
        );

        let odd = case(&[Some(1000), Some(0), Some(1000)]).verdicts.remove(0);
        assert_eq!(
            (odd.finding, odd.actual.as_str()),
            (Finding::Fails, "replica 1: user id 0")
        );
        assert_eq!(odd.detail, ["replica 0: user id 1000", "replica 2: user id 1000"]);

        assert_eq!(case(&[]).verdicts[0].finding, Finding::NotObserved);
    }

    #[test]
    fn a_case_that_could_not_run_is_not_judged() {
        let mut errored = case(&[Some(0)]);
        errored.error = Some(CaseError {
            what: "no such image".into(),
            hint: None,
        });
        errored.judge();
        assert!(errored.verdicts.is_empty());
    }
}
