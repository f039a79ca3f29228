//! The binary as users run it, in a throw-away project of stub scenarios, and what its record says of each replica.

use std::fs;

use anyhow::{Context as _, ensure};
use seatrial_benches::{Program, Stamps};
use serde_json::Value;
use tempfile::TempDir;

/// The binary, and the stub image that it has built.
pub struct Seatrial {
    program: Program,
    /// Reference of the stub image.
    pub image: String,
}

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
    /// User and system time of seatrial's process, nanoseconds, to the hundredth of a second.
    pub cpu: u64,
}

impl Seatrial {
    /// Builds the binary and the image on first need.
    pub fn build() -> anyhow::Result<Seatrial> {
        let program = Program::build(env!("CARGO_TARGET_TMPDIR"))?;
        let image = program.stub_image()?;
        Ok(Seatrial { program, image })
    }

    /// Runs these scenarios, one after the other.
    pub fn run(&self, scenarios: &[Scenario]) -> anyhow::Result<Run> {
        let project = self.project(scenarios)?;
        let before = cpu_of_children()?;
        let mut command = self.program.command(project.path());
        let output = command.args(["run", "--jobs", "1", "--out", "out"]).output()?;
        let cpu = cpu_of_children()? - before;
        let told = || String::from_utf8_lossy(&output.stderr).into_owned();
        let record = fs::read(project.path().join("out/record.json")).with_context(told)?;
        let record: Value = serde_json::from_slice(&record)?;
        let cases = record["cases"].as_array().map_or(&[][..], Vec::as_slice);
        let seen = cases
            .iter()
            .flat_map(|case| case["observations"].as_array().into_iter().flatten());
        let replicas = seen.map(|seen| Told::read(seen).with_context(|| format!("{seen:#}")));
        let replicas = replicas.collect::<anyhow::Result<Vec<Told>>>()?;
        let planned: usize = scenarios.iter().map(|scenario| scenario.replicas).sum();
        ensure!(
            replicas.len() == planned,
            "of {planned} replicas {} were seen:\n{}",
            replicas.len(),
            told()
        );
        Ok(Run { replicas, cpu })
    }

    fn project(&self, scenarios: &[Scenario]) -> anyhow::Result<TempDir> {
        let project = tempfile::tempdir()?;
        let mut files = Vec::new();
        for (number, Scenario { script, replicas }) in scenarios.iter().enumerate() {
            let text = format!(
                "version: 1\nwhy: To see when it is ready.\nimage: stub\napp: empty\nreplicas: {replicas}\n\
                 env: {{ STUB_SCRIPT: \"{script}\" }}\nexpect:\n  ready: {{ within: 120s }}\n"
            );
            files.push((format!("scenarios/readiness/boot-{number}.yaml"), text));
        }
        Program::write_project(project.path(), &self.image, &files)?;
        Ok(project)
    }
}

impl Told {
    fn read(seen: &Value) -> Option<Told> {
        let zero = seen["zero_monotonic_ns"].as_u64()?;
        let instant = |name: &str| {
            let phases = seen["phases"].as_array()?;
            phases.iter().find(|phase| phase["phase"] == name)?["at_ns"].as_u64()
        };
        let ready = instant("ready")?;
        let log = seen["log"]["tail"].as_array()?;
        Some(Told {
            ready: zero + ready,
            gap: seen["ready_gap_ns"].as_u64(),
            waited: ready.saturating_sub(instant("started")?),
            stamps: Stamps::read(log.iter().filter_map(Value::as_str))?,
        })
    }
}

/// User and system time of all ended children of this process (proc(5), fields 16 and 17 of `stat`), nanoseconds.
fn cpu_of_children() -> anyhow::Result<u64> {
    /// The kernel's unit for user space, `USER_HZ`: 100 on every architecture that Docker runs on.
    const TICK_NS: u64 = 10_000_000;
    let stat = fs::read_to_string("/proc/self/stat").context("this needs Linux")?;
    let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace();
    let ticks = fields.skip(13).take(2).map(str::parse::<u64>).sum::<Result<u64, _>>()?;
    Ok(ticks * TICK_NS)
}
