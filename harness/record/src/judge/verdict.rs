//! A verdict per expectation of a case.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{boot, budget, course, lives, package, replicas, score, traces};
use crate::expectation::Check;
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

    /// What was seen, beside the words of what was expected.
    pub(super) fn of(check: &Check, seen: Seen) -> Self {
        Self {
            finding: seen.finding,
            expected: sanitize(check.to_string()),
            actual: sanitize(seen.actual),
            detail: seen.detail.iter().map(sanitize).collect(),
        }
    }
}

impl CaseRecord {
    /// Judges the case anew from what was seen of it; a case that could not run has no verdicts. What compares it with
    /// another case stays open until [`RunRecord::add`](crate::RunRecord::add).
    pub fn judge(&mut self) {
        self.verdicts = match &self.error {
            Some(_) => Vec::new(),
            None => self
                .expectations
                .iter()
                .map(|expectation| Verdict::of(&expectation.check, seen(&expectation.check, self)))
                .collect(),
        };
    }
}

/// What was seen of one expectation: of the case as a whole, or of each life that it is about.
fn seen(check: &Check, case: &CaseRecord) -> Seen {
    let of_one: &dyn Fn(&Observation) -> Seen = match check {
        Check::Identical => return replicas::identical(case),
        Check::Drift { projects, odd, since } => return replicas::drift(projects, odd, since.as_deref(), case),
        Check::Event { name, index, hits } => return course::event(name, index, *hits, case),
        Check::TimeBudget { figure, below_ns } => return budget::time(figure, *below_ns, case),
        Check::MemoryBudget { below_bytes } => return budget::memory(*below_bytes, case),
        Check::RatioBudget { to, .. } => return Seen::nothing(format!("{to} has not ended")),
        Check::Ready { within_ns, .. } => &|seen| boot::ready(*within_ns, seen),
        Check::Refuses {
            within_ns,
            inner,
            container,
            log,
            since,
            ..
        } => &|seen| {
            let wanted = boot::Refusal {
                within_ns: *within_ns,
                inner: *inner,
                container: *container,
                log: log.as_deref(),
                since: since.as_deref(),
            };
            boot::refuses(&wanted, seen, case)
        },
        Check::Package {
            project, absent: true, ..
        } => &|seen| package::absent(project, seen),
        Check::Package {
            project,
            version,
            origins,
            copies,
            absent: false,
        } => &|seen| {
            let wanted = package::Wanted {
                project,
                version: version.as_deref(),
                origins,
                copies: *copies,
            };
            package::present(&wanted, seen)
        },
        Check::Score { status, json } => &|seen| score::score(*status, json.as_ref(), seen),
        Check::User { uid } => &|seen| traces::user(*uid, seen),
        Check::Health { states } => &|seen| traces::health(states, seen),
        Check::Log { text } => &|seen| traces::log(text, seen),
        Check::IndexAsked { asked } => &|seen| traces::index_asked(*asked, seen),
        Check::IndexRequests { at_most } => &|seen| traces::index_requests(*at_most, seen),
    };
    let seen = lives::over(check, case, of_one);
    match check {
        Check::Ready { within_ns, .. } => boot::sampled(*within_ns, seen, &case.samples),
        _ => seen,
    }
}

/// What was seen of one expectation, before it is paired with the expectation's own words.
pub(super) struct Seen {
    pub(super) finding: Finding,
    pub(super) actual: String,
    pub(super) detail: Vec<String>,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::trial;
    use crate::run::CaseError;

    #[test]
    fn a_case_that_could_not_run_is_not_judged() {
        let mut case = trial::case(vec![Check::User { uid: 1000 }], vec![Observation::default()]);
        assert_eq!(case.verdicts.len(), 1);
        case.error = Some(CaseError {
            what: "no such image".into(),
            hint: None,
        });
        case.judge();
        assert!(case.verdicts.is_empty());
    }
}
