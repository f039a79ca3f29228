//! What needs no engine: files that hold or do not, the plan, schemas, stored records. Docker is out of reach here.

use std::process::Command;

use super::project::{Project, output, repository, seatrial, texts};

const NO_ENGINE: (&str, &str) = ("DOCKER_HOST", "unix:///nonexistent/docker.sock");

fn without_engine(arguments: &[&str]) -> (Option<i32>, String, String) {
    let repository = repository();
    texts(&output(
        seatrial(&repository).args(arguments).env(NO_ENGINE.0, NO_ENGINE.1),
    ))
}

#[test]
fn the_shipped_files_hold() {
    let (code, stdout, stderr) = without_engine(&["check"]);
    assert_eq!(code, Some(0), "{stdout}{stderr}");
}

#[test]
fn the_plan_is_listed_without_an_engine() {
    let (code, stdout, _) = without_engine(&["list", "--filter", "startup/by-method"]);
    assert_eq!(code, Some(0));
    let ids: Vec<&str> = stdout
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    let methods = ["none", "dynamic", "preinstalled", "dockerfile"];
    assert_eq!(ids, methods.map(|method| format!("startup/by-method@{method}")));
}

#[test]
fn every_schema_is_json_without_an_engine() {
    for name in [
        "scenario",
        "image",
        "contract",
        "record",
        "comparison",
        "calibration",
        "baseline",
    ] {
        let (code, stdout, _) = without_engine(&["schema", name]);
        assert_eq!(code, Some(0), "{name}");
        let schema: serde_json::Value = serde_json::from_str(&stdout).unwrap();
        assert!(schema["properties"].is_object(), "{name}");
    }
}

#[test]
fn a_filter_that_selects_nothing_is_exit_7() {
    for command in ["list", "run"] {
        let (code, _, _) = without_engine(&[command, "--filter", "no-such-case"]);
        assert_eq!(code, Some(7), "{command}");
    }
}

#[test]
fn an_unreachable_engine_is_exit_3_and_says_what_to_do() {
    let (code, stdout, stderr) = without_engine(&["run", "--filter", "startup"]);
    assert_eq!(code, Some(3), "{stderr}");
    assert!(stdout.is_empty(), "{stdout}");
    assert!(
        stderr.contains("cannot be reached") && stderr.contains("what to do:"),
        "{stderr}"
    );
}

#[test]
fn a_broken_file_is_exit_2_with_line_and_nearest_name() {
    let project = Project::with_image("unused:latest");
    project.scenario("group/typo", "forever", "  redy: { within: 5s }\n");
    let (code, _, stderr) = project.run(&["check"]);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("typo.yaml:7:3") && stderr.contains("ready"), "{stderr}");

    let (code, stdout, _) = project.run(&["check", "--format", "json"]);
    assert_eq!(code, Some(2));
    let rows: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(rows[0]["line"], 7);
}

#[test]
fn an_image_name_that_is_not_one_is_refused() {
    let (code, _, stderr) = without_engine(&["run", "--image", "azurml=x:y"]);
    assert_eq!(code, Some(2));
    assert!(
        stderr.contains("azurml") && stderr.contains("azureml-noext"),
        "{stderr}"
    );
}

#[test]
fn what_is_no_record_is_refused() {
    let project = Project::with_image("unused:latest");
    project.file("old.json", r#"{"format": "99.0"}"#);
    let (code, _, stderr) = project.run(&["report", "old.json"]);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("99.0"), "{stderr}");
}

#[test]
fn the_binary_tells_its_exit_codes() {
    let help = Command::new(env!("CARGO_BIN_EXE_seatrial"))
        .arg("--help")
        .output()
        .unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    for line in [
        "4    an expectation failed",
        "5    a snapshot differs",
        "6    a comparison found",
        "7    nothing selected",
    ] {
        assert!(help.contains(line), "{help}");
    }
}
