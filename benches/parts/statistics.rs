//! A comparison of 60 pairs, judged as `compare` does it.

use std::time::Instant;

use criterion::Criterion;
use seatrial_benches::Bench;
use seatrial_record::comparison::{Comparison, Measured, Pair, Rule};

const PAIRS: usize = 60;

pub fn measure(bench: &mut Bench, criterion: &mut Criterion) -> anyhow::Result<()> {
    let mut side = |factor: f64| {
        // The sum of twelve uniform numbers is close to normal; log ratios scatter by 0.167 on a busy machine.
        let scatter = (0..12).map(|_| bench.lots().f64()).sum::<f64>() - 6.0;
        let wall_ns = (1e9 * factor * (scatter * 0.118).exp()) as u64;
        Measured {
            wall_ns,
            cpu_ns: Some(wall_ns / 2),
            machine: None,
            parts: vec![("create".to_owned(), wall_ns / 4), ("boot".to_owned(), wall_ns * 3 / 4)],
        }
    };
    let pairs: Vec<Pair> = (0..PAIRS)
        .map(|_| Pair {
            old: side(1.0),
            new: side(1.5),
        })
        .collect();
    let rule = Rule::default();
    let told = Comparison::of(&pairs, &rule);
    anyhow::ensure!(told.change.word() == "regressed", "+50 % was judged {:?}", told.change);
    bench.time_alone(criterion, "comparison of 60 pairs", None, || {
        let begun = Instant::now();
        let told = Comparison::of(std::hint::black_box(&pairs), &rule);
        let taken = begun.elapsed();
        drop(std::hint::black_box(told));
        taken
    })
}
