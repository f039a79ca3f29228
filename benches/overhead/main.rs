//! What seatrial adds to one container's life: by its engine crate, against a bare client that makes the same calls, on the real
//! engine and on a fake one whose delays are known.

mod bare;
mod fake;
mod lives;
mod watched;

use std::time::Duration;

use seatrial_benches::{Bench, Goal, Pairs, Program, Side};
use tokio::runtime::Runtime;

use lives::{Life, Lives};

/// Pairs on the real engine: what tells 2 % where starts scatter by 15 %.
const PAIRS: usize = 300;
/// Pairs on the fake one: from so many samples on there is a 99th percentile.
const PAIRS_ON_FAKE: usize = 400;
/// The goal on the real engine.
const GOAL: Goal = Goal::Ratio(1.02);
/// Variable that leaves out what needs Docker, with this value.
const ENGINE: (&str, &str) = ("SEATRIAL_TEST_ENGINE", "none");

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [word, order] = arguments.as_slice()
        && word == fake::LIVES
    {
        return fake::lives(serde_json::from_str(order)?);
    }

    let mut bench = Bench::begin("overhead", env!("CARGO_TARGET_TMPDIR"))?;
    let calls = fake::calls_of_a_life()?;
    let named: Vec<String> = calls.iter().map(|call| format!("{call:?}")).collect();
    println!("overhead: a life is {}", named.join(", "));
    fake::measure(&mut bench, &calls)?;
    if std::env::var(ENGINE.0).is_ok_and(|value| value == ENGINE.1) {
        println!("overhead: {}={} leaves the real engine out", ENGINE.0, ENGINE.1);
        return Ok(());
    }

    let image = Program::build(env!("CARGO_TARGET_TMPDIR"))?.image("stub")?;
    let runtime = Runtime::new()?;
    let mut lives = runtime.block_on(Lives::begin(&image, calls))?;
    let mut pairs = Pairs::new("life on the real engine", ["seatrial", "bare"]);
    let count = bench.pairs_or(PAIRS);
    let filled = bench.fill(&mut pairs, count, |side| {
        runtime.block_on(lives.live(side, lives::READY_SOON)).map(Life::wall)
    });
    // Also after a failure: nothing is left behind.
    runtime.block_on(lives.end())?;
    filled?;
    bench.report(&pairs, Some(GOAL))
}

/// Nanoseconds.
fn ns(count: u64) -> Duration {
    Duration::from_nanos(count)
}

/// The side's word, as columns have it.
fn word(side: Side) -> &'static str {
    match side {
        Side::Tried => "seatrial",
        Side::Yardstick => "bare",
    }
}
