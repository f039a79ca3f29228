//! The binary as users run it, in a throw-away project of stub scenarios, and what its record says of each replica.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};
use seatrial_benches::Stamps;
use serde_json::Value;
use tempfile::TempDir;

/// The binary, and the stub image that it has built.
pub struct Seatrial {
    program: PathBuf,
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
        // In the profile of this program, in which seatrial has most likely been built already.
        let (profile, folder) = if cfg!(debug_assertions) {
            ("dev", "debug")
        } else {
            ("release", "release")
        };
        let repository = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
        let built = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--profile", profile, "--package", "seatrial"])
            .current_dir(repository)
            .status()
            .context("cargo could not be started; it builds seatrial")?;
        ensure!(built.success(), "seatrial could not be built: {built}");
        // Cargo's folder for the files of benches lies in its target folder.
        let target = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .parent()
            .context("a target folder")?;
        let program = target.join(folder).join("seatrial");
        let output = Command::new(&program)
            .args(["image", "build", "stub"])
            .current_dir(repository)
            .stderr(Stdio::inherit())
            .output()
            .with_context(|| format!("`{}` could not be started", program.display()))?;
        ensure!(
            output.status.success(),
            "the stub image could not be built: {}",
            output.status
        );
        let text = String::from_utf8_lossy(&output.stdout);
        let image = text.split_whitespace().nth(1);
        let image = image
            .with_context(|| format!("seatrial printed `{text}` instead of a reference"))?
            .to_owned();
        Ok(Seatrial { program, image })
    }

    /// Runs these scenarios, one after the other.
    pub fn run(&self, scenarios: &[Scenario]) -> anyhow::Result<Run> {
        let project = self.project(scenarios)?;
        let before = cpu_of_children()?;
        let mut command = Command::new(&self.program);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("SEATRIAL_") && name != "SEATRIAL_CACHE")
        {
            command.env_remove(name);
        }
        let output = command
            .args(["run", "--jobs", "1", "--out", "out"])
            .current_dir(project.path())
            .stdin(Stdio::null())
            .output()?;
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
        let image = format!(
            "version: 1\nwhy: The stub.\ncontract: stub\nsource: {{ reference: \"{}\" }}\n",
            self.image
        );
        let mut files = vec![
            (
                "fixtures/contracts/stub.yaml".to_owned(),
                include_str!("../../fixtures/contracts/stub.yaml").to_owned(),
            ),
            ("fixtures/images/stub/image.yaml".to_owned(), image),
            (
                "fixtures/apps/empty/README".to_owned(),
                "The stub needs no app.\n".to_owned(),
            ),
        ];
        for (number, Scenario { script, replicas }) in scenarios.iter().enumerate() {
            let text = format!(
                "version: 1\nwhy: To see when it is ready.\nimage: stub\napp: empty\nreplicas: {replicas}\n\
                 env: {{ STUB_SCRIPT: \"{script}\" }}\nexpect:\n  ready: {{ within: 120s }}\n"
            );
            files.push((format!("scenarios/readiness/boot-{number}.yaml"), text));
        }
        for (name, text) in files {
            let path = project.path().join(name);
            fs::create_dir_all(path.parent().context("a file in a folder")?)?;
            fs::write(path, text)?;
        }
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
