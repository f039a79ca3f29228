//! A fake engine and a project for one test, and what a run leaves of both.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use seatrial_fake_engine::{FakeEngine, Script, Settings, compile_stub};
use serde_json::Value;

use crate::project::{Project, output, texts};

/// The stub as the fake engine knows it.
pub const IMAGE: &str = "seatrial-test/stub:latest";
/// Nobody listens there: what a run asks of the upstream is a mistake of the test.
const NOWHERE: &str = "http://127.0.0.1:9/simple/";

/// A project whose image the fake engine has.
pub struct Stage {
    pub fake: FakeEngine,
    pub project: Project,
    /// What the variable PIP_INDEX_URL says.
    pub upstream: &'static str,
}

/// What a run came to.
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    pub record: Value,
}

impl Stage {
    pub fn new(script: Script) -> Stage {
        static STUB: OnceLock<PathBuf> = OnceLock::new();
        let stub = STUB.get_or_init(|| compile_stub().expect("the stub compiles")).clone();
        let settings = Settings {
            stub,
            images: vec![IMAGE.to_owned()],
            script,
        };
        let project = Project::with_image(IMAGE);
        // A pip without a configuration, which notes what it is asked.
        project.file("bin/python3", "#!/bin/sh\necho \"$@\" >> \"$0.asked\"\n");
        let python = project.path().join("bin/python3");
        fs::set_permissions(python, fs::Permissions::from_mode(0o755)).unwrap();
        Stage {
            fake: FakeEngine::start(settings).expect("a fake engine"),
            project,
            upstream: NOWHERE,
        }
    }

    /// What pip was asked, a line each.
    pub fn pip_asked(&self) -> Vec<String> {
        let asked = fs::read_to_string(self.project.path().join("bin/python3.asked")).unwrap_or_default();
        asked.lines().map(str::to_owned).collect()
    }

    /// `seatrial` with these arguments on the fake engine, with a cache of its own.
    pub fn seatrial(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        self.ended(arguments, &[])
    }

    /// The same with `CI` set.
    pub fn seatrial_in_ci(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        self.ended(arguments, &[("CI", "true")])
    }

    fn ended(&self, arguments: &[&str], more: &[(&str, &str)]) -> (Option<i32>, String, String) {
        let mut command = self.project.command(arguments);
        let path = std::env::var("PATH").unwrap_or_default();
        let path = format!("{}:{path}", self.project.path().join("bin").display());
        command
            .env("PATH", path)
            .env("DOCKER_HOST", self.fake.docker_host())
            .env("SEATRIAL_CACHE", self.project.path().join("cache"))
            .env("PIP_INDEX_URL", self.upstream)
            .envs(more.iter().copied());
        texts(&output(&mut command))
    }

    /// `run --out out`, its record, and the proof that it has cleared up after itself.
    pub fn run(&self, more: &[&str]) -> Ran {
        let (code, stdout, stderr) = self.seatrial(&[&["run", "--out", "out"], more].concat());
        let text = fs::read_to_string(self.project.path().join("out/record.json"))
            .unwrap_or_else(|error| panic!("no record ({error}); stderr:\n{stderr}"));
        let record: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(self.fake.objects(), Vec::<String>::new(), "{stdout}{stderr}");
        let folder = std::env::temp_dir().join(format!("seatrial-{}", record["run"].as_str().unwrap()));
        assert!(!Path::new(&folder).exists(), "{} is still there", folder.display());
        Ran {
            code,
            stdout,
            stderr,
            record,
        }
    }
}

impl Ran {
    /// The exit code was this one.
    pub fn ended_with(&self, code: i32) -> &Ran {
        assert_eq!(self.code, Some(code), "{}{}", self.stdout, self.stderr);
        self
    }

    /// How many expectations of the one case hold, and how many there are.
    pub fn held(&self) -> (usize, usize) {
        let verdicts = self.record["cases"][0]["verdicts"].as_array().unwrap();
        let holds = verdicts.iter().filter(|verdict| verdict["finding"] == "holds");
        (holds.count(), verdicts.len())
    }
}
