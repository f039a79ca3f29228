//! Throw-away projects of stub scenarios, and the binary in them.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use seatrial_record::{Outcome, RunRecord};
use tempfile::TempDir;

use crate::Program;

/// The contract of the stub image.
pub const STUB_CONTRACT: &str = include_str!("../../fixtures/contracts/stub.yaml");

/// The binary, and the stub image that it has built.
#[derive(Debug)]
pub struct Stubs {
    program: Program,
    image: String,
}

impl Stubs {
    /// Builds both on first need; `folder` is cargo's folder for the files of benches.
    ///
    /// # Errors
    /// When either cannot be built.
    pub fn build(folder: &str) -> anyhow::Result<Stubs> {
        let program = Program::build(folder)?;
        let image = program.image("stub")?;
        Ok(Stubs { program, image })
    }

    /// Reference of the stub image.
    #[must_use]
    pub fn image(&self) -> &str {
        &self.image
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
        let scenarios = scenarios.into_iter();
        let scenarios: Vec<_> = scenarios
            .map(|(name, text)| (format!("scenarios/{name}.yaml"), text))
            .collect();
        write_project(project.path(), contract, &self.image, &scenarios)?;
        Ok(project)
    }

    /// Runs all scenarios of a project, through the engine at `host` where it is given, and returns the record.
    ///
    /// # Errors
    /// When there is no record, or a case did not pass for another reason than that its snapshot is new.
    pub fn run(&self, project: &Path, arguments: &[&str], host: Option<&str>) -> anyhow::Result<RunRecord> {
        let output = self
            .program
            .command(project)
            .args(["run", "--jobs", "1", "--quiet-gate", "off", "--out", "out"])
            .args(arguments)
            .envs(host.map(|host| ("DOCKER_HOST", host)))
            .output()?;
        let told = || String::from_utf8_lossy(&output.stderr).into_owned();
        let record = read_record(project).with_context(told)?;
        let failed = record.cases.iter().find(|case| case.outcome() != Outcome::Passed);
        if let Some(case) = failed {
            anyhow::bail!("{} did not pass: {:?} {:?}", case.id, case.error, case.verdicts);
        }
        Ok(record)
    }
}

/// The record that a run with `--out out` has left in its project.
///
/// # Errors
/// When there is none, or it is no record.
pub fn read_record(project: &Path) -> anyhow::Result<RunRecord> {
    let path = project.join("out/record.json");
    let text = fs::read_to_string(&path).with_context(|| format!("seatrial wrote no {}", path.display()))?;
    Ok(RunRecord::from_json(&text)?)
}

/// Writes a project whose one image `stub` has this contract and reference, with these files (path, text) besides.
///
/// # Errors
/// When a file cannot be written.
pub fn write_project(root: &Path, contract: &str, image: &str, more: &[(String, String)]) -> anyhow::Result<()> {
    let image = format!("version: 1\nwhy: The stub.\ncontract: stub\nsource: {{ reference: \"{image}\" }}\n");
    let own = [
        ("fixtures/contracts/stub.yaml", contract),
        ("fixtures/images/stub/image.yaml", &image),
        ("fixtures/apps/empty/README", "The stub needs no app.\n"),
    ];
    let more = more.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    for (name, text) in own.into_iter().chain(more) {
        let path = root.join(name);
        fs::create_dir_all(path.parent().context("a file in a folder")?)?;
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}
