//! Every view of the one literal record.

use seatrial_record::render::{Style, junit, terminal};
use seatrial_record::{ExitCode, RunRecord};

use crate::literal;

#[test]
fn terminal_shows_what_needs_attention_first() {
    insta::assert_snapshot!(terminal(&literal::record(), Style::default()));
}

#[test]
fn terminal_of_a_passing_run_is_short() {
    insta::assert_snapshot!(terminal(&literal::passing(), Style::default()));
}

#[test]
fn junit_tells_failures_from_errors() {
    insta::assert_snapshot!(junit(&literal::record()));
}

#[test]
fn eighty_columns_are_enough() {
    let page = terminal(&literal::record(), Style::default());
    let long: Vec<_> = page.lines().filter(|line| line.chars().count() > 80).collect();
    assert!(long.is_empty(), "{long:#?}");
}

#[test]
fn colour_adds_nothing_but_colour() {
    let record = literal::record();
    let plain = terminal(
        &record,
        Style {
            color: false,
            width: 100,
        },
    );
    let coloured = terminal(
        &record,
        Style {
            color: true,
            width: 100,
        },
    );
    assert!(
        !plain.contains('\u{1b}'),
        "an escape sequence of the log reached the terminal"
    );
    let stripped: Vec<_> = coloured.lines().map(seatrial_record::sanitize).collect();
    assert_eq!(stripped, plain.lines().collect::<Vec<_>>());
}

#[test]
fn a_record_survives_its_file_and_gives_the_same_views() {
    let record = literal::record();
    let text = record.to_json();
    let read = RunRecord::from_json(&text).unwrap();
    assert_eq!(read, record);
    assert_eq!(read.to_json(), text);
    assert_eq!(terminal(&read, Style::default()), terminal(&record, Style::default()));
}

#[test]
fn the_exit_code_is_the_lowest_that_applies() {
    let mut record = literal::record();
    assert_eq!(record.exit_code(), ExitCode::Interrupted);
    record.interrupted = Some("SIGTERM".into());
    assert_eq!(record.exit_code(), ExitCode::Terminated);

    // Killed: no interruption was recorded, and a planned case is missing.
    record.interrupted = None;
    assert_eq!(record.exit_code(), ExitCode::CouldNotRun);
    record.planned.pop();
    assert_eq!(record.exit_code(), ExitCode::CouldNotRun);

    for (id, code) in [
        ("contract/absent@none", ExitCode::ExpectationFailed),
        ("override/numpy@dynamic", ExitCode::SnapshotDiffers),
        ("startup/by-method@dynamic", ExitCode::SnapshotDiffers),
        ("startup/by-method@dockerfile", ExitCode::Expected),
    ] {
        record.planned.retain(|planned| planned != id);
        record.cases.retain(|case| case.id != id);
        assert_eq!(record.exit_code(), code, "without {id}");
    }
    assert_eq!(
        RunRecord {
            planned: Vec::new(),
            cases: Vec::new(),
            ..record
        }
        .exit_code(),
        ExitCode::NothingSelected
    );
}
