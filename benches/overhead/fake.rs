//! Lives on a fake engine, in a process of their own: an engine's client learns from its environment where the engine is, and
//! processor time is then the client's alone.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::ensure;
use rustix::time::{ClockId, clock_gettime};
use seatrial_benches::{Bench, Pair, Pairs, Series, Side};
use seatrial_fake_engine::{Call, CallName, Delay, FakeEngine, Script, Settings, compile_stub};
use serde::{Deserialize, Serialize};
use tokio::runtime::Runtime;

use crate::lives::{Life, Lives, READY_LATE, READY_SOON};

/// The argument by which such a process is known; its [`Order`] follows as JSON.
pub const LIVES: &str = "lives-on-a-fake-engine";
/// The stub as the fake engine knows it.
const IMAGE: &str = "seatrial-bench/stub:latest";
/// Delays of the script, milliseconds.
const DELAYS: [(CallName, u64); 3] = [(CallName::Create, 10), (CallName::Start, 50), (CallName::Remove, 5)];
/// The goals: added to a life in the middle, at the 99th percentile, and processor time.
const ADDED: Duration = Duration::from_micros(500);
const ADDED_EDGE: Duration = Duration::from_millis(2);
const CPU: Duration = Duration::from_millis(1);

/// What such a process is to do.
#[derive(Debug, Serialize, Deserialize)]
pub struct Order {
    /// The stub's script.
    script: String,
    /// Whose turn it is, one life after the other; true is seatrial.
    sides: Vec<bool>,
    /// What the bare client is to make of a life.
    calls: Vec<CallName>,
}

/// Carries an order out, and prints a line for each life.
pub fn lives(order: Order) -> anyhow::Result<()> {
    let runtime = Runtime::new()?;
    let mut lives = runtime.block_on(Lives::begin(IMAGE, order.calls))?;
    for by_seatrial in order.sides {
        let life = runtime.block_on(lives.live(side(by_seatrial), &order.script))?;
        println!("{}", serde_json::to_string(&life)?);
    }
    runtime.block_on(lives.end())
}

/// The calls that a life by seatrial makes, in the order in which they reached the engine.
pub fn calls_of_a_life() -> anyhow::Result<Vec<CallName>> {
    let order = Order {
        script: READY_LATE.to_owned(),
        sides: vec![true],
        calls: Vec::new(),
    };
    let (lives, calls) = lived(Script::default(), &order)?;
    Ok(of_life(&calls, &lives[0]).map(|call| call.call).collect())
}

/// Times pairs of lives on an engine whose delays are known.
pub fn measure(bench: &mut Bench, calls: &[CallName]) -> anyhow::Result<()> {
    let count = bench.pairs_or(crate::PAIRS_ON_FAKE);
    // The first pair is not kept: both sides then find warm caches.
    let firsts: Vec<[Side; 2]> = (0..=count).map(|_| Side::drawn(bench.lots())).collect();
    let order = Order {
        script: READY_SOON.to_owned(),
        sides: firsts.iter().flatten().map(|side| *side == Side::Tried).collect(),
        calls: calls.to_vec(),
    };
    let delay = |(call, ms)| (call, Delay::fixed(Duration::from_millis(ms)));
    let script = Script {
        delays: DELAYS.into_iter().map(delay).collect(),
        ..Script::default()
    };
    let (lives, made) = lived(script, &order)?;
    check(&order, &lives, &made)?;
    if !bench.is_measuring() {
        return Ok(());
    }

    let mut walls = Pairs::new("life on the fake engine", ["seatrial", "bare"]);
    let mut added = [
        Series::new("added by seatrial"),
        Series::new("added by the bare client"),
    ];
    let mut cpu = [
        Series::new("processor time of seatrial"),
        Series::new("processor time of the bare client"),
    ];
    for (pair, [first, second]) in lives.chunks(2).zip(firsts).skip(1) {
        walls.add(Pair::of(first, pair[0].wall(), pair[1].wall()));
        for (life, side) in pair.iter().zip([first, second]) {
            added[side as usize].add(crate::ns(not_the_engines(life, &made)));
            cpu[side as usize].add(crate::ns(life.cpu));
        }
    }
    let mut beyond = Series::new("seatrial beyond the bare client");
    walls.differences().for_each(|seconds| beyond.add_seconds(seconds));

    bench.report(&walls, None)?;
    let [by_seatrial, by_bare] = added;
    for series in [&by_seatrial, &beyond] {
        bench.report_series(series, Some(ADDED))?;
        let within = series.percentile(0.99).map(|edge| edge <= ADDED_EDGE.as_secs_f64());
        let verdict = within.map_or("open", |within| if within { "met" } else { "missed" });
        println!("  goal   p99 <= {} ms: {verdict}", ADDED_EDGE.as_millis());
    }
    bench.report_series(&by_bare, None)?;
    let [of_seatrial, of_bare] = cpu;
    bench.report_series(&of_seatrial, Some(CPU))?;
    bench.report_series(&of_bare, None)
}

/// Both sides make the same calls: in each life as many of each kind as in the first. Seatrial gives up waiting for the end
/// once the container is ready, so on a busy machine that call may never be made.
fn check(order: &Order, lives: &[Life], made: &[Stamped]) -> anyhow::Result<()> {
    let counted = |calls: &mut dyn Iterator<Item = CallName>| {
        let mut counts = BTreeMap::new();
        calls.for_each(|call| *counts.entry(call).or_insert(0) += 1);
        counts
    };
    let expected = counted(&mut order.calls.iter().copied());
    for (number, (life, by_seatrial)) in lives.iter().zip(&order.sides).enumerate() {
        let mut found = counted(&mut of_life(made, life).map(|call| call.call));
        if *by_seatrial && let Some(waits) = expected.get(&CallName::Wait) {
            found.entry(CallName::Wait).or_insert(*waits);
        }
        ensure!(
            found == expected,
            "life {number}, by {}, made {found:?} instead of {expected:?}",
            crate::word(side(*by_seatrial))
        );
    }
    Ok(())
}

/// A call with its instants on CLOCK_MONOTONIC, nanoseconds.
struct Stamped {
    call: CallName,
    arrived: u64,
    answered: u64,
}

/// Has a process carry an order out on a fake with this script; what it lived, and the calls in order of arrival.
fn lived(script: Script, order: &Order) -> anyhow::Result<(Vec<Life>, Vec<Stamped>)> {
    let fake = FakeEngine::start(Settings {
        stub: compile_stub()?,
        images: vec![IMAGE.to_owned()],
        script,
    })?;
    let output = Command::new(std::env::current_exe()?)
        .args([LIVES, &serde_json::to_string(order)?])
        .env("DOCKER_HOST", fake.docker_host())
        .stderr(Stdio::inherit())
        .output()?;
    ensure!(output.status.success(), "lives on a fake engine: {}", output.status);
    let lives = String::from_utf8(output.stdout)?;
    let lives: Vec<Life> = lives.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    ensure!(lives.len() == order.sides.len(), "{} lives came back", lives.len());
    ensure!(fake.objects().is_empty(), "left behind: {:?}", fake.objects());
    let at = clock();
    let mut calls: Vec<Stamped> = fake.calls().iter().map(|call| stamped(call, &at)).collect();
    calls.sort_by_key(|call| call.arrived);
    Ok((lives, calls))
}

fn stamped(call: &Call, at: &impl Fn(Instant) -> u64) -> Stamped {
    Stamped {
        call: call.call,
        arrived: at(call.arrived),
        answered: at(call.answered),
    }
}

/// From this process's instants, which lie in the past, to CLOCK_MONOTONIC in nanoseconds.
fn clock() -> impl Fn(Instant) -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    let zero = Instant::now();
    let now = now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64;
    move |at| now - (zero - at).as_nanos() as u64
}

fn of_life<'a>(calls: &'a [Stamped], life: &'a Life) -> impl Iterator<Item = &'a Stamped> {
    calls
        .iter()
        .filter(|call| (life.begun..=life.ended).contains(&call.arrived))
}

/// How much of a life neither the engine nor the stub accounts for: no call was between its arrival and its answer, and the
/// stub was not between its start and the instant from which on it could answer. Calls overlap, so their times are not summed.
fn not_the_engines(life: &Life, made: &[Stamped]) -> u64 {
    let mut left = life.ended - life.begun;
    let mut accounted = life.begun;
    for call in of_life(made, life) {
        let until = match call.call {
            CallName::Start => call.answered.max(life.able),
            _ => call.answered,
        };
        let until = until.min(life.ended);
        left -= until.saturating_sub(call.arrived.max(accounted));
        accounted = accounted.max(until);
    }
    left
}

fn side(by_seatrial: bool) -> Side {
    match by_seatrial {
        true => Side::Tried,
        false => Side::Yardstick,
    }
}
