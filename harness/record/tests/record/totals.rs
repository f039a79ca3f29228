//! All views count alike, whatever the run looked like.

use proptest::prelude::*;
use seatrial_record::render::{Style, junit, terminal};
use seatrial_record::{CaseError, CaseRecord, Outcome, RunRecord, Totals};

use crate::literal;

const OUTCOMES: [Outcome; 4] = [Outcome::Passed, Outcome::Failed, Outcome::Errored, Outcome::Skipped];

/// A planned case: its group, and how it shall come out.
fn planned() -> impl Strategy<Value = (usize, Outcome)> {
    (0..3_usize, prop::sample::select(&OUTCOMES[..]))
}

fn case(id: &str, outcome: Outcome) -> Option<CaseRecord> {
    let mut case = literal::refused();
    case.id = id.to_owned();
    match outcome {
        Outcome::Passed => {}
        Outcome::Failed => case.observations[0].exit = None,
        Outcome::Errored => {
            case.error = Some(CaseError {
                what: "no such image".into(),
                hint: None,
            })
        }
        Outcome::Skipped => return None,
    }
    case.judge();
    Some(case)
}

fn run(plan: &[(usize, Outcome)]) -> RunRecord {
    let ids: Vec<_> = plan
        .iter()
        .enumerate()
        .map(|(at, (group, _))| format!("group-{group}/case-{at}@none"))
        .collect();
    let cases = ids
        .iter()
        .zip(plan)
        .filter_map(|(id, (_, outcome))| case(id, *outcome))
        .collect();
    RunRecord {
        planned: ids,
        cases,
        interrupted: None,
        ..literal::record()
    }
}

/// `failed`, 3 from `..., 3 failed, ...`
fn before(text: &str, word: &str) -> usize {
    let (head, _) = text.rsplit_once(&format!(" {word}")).unwrap();
    head.rsplit(' ').next().unwrap().parse().unwrap()
}

/// `failures`, 3 from `... failures="3" ...` in the first tag.
fn attribute(xml: &str, name: &str) -> usize {
    let (_, value) = xml.split_once(&format!(" {name}=\"")).unwrap();
    value.split('"').next().unwrap().parse().unwrap()
}

proptest! {
    #[test]
    fn totals_are_equal_in_every_view(plan in prop::collection::vec(planned(), 0..12)) {
        let record = run(&plan);
        let count = |wanted| plan.iter().filter(|(_, outcome)| *outcome == wanted).count();
        let totals = Totals {
            passed: count(Outcome::Passed),
            failed: count(Outcome::Failed),
            errored: count(Outcome::Errored),
            skipped: count(Outcome::Skipped),
        };
        prop_assert_eq!(record.totals(), totals);

        let json = RunRecord::from_json(&record.to_json()).unwrap();
        prop_assert_eq!(json.totals(), totals);

        let page = terminal(&record, Style::default());
        let line = page.lines().rev().nth(1).unwrap();
        prop_assert_eq!(before(line, "passed"), totals.passed);
        prop_assert_eq!(before(line, "failed"), totals.failed);
        prop_assert_eq!(before(line, "errored"), totals.errored);
        prop_assert_eq!(before(line, "skipped"), totals.skipped);

        let xml = junit(&record);
        let suites = &xml[xml.find("<testsuites").unwrap()..];
        prop_assert_eq!(attribute(suites, "tests"), plan.len());
        prop_assert_eq!(attribute(suites, "failures"), totals.failed);
        prop_assert_eq!(attribute(suites, "errors"), totals.errored);
        prop_assert_eq!(attribute(suites, "skipped"), totals.skipped);
    }
}
