//! What the terminal tells of the replicas of one case, beyond the rows that the snapshots show.

use seatrial_record::render::{Style, terminal};
use seatrial_record::{CaseError, CaseRecord, Manifest, RunRecord};

use crate::{literal, scale_out};

/// The page of a run of this one case, lines unwrapped.
fn shown(case: CaseRecord) -> String {
    let record = RunRecord {
        planned: vec![case.id.clone()],
        cases: vec![case],
        ..literal::passing()
    };
    terminal(
        &record,
        Style {
            color: false,
            width: 400,
        },
    )
}

/// What the line under a label says; nothing when there is none.
fn note<'p>(page: &'p str, label: &str) -> Option<&'p str> {
    page.lines()
        .find_map(|line| line.strip_prefix(&format!("  {label:<10}")))
}

/// A case whose replicas asked so often.
fn asking(requests: &[u64]) -> CaseRecord {
    let mut case = scale_out::odd_one_out();
    case.observations.truncate(requests.len());
    for (seen, requests) in case.observations.iter_mut().zip(requests) {
        seen.index.as_mut().unwrap().requests = *requests;
    }
    case
}

#[test]
fn every_replica_of_a_row_is_named_within_the_width() {
    let mut case = scale_out::odd_one_out();
    let mut kinds = case.differences.clone().unwrap();
    let replicas: Vec<_> = case.observations.iter().map(|seen| seen.who()).collect();
    let of = |odd: usize| {
        replicas
            .iter()
            .copied()
            .filter(move |who| who.replica % 2 == odd)
            .collect()
    };
    for (odd, kind) in kinds[0].kinds.iter_mut().enumerate() {
        kind.replicas = of(odd);
    }
    case.differences = Some(kinds);
    let record = RunRecord {
        planned: vec![case.id.clone()],
        cases: vec![case],
        ..literal::passing()
    };
    let page = terminal(&record, Style::default());
    assert!(page.lines().all(|line| line.chars().count() <= 80), "{page}");
    assert!(
        page.contains("\n    0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28\n"),
        "{page}"
    );
    assert!(
        page.contains("\n    1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29\n"),
        "{page}"
    );
}

#[test]
fn who_asks_far_more_often_than_the_calmest_is_a_storm() {
    let storms = |requests: &[u64]| {
        let page = shown(asking(requests));
        page.lines()
            .filter(|line| line.contains("the one that asked least"))
            .count()
    };
    assert_eq!(storms(&[2, 14]), 1, "of two");
    assert_eq!(storms(&[14, 15, 2, 16]), 3, "a majority");
    assert_eq!(storms(&[0, 14, 14]), 0, "who asked nothing is no measure");
    assert_eq!((storms(&[5, 10]), storms(&[5, 11])), (0, 1), "more than twice as often");
    assert_eq!((storms(&[2, 6]), storms(&[2, 7])), (0, 1), "by five at least");
    assert_eq!(
        note(&shown(asking(&[1, 8])), "storm").unwrap(),
        "replica 1 asked 8 times, 0 of them answered with an error; the one that asked least did so 1 time"
    );
}

#[test]
fn one_replica_has_its_index_told() {
    let mut case = scale_out::restarted();
    case.observations.truncate(1);
    case.differences = None;
    let page = shown(case.clone());
    assert!(
        page.contains("scale-out/restart-after-move@dynamic: 1 replica, 1 ready\n"),
        "{page}"
    );
    assert_eq!(
        note(&page, "index").unwrap(),
        "6.40 s  acme 2.0.0 published (release: when replicas 0 and 1 are ready)"
    );

    case.course = None;
    assert!(!shown(case).contains("1 ready"), "nothing to tell");
}

#[test]
fn a_page_that_only_some_were_sent_is_told() {
    let mut case = scale_out::restarted();
    case.observations.truncate(2);
    let asked = &mut case.observations[1].index.as_mut().unwrap().log[0];
    (asked.status, asked.answer) = (404, None);
    assert_eq!(
        note(&shown(case.clone()), "answers").unwrap(),
        "1 page of acme: one to replica 0, none to replica 1"
    );

    let asked = &mut case.observations[0].index.as_mut().unwrap().log[0];
    (asked.status, asked.answer) = (410, None);
    assert_eq!(note(&shown(case), "answers"), None, "there is none for both");
}

#[test]
fn how_deep_a_comparison_went_is_said_and_no_more() {
    let mut case = scale_out::restarted();
    assert_eq!(
        note(&shown(case.clone()), "installed").unwrap(),
        "2 distributions, the same everywhere; 1 compared by version alone"
    );
    let known = |manifest: &mut Manifest| manifest.distributions.retain(|found| found.digest.is_some());
    let manifests = case.observations.iter_mut().filter_map(|seen| seen.manifest.as_mut());
    manifests.for_each(known);
    assert_eq!(
        note(&shown(case), "installed").unwrap(),
        "1 distribution, the same everywhere"
    );
}

#[test]
fn a_replica_that_could_not_be_launched_is_named_in_its_errored_case() {
    let mut case = scale_out::some_of_four();
    let error = CaseError {
        what: "the engine refused the container: no space left on device".into(),
        hint: Some("free some space, then run the case again".into()),
    };
    let lost = case.observations.last_mut().unwrap();
    (lost.error, lost.exit) = (Some(error.clone()), None);
    case.error = Some(error);
    case.judge();
    let page = shown(case);
    assert!(page.contains("ERRORED   scale-out/some-of-four@dynamic"), "{page}");
    assert_eq!(
        note(&page, "error").unwrap(),
        "replica 3: the engine refused the container: no space left on device; free some space, then run the case again"
    );
}
