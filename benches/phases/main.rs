//! Delays put into each phase of real boots: how much of each lands in its own part, and how much in any other.

mod course;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use seatrial_benches::{Bench, Call, Figure, Relay, Stubs};
use seatrial_record::{Observation, Phase, RunRecord, breakdown, first_response, install_parts};

use course::{BASE, CONTRACT, DELAYS, PARTS, scenario, scenarios};

/// A round takes about a minute.
const ROUNDS_PER_PAIR: f64 = 1.0 / 3.0;
/// The issue's: of a delay so much in its own part, and at most so much in any other.
const LANDS: f64 = 0.95;
const LEAKS: f64 = 0.02;
/// The issue's: of the whole boot, or 2 ms.
const RESIDUE: f64 = 0.01;
const RESIDUE_NS: f64 = 2e6;

/// What the parts of one boot took, nanoseconds.
type Parts = BTreeMap<&'static str, f64>;

fn main() -> anyhow::Result<()> {
    let mut bench = Bench::begin("phases", env!("CARGO_TARGET_TMPDIR"))?;
    if std::env::var("SEATRIAL_TEST_ENGINE").is_ok_and(|value| value == "none") {
        println!("phases: left out, because SEATRIAL_TEST_ENGINE=none");
        return Ok(());
    }
    let stubs = Stubs::build(env!("CARGO_TARGET_TMPDIR"))?;
    let relay = Relay::start(late_calls())?;
    // Where nothing is measured, one delay tells whether everything is in its place.
    let delays = if bench.is_measuring() {
        &DELAYS[..]
    } else {
        &DELAYS[1..2]
    };
    let rounds = if bench.is_measuring() {
        (bench.pairs() as f64 * ROUNDS_PER_PAIR).ceil() as usize
    } else {
        1
    };
    let names = scenarios(delays);
    let files = names
        .iter()
        .map(|(name, step, delay)| (name.as_str(), scenario(step, *delay)));
    let project = stubs.project(CONTRACT, files)?;
    let mut boots: BTreeMap<String, Vec<Parts>> = BTreeMap::new();
    for _ in 0..rounds {
        let seed = bench.lots().u32(..).to_string();
        let record = stubs.run(project.path(), &["--seed", &seed], Some(&relay.host()))?;
        for (name, ..) in &names {
            boots
                .entry(name.clone())
                .or_default()
                .push(parts(seen(&record, name)?)?);
        }
    }
    let usual = usual(&boots, &names);
    for delay in delays {
        if bench.is_measuring() {
            table(&boots, &usual, *delay);
        }
    }
    residue(&bench, &boots)?;
    keep(&bench, &boots)
}

/// Makes the create and the start call of containers late whose case says so: `create-200`, `start-50`. Boots of this bench
/// come one at a time, so a start belongs to the last create.
fn late_calls() -> impl FnMut(Call<'_>) {
    let last = Arc::new(Mutex::new(String::new()));
    move |call| {
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        let late = match call {
            Call::Create(name) => {
                name.clone_into(&mut last);
                delay_in(name, "-create-")
            }
            Call::Start => delay_in(&last, "-start-"),
            Call::End => None,
        };
        thread::sleep(late.unwrap_or_default());
    }
}

/// The milliseconds that stand behind a word in a container's name.
fn delay_in(name: &str, word: &str) -> Option<Duration> {
    let (_, rest) = name.split_once(word)?;
    let digits = rest.split(|other: char| !other.is_ascii_digit()).next()?;
    digits.parse().ok().map(Duration::from_millis)
}

fn seen<'a>(record: &'a RunRecord, name: &str) -> anyhow::Result<&'a Observation> {
    let case = record
        .cases
        .iter()
        .find(|case| case.id.starts_with(&format!("{name}@")));
    case.and_then(|case| case.observations.first())
        .with_context(|| format!("{name} is not in the record"))
}

/// All parts of a boot, those of the installation in place of `install`; they sum to the whole.
fn parts(seen: &Observation) -> anyhow::Result<Parts> {
    let whole = seen.instant(Phase::Ready).context("never ready")?;
    let cut = breakdown(seen).into_iter().chain(install_parts(seen));
    let mut parts: Parts = cut
        .filter(|part| part.name != "install")
        .map(|part| (part.name, part.ns as f64))
        .collect();
    let sum: f64 = parts.values().sum();
    ensure!(
        (sum - whole as f64).abs() < 1.0,
        "the parts sum to {sum} ns, not {whole}"
    );
    parts.extend(first_response(seen).map(|part| (part.name, part.ns as f64)));
    parts.insert("whole", whole as f64);
    Ok(parts)
}

/// What each part usually takes in each round: the median of all boots that were delayed elsewhere or not at all. A single boot
/// would put its own scatter into every row of a table.
fn usual(boots: &BTreeMap<String, Vec<Parts>>, names: &[(String, &'static str, u64)]) -> Vec<Parts> {
    let rounds = boots[BASE].len();
    let usual = |part: &'static str, round: usize| {
        let others = names.iter().filter(|(_, step, _)| *step != part);
        let took = others.map(|(name, ..)| boots[name][round].get(part).copied().unwrap_or_default());
        (part, Figure::of(took).median)
    };
    let of_round = |round| PARTS.iter().map(|part| usual(part, round)).collect();
    (0..rounds).map(of_round).collect()
}

/// What a part took more in each delayed boot than is usual in the same round, as a share of the delay.
fn landed(delayed: &[Parts], usual: &[Parts], delay: u64, part: &str) -> Figure {
    let of = |parts: &Parts| parts.get(part).copied().unwrap_or_default();
    let pairs = delayed.iter().zip(usual);
    Figure::of(pairs.map(|(delayed, usual)| (of(delayed) - of(usual)) / (delay as f64 * 1e6)))
}

/// Prints the matrix of one delay: a row for each phase that was delayed, a column for each part.
fn table(boots: &BTreeMap<String, Vec<Parts>>, usual: &[Parts], delay: u64) {
    let rounds = usual.len();
    println!("{delay} ms: share of the delay by part, %, medians of {rounds} differences");
    let heads = PARTS.map(|part| format!("{:>8}", course::short(part)));
    println!("  {:<24}{}", "delayed", heads.concat());
    let [mut lost, mut leaks, mut open] = [0; 3];
    for step in PARTS.iter().filter(|part| **part != "residue") {
        let mut row = String::new();
        for part in PARTS {
            let share = landed(&boots[&course::name(step, delay)], usual, delay, part);
            row += &format!("{:>8.1}", share.median * 100.0);
            let (low, high) = share.interval.unwrap_or((f64::NEG_INFINITY, f64::INFINITY));
            match part == *step {
                true => lost += usize::from(high < LANDS),
                false => leaks += usize::from(low > LEAKS || high < -LEAKS),
            }
            let within = if part == *step {
                low >= LANDS
            } else {
                low >= -LEAKS && high <= LEAKS
            };
            open += usize::from(!within);
        }
        println!("  {step:<24}{row}");
    }
    let cells = (PARTS.len() - 1) * PARTS.len();
    println!(
        "  goal   >= {:.0} % in its part, <= {:.0} % in any other: of {cells} figures {} met, {} missed ({lost} landed, \
             {leaks} leaked), the rest open",
        LANDS * 100.0,
        LEAKS * 100.0,
        cells - open,
        lost + leaks
    );
}

/// What no instant explains, over all boots.
fn residue(bench: &Bench, boots: &BTreeMap<String, Vec<Parts>>) -> anyhow::Result<()> {
    let all: Vec<&Parts> = boots.values().flatten().collect();
    let of = |parts: &Parts| parts.get("residue").copied().unwrap_or_default();
    let beyond = all
        .iter()
        .filter(|parts| of(parts) > (parts["whole"] * RESIDUE).max(RESIDUE_NS));
    let most = all.iter().map(|parts| of(parts)).fold(0.0, f64::max);
    let (beyond, count) = (beyond.count(), all.len());
    if bench.is_measuring() {
        println!(
            "residue: at most {:.3} ms; beyond 1 % of the whole and 2 ms in {beyond} of {count} boots",
            most / 1e6
        );
    }
    ensure!(
        bench.is_measuring() || beyond == 0,
        "{most} ns of a boot are explained by nothing"
    );
    Ok(())
}

fn keep(bench: &Bench, boots: &BTreeMap<String, Vec<Parts>>) -> anyhow::Result<()> {
    if !bench.is_measuring() {
        return Ok(());
    }
    let columns = ["scenario", "round", "part", "ns"].map(str::to_owned);
    let rows = boots.iter().flat_map(|(name, rounds)| {
        let numbered = rounds.iter().enumerate();
        numbered.flat_map(move |(round, parts)| {
            let row =
                move |(part, ns): (&&str, &f64)| [name.clone(), round.to_string(), (*part).to_owned(), ns.to_string()];
            parts.iter().map(row)
        })
    });
    bench.keep("boots", &columns, rows)
}
