//! A recorded series: rounds in which each variant of a start is made once, in an order of its own, by seatrial's own
//! sampling.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use seatrial_benches::{Bench, STUB_CONTRACT, Stubs};
use seatrial_record::comparison::{Measured, Pair};
use seatrial_record::{Beginning, RunRecord, cut, numbers};

/// Some real work, so that a start is more than the engine.
const WORK: Duration = Duration::from_millis(150);

/// A start that works and sleeps this long before it serves.
#[derive(Clone, Copy, Debug)]
pub struct Variant {
    pub name: &'static str,
    works: Duration,
    sleeps: Duration,
}

impl Variant {
    pub fn usual(name: &'static str) -> Variant {
        Variant::working(name, Duration::ZERO)
    }

    /// It works so much longer.
    pub fn working(name: &'static str, longer: Duration) -> Variant {
        Variant {
            name,
            works: WORK + longer,
            sleeps: Duration::ZERO,
        }
    }

    /// It works as usual, and sleeps so long.
    pub fn sleeping(name: &'static str, sleeps: Duration) -> Variant {
        Variant {
            sleeps,
            ..Variant::usual(name)
        }
    }

    fn scenario(&self, rounds: usize) -> String {
        let (spin, wait) = (self.works.as_millis(), self.sleeps.as_millis());
        format!(
            "version: 1\nwhy: To be started again and again.\nimage: stub\napp: empty\nsamples: {{ count: {rounds} }}\n\
             env: {{ STUB_SCRIPT: \"spin {spin}ms; wait {wait}ms; answer 200; listen; forever\" }}\n\
             expect:\n  ready: {{ within: 120s }}\n"
        )
    }
}

/// What each start took, by variant, in the order of rounds.
pub struct Series(BTreeMap<&'static str, Vec<Measured>>);

impl Series {
    /// Records so many rounds, through the engine at `host` where it is given.
    pub fn record(
        bench: &mut Bench,
        stubs: &Stubs,
        variants: &[Variant],
        rounds: usize,
        host: Option<&str>,
    ) -> anyhow::Result<Series> {
        let names: Vec<String> = variants
            .iter()
            .map(|variant| format!("starts/{}", variant.name))
            .collect();
        let texts = variants.iter().map(|variant| variant.scenario(rounds));
        let project = stubs.project(STUB_CONTRACT, names.iter().map(String::as_str).zip(texts))?;
        let seed = bench.lots().u32(..).to_string();
        let record = stubs.run(project.path(), &["--seed", &seed], host)?;
        let starts = variants
            .iter()
            .map(|variant| Ok((variant.name, starts(&record, variant, rounds)?)));
        Ok(Series(starts.collect::<anyhow::Result<_>>()?))
    }

    /// What a usual start takes at the moment, from a few.
    pub fn usual(bench: &mut Bench, stubs: &Stubs) -> anyhow::Result<Duration> {
        let few = if bench.is_measuring() { 24 } else { 2 };
        let tried = Series::record(bench, stubs, &[Variant::usual("usual")], few, None)?;
        let walls = tried.of("usual").iter().map(|start| start.wall_ns).collect();
        let median = numbers::median(walls).context("a start")?;
        Ok(Duration::from_nanos(median))
    }

    pub fn of(&self, name: &str) -> &[Measured] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }

    /// Two variants round by round.
    pub fn pairs(&self, old: &str, new: &str) -> Vec<Pair> {
        let sides = self.of(old).iter().zip(self.of(new));
        let pair = |(old, new): (&Measured, &Measured)| Pair {
            old: old.clone(),
            new: new.clone(),
        };
        sides.map(pair).collect()
    }

    /// Keeps the raw samples.
    pub fn keep(&self, bench: &Bench, name: &str) -> anyhow::Result<()> {
        if !bench.is_measuring() {
            return Ok(());
        }
        let columns = [
            "variant",
            "round",
            "wall_ns",
            "cpu_ns",
            "busy_ns",
            "own_ns",
            "cpu_pressure_ns",
            "io_pressure_ns",
        ];
        let rows = self.0.iter().flat_map(|(name, starts)| {
            let row = move |(round, start): (usize, &Measured)| {
                let machine = start.machine.unwrap_or_default();
                let shown = |ns: Option<u64>| ns.map_or_else(String::new, |ns| ns.to_string());
                [
                    (*name).to_owned(),
                    round.to_string(),
                    start.wall_ns.to_string(),
                    shown(start.cpu_ns),
                    machine.busy_ns.to_string(),
                    machine.own_ns.to_string(),
                    shown(machine.cpu_pressure_ns),
                    shown(machine.io_pressure_ns),
                ]
            };
            starts.iter().enumerate().map(row)
        });
        bench.keep(name, &columns.map(str::to_owned), rows)
    }
}

/// The starts of one variant, each checked: it is there, it worked as long as it was to, and the machine was watched.
fn starts(record: &RunRecord, variant: &Variant, rounds: usize) -> anyhow::Result<Vec<Measured>> {
    let id = format!("starts/{}@none", variant.name);
    let case = record.cases.iter().find(|case| case.id == id);
    let samples = &case.with_context(|| format!("{id} is not in the record"))?.samples;
    ensure!(samples.len() == rounds, "{id}: {} starts of {rounds}", samples.len());
    let start = |sample: &seatrial_record::Sample| {
        let ready = sample.ready_ns()?;
        let parts = cut(&sample.phases, Beginning::Launched, ready);
        Measured::of(
            sample,
            parts.iter().map(|part| (part.name.to_owned(), part.ns)).collect(),
        )
    };
    let starts: Option<Vec<Measured>> = samples.iter().map(start).collect();
    let starts = starts.with_context(|| format!("{id}: a start that was never ready"))?;
    for start in &starts {
        let least = (variant.works + variant.sleeps).as_nanos() as u64;
        let watched = start.machine.is_some_and(|machine| machine.wall_ns >= start.wall_ns);
        ensure!(
            start.wall_ns >= least && start.cpu_ns.is_some_and(|ns| ns > 0) && watched,
            "{id}: a start that cannot be: {start:?}"
        );
    }
    Ok(starts)
}
