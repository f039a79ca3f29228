//! Snapshot files of functional facts on disk: compared on every run, written as pending, accepted or rejected by hand.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use seatrial_record::snapshot::{self, Comparison, EXTENSION, PENDING_EXTENSION};
use seatrial_record::{CaseRecord, Outcome, SnapshotState};

/// Where snapshots live, below the project root.
const FOLDER: &str = "reports/snapshots";

/// The snapshots of a project.
#[derive(Debug)]
pub struct Snapshots {
    root: PathBuf,
    /// Names of images whose place another reference has taken: no snapshots are kept for those.
    replaced: Vec<String>,
}

/// One snapshot file and its pending twin.
#[derive(Debug, Default)]
pub struct Entry {
    pub accepted: Option<PathBuf>,
    pub pending: Option<PathBuf>,
}

impl Snapshots {
    /// Snapshots below the project root; cases on images in `instead` are not compared.
    pub fn open(root: &Path, instead: &BTreeMap<String, String>) -> Snapshots {
        Snapshots {
            root: root.to_owned(),
            replaced: instead.keys().cloned().collect(),
        }
    }

    /// Compares a judged case with its accepted snapshot and writes a pending one when it differs. A case that did not
    /// pass is not compared: its failure is the news, unless it is one of budgets alone. In CI nothing is written.
    pub fn compare(&self, case: &mut CaseRecord) -> anyhow::Result<()> {
        if case.functional_outcome() != Outcome::Passed || self.replaced.contains(&case.image) {
            return Ok(());
        }
        let accepted = self.root.join(FOLDER).join(snapshot::file_name(&case.id));
        let pending = accepted.with_extension(PENDING_EXTENSION);
        let text = match fs::read_to_string(&accepted) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", accepted.display())),
        };
        let comparison = snapshot::compare(text.as_deref(), case);
        if comparison == Comparison::Same {
            if !in_ci() {
                remove_if_there(&pending)?;
            }
            case.snapshot = SnapshotState::Same;
            return Ok(());
        }
        if !in_ci() {
            write(&pending, &snapshot::render(case))?;
        }
        let pending = pending
            .strip_prefix(&self.root)
            .unwrap_or(&pending)
            .to_string_lossy()
            .into_owned();
        case.snapshot = match comparison {
            Comparison::Differs { diff } => SnapshotState::Differs { pending, diff },
            Comparison::New | Comparison::Same => SnapshotState::New { pending },
        };
        Ok(())
    }

    /// Every snapshot, by its path below the folder without extension.
    pub fn list(&self) -> anyhow::Result<BTreeMap<String, Entry>> {
        let folder = self.root.join(FOLDER);
        let mut entries = BTreeMap::new();
        if folder.is_dir() {
            collect(&folder, &folder, &mut entries)?;
        }
        Ok(entries)
    }
}

/// Makes a pending snapshot the accepted one.
pub fn accept(pending: &Path) -> anyhow::Result<()> {
    // The pending extension has two parts: strip both, then put the accepted one.
    let accepted = pending.with_extension("").with_extension(EXTENSION);
    fs::rename(pending, &accepted).with_context(|| format!("cannot accept {}", pending.display()))
}

/// Deletes a pending snapshot.
pub fn reject(pending: &Path) -> anyhow::Result<()> {
    fs::remove_file(pending).with_context(|| format!("cannot delete {}", pending.display()))
}

/// CI never writes snapshots.
pub fn in_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| !value.is_empty() && value != "false" && value != "0")
}

fn collect(root: &Path, folder: &Path, into: &mut BTreeMap<String, Entry>) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            collect(root, &path, into)?;
            continue;
        }
        let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
        if let Some(stem) = name.strip_suffix(&format!(".{PENDING_EXTENSION}")) {
            into.entry(stem.to_owned()).or_default().pending = Some(path);
        } else if let Some(stem) = name.strip_suffix(&format!(".{EXTENSION}")) {
            into.entry(stem.to_owned()).or_default().accepted = Some(path);
        }
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(path, text))
        .with_context(|| format!("cannot write {}", path.display()))
}

fn remove_if_there(path: &Path) -> anyhow::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot delete {}", path.display()))
        }
        _ => Ok(()),
    }
}
