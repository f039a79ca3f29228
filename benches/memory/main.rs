//! What seatrial's own process takes while replicas run: `seatrial run` with crowds of stubs on a fake engine.

mod crowd;

use seatrial_benches::{Bench, Figure, Program};

use crowd::{Crowd, Taken};

/// Replicas; a scenario has 200 at most.
const CROWDS: [usize; 4] = [1, 50, 100, 200];
/// The same when only checking.
const FEW: [usize; 2] = [1, 8];
/// Runs of each where nobody says.
const RUNS: usize = 5;
/// The goals, MiB: growth for 100 replicas, and all of it with up to 100.
const GROWTH: f64 = 10.0;
const IN_ALL: f64 = 25.0;
const HUNDRED: usize = 100;

fn main() -> anyhow::Result<()> {
    let mut bench = Bench::begin("memory", env!("CARGO_TARGET_TMPDIR"))?;
    let program = Program::build(env!("CARGO_TARGET_TMPDIR"))?;
    let crowds: &[usize] = if bench.is_measuring() { &CROWDS } else { &FEW };
    let mut order = crowds.repeat(bench.pairs_or(RUNS));
    bench.lots().shuffle(&mut order);
    let crowds = order.into_iter().map(|replicas| Crowd { replicas }.run(&program));
    let taken = crowds.collect::<anyhow::Result<Vec<Taken>>>()?;
    if bench.is_measuring() {
        tell(&taken);
        let columns = ["replicas", "samples", "running_kib", "peak_kib"].map(str::to_owned);
        bench.keep("runs", &columns, taken.iter().map(Taken::row))?;
    }
    Ok(())
}

fn tell(taken: &[Taken]) {
    let shown = |mib: f64| format!("{mib:.1} MiB");
    for replicas in CROWDS {
        let of_it = || taken.iter().filter(move |taken| taken.replicas == replicas);
        let running = Figure::of(of_it().map(|taken| mib(taken.running)));
        let peak = Figure::of(of_it().map(|taken| mib(taken.peak)));
        println!("{replicas} replicas, {} times", running.count);
        println!("  while all run {}", running.told(shown));
        println!("  at its peak   {}", peak.told(shown));
    }
    let points: Vec<(f64, f64)> = taken
        .iter()
        .map(|taken| (taken.replicas as f64, mib(taken.running)))
        .collect();
    let growth = slope(&points) * HUNDRED as f64;
    println!(
        "growth per {HUNDRED} replicas, least squares over {} runs: {growth:.1} MiB",
        points.len()
    );
    println!("  goal   <= {GROWTH} MiB: {}", met(growth <= GROWTH));
    let within = taken.iter().filter(|taken| taken.replicas <= HUNDRED);
    let most = within.map(|taken| mib(taken.peak)).fold(0.0, f64::max);
    println!("in all with up to {HUNDRED} replicas, the highest peak: {most:.1} MiB");
    println!("  goal   <= {IN_ALL} MiB: {}", met(most <= IN_ALL));
}

fn met(holds: bool) -> &'static str {
    if holds { "met" } else { "missed" }
}

/// The slope of the line with the least sum of squares.
fn slope(points: &[(f64, f64)]) -> f64 {
    let count = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let both: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    both / points.iter().map(|point| (point.0 - x).powi(2)).sum::<f64>()
}

fn mib(kib: u64) -> f64 {
    kib as f64 / 1024.0
}
