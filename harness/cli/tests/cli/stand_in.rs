//! The real contract on the stand-in image: whose version wins, and how a wrong expectation is told.

use std::fs;
use std::process::Command;

use tempfile::TempDir;

use super::project::{output, repository, seatrial, texts};

/// A copy of this repository's fixtures with one scenario: the shipped override, one digit of its expectation changed.
fn project_with_wrong_digit() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let fixtures = repository().join("fixtures");
    let copied = Command::new("cp")
        .arg("-Rp")
        .arg(fixtures)
        .arg(folder.path())
        .status()
        .unwrap();
    assert!(copied.success());
    let text = fs::read_to_string(repository().join("scenarios/override/numpy.yaml")).unwrap();
    let wrong = text.replace("version: 1.25.2", "version: 1.25.3");
    assert_ne!(wrong, text);
    fs::create_dir_all(folder.path().join("scenarios/override")).unwrap();
    fs::write(folder.path().join("scenarios/override/numpy.yaml"), wrong).unwrap();
    folder
}

#[test]
#[cfg_attr(no_engine, ignore = "SEATRIAL_TEST_ENGINE=none")]
fn one_wrong_digit_is_exit_4_with_line_expected_actual_and_imported_file() {
    let project = project_with_wrong_digit();
    let (code, stdout, stderr) = texts(&output(seatrial(project.path()).args([
        "run",
        "--filter",
        "@preinstalled",
        "--out",
        "out",
    ])));
    assert_eq!(code, Some(4), "{stdout}{stderr}");
    let text = fs::read_to_string(project.path().join("scenarios/override/numpy.yaml")).unwrap();
    let line = 1 + text.lines().position(|line| line.contains("version: 1.25.3")).unwrap();
    let junit = fs::read_to_string(project.path().join("out/junit.xml")).unwrap();
    for view in [&stdout, &junit] {
        assert!(
            view.contains(&format!("scenarios/override/numpy.yaml:{line}")),
            "{view}"
        );
        assert!(view.contains("1.25.3") && view.contains("1.25.2"), "{view}");
        assert!(
            view.contains("/var/azureml-app/site-packages/numpy/__init__.py"),
            "{view}"
        );
    }
}
