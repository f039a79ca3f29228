//! What is shipped holds: every scenario is read, and the schema that editors use is the one of the types.

use std::fs;
use std::path::{Path, PathBuf};

use seatrial_spec::{Project, Selection, schema};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn every_shipped_file_is_read() {
    let everything = Selection {
        all: true,
        ..Selection::default()
    };
    match Project::open(&root()).unwrap().load(&everything) {
        Ok((plan, _)) => assert!(plan.cases.len() > 20, "{} cases", plan.cases.len()),
        Err(problems) => panic!("{problems}"),
    }
}

#[test]
fn every_shipped_universe_says_what_comes_of_it() {
    let project = Project::open(&root()).unwrap();
    let universes = project.universes();
    assert!(universes.contains_key("harbour"), "{:?}", universes.keys());
    for universe in universes.values() {
        assert!(!universe.expected.is_empty(), "{}", universe.file.display());
    }
}

#[test]
fn every_shipped_scenario_names_the_schema() {
    let everything = Selection {
        all: true,
        ..Selection::default()
    };
    let project = Project::open(&root()).unwrap();
    let (_, scenarios) = project.load(&everything).unwrap();
    for scenario in scenarios {
        let text = fs::read_to_string(project.root().join(&scenario.file)).unwrap();
        let modeline = "# yaml-language-server: $schema=../scenario.schema.json\n";
        assert!(text.starts_with(modeline), "{}", scenario.file.display());
    }
}

/// `SEATRIAL_UPDATE=1` writes the file anew.
#[test]
fn the_committed_schema_is_the_one_of_the_types() {
    let file = root().join("scenarios/scenario.schema.json");
    let schema = schema("scenario").unwrap();
    let generated = format!("{}\n", serde_json::to_string_pretty(&schema).unwrap());
    if std::env::var_os("SEATRIAL_UPDATE").is_some() {
        fs::write(&file, &generated).unwrap();
    }
    let committed = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        committed == generated,
        "run `seatrial schema scenario` and commit its output"
    );
}
