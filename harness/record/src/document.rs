//! Documents as JSON: written whole, read back only when every field of them is understood.

use schemars::schema_for;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::comparison::{BASELINE_FORMAT, Baseline, COMPARISON_FORMAT, Calibration, ComparisonRecord};
use crate::run::{FORMAT, RunRecord};

/// Why a text is not a document that this seatrial can read.
#[derive(Debug, Error)]
pub enum RecordError {
    /// Not JSON, or not the document.
    #[error("this is not {expected}: {cause}")]
    Malformed {
        /// What it should be, and who writes it.
        expected: &'static str,
        /// Where it stops being that.
        cause: serde_json::Error,
    },
    /// Another version of the format.
    #[error(
        "the record has format {found} and this seatrial reads {ours}: read it with the version that wrote it ({writer}), \
         or make a new run"
    )]
    OtherFormat {
        /// Format of the document.
        found: String,
        /// The format that is read here.
        ours: &'static str,
        /// The seatrial that wrote it.
        writer: String,
    },
}

/// What every version of every format has, whatever else changes.
#[derive(Deserialize)]
struct Head {
    format: String,
    #[serde(default)]
    seatrial: String,
}

const RUN: &str = "a run record (the record.json that `seatrial run` wrote)";
const COMPARISON: &str = "a comparison (the comparison.json that `seatrial compare` wrote)";
const BASELINE: &str = "a baseline (the baseline.json that `seatrial baseline accept` wrote)";

impl RunRecord {
    /// Reads a record. One of an older minor version is one of [`FORMAT`] from here on, what that version did not have
    /// being absent.
    ///
    /// # Errors
    /// When the text is no record, or its format has another major version or a newer minor one: a view that left out
    /// what it does not know would tell another story than the run.
    pub fn from_json(text: &str) -> Result<Self, RecordError> {
        let mut record: Self = read(text, RUN, FORMAT)?;
        record.format = FORMAT.into();
        Ok(record)
    }

    /// The record as indented JSON with a newline at its end; equal records give equal bytes.
    pub fn to_json(&self) -> String {
        written(self)
    }
}

impl ComparisonRecord {
    /// Whether a text is a comparison by what it says of itself, of whatever version.
    pub fn is_one(text: &str) -> bool {
        serde_json::from_str::<Head>(text).is_ok_and(|head| kind(&head.format) == kind(COMPARISON_FORMAT))
    }

    /// Reads a comparison back.
    ///
    /// # Errors
    /// As [`RunRecord::from_json`].
    pub fn from_json(text: &str) -> Result<Self, RecordError> {
        let mut record: Self = read(text, COMPARISON, COMPARISON_FORMAT)?;
        record.format = COMPARISON_FORMAT.into();
        Ok(record)
    }

    /// The comparison as indented JSON with a newline at its end; equal ones give equal bytes.
    pub fn to_json(&self) -> String {
        written(self)
    }
}

impl Baseline {
    /// Reads a baseline back.
    ///
    /// # Errors
    /// As [`RunRecord::from_json`].
    pub fn from_json(text: &str) -> Result<Self, RecordError> {
        let mut baseline: Self = read(text, BASELINE, BASELINE_FORMAT)?;
        baseline.format = BASELINE_FORMAT.into();
        Ok(baseline)
    }

    /// The baseline as indented JSON with a newline at its end; equal ones give equal bytes.
    pub fn to_json(&self) -> String {
        written(self)
    }
}

/// JSON Schema of the run record.
pub fn schema() -> serde_json::Value {
    schema_for!(RunRecord).to_value()
}

/// JSON Schema of a comparison.
pub fn comparison_schema() -> serde_json::Value {
    schema_for!(ComparisonRecord).to_value()
}

/// JSON Schema of a calibration.
pub fn calibration_schema() -> serde_json::Value {
    schema_for!(Calibration).to_value()
}

/// JSON Schema of a baseline.
pub fn baseline_schema() -> serde_json::Value {
    schema_for!(Baseline).to_value()
}

fn read<T: DeserializeOwned>(text: &str, expected: &'static str, ours: &'static str) -> Result<T, RecordError> {
    let malformed = |cause| RecordError::Malformed { expected, cause };
    let Head { format, seatrial } = serde_json::from_str(text).map_err(malformed)?;
    if !readable(&format, ours) {
        let writer = match seatrial.as_str() {
            "" => "not named".into(),
            seatrial => format!("seatrial {seatrial}"),
        };
        return Err(RecordError::OtherFormat {
            found: format,
            ours,
            writer,
        });
    }
    serde_json::from_str(text).map_err(malformed)
}

fn written(document: &impl Serialize) -> String {
    let mut text =
        serde_json::to_string_pretty(document).expect("every map of a document has text keys, so it is always JSON");
    text.push('\n');
    text
}

/// Same kind of document and same major version, and no minor one that is newer than ours.
fn readable(format: &str, ours: &str) -> bool {
    let parts = |format: &str| -> Option<(u32, u32)> {
        let version = format.rsplit('/').next()?;
        let (major, minor) = version.split_once('.')?;
        Some((major.parse().ok()?, minor.parse().ok()?))
    };
    match (parts(format), parts(ours)) {
        (Some((major, minor)), Some((our_major, our_minor))) => {
            kind(format) == kind(ours) && major == our_major && minor <= our_minor
        }
        _ => false,
    }
}

/// What stands before the version: nothing for a run record.
fn kind(format: &str) -> Option<&str> {
    format.split_once('/').map(|(kind, _)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_formats_are_refused_with_both_versions() {
        for found in ["2.0", "0.9", "1.3", "one", COMPARISON_FORMAT] {
            let text = format!(r#"{{"format": "{found}", "seatrial": "9.9.9", "new": true}}"#);
            let message = RunRecord::from_json(&text).unwrap_err().to_string();
            assert!(
                message.contains(found) && message.contains(FORMAT) && message.contains("9.9.9"),
                "{message}"
            );
        }
    }

    #[test]
    fn what_is_no_record_says_where_it_stops_being_one() {
        let message = RunRecord::from_json("{\n  oops").unwrap_err().to_string();
        assert!(
            message.contains("line 2") && message.contains("record.json"),
            "{message}"
        );
        assert!(
            RunRecord::from_json(r#"{"format": "1.0"}"#)
                .unwrap_err()
                .to_string()
                .contains("missing field")
        );
    }
}
