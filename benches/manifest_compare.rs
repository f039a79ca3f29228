//! What it costs to compare the installed sets of a hundred replicas, all alike and with one odd one among them.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use criterion::Throughput;
use seatrial_benches::{Bench, Pair, Pairs, Side};
use seatrial_record::{Beginning, Contents, Difference, Distribution, Manifest, Origin, differences};

const REPLICAS: usize = 100;
const DISTRIBUTIONS: usize = 60;
/// Comparisons of equal sets, none of which may find anything.
const COMPARISONS: usize = 1_000;

fn main() -> anyhow::Result<()> {
    let mut bench = Bench::begin("manifest_compare", env!("CARGO_TARGET_TMPDIR"))?;
    let mut criterion = bench.criterion();
    let alike = vec![manifest(bench.lots()); REPLICAS];
    let odd_one = with_odd_one(&alike, REPLICAS / 2);
    find_nothing(&mut bench)?;
    find_each(&alike)?;

    let mut pairs = Pairs::new("one odd of 100", ["odd", "alike"]);
    let mut group = criterion.benchmark_group("manifest_compare");
    group.throughput(Throughput::Elements(REPLICAS as u64));
    group.bench_function("one odd of 100", |bencher| {
        bencher.iter_custom(|rounds| {
            let mut sum = Duration::ZERO;
            for _ in 0..rounds {
                let pair = Pair::time(bench.lots(), |side| {
                    let (manifests, expected) = match side {
                        Side::Tried => (&odd_one, 1),
                        Side::Yardstick => (&alike, 0),
                    };
                    let begun = Instant::now();
                    let found = compared(manifests).len();
                    let taken = begun.elapsed();
                    if found == expected { Ok(taken) } else { Err(found) }
                });
                let pair = pair.expect("one difference with the odd one, none without");
                sum += pair.tried;
                pairs.add(pair);
            }
            sum
        });
    });
    group.finish();
    bench.report(&pairs, None)?;
    criterion.final_summary();
    Ok(())
}

/// A set of 60 distributions, each with a digest of its own.
fn manifest(lots: &mut fastrand::Rng) -> Manifest {
    let distribution = |number| Distribution {
        project: format!("project-{number}"),
        version: format!("1.{number}.0"),
        location: "/opt/env/lib/python3.11/site-packages".into(),
        origin: Origin::Image,
        shadowed: false,
        digest: Some(format!("{:032x}{:032x}", lots.u128(..), lots.u128(..))),
    };
    Manifest {
        distributions: (0..DISTRIBUTIONS).map(distribution).collect(),
        ..Manifest::default()
    }
}

/// The same sets, but that one digest of one replica differs in its last digit.
fn with_odd_one(alike: &[Manifest], replica: usize) -> Vec<Manifest> {
    let mut manifests = alike.to_vec();
    let changed = &mut manifests[replica].distributions[replica % DISTRIBUTIONS];
    if let Some(digest) = &mut changed.digest {
        let other = if digest.ends_with('0') { "1" } else { "0" };
        digest.replace_range(digest.len() - 1.., other);
    }
    manifests
}

fn compared(manifests: &[Manifest]) -> Vec<Difference> {
    let files = BTreeMap::new();
    let contents = |(replica, manifest)| Contents {
        replica,
        life: 0,
        began: Beginning::Launched,
        manifest,
        files: &files,
    };
    let seen: Vec<_> = manifests.iter().enumerate().map(contents).collect();
    differences(&seen)
}

/// A thousand comparisons of equal sets, each of other sets than the one before.
fn find_nothing(bench: &mut Bench) -> anyhow::Result<()> {
    for comparison in 0..COMPARISONS {
        let found = compared(&vec![manifest(bench.lots()); REPLICAS]);
        anyhow::ensure!(
            found.is_empty(),
            "comparison {comparison} of equal sets found {found:?}"
        );
    }
    println!("manifest_compare: {COMPARISONS} comparisons of {REPLICAS} equal sets found nothing");
    Ok(())
}

/// The odd one at each of the hundred places.
fn find_each(alike: &[Manifest]) -> anyhow::Result<()> {
    for odd in 0..REPLICAS {
        let found = compared(&with_odd_one(alike, odd));
        let [difference] = found.as_slice() else {
            anyhow::bail!("replica {odd} is the odd one, found was {found:?}");
        };
        let project = &alike[odd].distributions[odd % DISTRIBUTIONS].project;
        let kinds: Vec<Vec<usize>> = difference
            .kinds
            .iter()
            .map(|kind| kind.replicas.iter().map(|who| who.replica).collect())
            .collect();
        let rest = (0..REPLICAS).filter(|replica| *replica != odd).collect();
        anyhow::ensure!(
            difference.project.as_ref() == Some(project) && kinds == [rest, vec![odd]],
            "replica {odd} is the odd one in {project}, found was {found:?}"
        );
    }
    println!("manifest_compare: the odd one was found at each of {REPLICAS} places");
    Ok(())
}
