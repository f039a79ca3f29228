//! A throw-away project of stub scenarios, and the binary run in it with a clean environment.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use tempfile::TempDir;

/// The root of this repository.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

/// The binary in `folder`, with every variable removed that could steer it or pip.
pub fn seatrial(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_seatrial"));
    for (name, _) in std::env::vars() {
        let steers = name.starts_with("SEATRIAL_") && name != "SEATRIAL_CACHE";
        if steers || matches!(name.as_str(), "CI" | "NO_COLOR") {
            command.env_remove(name);
        }
    }
    command.current_dir(folder).stdin(Stdio::null());
    command
}

/// Runs to the end.
pub fn output(command: &mut Command) -> Output {
    command.output().expect("the binary under test was built by cargo")
}

/// Exit code, stdout and stderr as text.
pub fn texts(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// A project in a temporary folder whose one image is the stub.
pub struct Project {
    folder: TempDir,
}

impl Project {
    /// An empty project on the stub image, which is built on the first call of a test run.
    pub fn on_stub() -> Project {
        Project::with_image(stub_reference())
    }

    /// An empty project whose image `stub` is the given reference.
    pub fn with_image(reference: &str) -> Project {
        let folder = tempfile::tempdir().unwrap();
        let project = Project { folder };
        let contract = fs::read_to_string(repository().join("fixtures/contracts/stub.yaml")).unwrap();
        project.file("fixtures/contracts/stub.yaml", &contract);
        let image = format!("version: 1\nwhy: The stub.\ncontract: stub\nsource: {{ reference: \"{reference}\" }}\n");
        project.file("fixtures/images/stub/image.yaml", &image);
        project.file("fixtures/apps/empty/README", "The stub needs no app.\n");
        project.file("scenarios/.keep", "");
        project
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn file(&self, name: &str, content: &str) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// A scenario whose container walks `script`; `expect` is the text of its expectations, indented by two.
    pub fn scenario(&self, name: &str, script: &str, expect: &str) {
        let text = format!(
            "version: 1\nwhy: The script makes it so.\nimage: stub\napp: empty\nenv: {{ STUB_SCRIPT: \"{script}\" }}\nexpect:\n{expect}"
        );
        self.file(&format!("scenarios/{name}.yaml"), &text);
    }

    /// `seatrial` with arguments, run to its end.
    pub fn run(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        texts(&output(&mut self.command(arguments)))
    }

    /// `seatrial` with arguments, to be started by the caller.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = seatrial(self.path());
        command.args(arguments);
        command
    }

    /// `run --out out`, and its record as JSON.
    pub fn run_record(&self, more: &[&str]) -> (Option<i32>, String, String, serde_json::Value) {
        let arguments = [&["run", "--out", "out"], more].concat();
        let (code, stdout, stderr) = self.run(&arguments);
        let record = fs::read_to_string(self.path().join("out/record.json"))
            .unwrap_or_else(|error| panic!("no record ({error}); stderr:\n{stderr}"));
        (code, stdout, stderr, serde_json::from_str(&record).unwrap())
    }
}

/// The stub image of this repository, built by seatrial itself.
pub fn stub_reference() -> &'static str {
    static REFERENCE: OnceLock<String> = OnceLock::new();
    REFERENCE.get_or_init(|| {
        let built = output(seatrial(&repository()).args(["image", "build", "stub"]));
        let (code, stdout, stderr) = texts(&built);
        assert_eq!(code, Some(0), "the stub image could not be built:\n{stderr}");
        let reference = stdout.split_whitespace().nth(1).expect("name, reference, size");
        reference.to_owned()
    })
}

/// A breath between two looks at a condition; every loop around it has a deadline or a process to wait for.
pub fn breathe() {
    std::thread::park_timeout(std::time::Duration::from_millis(5));
}

/// Containers, networks and temporary folders of one run that are still there.
pub fn left_of(run: &str) -> Vec<String> {
    let docker = |arguments: &[&str]| {
        let output = Command::new("docker")
            .args(arguments)
            .output()
            .expect("docker is needed for engine tests");
        String::from_utf8_lossy(&output.stdout)
            .lines()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let label = format!("label=seatrial.run={run}");
    let mut left = docker(&["ps", "-aq", "--filter", &label]);
    left.extend(docker(&["network", "ls", "-q", "--filter", &label]));
    let folder = std::env::temp_dir().join(format!("seatrial-{run}"));
    left.extend(folder.exists().then(|| folder.display().to_string()));
    left
}
