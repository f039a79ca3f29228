//! From a launch to the first 200 by extension method, with the stub image on the real engine, against a stub without any.

mod methods;

use std::time::{Duration, Instant};

use criterion::SamplingMode;
use seatrial_benches::{Bench, Pair, Pairs, Program, Side};

use methods::{Method, Methods};

/// Variable that leaves out what needs Docker, with this value.
const ENGINE: (&str, &str) = ("SEATRIAL_TEST_ENGINE", "none");
/// criterion's own least.
const FEWEST: usize = 10;

fn main() -> anyhow::Result<()> {
    let mut bench = Bench::begin("startup", env!("CARGO_TARGET_TMPDIR"))?;
    if std::env::var(ENGINE.0).is_ok_and(|value| value == ENGINE.1) {
        println!("startup: {}={} leaves it out", ENGINE.0, ENGINE.1);
        return Ok(());
    }
    let image = Program::build(env!("CARGO_TARGET_TMPDIR"))?.image("stub")?;
    let methods = Methods::begin(&image, bench.folder())?;
    let measured = measure(&mut bench, &methods);
    // Also after a failure: nothing is left behind.
    methods.end()?;
    measured
}

fn measure(bench: &mut Bench, methods: &Methods) -> anyhow::Result<()> {
    let mut criterion = bench.criterion();
    let mut group = criterion.benchmark_group("startup");
    // One launch for each sample, however long it takes.
    group.sampling_mode(SamplingMode::Flat);
    group.sample_size(bench.pairs().max(FEWEST));
    group
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(1));
    for (name, method) in [
        ("dynamic", Method::Dynamic),
        ("preinstalled", Method::Preinstalled),
        ("dockerfile", Method::Dockerfile),
    ] {
        let mut pairs = Pairs::new(name, [name, "none"]);
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|rounds| {
                let mut sum = Duration::ZERO;
                for _ in 0..rounds {
                    let pair = Pair::time(bench.lots(), |side| {
                        let method = if side == Side::Tried { method } else { Method::None };
                        methods.boot(method, Instant::now())
                    });
                    let pair = pair.expect("a stub boots with what its method adds and nothing else");
                    sum += pair.tried;
                    pairs.add(pair);
                }
                sum
            });
        });
        bench.report(&pairs, None)?;
    }
    group.finish();
    criterion.final_summary();
    Ok(())
}
