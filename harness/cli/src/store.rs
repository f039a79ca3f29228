//! Where the results of a run go: one folder with record.json and junit.xml, rewritten after every case, or with
//! comparison.json, rewritten after every pair of a case up to its 64th, then after every 16th.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use seatrial_record::comparison::ComparisonRecord;
use seatrial_record::{RunRecord, render};

/// File name of the run record.
pub const RECORD: &str = "record.json";
/// File name of a comparison.
pub const COMPARISON: &str = "comparison.json";
/// File name of the JUnit report.
const JUNIT: &str = "junit.xml";

/// The output folder of one run.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
}

impl Store {
    /// Makes the folder, and fails now rather than after minutes of measuring. A folder that already holds a record is
    /// refused: no run overwrites another's evidence.
    pub fn create(folder: PathBuf) -> anyhow::Result<Store> {
        anyhow::ensure!(
            [RECORD, COMPARISON].iter().all(|name| !folder.join(name).exists()),
            "{} already holds the record of another run; name another folder",
            folder.display()
        );
        fs::create_dir_all(&folder).with_context(|| format!("cannot make the output folder {}", folder.display()))?;
        Ok(Store { folder })
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes every file; a reader never sees half of one.
    pub fn write(&self, record: &RunRecord) -> anyhow::Result<()> {
        self.put(RECORD, &record.to_json())?;
        self.put(JUNIT, &render::junit(record))
    }

    /// Writes a comparison.
    pub fn write_comparison(&self, record: &ComparisonRecord) -> anyhow::Result<()> {
        self.put(COMPARISON, &record.to_json())
    }

    fn put(&self, name: &str, content: &str) -> anyhow::Result<()> {
        put(&self.folder.join(name), content)
    }
}

/// Writes a file whole: a reader never sees half of one.
pub fn put(target: &Path, content: &str) -> anyhow::Result<()> {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let aside = target.with_file_name(format!(".{name}.part"));
    fs::write(&aside, content)
        .and_then(|()| fs::rename(&aside, target))
        .with_context(|| format!("cannot write {}", target.display()))
}

/// What a stored file holds.
pub enum Stored {
    Run(Box<RunRecord>),
    Comparison(Box<ComparisonRecord>),
}

/// Reads a record or a comparison back, from the file or from the folder of a run.
pub fn read_any(path: &Path) -> anyhow::Result<Stored> {
    let file = match path.is_dir() {
        true if path.join(COMPARISON).exists() => path.join(COMPARISON),
        true => path.join(RECORD),
        false => path.to_owned(),
    };
    let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let stored = match ComparisonRecord::is_one(&text) {
        true => ComparisonRecord::from_json(&text).map(|it| Stored::Comparison(Box::new(it))),
        false => RunRecord::from_json(&text).map(|it| Stored::Run(Box::new(it))),
    };
    stored.with_context(|| format!("{} cannot be shown", file.display()))
}

/// Reads a record back, from the file or from the folder of a run.
pub fn read(path: &Path) -> anyhow::Result<RunRecord> {
    let file = if path.is_dir() {
        path.join(RECORD)
    } else {
        path.to_owned()
    };
    let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    RunRecord::from_json(&text).with_context(|| format!("{} is not a run record", file.display()))
}
