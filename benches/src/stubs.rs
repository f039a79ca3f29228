//! The binary as users run it, in throw-away projects of stub scenarios.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};
use seatrial_record::{Outcome, RunRecord};
use tempfile::TempDir;

/// The contract of the stub image.
pub const STUB_CONTRACT: &str = include_str!("../../fixtures/contracts/stub.yaml");

/// The binary, and the stub image that it has built.
#[derive(Debug)]
pub struct Stubs {
    program: PathBuf,
    image: String,
}

impl Stubs {
    /// Builds both on first need; `folder` is cargo's folder for the files of benches.
    ///
    /// # Errors
    /// When either cannot be built.
    pub fn build(folder: &str) -> anyhow::Result<Stubs> {
        // In the profile of this program, in which seatrial has most likely been built already.
        let (profile, built_in) = if cfg!(debug_assertions) {
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
        let target = Path::new(folder).parent().context("a target folder")?;
        let program = target.join(built_in).join("seatrial");
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
        let image = image.with_context(|| format!("seatrial printed `{text}` instead of a reference"))?;
        Ok(Stubs {
            image: image.to_owned(),
            program,
        })
    }

    /// A project with this contract for the stub, and scenarios by name (`group/name`).
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn project<'a>(
        &self,
        contract: &str,
        scenarios: impl IntoIterator<Item = (&'a str, String)>,
    ) -> anyhow::Result<TempDir> {
        let project = tempfile::tempdir()?;
        let image = format!(
            "version: 1\nwhy: The stub.\ncontract: stub\nsource: {{ reference: \"{}\" }}\n",
            self.image
        );
        let file = |name: &str, text: &str| -> anyhow::Result<()> {
            let path = project.path().join(name);
            fs::create_dir_all(path.parent().context("a file in a folder")?)?;
            Ok(fs::write(path, text)?)
        };
        file("fixtures/contracts/stub.yaml", contract)?;
        file("fixtures/images/stub/image.yaml", &image)?;
        file("fixtures/apps/empty/README", "The stub needs no app.\n")?;
        for (name, text) in scenarios {
            file(&format!("scenarios/{name}.yaml"), &text)?;
        }
        Ok(project)
    }

    /// Runs all scenarios of a project, through the engine at `host` where it is given, and returns the record.
    ///
    /// # Errors
    /// When there is no record, or a case did not pass for another reason than that its snapshot is new.
    pub fn run(&self, project: &Path, arguments: &[&str], host: Option<&str>) -> anyhow::Result<RunRecord> {
        let mut command = Command::new(&self.program);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("SEATRIAL_") && name != "SEATRIAL_CACHE")
        {
            command.env_remove(name);
        }
        let output = command
            .args(["run", "--jobs", "1", "--quiet-gate", "off", "--out", "out"])
            .args(arguments)
            .envs(host.map(|host| ("DOCKER_HOST", host)))
            .current_dir(project)
            .stdin(Stdio::null())
            .output()?;
        let told = || String::from_utf8_lossy(&output.stderr).into_owned();
        let record = fs::read_to_string(project.join("out/record.json")).with_context(told)?;
        let record = RunRecord::from_json(&record)?;
        let failed = record.cases.iter().find(|case| case.outcome() != Outcome::Passed);
        if let Some(case) = failed {
            anyhow::bail!("{} did not pass: {:?} {:?}", case.id, case.error, case.verdicts);
        }
        Ok(record)
    }
}
