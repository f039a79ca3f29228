//! The rule over many made-up comparisons: false alarms, power, pairs saved.

use proptest::prelude::*;
use seatrial_record::comparison::{Change, Comparison, Decision, Doubt, Look, Pair, Rule};
use seatrial_record::stats::proportion_upper;

use super::trials::{Shape, Trials};

/// Standard deviation of log ratios of pairs of container starts, as measured on a busy machine.
const BUSY: f64 = 0.167;

/// As measured on a quiet one.
const QUIET: f64 = 0.05;

/// Asks the rule after each pair, as the runner does.
fn decided(trials: &mut Trials, ratio: f64, rule: &Rule) -> Decision {
    let mut pairs = Vec::new();
    loop {
        pairs.push(trials.pair(ratio));
        if let Some(decision) = rule.decide(&pairs) {
            return decision;
        }
        assert!(pairs.len() < rule.most_pairs(), "the last look always decides");
    }
}

/// The decisions of so many comparisons.
fn decisions(shape: Shape, deviation: f64, ratio: f64, count: usize, rule: &Rule) -> Vec<Decision> {
    let mut trials = Trials::new(shape, deviation, 20_260_101);
    (0..count).map(|_| decided(&mut trials, ratio, rule)).collect()
}

fn count(decisions: &[Decision], change: &Change) -> usize {
    decisions.iter().filter(|decision| decision.change == *change).count()
}

fn mean_pairs(decisions: &[Decision]) -> f64 {
    decisions.iter().map(|decision| decision.pairs as f64).sum::<f64>() / decisions.len() as f64
}

/// False alarms of either direction. As swapping the sides swaps the directions, to the bit, each comparison of a thing with
/// itself is a trial of both.
fn false_alarms(shape: Shape, comparisons: usize) {
    let alike = decisions(shape, BUSY, 1.0, comparisons, &Rule::default());
    let alarms = [Change::Regressed, Change::Improved].map(|alarm| count(&alike, &alarm));
    let at_most = proportion_upper(alarms.iter().sum(), 2 * alike.len(), 0.95).unwrap();
    assert!(
        at_most <= 0.01,
        "{shape:?}: {alarms:?} of {}, which may be {at_most}",
        alike.len()
    );
    assert!(
        alarms.iter().all(|alarms| *alarms > 0),
        "so cautious a rule wastes pairs"
    );
}

#[test]
fn at_most_one_in_a_hundred_comparisons_of_the_same_thing_is_a_false_alarm() {
    // Of 0.8 % in truth, so many show that it is below 1 %.
    false_alarms(Shape::Normal, 10_000);
}

#[test]
fn wild_samples_make_no_more_false_alarms() {
    false_alarms(Shape::HeavyTailed, 3_000);
}

#[test]
fn twenty_percent_are_found_within_fifteen_pairs_and_ten_percent_within_forty() {
    // Normal ones are the harder case, by far.
    let cases = [(1.2, 15, 8_000), (1.1, 40, 4_000)].map(|case| (Shape::Normal, case));
    let wild = [(1.2, 15, 1_000), (1.1, 40, 1_000)].map(|case| (Shape::HeavyTailed, case));
    for (shape, (ratio, pairs, trials)) in cases.into_iter().chain(wild) {
        let decisions = decisions(shape, BUSY, ratio, trials, &Rule::default());
        let found = decisions
            .iter()
            .filter(|one| one.change == Change::Regressed && one.pairs <= pairs);
        let power = found.count() as f64 / trials as f64;
        assert!(power >= 0.8, "{shape:?}: {ratio} within {pairs} pairs: {power}");
    }
}

/// Prints the table of the rule's documentation.
#[test]
#[ignore = "prints only; the others hold the rule to its bounds"]
fn figures_of_the_documentation() {
    const TRIALS: usize = 8_000;
    let rule = Rule::default();
    let share = |found: usize| format!("{:.1} %", 100.0 * found as f64 / TRIALS as f64);
    for (shape, deviation) in [
        (Shape::Normal, BUSY),
        (Shape::HeavyTailed, BUSY),
        (Shape::Normal, 0.106),
        (Shape::Normal, QUIET),
    ] {
        let made = |ratio| decisions(shape, deviation, ratio, TRIALS, &rule);
        let found = |decisions: &[Decision], pairs| {
            let found = |one: &&Decision| one.change == Change::Regressed && one.pairs <= pairs;
            share(decisions.iter().filter(found).count())
        };
        let [alike, ten, twenty, thirty] = [1.0, 1.1, 1.2, 1.3].map(made);
        let pairs = [&alike, &ten, &twenty, &thirty].map(|decisions| format!("{:.0}", mean_pairs(decisions)));
        println!(
            "| {deviation}, {shape:?} | {} | {} | {} | {} |",
            found(&twenty, 15),
            found(&ten, 40),
            share(count(&alike, &Change::Regressed)),
            pairs.join(", ")
        );
    }
}

/// All the pairs at once, at the level of all looks together.
fn fixed() -> Rule {
    Rule {
        looks: vec![Look {
            pairs: Rule::default().most_pairs(),
            spent: Rule::default().error(),
            give_up: None,
        }],
        ..Rule::default()
    }
}

#[test]
fn stopping_early_saves_half_of_the_pairs() {
    let mut same = 0;
    let mut made = Vec::new();
    let ratios = [1.0, 1.0 / 1.1, 1.1, 1.0 / 1.2, 1.2, 1.3];
    let each = 400;
    for ratio in ratios {
        let mut trials = Trials::new(Shape::Normal, BUSY, 20_260_102);
        for _ in 0..each {
            let all = trials.pairs(fixed().most_pairs(), ratio);
            let (early, late) = (Rule::default().conclude(&all), fixed().conclude(&all));
            // An alarm or none: between "unchanged" and "inconclusive" more pairs always make a difference.
            let alarm = |decision: &Decision| decision.change.found().then(|| decision.change.clone());
            same += usize::from(alarm(&early) == alarm(&late));
            made.push(early);
        }
    }
    let (agree, mean) = (same as f64 / made.len() as f64, mean_pairs(&made));
    assert!(agree >= 0.93, "the same alarm or none in {agree}");
    assert!(mean <= fixed().most_pairs() as f64 / 2.0, "{mean} pairs");
}

#[test]
fn a_quiet_machine_soon_knows_that_nothing_changed() {
    let alike = decisions(Shape::Normal, QUIET, 1.0, 500, &Rule::default());
    let unchanged = count(&alike, &Change::Unchanged) as f64 / 500.0;
    assert!(
        unchanged > 0.95 && mean_pairs(&alike) < 15.0,
        "{unchanged}, {}",
        mean_pairs(&alike)
    );
}

#[test]
fn what_matters_is_rarely_called_unchanged() {
    // At the margin itself, where it is most likely.
    let changed = decisions(Shape::Normal, QUIET, 1.05, 1_000, &Rule::default());
    let unchanged = count(&changed, &Change::Unchanged) as f64 / 1_000.0;
    assert!(unchanged < 0.08, "{unchanged}");
}

#[test]
fn a_change_too_small_to_matter_is_no_alarm_however_sure_it_is() {
    let mut trials = Trials::new(Shape::Normal, 0.01, 3);
    let small = Comparison::of(&trials.pairs(60, 1.03), &Rule::default());
    let ratio = small.ratio.and_then(|ratio| ratio.interval).unwrap();
    assert!(ratio.low > 1.02, "{small:?}");
    assert_eq!(small.change, Change::Unchanged);

    // A tenth more of 2 ms is too little to matter, too.
    let mut pairs = trials.pairs(60, 1.1);
    for side in pairs.iter_mut().flat_map(|pair| [&mut pair.old, &mut pair.new]) {
        side.wall_ns /= 1_000;
    }
    assert_eq!(Comparison::of(&pairs, &Rule::default()).change, Change::Unchanged);
}

#[test]
fn pairs_that_ended_before_a_look_decided_do_not_tell() {
    let mut trials = Trials::new(Shape::Normal, BUSY, 4);
    let rule = Rule::default();
    let few = trials.pairs(9, 1.5);
    assert_eq!(rule.decide(&few), None);
    let told = Comparison::of(&few, &rule);
    assert_eq!(
        (&told.change, told.look),
        (&Change::Inconclusive(Doubt::EndedEarly), None)
    );
    assert!(told.ratio.is_some_and(|ratio| ratio.value > 1.2) && told.detectable.is_none());

    let none = Comparison::of(&[], &rule);
    assert!(
        none.change == Change::Inconclusive(Doubt::EndedEarly) && none.ratio.is_none(),
        "{none:?}"
    );
    assert_eq!(Comparison::incomparable("the old side never serves", &rule).pairs, 0);
}

#[test]
fn pairs_beyond_the_look_that_decided_are_not_used() {
    let mut trials = Trials::new(Shape::Normal, BUSY, 5);
    let mut pairs = trials.pairs(15, 1.5);
    let decided = Comparison::of(&pairs, &Rule::default());
    assert_eq!(
        (&decided.change, decided.look, decided.pairs),
        (&Change::Regressed, Some(2), 15)
    );
    pairs.extend(trials.pairs(30, 0.5));
    assert_eq!(Comparison::of(&pairs, &Rule::default()), decided);
}

fn swapped(pairs: &[Pair]) -> Vec<Pair> {
    let swap = |pair: &Pair| Pair {
        old: pair.new.clone(),
        new: pair.old.clone(),
    };
    pairs.iter().map(swap).collect()
}

fn opposite(change: &Change) -> Change {
    match change {
        Change::Improved => Change::Regressed,
        Change::Regressed => Change::Improved,
        other => other.clone(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn swapping_the_sides_swaps_the_outcome_and_inverts_the_ratio(
        seed: u64,
        ratio in prop::sample::select(&[0.7, 0.9, 1.0, 1.08, 1.2, 1.6][..]),
        deviation in 0.01..0.3,
        count in 1..65_usize,
    ) {
        let pairs = Trials::new(Shape::HeavyTailed, deviation, seed).pairs(count, ratio);
        let (one, other) = (Comparison::of(&pairs, &Rule::default()), Comparison::of(&swapped(&pairs), &Rule::default()));
        prop_assert_eq!(&other.change, &opposite(&one.change));
        prop_assert_eq!((one.pairs, one.look), (other.pairs, other.look));
        prop_assert_eq!((one.p_regressed, one.p_improved), (other.p_improved, other.p_regressed));
        let (one, other) = (one.ratio.unwrap(), other.ratio.unwrap());
        let inverse = |one: f64, other: f64| (one * other - 1.0).abs() < 1e-9;
        prop_assert!(inverse(one.value, other.value));
        if let Some((one, other)) = one.interval.zip(other.interval) {
            prop_assert!(inverse(one.low, other.high) && inverse(one.high, other.low));
        }
    }
}
