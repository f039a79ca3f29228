//! Budgets in a whole run: ratios wait for their other side, fail as expectations do, and are no functional facts.

use seatrial_record::render::{Style, junit, terminal};
use seatrial_record::{CaseError, CaseRecord, Check, ExitCode, Expectation, Outcome, RunRecord, TimeFigure, snapshot};

use crate::literal;

const MS: u64 = 1_000_000;
const SCENARIO: &str = "startup/by-method";

fn none() -> CaseRecord {
    literal::served(SCENARIO, "none", 2_000 * MS)
}

/// Ready after so many seconds, seven times those of `none` at most.
fn dynamic(seconds: u64) -> CaseRecord {
    let mut case = literal::served(SCENARIO, "dynamic", seconds * 1_000 * MS);
    case.expectations.push(Expectation {
        check: Check::RatioBudget {
            to: none().id,
            at_most: 7.0,
        },
        place: literal::at(SCENARIO, 19, "      - { of: dynamic, to: none, at_most: 7 }", 9),
    });
    case.judge();
    case
}

fn planned(cases: &[&CaseRecord]) -> RunRecord {
    RunRecord {
        planned: cases.iter().map(|case| case.id.clone()).collect(),
        cases: Vec::new(),
        ..literal::passing()
    }
}

#[test]
fn a_ratio_is_judged_when_both_of_its_cases_have_ended() {
    let (fast, base) = (dynamic(14), none());
    for (first, second) in [(&fast, &base), (&base, &fast)] {
        let mut record = planned(&[&fast, &base]);
        let told: Vec<_> = [first, second].map(|case| record.add(case.clone())).concat();
        let mut ids: Vec<_> = told.iter().map(|at| record.cases[*at].id.as_str()).collect();
        ids.sort_unstable();
        assert_eq!(
            ids,
            [fast.id.as_str(), base.id.as_str()],
            "each is told once, when all is known of it"
        );
        assert_eq!(record.exit_code(), ExitCode::Expected);
        let judged = record.cases.clone();
        record.judge();
        assert_eq!(record.cases, judged, "a stored record is judged as the run was");
    }

    let mut waiting = planned(&[&fast, &base]);
    assert!(waiting.add(fast.clone()).is_empty());
    assert_eq!(
        waiting.cases[0].outcome(),
        Outcome::Failed,
        "nothing shows yet that it holds"
    );
}

#[test]
fn a_ratio_that_does_not_hold_fails_its_case_with_place_and_figures() {
    let mut record = planned(&[&none(), &dynamic(15)]);
    record.add(none());
    record.add(dynamic(15));
    assert_eq!(record.exit_code(), ExitCode::ExpectationFailed);

    let page = terminal(&record, Style::default());
    for line in [
        "scenarios/startup/by-method.yaml:19:9",
        "at most 7x the time to ready of startup/by-method@none",
        "7.50x: 15.0 s against 2.00 s",
        "seatrial run --filter 'startup/by-method@*'",
    ] {
        assert!(page.contains(line), "{line} is not in\n{page}");
    }
    assert!(junit(&record).contains("type=\"budget.ratio\""));
    let read = RunRecord::from_json(&record.to_json()).unwrap();
    assert_eq!(read.cases, record.cases);
}

#[test]
fn a_side_that_could_not_run_leaves_nothing_to_compare() {
    let mut gone = none();
    gone.error = Some(CaseError {
        what: "no such image".into(),
        hint: None,
    });
    let mut record = planned(&[&gone, &dynamic(3)]);
    record.add(dynamic(3));
    assert_eq!(record.add(gone), [0, 1]);
    let verdict = &record.cases[0].verdicts[1];
    assert_eq!(verdict.actual, "not observed: startup/by-method@none could not run");
}

#[test]
fn budgets_are_no_functional_facts() {
    let without = none();
    let mut with = none();
    let place = with.expectations[0].place.clone();
    let checks = [
        Check::TimeBudget {
            figure: TimeFigure::Ready,
            below_ns: MS,
        },
        Check::MemoryBudget { below_bytes: 1 << 30 },
        Check::RatioBudget {
            to: dynamic(9).id,
            at_most: 1.5,
        },
    ];
    with.expectations.extend(checks.map(|check| Expectation {
        check,
        place: place.clone(),
    }));
    with.judge();
    assert_eq!(with.outcome(), Outcome::Failed);
    assert_eq!(with.functional_outcome(), Outcome::Passed);
    assert_eq!(snapshot::render(&with), snapshot::render(&without));
}
