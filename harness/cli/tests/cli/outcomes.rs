//! Whole runs on the stub image: each ends with the exit code, the record and the message that its outcome calls for.

use std::fs;

use super::project::{Project, left_of, stub_reference};

const SERVES: &str = "log hello; listen; answer 200; forever";

#[test]
#[cfg_attr(no_engine, ignore = "SEATRIAL_TEST_ENGINE=none")]
fn a_case_that_holds_passes_once_its_snapshot_is_accepted() {
    let project = Project::on_stub();
    project.scenario(
        "group/serves",
        "listen; answer 502; wait 300ms; answer 200; forever",
        "  ready: { within: 30s }\n  health: [502, 200]\n  score: { send: { a: 1 }, status: 200, json: { a: 1 } }\n  log: [\"stub: listening\"]\n",
    );
    let (code, stdout, stderr, record) = project.run_record(&[]);
    assert_eq!(code, Some(5), "a new snapshot waits for review:\n{stdout}{stderr}");
    let seen = &record["cases"][0]["observations"][0];
    let phases: Vec<&str> = seen["phases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["phase"].as_str().unwrap())
        .collect();
    for phase in [
        "create_requested",
        "created",
        "started",
        "first_log",
        "listen",
        "ready",
        "first_response",
    ] {
        assert!(phases.contains(&phase), "{phase} is missing in {phases:?}");
    }
    assert!(seen["resources"]["peak_memory_bytes"].as_u64().unwrap() > 0);
    assert!(left_of(record["run"].as_str().unwrap()).is_empty());

    let (code, ..) = project.run(&["snapshot", "accept"]);
    assert_eq!(code, Some(0));
    let (code, stdout, stderr) = project.run(&["run"]);
    assert_eq!(code, Some(0), "{stdout}{stderr}");

    let (code, again, _) = project.run(&["report", "out"]);
    assert_eq!(code, Some(5), "the exit code comes from the record");
    let (_, twice, _) = project.run(&["report", "out"]);
    assert_eq!(again, twice);
}

#[test]
#[cfg_attr(no_engine, ignore = "SEATRIAL_TEST_ENGINE=none")]
fn a_failed_expectation_is_exit_4_and_points_at_its_line() {
    let project = Project::on_stub();
    project.scenario(
        "group/score",
        SERVES,
        "  ready: { within: 30s }\n  score: { send: 1, status: 201 }\n",
    );
    let (code, stdout, stderr, _) = project.run_record(&[]);
    assert_eq!(code, Some(4), "{stderr}");
    assert!(stdout.contains("scenarios/group/score.yaml:8:3"), "{stdout}");
    assert!(stdout.contains("201") && stdout.contains("200"), "{stdout}");
    assert!(stdout.contains("The script makes it so."), "{stdout}");
    let junit = fs::read_to_string(project.path().join("out/junit.xml")).unwrap();
    assert!(
        junit.contains("<failure") && junit.contains("scenarios/group/score.yaml:8:3"),
        "{junit}"
    );
}

#[test]
#[cfg_attr(no_engine, ignore = "SEATRIAL_TEST_ENGINE=none")]
fn a_refused_boot_tells_both_exit_codes() {
    let project = Project::on_stub();
    let expect = "  refuses: { within: 30s, inner: 95, container: 111, log: \"no such package\" }\n";
    project.scenario("group/refuses", "log no such package; inner 95; exit 111", expect);
    project.scenario(
        "group/refuses-otherwise",
        "log no such package; inner 99; exit 111",
        expect,
    );
    let (code, stdout, _, record) = project.run_record(&[]);
    assert_eq!(code, Some(4), "{stdout}");
    assert!(stdout.contains("1 passed") && stdout.contains("1 failed"), "{stdout}");
    for case in record["cases"].as_array().unwrap() {
        let inner = if case["id"] == "group/refuses@none" { 95 } else { 99 };
        assert_eq!(case["observations"][0]["exit"]["inner"], inner);
    }
}

#[test]
#[cfg_attr(no_engine, ignore = "SEATRIAL_TEST_ENGINE=none")]
fn an_unknown_image_errs_its_cases_and_no_others() {
    let project = Project::on_stub();
    project.file(
        "fixtures/images/ghost/image.yaml",
        "version: 1\nwhy: Nowhere.\ncontract: stub\nsource: { reference: \"seatrial-test/no-such-image:1\" }\n",
    );
    project.scenario("group/serves", SERVES, "  ready: { within: 30s }\n");
    project.file(
        "scenarios/group/ghost.yaml",
        "version: 1\nwhy: It is not there.\nimage: ghost\napp: empty\nexpect: { ready: { within: 5s } }\n",
    );
    let (code, stdout, _, record) = project.run_record(&[]);
    assert_eq!(code, Some(3), "{stdout}");
    let outcome = |id: &str| {
        let case = record["cases"]
            .as_array()
            .unwrap()
            .iter()
            .find(|case| case["id"] == id)
            .unwrap();
        case["error"]["what"].as_str().map(str::to_owned)
    };
    assert!(outcome("group/ghost@none").unwrap().contains("no-such-image"));
    assert_eq!(outcome("group/serves@none"), None);
    let junit = fs::read_to_string(project.path().join("out/junit.xml")).unwrap();
    assert!(junit.contains("<error") && !junit.contains("<failure"), "{junit}");
}

#[test]
#[cfg_attr(no_engine, ignore = "SEATRIAL_TEST_ENGINE=none")]
fn another_image_takes_the_place_of_a_named_one() {
    let project = Project::with_image("seatrial-test/no-such-image:1");
    project.scenario("group/serves", SERVES, "  ready: { within: 30s }\n");
    let instead = format!("stub={}", stub_reference());
    let (code, stdout, stderr) = project.run(&["run", "--image", &instead]);
    assert_eq!(code, Some(0), "no snapshot is kept for it:\n{stdout}{stderr}");
}
