//! reports/FORMAT.md describes every field and every word that a record can hold.

use std::collections::BTreeSet;

use schemars::schema_for;
use seatrial_record::comparison::{
    BASELINE_FORMAT, Baseline, COMPARISON_FORMAT, Calibration, ComparisonRecord, Measured, SuiteComparison,
};
use seatrial_record::{FORMAT, schema};
use serde_json::Value;

const DOCUMENT: &str = include_str!("../../../../reports/FORMAT.md");

/// Names of properties and of enumerated words anywhere in a schema.
fn names(schema: &Value, found: &mut BTreeSet<String>) {
    match schema {
        Value::Object(keys) => {
            if let Some(Value::Object(properties)) = keys.get("properties") {
                found.extend(properties.keys().cloned());
            }
            found.extend(keys.get("const").and_then(Value::as_str).map(str::to_owned));
            let words = keys.get("enum").and_then(Value::as_array).into_iter().flatten();
            found.extend(words.filter_map(Value::as_str).map(str::to_owned));
            keys.values().for_each(|value| names(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| names(value, found)),
        _ => {}
    }
}

#[test]
fn every_name_of_the_schema_is_described() {
    let mut found = BTreeSet::new();
    names(&schema(), &mut found);
    for compared in [
        schema_for!(SuiteComparison),
        schema_for!(Calibration),
        schema_for!(Measured),
        schema_for!(ComparisonRecord),
        schema_for!(Baseline),
    ] {
        names(&compared.to_value(), &mut found);
    }
    assert!(found.contains("within_ns") && found.contains("user-site") && found.contains("not_compared"));

    let missing: Vec<_> = found
        .iter()
        .filter(|name| !DOCUMENT.contains(&format!("`{name}`")))
        .collect();
    assert!(missing.is_empty(), "describe in reports/FORMAT.md: {missing:?}");
}

#[test]
fn the_document_names_the_versions_it_describes() {
    for format in [FORMAT, COMPARISON_FORMAT, BASELINE_FORMAT] {
        assert!(DOCUMENT.contains(&format!("Format {format}")), "{format}");
    }
}
