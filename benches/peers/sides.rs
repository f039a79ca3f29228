//! Who runs the list: three ways in Python, seatrial, and the bare clients; each a process from start to end.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use seatrial_benches::{Program, children_cpu, read_record};

use crate::ceiling;
use crate::scenarios::{self, LABEL, Scenario};

/// What is compared with. New pins make new figures.
const PINS: [&str; 4] = [
    "docker==7.2.0",
    "pytest==9.2.0",
    "pytest-xdist==3.8.0",
    "testcontainers==4.15.0",
];
/// The tests, by the name that pytest gives to the module.
const TESTS: [(&str, &str); 2] = [
    ("test_testcontainers.py", include_str!("test_testcontainers.py")),
    ("test_docker_sdk.py", include_str!("test_docker_sdk.py")),
];
/// A poll of 1 ms, and as many tries as make a minute.
const EAGER: [(&str, &str); 2] = [("TC_POOLING_INTERVAL", "0.001"), ("TC_MAX_TRIES", "60000")];
/// Cases that seatrial has in flight when nobody says: as `--jobs` is documented.
const MOST_IN_FLIGHT: usize = 4;

/// One side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// pytest and testcontainers-python as they come.
    Testcontainers,
    /// The same, told to poll every millisecond and to run in two processes.
    Tuned,
    /// pytest and the Docker SDK with a poll every 100 ms.
    DockerSdk,
    /// seatrial as it comes.
    Seatrial,
    /// Bare clients of the engine.
    Ceiling,
}

/// What a side took.
#[derive(Clone, Copy, Debug)]
pub struct Taken {
    /// From before the process was started to its end.
    pub wall: Duration,
    /// Processor time of the process and of those that it waited for; the engine's is in no side.
    pub cpu: Duration,
    /// What the process says of itself: seatrial's run without start and clean-up, the ceiling from the first create to
    /// the last removal.
    pub inner: Option<Duration>,
}

/// All sides, ready to run.
pub struct Sides {
    folder: PathBuf,
    python: PathBuf,
    seatrial: Program,
    run: String,
    count: usize,
}

impl Side {
    /// All of them.
    pub const ALL: [Side; 5] = [
        Side::Testcontainers,
        Side::Tuned,
        Side::DockerSdk,
        Side::Seatrial,
        Side::Ceiling,
    ];

    /// In a word or two, which also make a column.
    pub fn name(self) -> &'static str {
        match self {
            Side::Testcontainers => "testcontainers",
            Side::Tuned => "testcontainers tuned",
            Side::DockerSdk => "docker sdk",
            Side::Seatrial => "seatrial",
            Side::Ceiling => "ceiling",
        }
    }
}

impl Sides {
    /// Builds and installs what the sides need, and writes the list for each.
    pub fn prepare(folder: &Path, work: &Path, list: &[Scenario]) -> anyhow::Result<Sides> {
        let seatrial = Program::build(env!("CARGO_TARGET_TMPDIR"))?;
        let image = seatrial.image("stub")?;
        let run = format!("{}", std::process::id());
        scenarios::write_json(list, &image, &run, &work.join("list.json"))?;
        scenarios::write_project(list, &image, &work.join("project"))?;
        for (name, text) in TESTS {
            fs::write(work.join(name), text)?;
        }
        Ok(Sides {
            folder: work.to_owned(),
            python: environment(folder)?,
            seatrial,
            run,
            count: list.len(),
        })
    }

    /// Runs the list once, and checks that all of it passed and nothing is left.
    pub fn time(&self, side: Side) -> anyhow::Result<Taken> {
        let project = self.project();
        let out = project.join("out");
        if out.exists() {
            fs::remove_dir_all(&out)?;
        }
        let mut command = self.command(side)?;
        let (before, begun) = (children_cpu()?, Instant::now());
        let output = command.output();
        let (wall, after) = (begun.elapsed(), children_cpu()?);
        let output = output.with_context(|| format!("{} could not be started", side.name()))?;
        let [stdout, stderr] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));

        let record = match side {
            Side::Seatrial => Some(read_record(&project).with_context(|| stderr.clone().into_owned())?),
            _ => None,
        };
        let label = match &record {
            Some(record) => format!("seatrial.run={}", record.run),
            None => format!("{LABEL}={}", self.run),
        };
        let left = ceiling::remove_left(&label)?;
        let passed = match side {
            Side::Ceiling => true,
            _ => stdout.contains(&format!("{} passed", self.count)),
        };
        ensure!(
            output.status.success() && passed,
            "{} did not pass ({}):\n{stdout}\n{stderr}",
            side.name(),
            output.status
        );
        ensure!(left.is_empty(), "{} left {}", side.name(), left.join(" "));
        let inner = match side {
            Side::Ceiling => Some(stdout.trim().parse()?),
            _ => record.map(|record| record.took_ns),
        };
        Ok(Taken {
            wall,
            cpu: after.saturating_sub(before),
            inner: inner.map(Duration::from_nanos),
        })
    }

    /// Takes what seatrial saw in a first run, which ends with snapshots to review, as what it is to see.
    pub fn accept_snapshots(&self) -> anyhow::Result<()> {
        self.time(Side::Seatrial).ok();
        let mut command = self.seatrial.command(&self.project());
        succeed(command.args(["snapshot", "accept"])).map(drop)
    }

    /// The folder of seatrial's project.
    fn project(&self) -> PathBuf {
        self.folder.join("project")
    }

    fn command(&self, side: Side) -> anyhow::Result<Command> {
        let pytest = |module: &str| {
            let mut pytest = undisturbed(&self.python);
            pytest.args(["-m", "pytest", "-q", "-p", "no:cacheprovider", module]);
            pytest.current_dir(&self.folder).env("PEERS_LIST", "list.json");
            pytest.env("TESTCONTAINERS_RYUK_DISABLED", "true");
            pytest
        };
        Ok(match side {
            Side::Testcontainers => pytest("test_testcontainers.py"),
            Side::Tuned => {
                let mut tuned = pytest("test_testcontainers.py");
                tuned.args(["-n", "2"]).envs(EAGER);
                tuned
            }
            Side::DockerSdk => pytest("test_docker_sdk.py"),
            Side::Seatrial => {
                let mut seatrial = self.seatrial.command(&self.project());
                seatrial.args(["run", "--out", "out"]);
                seatrial
            }
            Side::Ceiling => {
                let flight = std::thread::available_parallelism().map_or(1, |processors| 2 * processors.get());
                let mut ceiling = undisturbed(&std::env::current_exe()?);
                ceiling.args([ceiling::CEILING, "list.json", &flight.min(MOST_IN_FLIGHT).to_string()]);
                ceiling.current_dir(&self.folder);
                ceiling
            }
        })
    }
}

/// A command without the variables that steer pytest or testcontainers, and without a proxy on the way to localhost.
fn undisturbed(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let steers = ["PYTEST_", "TC_", "TESTCONTAINERS_"]
            .iter()
            .any(|start| text.starts_with(start));
        let proxy = text.to_ascii_lowercase().ends_with("_proxy");
        if steers || proxy || text == "CI" {
            command.env_remove(&name);
        }
    }
    command
}

/// The virtual environment's Python, made on first need by the host's Python and whatever index its pip is set up for.
fn environment(folder: &Path) -> anyhow::Result<PathBuf> {
    let environment = folder.join(PINS.join("-").replace("==", "-"));
    let python = environment.join("bin/python");
    // Written last, so that an environment half made is made again.
    let done = environment.join("done");
    if !done.exists() {
        println!("peers: installing {} into a virtual environment", PINS.join(", "));
        succeed(
            Command::new("python3")
                .args(["-m", "venv", "--clear"])
                .arg(&environment),
        )?;
        succeed(
            Command::new(&python)
                .args(["-m", "pip", "install", "--quiet"])
                .args(PINS),
        )?;
        fs::write(done, "")?;
    }
    Ok(python)
}

fn succeed(command: &mut Command) -> anyhow::Result<String> {
    let output = command.stderr(Stdio::inherit()).output();
    let output = output.with_context(|| format!("{command:?} could not be started"))?;
    ensure!(output.status.success(), "{command:?} ended with {}", output.status);
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
