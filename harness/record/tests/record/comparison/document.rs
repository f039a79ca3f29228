//! The document of a comparison: what it comes to, what the process ends with, and how it is shown.

use seatrial_record::comparison::{
    BootPair, COMPARISON_FORMAT, ComparedCase, ComparedSide, ComparisonRecord, LeftOut, Rule, Side, Sides,
};
use seatrial_record::render::{Style, compared};
use seatrial_record::stats::SplitMix64;
use seatrial_record::{CaseError, ExitCode, HostFacts, Phase, PhaseInstant, Sample};

const MS: u64 = 1_000_000;

/// A boot that is ready after so many milliseconds, but for a few.
fn boot(lots: &mut SplitMix64, iteration: usize, ready_ms: u64) -> Sample {
    let started = 200 * MS + lots.below(20) as u64 * MS;
    let instants = [
        (Phase::CreateRequested, 0),
        (Phase::Created, 50 * MS),
        (Phase::Started, started),
        (Phase::Ready, started + (ready_ms - 200) * MS),
    ];
    let instant = |(phase, at_ns)| PhaseInstant { phase, at_ns };
    Sample {
        iteration,
        warm_up: iteration == 0,
        phases: instants.map(instant).to_vec(),
        ..Sample::default()
    }
}

fn case(name: &str, [old, new]: [u64; 2]) -> ComparedCase {
    let mut lots = SplitMix64::new(3);
    let pairs = (0..=60).map(|iteration| BootPair {
        first: Side::Old,
        old: boot(&mut lots, iteration, old),
        new: boot(&mut lots, iteration, new),
    });
    ComparedCase {
        name: name.into(),
        old: ComparedSide::default(),
        new: ComparedSide::default(),
        pairs: pairs.collect(),
    }
}

/// One whose new side ended by itself in its warm-up.
fn ended(name: &str) -> ComparedCase {
    let mut ended = case(name, [500, 500]);
    ended.pairs.truncate(1);
    ended.pairs[0].new.phases.pop();
    ended
}

/// One whose old side could not be had.
fn absent(name: &str) -> ComparedCase {
    let mut absent = case(name, [500, 500]);
    absent.pairs.clear();
    absent.old.error = Some(CaseError {
        what: "the image is not there".into(),
        hint: None,
    });
    absent
}

fn record(cases: Vec<ComparedCase>) -> ComparisonRecord {
    ComparisonRecord {
        format: COMPARISON_FORMAT.into(),
        seatrial: "0.1.0".into(),
        run: "20261124-101112-abcd".into(),
        started: "2026-11-24T10:11:12Z".into(),
        seed: 7,
        host: HostFacts::default(),
        sides: Sides::Images {
            image: "azureml".into(),
            old: "azureml".into(),
            new: "registry/azureml:2".into(),
        },
        rule: Rule::default(),
        cases,
        left_out: vec![LeftOut {
            case: "startup/refuses@none".into(),
            why: "it is not expected to become ready".into(),
        }],
        calibration: None,
        interrupted: None,
        finished: true,
        took_ns: 61_000 * MS,
    }
}

#[test]
fn the_lowest_code_of_what_came_wins_and_a_calibration_never_regresses() {
    let code = |cases| record(cases).exit_code();
    let (slower, faster, same) = (case("a", [500, 900]), case("b", [900, 500]), case("c", [500, 500]));
    assert_eq!(code(vec![faster, same.clone()]), ExitCode::Expected);
    assert_eq!(code(vec![same, slower.clone()]), ExitCode::Regressed);
    assert_eq!(code(vec![slower.clone(), ended("d")]), ExitCode::ExpectationFailed);
    assert_eq!(
        code(vec![slower.clone(), ended("d"), absent("e")]),
        ExitCode::CouldNotRun
    );
    let mut early = slower.clone();
    early.pairs.truncate(6);
    assert_eq!(code(vec![early]), ExitCode::Expected, "what is not known is no alarm");
    let itself = ComparisonRecord {
        sides: Sides::Same,
        ..record(vec![slower.clone()])
    };
    assert_eq!(itself.exit_code(), ExitCode::Expected);
    let killed = ComparisonRecord {
        finished: false,
        ..record(vec![slower.clone()])
    };
    assert_eq!(killed.exit_code(), ExitCode::CouldNotRun);
    assert!(compared(&killed, Style::default()).contains("did not come to its end"));
    let interrupted = ComparisonRecord {
        interrupted: Some("SIGTERM".into()),
        finished: false,
        ..record(vec![slower])
    };
    assert_eq!(interrupted.exit_code(), ExitCode::Terminated);
}

#[test]
fn a_comparison_is_shown_with_what_was_left_out_and_what_it_ends_with() {
    let shown = compared(
        &record(vec![case("startup/a@none", [500, 900]), absent("startup/b@none")]),
        Style::default(),
    );
    insta::assert_snapshot!(shown);
}

#[test]
fn a_comparison_survives_its_file_and_is_no_run_record() {
    let one = record(vec![case("a", [500, 900]), ended("b")]);
    let text = one.to_json();
    assert!(ComparisonRecord::is_one(&text));
    assert_eq!(ComparisonRecord::from_json(&text).unwrap(), one);
    let message = seatrial_record::RunRecord::from_json(&text).unwrap_err().to_string();
    assert!(message.contains(COMPARISON_FORMAT), "{message}");
    assert!(!ComparisonRecord::is_one(r#"{"format": "1.2"}"#));
}
