//! Replicas of the stub that seatrial boots and watches, and what its record says of each.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use seatrial_benches::{STUB_CONTRACT, Stamps, Stubs, children_cpu};
use seatrial_record::{Observation, Phase};

/// One scenario: so many replicas of a stub with this script.
pub struct Scenario {
    pub script: String,
    pub replicas: usize,
}

/// What a run has told of one replica.
pub struct Told {
    /// The first 200 as seatrial saw it, CLOCK_MONOTONIC, nanoseconds.
    pub ready: u64,
    /// How much earlier it may have come, by the record's own account, nanoseconds.
    pub gap: Option<u64>,
    /// How long seatrial waited: from the engine's start event to the first 200, nanoseconds.
    pub waited: u64,
    /// The stub's own.
    pub stamps: Stamps,
}

/// A whole run.
pub struct Run {
    pub replicas: Vec<Told>,
    /// User and system time of seatrial's process, to the hundredth of a second.
    pub cpu: Duration,
}

impl Run {
    /// Runs these scenarios, one after the other.
    pub fn of(stubs: &Stubs, scenarios: &[Scenario]) -> anyhow::Result<Run> {
        let names: Vec<String> = (0..scenarios.len())
            .map(|number| format!("readiness/boot-{number}"))
            .collect();
        let texts = scenarios.iter().map(Scenario::text);
        let project = stubs.project(STUB_CONTRACT, names.iter().map(String::as_str).zip(texts))?;
        let before = children_cpu()?;
        let record = stubs.run(project.path(), &[], None)?;
        let cpu = children_cpu()? - before;
        let seen = record.cases.iter().flat_map(|case| &case.observations);
        let replicas = seen.map(|seen| Told::read(seen).with_context(|| format!("{seen:#?}")));
        let replicas = replicas.collect::<anyhow::Result<Vec<Told>>>()?;
        let planned: usize = scenarios.iter().map(|scenario| scenario.replicas).sum();
        ensure!(
            replicas.len() == planned,
            "of {planned} replicas {} were seen",
            replicas.len()
        );
        Ok(Run { replicas, cpu })
    }
}

impl Scenario {
    fn text(&self) -> String {
        let Scenario { script, replicas } = self;
        format!(
            "version: 1\nwhy: To see when it is ready.\nimage: stub\napp: empty\nreplicas: {replicas}\n\
             env: {{ STUB_SCRIPT: \"{script}\" }}\nexpect:\n  ready: {{ within: 120s }}\n"
        )
    }
}

impl Told {
    fn read(seen: &Observation) -> Option<Told> {
        let ready = seen.instant(Phase::Ready)?;
        Some(Told {
            ready: seen.zero_monotonic_ns? + ready,
            gap: seen.ready_gap_ns,
            waited: ready.saturating_sub(seen.instant(Phase::Started)?),
            stamps: Stamps::read(seen.log.tail.iter().map(String::as_str))?,
        })
    }
}
