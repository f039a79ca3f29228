//! Where the results of a run go: one folder with record.json and junit.xml, rewritten after every case.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use seatrial_record::{RunRecord, render};

/// File name of the run record.
pub const RECORD: &str = "record.json";
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
            !folder.join(RECORD).exists(),
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

    fn put(&self, name: &str, content: &str) -> anyhow::Result<()> {
        let target = self.folder.join(name);
        let aside = self.folder.join(format!(".{name}.part"));
        fs::write(&aside, content)
            .and_then(|()| fs::rename(&aside, &target))
            .with_context(|| format!("cannot write {}", target.display()))
    }
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
