//! The run record as JSON: written whole after every case, read back only when every field of it is understood.

use schemars::schema_for;
use serde::Deserialize;
use thiserror::Error;

use crate::run::{FORMAT, RunRecord};

/// Why a text is not a run record that this seatrial can read.
#[derive(Debug, Error)]
pub enum RecordError {
    /// Not JSON, or not a record.
    #[error("this is not a run record: {0}; expected is the record.json that `seatrial run` wrote")]
    Malformed(#[from] serde_json::Error),
    /// Another version of the format.
    #[error(
        "the record has format {found} and this seatrial reads {FORMAT}: read it with the version that wrote it ({writer}), \
         or make a new run"
    )]
    OtherFormat {
        /// Format of the record.
        found: String,
        /// The seatrial that wrote it.
        writer: String,
    },
}

/// What every version of the format has, whatever else changes.
#[derive(Deserialize)]
struct Head {
    format: String,
    #[serde(default)]
    seatrial: String,
}

impl RunRecord {
    /// Reads a record. One of an older minor version is one of [`FORMAT`] from here on, what that version did not have
    /// being absent.
    ///
    /// # Errors
    /// When the text is no record, or its format has another major version or a newer minor one: a view that left out
    /// what it does not know would tell another story than the run.
    pub fn from_json(text: &str) -> Result<Self, RecordError> {
        let Head { format, seatrial } = serde_json::from_str(text)?;
        if !readable(&format) {
            let writer = if seatrial.is_empty() {
                "not named".into()
            } else {
                format!("seatrial {seatrial}")
            };
            return Err(RecordError::OtherFormat { found: format, writer });
        }
        let mut record: Self = serde_json::from_str(text)?;
        record.format = FORMAT.into();
        Ok(record)
    }

    /// The record as indented JSON with a newline at its end; equal records give equal bytes.
    pub fn to_json(&self) -> String {
        let mut text =
            serde_json::to_string_pretty(self).expect("every map of a record has text keys, so it is always JSON");
        text.push('\n');
        text
    }
}

/// JSON Schema of the run record.
pub fn schema() -> serde_json::Value {
    schema_for!(RunRecord).to_value()
}

/// Same major version, and no minor one that is newer than ours.
fn readable(format: &str) -> bool {
    let parts = |version: &str| -> Option<(u32, u32)> {
        let (major, minor) = version.split_once('.')?;
        Some((major.parse().ok()?, minor.parse().ok()?))
    };
    match (parts(format), parts(FORMAT)) {
        (Some((major, minor)), Some((our_major, our_minor))) => major == our_major && minor <= our_minor,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_formats_are_refused_with_both_versions() {
        for found in ["2.0", "0.9", "1.3", "one"] {
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
