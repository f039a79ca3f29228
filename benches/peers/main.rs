//! The same forty short scenarios by seatrial and by what a user would write instead, whole processes, side by side.

mod ceiling;
mod scenarios;
mod sides;

use std::time::Duration;

use seatrial_benches::{Bench, Figure};
use seatrial_record::numbers;

use sides::{Side, Sides, Taken};

/// Scenarios of the list when measuring, and when only checking.
const COUNTS: [usize; 2] = [40, 4];
/// What other sides take, in times of seatrial, at least; of the ceiling, the share of it that seatrial reaches.
const GOALS: [(Side, f64); 3] = [
    (Side::Testcontainers, 5.0),
    (Side::DockerSdk, 1.5),
    (Side::Ceiling, 0.9),
];

/// One round: what each side took, in the order of [`Side::ALL`].
type Round = [Taken; 5];

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [word, list, flight] = arguments.as_slice()
        && word == ceiling::CEILING
    {
        return ceiling::run(list, flight.parse()?);
    }

    let mut bench = Bench::begin("peers", env!("CARGO_TARGET_TMPDIR"))?;
    if std::env::var("SEATRIAL_TEST_ENGINE").is_ok_and(|value| value == "none") {
        println!("peers: left out, because SEATRIAL_TEST_ENGINE=none");
        return Ok(());
    }
    let work = tempfile::tempdir_in(bench.folder())?;
    let list = scenarios::list(COUNTS[usize::from(!bench.is_measuring())]);
    let sides = Sides::prepare(bench.folder(), work.path(), &list)?;
    sides.accept_snapshots()?;

    if bench.is_measuring() {
        // Not kept, so that all find warm file caches.
        round(&mut bench, &sides)?;
    }
    let mut rounds = Vec::new();
    for _ in 0..bench.pairs() {
        let round = round(&mut bench, &sides)?;
        rounds.push(round);
        let told = Side::ALL.iter().zip(&round);
        let told = told.map(|(side, taken)| format!("{} {:.2} s", side.name(), taken.wall.as_secs_f64()));
        println!("round {}: {}", rounds.len(), told.collect::<Vec<_>>().join(", "));
    }
    if bench.is_measuring() {
        report(&rounds);
        keep(&bench, &rounds)?;
    }
    Ok(())
}

/// Runs every side once, in random order.
fn round(bench: &mut Bench, sides: &Sides) -> anyhow::Result<Round> {
    let mut order = [0, 1, 2, 3, 4];
    bench.lots().shuffle(&mut order);
    let mut round = [None; 5];
    for at in order {
        round[at] = Some(sides.time(Side::ALL[at])?);
    }
    Ok(round.map(|taken| taken.expect("the order has every side")))
}

fn report(rounds: &[Round]) {
    println!("forty scenarios, {}", numbers::counted(rounds.len(), "round"));
    let of = |side: Side, value: &dyn Fn(&Taken) -> Duration| {
        let at = side as usize;
        rounds
            .iter()
            .map(|round| value(&round[at]).as_secs_f64())
            .collect::<Vec<f64>>()
    };
    let seconds = |samples: Vec<f64>| Figure::of(samples).told(|value| format!("{value:.2} s"));
    let ratio = |of: &[f64], to: &[f64]| Figure::of(of.iter().zip(to).map(|(of, to)| of / to));
    let seatrial = of(Side::Seatrial, &|taken| taken.wall);
    for side in Side::ALL {
        println!("{}", side.name());
        let wall = of(side, &|taken| taken.wall);
        println!("  wall   {}", seconds(wall.clone()));
        println!("  cpu    {}", seconds(of(side, &|taken| taken.cpu)));
        if rounds.iter().all(|round| round[side as usize].inner.is_some()) {
            println!(
                "  inner  {}",
                seconds(of(side, &|taken| taken.inner.unwrap_or_default()))
            );
        }
        let (figure, meaning) = match side {
            Side::Seatrial => continue,
            // As throughput: what the bare clients took, from the first create on, to the whole of seatrial's process.
            Side::Ceiling => {
                let inner = of(side, &|taken| taken.inner.unwrap_or_default());
                (ratio(&inner, &seatrial), "seatrial's throughput / ceiling")
            }
            _ => (ratio(&wall, &seatrial), "times seatrial"),
        };
        println!("  ratio  {} ({meaning})", figure.told(|value| format!("{value:.3}")));
        if let Some((_, least)) = GOALS.iter().find(|(of, _)| *of == side) {
            println!("  goal   ratio >= {least}: {}", verdict(&figure, *least));
        }
    }
}

/// The whole interval has to be on one side of the goal.
fn verdict(figure: &Figure, least: f64) -> &'static str {
    match figure.interval {
        Some((low, _)) if low >= least => "met",
        Some((_, high)) if high < least => "missed",
        _ => "open",
    }
}

/// Raw samples, a row per side and round.
fn keep(bench: &Bench, rounds: &[Round]) -> anyhow::Result<()> {
    let columns = ["round", "side", "wall_ns", "cpu_ns", "inner_ns"].map(str::to_owned);
    let rows = rounds.iter().enumerate().flat_map(|(at, round)| {
        Side::ALL.iter().zip(round).map(move |(side, taken)| {
            let ns = |time: Duration| time.as_nanos().to_string();
            let inner = taken.inner.map(ns).unwrap_or_default();
            [
                (at + 1).to_string(),
                side.name().to_owned(),
                ns(taken.wall),
                ns(taken.cpu),
                inner,
            ]
        })
    });
    bench.keep("rounds", &columns, rows)
}
