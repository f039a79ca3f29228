//! Cases put together for the tests of the judges.

use super::verdict::Verdict;
use crate::expectation::{Check, Expectation, Place};
use crate::observation::Observation;
use crate::run::CaseRecord;

/// A judged case with these checks, each at the same place, and these observations.
pub(super) fn case(checks: Vec<Check>, observations: Vec<Observation>) -> CaseRecord {
    let place = Place {
        file: "f.yaml".into(),
        line: 1,
        column: 1,
        snippet: String::new(),
    };
    let expectations = checks
        .into_iter()
        .map(|check| Expectation {
            check,
            place: place.clone(),
        })
        .collect();
    let mut case = CaseRecord {
        expectations,
        observations,
        ..CaseRecord::default()
    };
    case.judge();
    case
}

/// The verdict on one check of a case with one replica.
pub(super) fn one(check: Check, seen: &Observation) -> Verdict {
    case(vec![check], vec![seen.clone()]).verdicts.remove(0)
}
