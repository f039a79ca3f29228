//! Functional snapshots: what they hold, what they leave out, and that insta reads them.

use std::path::PathBuf;

use seatrial_record::snapshot::{self, Comparison};
use seatrial_record::{CaseRecord, Distribution, HealthState, ManifestDiff, Origin};

use crate::{literal, scale_out};

#[test]
fn a_file_holds_functional_facts() {
    let mut case = literal::served("override/numpy", "preinstalled", 2_000_000_000);
    let image = case.observations[0].manifest.clone().unwrap();
    let mut replica = image.clone();
    replica.distributions.push(Distribution {
        version: "1.25.2".into(),
        origin: Origin::Mounted,
        ..image.distributions[0].clone()
    });
    replica.distributions.push(Distribution {
        project: "zope".into(),
        ..image.distributions[0].clone()
    });
    case.manifest_diff = Some(ManifestDiff::between(&image, &replica));
    insta::assert_snapshot!(snapshot::render(&case));
}

#[test]
fn a_refusal_has_facts_too() {
    insta::assert_snapshot!(snapshot::facts(&literal::refused()));
}

/// The same case as another run would see it: every instant moved, probes met other states in between.
fn seen_again(ready_ns: u64) -> CaseRecord {
    let mut case = literal::served("startup/by-method", "dynamic", ready_ns);
    let seen = &mut case.observations[0];
    let answered = |state: &HealthState| matches!(state, HealthState::Status(_));
    seen.health
        .retain(|transition| answered(&transition.state) || ready_ns.is_multiple_of(2));
    let flapping: Vec<_> = seen.health[..1].iter().chain(&seen.health).copied().collect();
    seen.health = flapping;
    seen.log.tail.push(format!("pid {ready_ns}"));
    seen.resources = None;
    case
}

#[test]
fn a_hundred_runs_agree_to_the_byte() {
    let first = snapshot::render(&seen_again(2_000_000_000));
    for run in 1..100 {
        assert_eq!(
            snapshot::render(&seen_again(2_000_000_000 + run * 7_654_321)),
            first,
            "run {run}"
        );
    }
}

#[test]
fn replicas_that_differ_are_told_apart() {
    let mut case = literal::served("scale-out/same", "dynamic", 2_000_000_000);
    let mut other = case.observations[0].clone();
    other.replica = 1;
    case.observations.push(other);
    assert!(!snapshot::facts(&case).contains("replica 0"));

    case.observations[1].uid = Some(0);
    let facts = snapshot::facts(&case);
    assert!(
        facts.contains("replica 0:\n") && facts.contains("replica 1:\n") && facts.contains("  user: 0\n"),
        "{facts}"
    );
}

#[test]
fn drift_and_events_are_facts_and_their_times_are_not() {
    insta::assert_snapshot!(snapshot::facts(&scale_out::release_midway()));
    let odd = snapshot::facts(&scale_out::odd_one_out());
    assert!(
        odd.contains("replicas:\n  drift in acme: 1.0.0 (0-16, 18-29); 1.0.0, other files (17)\nevents: rot\n"),
        "{odd}"
    );
    let restarted = snapshot::facts(&scale_out::restarted());
    assert!(
        restarted.contains("replicas: identical\nevents: release\n"),
        "{restarted}"
    );
}

#[test]
fn events_are_listed_as_they_are_written_whenever_they_happened() {
    let mut case = scale_out::release_midway();
    let course = case.course.as_mut().unwrap();
    let named = |name: &str, index: &str, line: usize, at_ns: Option<u64>| {
        let mut event = course.events[0].clone();
        (event.name, event.index) = (name.into(), index.into());
        (event.place.line, event.at_ns) = (line, at_ns);
        event
    };
    course.events = vec![
        named("second", "main", 12, Some(1)),
        named("first", "main", 9, Some(7)),
        named("never", "main", 10, None),
        named("fourth", "extra", 8, Some(0)),
        named("third", "extra", 3, Some(9)),
    ];
    let facts = snapshot::facts(&case);
    assert!(facts.contains("\nevents: first, second, third, fourth\n"), "{facts}");
}

#[test]
fn comparison_ignores_the_header_and_shows_the_difference() {
    let case = literal::refused();
    assert_eq!(snapshot::compare(None, &case), Comparison::New);

    let accepted = snapshot::render(&case);
    let mut reworded = case.clone();
    reworded.why = "Said better: \"no file\",\n---\nno boot.".into();
    assert_eq!(
        snapshot::compare(Some(&snapshot::render(&reworded)), &case),
        Comparison::Same
    );

    let Comparison::Differs { diff } = snapshot::compare(Some(&accepted.replace("inner 99", "inner 95")), &case) else {
        panic!("another exit code is a difference");
    };
    assert!(
        diff.contains("-exit: 111 (inner 95)\n+exit: 111 (inner 99)\n"),
        "{diff}"
    );
}

#[test]
fn insta_reads_the_file() {
    let mut case = literal::refused();
    case.why = "Quotes \", colons: and # signs".into();
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("contract__requirements-missing@dynamic.snap");
    std::fs::write(&file, snapshot::render(&case)).unwrap();
    let read = insta::Snapshot::from_file(&file).unwrap();
    assert_eq!(
        read.metadata().source(),
        Some("scenarios/contract/requirements-missing.yaml")
    );
    assert_eq!(read.metadata().description(), Some("Quotes \", colons: and # signs"));
    assert_eq!(
        read.metadata().expression(),
        Some("contract/requirements-missing@dynamic")
    );
    assert_eq!(
        read.as_text().unwrap().to_string().trim_end(),
        snapshot::facts(&case).trim_end()
    );
}
