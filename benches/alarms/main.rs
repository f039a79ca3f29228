//! False alarms, power and culprits of comparisons, over real starts of the stub image, on a machine left alone and on one
//! that is disturbed.

mod culprits;
mod disturb;
mod series;
mod windows;

use std::time::Duration;

use seatrial_benches::{Bench, Stubs};
use seatrial_record::comparison::{Change, Rule};
use seatrial_record::numbers;

use disturb::Hog;
use series::{Series, Variant};
use windows::{Tally, fixed, opposite, pairings};

/// Rounds for each pair that the variable asks for: 120 unless it does.
const ROUNDS_PER_PAIR: usize = 5;
/// Names of equal starts; each two of them are a pairing.
const ALIKE: [&str; 4] = ["a", "b", "c", "d"];
/// Slow-downs that are to be found, within so many pairs.
const SLOWER: [(&str, f64, usize); 2] = [("slower-20", 0.2, 15), ("slower-10", 0.1, 40)];
/// Most false alarms in a direction, and least power.
const FALSE: f64 = 0.01;
const POWER: f64 = 0.8;

fn main() -> anyhow::Result<()> {
    let mut bench = Bench::begin("alarms", env!("CARGO_TARGET_TMPDIR"))?;
    if std::env::var("SEATRIAL_TEST_ENGINE").is_ok_and(|value| value == "none") {
        println!("alarms: left out, because SEATRIAL_TEST_ENGINE=none");
        return Ok(());
    }
    let stubs = Stubs::build(env!("CARGO_TARGET_TMPDIR"))?;
    // The fewest that can be sampled, where nothing is measured.
    let rounds = if bench.is_measuring() {
        bench.pairs() * ROUNDS_PER_PAIR
    } else {
        2
    };
    let alike = if bench.is_measuring() { &ALIKE[..] } else { &ALIKE[..2] };

    let quiet = alone(&mut bench, &stubs, alike, rounds)?;
    false_alarms(&bench, "alike", &quiet, alike);

    let hog = Hog::at_random(bench.lots().u64(..));
    let busy = with_hog(&mut bench, &stubs, alike, rounds)?;
    drop(hog);
    false_alarms(&bench, "alike under a hog", &busy, alike);
    power(&bench, &busy, alike);
    early_stop(&bench, &busy, alike);

    culprits::measure(&mut bench, &stubs, rounds.div_ceil(2))
}

/// Equal starts on a machine that is left alone.
fn alone(bench: &mut Bench, stubs: &Stubs, alike: &[&'static str], rounds: usize) -> anyhow::Result<Series> {
    let variants: Vec<Variant> = alike.iter().map(|name| Variant::usual(name)).collect();
    let series = Series::record(bench, stubs, &variants, rounds, None)?;
    series.keep(bench, "alone")?;
    Ok(series)
}

/// Equal and slower starts while a hog runs. Slower is by a share of what a start takes there.
fn with_hog(bench: &mut Bench, stubs: &Stubs, alike: &[&'static str], rounds: usize) -> anyhow::Result<Series> {
    let usual = Series::usual(bench, stubs)?;
    let slower = SLOWER.map(|(name, share, _)| Variant::working(name, usual.mul_f64(share)));
    let variants: Vec<Variant> = alike.iter().map(|name| Variant::usual(name)).chain(slower).collect();
    let series = Series::record(bench, stubs, &variants, rounds, None)?;
    series.keep(bench, "under a hog")?;
    if bench.is_measuring() {
        for (name, share, _) in SLOWER {
            let ratio = median(&series, name).as_secs_f64() / median(&series, alike[0]).as_secs_f64();
            println!(
                "{name}: {ratio:.3} of the usual start, by medians; meant is {:.2}",
                1.0 + share
            );
        }
    }
    Ok(series)
}

fn median(series: &Series, name: &str) -> Duration {
    let walls = series.of(name).iter().map(|start| start.wall_ns).collect();
    Duration::from_nanos(numbers::median(walls).unwrap_or_default())
}

fn false_alarms(bench: &Bench, name: &str, series: &Series, alike: &[&str]) {
    let rule = Rule::default();
    let mut all = Tally::default();
    let mut apart = Tally::default();
    for (old, new) in pairings(alike) {
        let pairs = series.pairs(old, new);
        all.over_windows(&pairs, &rule);
        apart.one_after_another(&pairs, &rule);
    }
    if !bench.is_measuring() {
        return;
    }
    println!(
        "{name}: start of {:.0} ms, {all}",
        median(series, alike[0]).as_secs_f64() * 1e3
    );
    println!(
        "  windows begin at every round and go round the end; a pair is in {:.0} of them",
        all.overlap()
    );
    for change in [Change::Regressed, Change::Improved] {
        println!("  {}  {}", change.word(), all.share(&change, FALSE));
    }
    let alarms = [Change::Regressed, Change::Improved].map(|change| apart.count(&change));
    println!(
        "  without overlap, one comparison after another: {} comparisons, {} regressed, {} improved",
        apart.comparisons(),
        alarms[0],
        alarms[1]
    );
}

fn power(bench: &Bench, series: &Series, alike: &[&str]) {
    for (name, _, within) in SLOWER {
        let mut all = Tally::default();
        for old in alike {
            all.over_windows(&series.pairs(old, name), &Rule::default());
        }
        if bench.is_measuring() {
            println!("{name}: {all}");
            println!("  found within {within} pairs  {}", all.found_within(within, POWER));
        }
    }
}

/// What stopping early saves, and whether it says the same, over equal and slower starts in equal numbers.
fn early_stop(bench: &Bench, series: &Series, alike: &[&str]) {
    let mut same = [0, 0];
    let mut made = [0, 0];
    let slower = SLOWER
        .iter()
        .flat_map(|(name, ..)| alike.iter().map(|old| (*old, *name)));
    for (old, new) in pairings(alike).into_iter().chain(slower) {
        let pairs = series.pairs(old, new);
        for window in windows::windows(&pairs) {
            let (early, late) = (Rule::default().conclude(&window), fixed().conclude(&window));
            same[0] +=
                usize::from(early.change.found() == late.change.found() && !opposite(&early.change, &late.change));
            same[1] += 1;
            made[0] += early.pairs;
            made[1] += late.pairs;
        }
    }
    if bench.is_measuring() {
        let [early, late] = made.map(|made| made as f64 / same[1] as f64);
        println!(
            "early stop: {early:.1} pairs in place of {late:.1} ({:.2}), the same alarm or none in {:.1} % of {} windows",
            early / late,
            same[0] as f64 / same[1] as f64 * 100.0,
            same[1]
        );
    }
}
