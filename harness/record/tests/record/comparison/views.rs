//! How a comparison is shown, and that its file is read back as it was.

use seatrial_record::comparison::{Calibration, Change, Comparison, HostClass, Measured, Pair, Rule};
use seatrial_record::render::{Style, comparison};
use seatrial_record::stats::SplitMix64;
use seatrial_record::{HostFacts, MachineLoad};

use super::trials::{Shape, Trials};

const MS: u64 = 1_000_000;

/// One side: milliseconds of its parts, of its CPU time and of foreign CPU time, each but for a few.
fn side(lots: &mut SplitMix64, parts: &[(&str, u64)], cpu: u64, foreign: u64) -> Measured {
    let mut about = |ms: u64| ms * MS + lots.below(20) as u64 * MS;
    let parts: Vec<_> = parts
        .iter()
        .map(|(name, ms)| ((*name).to_owned(), about(*ms)))
        .collect();
    let wall_ns = parts.iter().map(|(_, ns)| ns).sum();
    let (cpu_ns, foreign_ns) = (about(cpu), about(foreign));
    Measured {
        wall_ns,
        cpu_ns: Some(cpu_ns),
        machine: Some(MachineLoad {
            wall_ns,
            busy_ns: cpu_ns + foreign_ns,
            cpu_pressure_ns: Some(foreign_ns / 2),
            ..MachineLoad::default()
        }),
        parts,
    }
}

fn regressed() -> Comparison {
    let mut lots = SplitMix64::new(1);
    let pairs: Vec<_> = (0..60)
        .map(|_| Pair {
            old: side(
                &mut lots,
                &[("create", 60), ("start", 110), ("install", 900), ("import", 210)],
                700,
                90,
            ),
            new: side(
                &mut lots,
                &[("create", 60), ("start", 110), ("install", 900), ("import", 480)],
                960,
                90,
            ),
        })
        .collect();
    Comparison::of(&pairs, &Rule::default())
}

/// Pairs of which neighbours are alike: three slower ones, then three faster ones, and so on.
fn drifting() -> Comparison {
    let mut trials = Trials::new(Shape::Normal, 0.1, 2);
    let pairs: Vec<_> = (0..60)
        .map(|at| trials.pair(if at / 3 % 2 == 0 { 1.12 } else { 1.0 / 1.12 }))
        .collect();
    Comparison::of(&pairs, &Rule::default())
}

fn calibration() -> Calibration {
    let mut trials = Trials::new(Shape::Normal, 0.1, 3);
    let rule = Rule::default();
    let comparisons: Vec<_> = (0..40).map(|_| Comparison::of(&trials.pairs(60, 1.0), &rule)).collect();
    let host = HostFacts {
        cpu: "Some Processor 9000".into(),
        cpus: 2,
        engine: "Docker 20.10.24".into(),
        storage_driver: "overlay2".into(),
        cgroup: "v1".into(),
        ..HostFacts::default()
    };
    Calibration::of(HostClass::of(&host), "the stub image", &rule, &comparisons).unwrap()
}

#[test]
fn a_regression_says_how_much_where_and_who() {
    let shown = comparison(
        "startup/by-method@dynamic",
        &regressed(),
        Some(&calibration()),
        Style::default(),
    );
    insta::assert_snapshot!(shown);
}

#[test]
fn doubt_says_what_could_have_been_seen() {
    insta::assert_snapshot!(comparison(
        "startup/by-method@none",
        &drifting(),
        None,
        Style::default()
    ));
}

#[test]
fn what_cannot_be_compared_says_why_and_no_more() {
    let none = Comparison::incomparable("the old side never became ready", &Rule::default());
    let shown = comparison("startup/by-method@none", &none, None, Style::default());
    assert_eq!(
        shown,
        "startup/by-method@none\n  result    incomparable: the old side never became ready\n"
    );
}

#[test]
fn eighty_columns_are_enough() {
    for one in [regressed(), drifting()] {
        let shown = comparison("case", &one, Some(&calibration()), Style::default());
        assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
    }
}

#[test]
fn comparisons_and_calibrations_survive_their_files() {
    for one in [
        regressed(),
        drifting(),
        Comparison::incomparable("no image", &Rule::default()),
    ] {
        let text = serde_json::to_string(&one).unwrap();
        assert_eq!(serde_json::from_str::<Comparison>(&text).unwrap(), one);
    }
    let text = serde_json::to_string(&calibration()).unwrap();
    assert_eq!(serde_json::from_str::<Calibration>(&text).unwrap(), calibration());
    assert_eq!(serde_json::to_value(Change::Regressed).unwrap(), "regressed");
}
