//! One run of seatrial with so many replicas, and the memory of its process meanwhile.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use seatrial_benches::{Program, STUB_CONTRACT, read_record, write_project};
use seatrial_fake_engine::{FakeEngine, Script, Settings, compile_stub};
use seatrial_record::Phase;

/// The stub as the fake engine knows it.
const IMAGE: &str = "seatrial-bench/stub:latest";
/// Nobody listens there: nothing is asked of an upstream.
const NOWHERE: &str = "http://127.0.0.1:9/simple/";
/// Between two looks at the process.
const PAUSE: Duration = Duration::from_millis(20);
/// How long a replica takes to be ready, milliseconds: all are to run by then.
const BOOT_MS: usize = 2_000;
/// The same for each further replica.
const BOOT_MS_EACH: usize = 25;

/// So many replicas of one case.
pub struct Crowd {
    pub replicas: usize,
}

/// Proportional set size of the process, KiB: its own pages, and its share of those that other processes have mapped too.
pub struct Taken {
    pub replicas: usize,
    /// Looks at the process while all replicas ran.
    pub samples: usize,
    /// The most while all replicas ran.
    pub running: u64,
    /// The most at all.
    pub peak: u64,
}

impl Taken {
    pub fn row(&self) -> [String; 4] {
        [
            self.replicas.to_string(),
            self.samples.to_string(),
            self.running.to_string(),
            self.peak.to_string(),
        ]
    }
}

impl Crowd {
    /// Runs it, and checks that every replica became ready and nothing is left.
    pub fn run(&self, program: &Program) -> anyhow::Result<Taken> {
        let fake = FakeEngine::start(Settings {
            stub: compile_stub()?,
            images: vec![IMAGE.to_owned()],
            script: Script::default(),
        })?;
        let project = tempfile::tempdir()?;
        write_project(project.path(), STUB_CONTRACT, IMAGE, &[self.scenario()])?;
        let path = host_without_pip(project.path())?;
        let mut seatrial = program
            .command(project.path())
            .args(["run", "--jobs", "1", "--out", "out"])
            .env("PATH", path)
            .env("DOCKER_HOST", fake.docker_host())
            .env("SEATRIAL_CACHE", project.path().join("cache"))
            .env("PIP_INDEX_URL", NOWHERE)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let watched = self.watch(&mut seatrial, &fake);
        if watched.is_err() {
            // It would wait for its replicas; what it left ends with the fake.
            let _ = seatrial.kill();
            let _ = seatrial.wait();
        }
        let taken = watched?;
        self.check(project.path(), &fake)?;
        ensure!(taken.samples > 0, "{} replicas never ran all at once", self.replicas);
        Ok(taken)
    }

    fn watch(&self, seatrial: &mut Child, fake: &FakeEngine) -> anyhow::Result<Taken> {
        let rollup = format!("/proc/{}/smaps_rollup", seatrial.id());
        let mut taken = Taken {
            replicas: self.replicas,
            samples: 0,
            running: 0,
            peak: 0,
        };
        while seatrial.try_wait()?.is_none() {
            let before = fake.processes().len();
            let text = fs::read_to_string(&rollup).with_context(|| format!("cannot read {rollup}; this needs Linux"));
            // Without a size: it has ended, and is not yet waited for.
            if let Some(now) = text.ok().as_deref().and_then(proportional) {
                taken.peak = taken.peak.max(now);
                if before == self.replicas && fake.processes().len() == before {
                    taken.samples += 1;
                    taken.running = taken.running.max(now);
                }
            }
            thread::sleep(PAUSE);
        }
        Ok(taken)
    }

    fn scenario(&self) -> (String, String) {
        let Crowd { replicas } = self;
        let boot = BOOT_MS + BOOT_MS_EACH * replicas;
        let text = format!(
            "version: 1\nwhy: To see what a crowd costs.\nimage: stub\napp: empty\nreplicas: {replicas}\n\
             env: {{ STUB_SCRIPT: \"wait {boot}ms; listen; answer 200; forever\" }}\nexpect:\n  ready: {{ within: 300s }}\n"
        );
        ("scenarios/memory/crowd.yaml".to_owned(), text)
    }

    fn check(&self, project: &std::path::Path, fake: &FakeEngine) -> anyhow::Result<()> {
        ensure!(fake.objects().is_empty(), "left behind: {:?}", fake.objects());
        let record = read_record(project)?;
        let seen = record.cases.iter().flat_map(|case| &case.observations);
        let ready = seen.filter(|seen| seen.instant(Phase::Ready).is_some()).count();
        ensure!(
            ready == self.replicas,
            "of {} replicas {ready} became ready",
            self.replicas
        );
        Ok(())
    }
}

/// A search path whose Python has no pip to be asked for its configuration: that takes longer than the rest of the start.
fn host_without_pip(project: &std::path::Path) -> anyhow::Result<String> {
    let folder = project.join("bin");
    let python = folder.join("python3");
    fs::create_dir(&folder)?;
    fs::write(&python, "#!/bin/sh\nexit 0\n")?;
    fs::set_permissions(&python, fs::Permissions::from_mode(0o755))?;
    Ok(format!(
        "{}:{}",
        folder.display(),
        std::env::var("PATH").unwrap_or_default()
    ))
}

/// `Pss` of a `smaps_rollup` (proc(5)), KiB.
fn proportional(rollup: &str) -> Option<u64> {
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}
