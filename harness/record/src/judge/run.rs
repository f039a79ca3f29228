//! What spans cases: ratios, which are judged once both of their cases have ended.

use super::budget;
use super::verdict::{Seen, Verdict};
use crate::expectation::Check;
use crate::run::{CaseRecord, RunRecord};

impl RunRecord {
    /// Adds a case that has ended and was judged by itself, and judges the ratios that can now be told.
    ///
    /// Returned are the positions of the cases whose judgement is complete by this: that of the case itself, unless it is
    /// compared with one whose turn is still to come, and those that have waited for this one.
    pub fn add(&mut self, case: CaseRecord) -> Vec<usize> {
        let id = case.id.clone();
        self.cases.push(case);
        let added = self.cases.len() - 1;
        let waited = |(at, case): &(usize, &CaseRecord)| *at == added || compared(case).any(|to| to == id);
        let concerned: Vec<usize> = self.cases.iter().enumerate().filter(waited).map(|(at, _)| at).collect();
        concerned.iter().for_each(|at| self.judge_ratios(*at));
        concerned
            .into_iter()
            .filter(|at| !self.waits(&self.cases[*at]))
            .collect()
    }

    /// Judges every case anew, what spans several of them included.
    pub fn judge(&mut self) {
        self.cases.iter_mut().for_each(CaseRecord::judge);
        (0..self.cases.len()).for_each(|at| self.judge_ratios(at));
    }

    /// Whether a case is compared with one whose turn is still to come.
    fn waits(&self, case: &CaseRecord) -> bool {
        let to_come = |id: &str| self.planned.iter().any(|planned| planned == id) && self.ended(id).is_none();
        case.error.is_none() && compared(case).any(to_come)
    }

    fn ended(&self, id: &str) -> Option<&CaseRecord> {
        self.cases.iter().find(|case| case.id == id)
    }

    fn judge_ratios(&mut self, at: usize) {
        let case = &self.cases[at];
        let checks = case.expectations.iter().zip(&case.verdicts);
        let judged = checks.map(|(expectation, verdict)| match &expectation.check {
            check @ Check::RatioBudget { to, at_most } => Verdict::of(check, self.ratio(case, to, *at_most)),
            _ => verdict.clone(),
        });
        self.cases[at].verdicts = judged.collect();
    }

    fn ratio(&self, case: &CaseRecord, to: &str, at_most: f64) -> Seen {
        match self.ended(to) {
            Some(CaseRecord { error: Some(_), .. }) => Seen::nothing(format!("{to} could not run")),
            Some(other) => budget::ratio(case, other, at_most),
            None => Seen::nothing(format!("{to} has not ended")),
        }
    }
}

/// Ids of the cases that a case is compared with.
fn compared(case: &CaseRecord) -> impl Iterator<Item = &str> {
    let checks = case.expectations.iter().map(|expectation| &expectation.check);
    checks.filter_map(|check| match check {
        Check::RatioBudget { to, .. } => Some(to.as_str()),
        _ => None,
    })
}
