//! How late seatrial sees that a replica is ready, what waiting costs it, and how much that moves the boot; the polls that
//! others use beside it.

mod others;
mod seatrial;

use std::time::Duration;

use anyhow::ensure;
use seatrial_benches::{Bench, Errors, Figure, Goal, Pairs, Side, Stubs};
use tokio::runtime::Runtime;

use others::Others;
use seatrial::{Run, Scenario};

/// Runs of each way of waiting, so that there are 400 boots, as a 99th percentile needs.
const RUNS: usize = 25;
/// Boots of one replica in a run.
const BOOTS: usize = 16;
/// Replicas that wait at once.
const CROWD: usize = 16;
/// A crowd takes this long to start, so that all of it waits before the first is ready.
const ALL_STARTED: Duration = Duration::from_secs(3);
/// What test suites poll with: testcontainers-python every second, testcontainers-go and -rs every 100 ms.
const POLLS: [Duration; 2] = [Duration::from_secs(1), Duration::from_millis(100)];
/// Touching memory takes the same work each time, unlike waiting for a clock.
const WORK: &str = "hold 400mb; answer 200; listen; forever";
/// The issue's.
const MOVED: Goal = Goal::Ratio(1.01);

/// What a replica is like before it is ready.
#[derive(Clone, Copy)]
enum Before {
    Refusing,
    Answering502,
}

/// One way of waiting.
struct Waiting {
    name: &'static str,
    before: Before,
    replicas: usize,
    /// Scenarios of one run.
    boots: usize,
}

const WAYS: [Waiting; 4] = [
    Waiting {
        name: "refused",
        before: Before::Refusing,
        replicas: 1,
        boots: BOOTS,
    },
    Waiting {
        name: "502",
        before: Before::Answering502,
        replicas: 1,
        boots: BOOTS,
    },
    Waiting {
        name: "refused 16 at once",
        before: Before::Refusing,
        replicas: CROWD,
        boots: 1,
    },
    Waiting {
        name: "502 16 at once",
        before: Before::Answering502,
        replicas: CROWD,
        boots: 1,
    },
];

fn main() -> anyhow::Result<()> {
    let mut bench = Bench::begin("readiness", env!("CARGO_TARGET_TMPDIR"))?;
    if std::env::var("SEATRIAL_TEST_ENGINE").is_ok_and(|value| value == "none") {
        println!("readiness: left out, because SEATRIAL_TEST_ENGINE=none");
        return Ok(());
    }
    let stubs = Stubs::build(env!("CARGO_TARGET_TMPDIR"))?;
    let mut medians = Vec::new();
    for way in &WAYS {
        medians.push((way.name, way.measure(&mut bench, &stubs)?));
    }
    let runtime = Runtime::new()?;
    let others = runtime.block_on(Others::begin(stubs.image()))?;
    let measured =
        peers(&mut bench, &runtime, &others, &medians).and_then(|()| moved(&mut bench, &runtime, &others, &stubs));
    runtime.block_on(others.end())?;
    measured
}

impl Waiting {
    /// Prints how late this was seen and what it cost; returns the median error, ms.
    fn measure(&self, bench: &mut Bench, stubs: &Stubs) -> anyhow::Result<f64> {
        let (mut errors, mut cost, mut rows) = (Errors::new(self.name), Vec::new(), Vec::new());
        // Where nothing is measured, two boots show whether all is right.
        let boots = if bench.is_measuring() {
            self.boots
        } else {
            self.boots.min(2)
        };
        for _ in 0..bench.pairs_or(RUNS) {
            let draw = |bench: &mut Bench| self.scenario(Duration::from_millis(bench.lots().u64(100..=1000)));
            let scenarios: Vec<Scenario> = (0..boots).map(|_| draw(bench)).collect();
            let run = Run::of(stubs, &scenarios)?;
            let at_once: Vec<Scenario> = (0..boots).map(|_| self.ready_at_once()).collect();
            cost.push(share(&run, &Run::of(stubs, &at_once)?));
            for told in &run.replicas {
                errors.add(told.ready, told.stamps.able);
                let late = told.ready as i64 - told.stamps.able as i64;
                // The stub stamps after the system call, and a probe may come between.
                let bound = told.gap.map_or(i64::MAX, |gap| gap as i64 + 1_000_000);
                ensure!(
                    (-5_000_000..=bound).contains(&late),
                    "{}: seen {late} ns after it was able, which the record bounds by {:?} ns",
                    self.name,
                    told.gap
                );
                let gap = told.gap.map_or_else(String::new, |gap| gap.to_string());
                let [waited, able, ready] = [told.waited, told.stamps.able, told.ready].map(|ns| ns.to_string());
                rows.push([waited, able, ready, gap]);
            }
        }
        if bench.is_measuring() {
            print!("{errors}");
            let cost = Figure::of(cost);
            println!(
                "  cost    {} % of a core for each that waits",
                cost.told(|share| format!("{:.2}", share * 100.0))
            );
            let columns = ["waited_ns", "able_ns", "ready_ns", "gap_ns"].map(str::to_owned);
            bench.keep(self.name, &columns, rows.into_iter())?;
        }
        Ok(errors.median())
    }

    fn scenario(&self, wait: Duration) -> Scenario {
        let wait = if self.replicas > 1 { wait + ALL_STARTED } else { wait }.as_millis();
        let script = match self.before {
            Before::Refusing => format!("wait {wait}ms; answer 200; listen; forever"),
            Before::Answering502 => format!("answer 502; listen; wait {wait}ms; answer 200; forever"),
        };
        Scenario {
            script,
            replicas: self.replicas,
        }
    }

    fn ready_at_once(&self) -> Scenario {
        Scenario {
            script: "answer 200; listen; forever".to_owned(),
            replicas: self.replicas,
        }
    }
}

/// What waiting takes of one core: the processor time that seatrial used beyond a run whose replicas were ready at once,
/// by the time that it waited longer.
fn share(run: &Run, at_once: &Run) -> f64 {
    let waited = |run: &Run| run.replicas.iter().map(|told| told.waited as f64).sum::<f64>();
    (run.cpu.as_secs_f64() - at_once.cpu.as_secs_f64()) * 1e9 / (waited(run) - waited(at_once))
}

/// The usual polls, both at the same stub.
fn peers(bench: &mut Bench, runtime: &Runtime, others: &Others, own: &[(&str, f64)]) -> anyhow::Result<()> {
    let mut errors = POLLS.map(|interval| Errors::new(format!("poll every {} ms", interval.as_millis())));
    for _ in 0..bench.pairs() * 2 {
        let wait = bench.lots().u64(100..=1000);
        let script = format!("wait {wait}ms; answer 200; listen; forever");
        for polled in runtime.block_on(others.boot(&script, 1, &POLLS))? {
            for (errors, seen) in errors.iter_mut().zip(&polled.seen) {
                errors.add(*seen, polled.stamps.able);
            }
        }
    }
    if bench.is_measuring() {
        for errors in &errors {
            print!("{errors}");
            for (name, median) in own {
                println!("  {:.0} times the median of `{name}`", errors.median() / median);
            }
        }
    }
    Ok(())
}

/// How much longer the same work takes a stub that seatrial watches than one that nobody does, by the stub's own stamps.
fn moved(bench: &mut Bench, runtime: &Runtime, others: &Others, stubs: &Stubs) -> anyhow::Result<()> {
    for (name, replicas) in [("work watched", 1), ("work 16 at once watched", CROWD)] {
        let mut pairs = Pairs::new(name, ["watched", "alone"]);
        let count = bench.pairs();
        bench.fill(&mut pairs, count, |side| {
            let took: Vec<u64> = match side {
                Side::Tried => {
                    let script = WORK.to_owned();
                    let run = Run::of(stubs, &[Scenario { script, replicas }])?;
                    run.replicas
                        .iter()
                        .map(|told| told.stamps.able - told.stamps.first)
                        .collect()
                }
                Side::Yardstick => {
                    let booted = runtime.block_on(others.boot(WORK, replicas, &[]))?;
                    booted
                        .iter()
                        .map(|polled| polled.stamps.able - polled.stamps.first)
                        .collect()
                }
            };
            let middle = Figure::of(took.into_iter().map(|ns| ns as f64)).median;
            Ok(Duration::from_nanos(middle as u64))
        })?;
        bench.report(&pairs, Some(MOVED))?;
    }
    Ok(())
}
