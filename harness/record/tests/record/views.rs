//! Every view of the one literal record.

use seatrial_record::render::{Style, junit, terminal};
use seatrial_record::{Difference, ExitCode, RunRecord};

use crate::{literal, scale_out};

#[test]
fn terminal_shows_what_needs_attention_first() {
    insta::assert_snapshot!(terminal(&literal::record(), Style::default()));
}

#[test]
fn terminal_of_a_passing_run_is_short() {
    insta::assert_snapshot!(terminal(&literal::passing(), Style::default()));
}

#[test]
fn terminal_shows_several_boots_as_such() {
    insta::assert_snapshot!(terminal(&literal::sampled(), Style::default()));
}

#[test]
fn junit_tells_failures_from_errors() {
    insta::assert_snapshot!(junit(&literal::record()));
}

#[test]
fn terminal_shows_which_replica_got_what_and_why() {
    insta::assert_snapshot!(terminal(&scale_out::record(), Style::default()));
}

#[test]
fn junit_shows_replicas_side_by_side() {
    let mut record = scale_out::record();
    record.cases.truncate(1);
    record.planned.truncate(1);
    insta::assert_snapshot!(junit(&record));
}

#[test]
fn eighty_columns_are_enough() {
    for record in [literal::record(), literal::sampled(), scale_out::record()] {
        let page = terminal(&record, Style::default());
        let long: Vec<_> = page.lines().filter(|line| line.chars().count() > 80).collect();
        assert!(long.is_empty(), "{long:#?}");
    }
}

#[test]
fn a_drift_in_many_projects_names_them_all_in_eighty_columns() {
    let mut record = scale_out::record();
    let name = |at: usize| format!("a-project-with-quite-a-long-name-{at}");
    let case = &mut record.cases[0];
    let mut differences = case.differences.take().unwrap();
    let acme = differences[0].clone();
    differences.extend((0..5).map(|at| Difference {
        project: Some(name(at)),
        ..acme.clone()
    }));
    case.differences = Some(differences);
    let page = terminal(&record, Style::default());
    assert!(page.lines().all(|line| line.chars().count() <= 80), "{page}");
    for at in 0..5 {
        assert!(page.contains(&name(at)), "{page}");
    }
}

#[test]
fn colour_adds_nothing_but_colour() {
    let mut record = literal::record();
    record.cases.extend(scale_out::record().cases);
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
fn the_largest_error_that_ready_may_have_is_told_where_it_is_known() {
    let mut record = literal::passing();
    assert!(!terminal(&record, Style::default()).contains("as probed"));
    record.cases[0].observations[0].ready_gap_ns = Some(1_300_000);
    record.cases[2].observations[0].ready_gap_ns = Some(1_200_000);
    let page = terminal(&record, Style::default());
    let told = "ready as probed; it may have been so up to 1.3 ms earlier";
    assert!(page.lines().any(|line| line == told), "{page}");
}

#[test]
fn a_record_survives_its_file_and_gives_the_same_views() {
    for record in [literal::record(), scale_out::record()] {
        let text = record.to_json();
        let read = RunRecord::from_json(&text).unwrap();
        assert_eq!(read, record);
        assert_eq!(read.to_json(), text);
        assert_eq!(terminal(&read, Style::default()), terminal(&record, Style::default()));
    }
}

#[test]
fn a_record_of_the_first_version_is_read_and_judged_as_then() {
    let first = include_str!("record-1.0.json");
    assert!(first.contains(r#""format": "1.0""#));
    let mut read = RunRecord::from_json(first).unwrap();
    assert_eq!(read, literal::record());

    read.cases.iter_mut().for_each(seatrial_record::CaseRecord::judge);
    assert_eq!(read, literal::record());
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
