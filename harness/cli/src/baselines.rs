//! What was accepted or measured once per class of hosts: files of timings and of calibrations, written by hand's command
//! alone.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use seatrial_record::RunRecord;
use seatrial_record::comparison::{Baseline, Calibration, Departure, HostClass, Rule};
use seatrial_spec::{Plan, Project};

use crate::store;

/// Where they live, below the project root.
const FOLDER: &str = "reports/baselines";
const BASELINE: &str = "baseline.json";
const CALIBRATION: &str = "calibration.json";

/// The files of a project, a folder for each class of hosts.
#[derive(Debug)]
pub struct Baselines {
    folder: PathBuf,
}

impl Baselines {
    /// Those of a project, whether or not there are any.
    pub fn of(project: &Project) -> Baselines {
        Baselines {
            folder: project.root().join(FOLDER),
        }
    }

    /// The accepted timings of a class of hosts; `None` when nothing was accepted there.
    pub fn timings(&self, host: &HostClass) -> anyhow::Result<Option<Baseline>> {
        let file = self.file(host, BASELINE);
        let Some(text) = read(&file)? else { return Ok(None) };
        let baseline = Baseline::from_json(&text).with_context(|| format!("{} does not hold", file.display()))?;
        Ok(Some(baseline))
    }

    /// Those of all classes, by name.
    pub fn all(&self) -> anyhow::Result<Vec<Baseline>> {
        let folders = match fs::read_dir(&self.folder) {
            Ok(folders) => folders,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(vec![]),
            Err(error) => return Err(error).with_context(|| format!("cannot list {}", self.folder.display())),
        };
        let mut all = Vec::new();
        for folder in folders {
            let folder = folder?.path();
            // A note of somebody's may lie beside them.
            if !folder.is_dir() {
                continue;
            }
            let file = folder.join(BASELINE);
            if let Some(text) = read(&file)? {
                all.push(Baseline::from_json(&text).with_context(|| format!("{} does not hold", file.display()))?);
            }
        }
        all.sort_by(|one, other| one.host.cmp(&other.host));
        Ok(all)
    }

    /// Stores accepted timings and returns their file.
    pub fn accept(&self, baseline: &Baseline) -> anyhow::Result<PathBuf> {
        self.write(&baseline.host, BASELINE, &baseline.to_json())
    }

    /// The calibration of a class of hosts. One that does not hold is told and counts as none: it judges nothing.
    pub fn calibration(&self, host: &HostClass) -> Option<Calibration> {
        let file = self.file(host, CALIBRATION);
        let known = read(&file).and_then(|text| match text {
            Some(text) => Ok(Some(serde_json::from_str(&text)?)),
            None => Ok(None),
        });
        known.unwrap_or_else(|error: anyhow::Error| {
            tracing::warn!("{} does not hold, calibrate again: {error:#}", file.display());
            None
        })
    }

    /// Stores a calibration and returns its file.
    pub fn calibrate(&self, calibration: &Calibration) -> anyhow::Result<PathBuf> {
        let text = serde_json::to_string_pretty(calibration)?;
        self.write(&calibration.host, CALIBRATION, &format!("{text}\n"))
    }

    /// Where a run departs from what was accepted on its class of hosts, each with the comparison that would tell why. A
    /// baseline that does not hold is told and counts as none.
    pub fn departures(&self, record: &RunRecord, plan: &Plan) -> Vec<String> {
        let baseline = match self.timings(&HostClass::of(&record.host)) {
            Ok(baseline) => baseline,
            Err(error) => {
                tracing::warn!("{error:#}");
                None
            }
        };
        let Some(baseline) = baseline else { return vec![] };
        let departures = baseline.departures(record, &Rule::default());
        departures.iter().map(|departure| prompt(departure, plan)).collect()
    }

    fn file(&self, host: &HostClass, name: &str) -> PathBuf {
        self.folder.join(host.as_str()).join(name)
    }

    fn write(&self, host: &HostClass, name: &str, text: &str) -> anyhow::Result<PathBuf> {
        let file = self.file(host, name);
        let folder = self.folder.join(host.as_str());
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        store::put(&file, text)?;
        Ok(file)
    }
}

/// A departure and the command that makes a paired rerun of it.
fn prompt(departure: &Departure<'_>, plan: &Plan) -> String {
    let file = plan.cases.iter().find(|case| case.id == departure.case);
    let file = file
        .map(|case| case.scenario.file.display().to_string())
        .unwrap_or_default();
    let (then, now) = (&departure.accepted.image, &departure.now);
    let about = match then.id == now.id {
        true => "; the image is the one that was accepted, so both sides will be alike unless the machine is at fault",
        false => "",
    };
    // A reference may have moved since; the content id has not.
    let old = if then.reference == now.reference {
        &then.id
    } else {
        &then.reference
    };
    format!(
        "seatrial: {}\n  stored times judge nothing{about}; a comparison on this host does:\n  seatrial compare --image {} --old {old} --new {} --filter '{}' {file}",
        departure.told(),
        departure.image,
        now.reference,
        departure.case,
    )
}

fn read(file: &Path) -> anyhow::Result<Option<String>> {
    match fs::read_to_string(file) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", file.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_beside_the_folders_is_no_class_of_hosts() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("README.md"), "What lies here.\n").unwrap();
        let folder = folder.path().to_owned();
        assert_eq!(Baselines { folder }.all().unwrap().len(), 0);
    }
}
