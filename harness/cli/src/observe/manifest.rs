//! Reads the installed set of a replica or of an image, by the image's own interpreter or by a reader that the image
//! brings.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, bail};
use seatrial_engine::{Command, CommandOutput};
use seatrial_record::Manifest;
use seatrial_spec::Contract;
use serde::Deserialize;

use crate::interpreter;

/// The program that runs inside the container: two files laid one behind the other.
pub const READER: &str = concat!(include_str!("digests.py"), "\n\n", include_str!("manifest_reader.py"));
/// What it prints in front of its one line of JSON.
const MARK: &str = "seatrial-manifest:";
/// Reading a large environment with cold caches takes seconds, never this long.
pub const DEADLINE: Duration = Duration::from_secs(180);

/// What the reader prints.
#[derive(Debug, Deserialize)]
pub struct Raw {
    pub(super) python: String,
    pub(super) sys_path: Vec<String>,
    pub(super) user_site: String,
    /// User of the server process; absent for an image that is not running.
    pub(super) uid: Option<u32>,
    pub(super) distributions: Vec<RawDistribution>,
    pub(super) imports: Vec<RawImport>,
    /// By directory of the path: files that no RECORD accounts for.
    pub(super) beside: BTreeMap<String, RawBeside>,
}

#[derive(Debug, Deserialize)]
pub(super) struct RawDistribution {
    pub(super) project: String,
    pub(super) version: String,
    pub(super) location: String,
    pub(super) shadowed: bool,
    pub(super) digest: Option<String>,
    /// Digests by path; absent for a distribution that is as the image came with it.
    pub(super) files: Option<BTreeMap<String, String>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct RawBeside {
    pub(super) digest: String,
    pub(super) files: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct RawImport {
    pub(super) project: String,
    pub(super) module: Option<String>,
    pub(super) version: Option<String>,
    pub(super) file: Option<String>,
    pub(super) error: Option<String>,
}

/// A package whose import is tried: its project and, if the scenario names it, the module.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Wanted {
    pub project: String,
    pub import: Option<String>,
}

/// What the reader is asked.
#[derive(Clone, Debug, Default)]
pub struct Question<'a> {
    /// Read the environment of the server process; else the image at rest.
    pub running: bool,
    /// Packages whose import is tried.
    pub imports: &'a [Wanted],
    /// Directory of the entry script, relative to the app root.
    pub entry_dir: &'a str,
    /// What the image came with: its distributions are taken at their RECORD's word. `None`: all are.
    pub image: Option<&'a Manifest>,
    /// Where the tree is mounted.
    pub mount: Option<&'a str>,
}

/// The command that reads the manifest; `None` for a contract that has no way to.
pub fn command(contract: &Contract, question: &Question<'_>) -> Option<Vec<String>> {
    if contract.python.is_empty() {
        return (!contract.reader.is_empty()).then(|| contract.reader.clone());
    }
    let appended: Vec<String> = contract
        .path_appended
        .iter()
        .map(|path| {
            path.replace("{app_root}", &contract.app_root)
                .replace("{entry_dir}", question.entry_dir)
        })
        .collect();
    let known = question.image.map(|image| {
        let digests = image.distributions.iter().filter_map(|dist| dist.digest.as_ref());
        digests.collect::<Vec<_>>()
    });
    let params = serde_json::json!({
        "server": contract.server_process.as_ref().filter(|_| question.running),
        "appended": appended,
        "imports": question.imports,
        "known": known,
        "mount": question.mount,
        "source": READER,
    });
    let script = interpreter::choose(&contract.python) + "exec \"$python\" -c \"$1\" \"$2\"";
    let mut argv: Vec<String> = ["sh", "-c", &script, "seatrial"].map(String::from).into();
    argv.extend([READER.to_owned(), params.to_string()]);
    Some(argv)
}

/// The same as an engine command.
pub fn exec(argv: Vec<String>) -> Command {
    Command {
        argv,
        user: None,
        deadline: DEADLINE,
    }
}

/// What the reader printed, or why it failed.
pub fn parse(output: &CommandOutput) -> anyhow::Result<Raw> {
    let stdout = String::from_utf8_lossy(&output.stdout);
    let Some(json) = stdout.lines().find_map(|line| line.strip_prefix(MARK)) else {
        let stderr = String::from_utf8_lossy(&output.stderr);
        let last = stderr.lines().last().unwrap_or("it printed nothing");
        bail!("the manifest reader ended with {}: {last}", output.code);
    };
    serde_json::from_str(json).context("the manifest reader's answer is not understood")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_that_fails_says_why() {
        let output = CommandOutput {
            code: 127,
            stdout: vec![],
            stderr: b"warning\nno python here\n".to_vec(),
        };
        let error = parse(&output).unwrap_err().to_string();
        assert_eq!(error, "the manifest reader ended with 127: no python here");
    }
}
