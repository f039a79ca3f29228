//! Two images compared on real containers: the new one has another script to boot on, which takes longer.

use std::fs;
use std::process::Command;

use super::project::{Project, left_of, stub_reference};

/// An image of this test's own, removed with it.
struct Image(String);

impl Image {
    /// The stub image with a script of its own in place of none.
    fn with_script(name: &str, script: &str) -> Image {
        let context = tempfile::tempdir().unwrap();
        let dockerfile = format!("FROM {}\nENV STUB_SCRIPT=\"{script}\"\n", stub_reference());
        fs::write(context.path().join("Dockerfile"), dockerfile).unwrap();
        let reference = format!("seatrial-test/{name}:{}", std::process::id());
        let built = Command::new("docker")
            .args(["build", "--quiet", "--tag", &reference])
            .arg(context.path())
            .output();
        let built = built.expect("docker is needed for engine tests");
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        Image(reference)
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        let removed = Command::new("docker").args(["rmi", &self.0]).output();
        assert!(removed.is_ok_and(|removed| removed.status.success()) || std::thread::panicking());
    }
}

#[test]
#[cfg_attr(no_engine, ignore = "SEATRIAL_TEST_ENGINE=none")]
fn an_image_that_boots_more_slowly_regressed() {
    let old = Image::with_script("old", "log hello; listen; answer 200; forever");
    let new = Image::with_script("new", "log hello; wait 3s; listen; answer 200; forever");
    let project = Project::on_stub();
    project.file(
        "scenarios/group/serves.yaml",
        "version: 1\nwhy: Both serve.\nimage: stub\napp: empty\nexpect: { ready: { within: 60s } }\n",
    );
    let compare = ["compare", "--image", "stub", "--old", &old.0, "--new", &new.0];
    let more = ["--quiet-gate", "off", "--seed", "7", "--out", "out"];
    let (code, stdout, stderr) = project.run(&[&compare[..], &more].concat());
    assert_eq!(code, Some(6), "{stdout}{stderr}");
    for text in [
        "regressed, new / old",
        "launch +",
        "did it",
        "exit code 6: a metric regressed",
    ] {
        assert!(stdout.contains(text), "{text}:\n{stdout}");
    }
    let text = fs::read_to_string(project.path().join("out/comparison.json")).unwrap();
    let record: serde_json::Value = serde_json::from_str(&text).unwrap();
    let case = &record["cases"][0];
    assert_eq!(
        (&case["old"]["image"]["reference"], &case["new"]["image"]["reference"]),
        (&old.0.clone().into(), &new.0.clone().into())
    );
    assert!(left_of(record["run"].as_str().unwrap()).is_empty());
}
