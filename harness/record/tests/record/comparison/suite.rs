//! Many comparisons together, and a machine compared with itself.

use seatrial_record::HostFacts;
use seatrial_record::comparison::{Calibration, Change, Comparison, Doubt, HostClass, Rule, SuiteComparison};

use super::trials::{Shape, Trials};

/// Metrics of a suite.
const METRICS: usize = 50;

/// A suite in which the first `changed` metrics take `ratio` times as long.
fn suite(trials: &mut Trials, rule: &Rule, changed: usize, ratio: f64) -> SuiteComparison {
    let comparisons = (0..METRICS).map(|at| {
        let ratio = if at < changed { ratio } else { 1.0 };
        let pairs = trials.pairs(rule.most_pairs(), ratio);
        (format!("metric {at}"), Comparison::of(&pairs, rule))
    });
    SuiteComparison::of(comparisons.collect(), 0.05)
}

#[test]
fn one_suite_in_twenty_has_a_false_alarm_at_most() {
    let mut trials = Trials::new(Shape::Normal, 0.167, 12);
    let rule = Rule::default().among(METRICS, 0.05);
    let suites = 60;
    let alarmed = (0..suites).filter(|_| suite(&mut trials, &rule, 0, 1.0).regressed().next().is_some());
    // Ten or more of 60 would come once in 1,000 times if one in twenty were false.
    assert!(alarmed.count() < 10);
}

#[test]
fn a_change_among_many_is_still_found() {
    let mut trials = Trials::new(Shape::Normal, 0.1, 13);
    let judged = suite(&mut trials, &Rule::default().among(METRICS, 0.05), 3, 1.25);
    let regressed: Vec<_> = judged.regressed().map(|member| member.name.as_str()).collect();
    assert_eq!(regressed, ["metric 0", "metric 1", "metric 2"]);
}

#[test]
fn an_alarm_that_one_in_fifty_comes_by_chance_is_doubted() {
    // Until one is found that is an alarm by itself, just so.
    let mut trials = Trials::new(Shape::Normal, 0.167, 14);
    let just_so = (0..)
        .map(|_| Comparison::of(&trials.pairs(60, 1.1), &Rule::default()))
        .find(|one| one.change == Change::Regressed && one.p_regressed > 0.002)
        .unwrap();
    let other = Comparison::of(&trials.pairs(60, 1.0), &Rule::default());
    let named = |count: usize| {
        let others = std::iter::repeat_n(("other".to_owned(), other.clone()), count);
        SuiteComparison::of(
            std::iter::once(("one".to_owned(), just_so.clone()))
                .chain(others)
                .collect(),
            0.05,
        )
    };
    assert_eq!(named(0).members[0].change, Change::Regressed);
    assert_eq!(named(49).members[0].change, Change::Inconclusive(Doubt::AmongMany));
    assert_eq!(named(49).members[0].comparison, just_so);
}

#[test]
fn a_calibration_counts_false_alarms_and_says_what_can_be_seen() {
    let mut trials = Trials::new(Shape::Normal, 0.167, 15);
    let rule = Rule::default();
    let mut comparisons: Vec<_> = (0..300)
        .map(|_| Comparison::of(&trials.pairs(60, 1.0), &rule))
        .collect();
    comparisons.push(Comparison::of(&trials.pairs(5, 1.0), &rule));
    let host = HostClass::of(&HostFacts::default());
    let calibration = Calibration::of(host.clone(), "the stub image", &rule, &comparisons).unwrap();
    assert_eq!(calibration.comparisons, 300, "one ended early");
    let interval = calibration.false_alarms.interval.unwrap();
    assert!(interval.contains(0.008) && interval.high < 0.04, "{interval:?}");
    assert!((calibration.spread - 0.167).abs() < 0.01, "{}", calibration.spread);
    let seen: Vec<_> = calibration
        .detectable
        .iter()
        .map(|seen| (seen.pairs, (seen.ratio * 100.0).round()))
        .collect();
    // By normal theory, which for so few pairs promises a little too much: the rule finds 120 within 15, 110 within 40.
    assert_eq!(seen, [(15, 117.0), (40, 109.0)]);
    assert_eq!(Calibration::of(host, "the stub image", &rule, &[]), None);
}
