//! Replicas on a moving index, whole runs on the stub image: waves, drift with its reason, failures of some, restarts, and
//! what the record and the views say of it.

use std::fs;

use serde_json::Value;

use super::project::{Project, left_of};

/// A universe of one project: two releases, the second of which the script of each test brings or spoils, and an old one.
const FREIGHT: &str =
    "  projects: { freight: [{ version: 0.9.0 }, { version: 1.0.0, size: 20kb }, { version: 2.0.0, size: 20kb }] }\n";

/// A scenario whose containers install `freight` and serve.
fn scenario(project: &Project, name: &str, keys: &str, script: &str, expect: &str) {
    let text = format!(
        "version: 1\nwhy: The script makes it so.\nimage: stub\napp: empty\n\
         env: {{ STUB_SCRIPT: \"install; listen; answer 200; forever\" }}\n\
         extend: {{ requirements: [freight], via: [dynamic] }}\n{keys}\
         index:\n{FREIGHT}  script:\n{script}expect:\n{expect}"
    );
    project.file(&format!("scenarios/{name}.yaml"), &text);
}

const RELEASE: &str = "    - name: release\n      when: { ready: [0, 1] }\n      \
                       do: { publish: { project: freight, version: 2.0.0 } }\n";
const READY: &str = "  ready: { within: 60s }\n";
const IN_WAVES: &str = "replicas: 3\nstart: { waves: { of: 2 } }\n";

fn case(record: &Value) -> &Value {
    &record["cases"][0]
}

/// The observations of a case as `replica life`.
fn lives(record: &Value) -> Vec<(u64, u64)> {
    let number = |seen: &Value, key: &str| seen[key].as_u64().unwrap();
    let seen = case(record)["observations"].as_array().unwrap();
    seen.iter()
        .map(|seen| (number(seen, "replica"), number(seen, "life")))
        .collect()
}

#[test]
#[cfg_attr(no_engine, ignore = "SEATRIAL_TEST_ENGINE=none")]
fn drift_where_none_was_expected_is_exit_4_and_the_reason_is_told() {
    let project = Project::on_stub();
    let expect = format!("{READY}  replicas: {{ identical: true }}\n");
    scenario(&project, "group/moves", IN_WAVES, RELEASE, &expect);
    let (code, stdout, stderr, record) = project.run_record(&[]);
    assert_eq!(code, Some(4), "{stdout}{stderr}");
    let junit = fs::read_to_string(project.path().join("out/junit.xml")).unwrap();
    for view in [&stdout, &junit] {
        let flat = view.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains("1.0.0 on replicas 0 and 1; 2.0.0 on replica 2"), "{view}");
        assert!(flat.contains("replica 2 asked for freight at"), "{view}");
        assert!(flat.contains("after freight 2.0.0 was published at"), "{view}");
        assert!(view.contains("scenarios/group/moves.yaml:17:3"), "{view}");
    }
    let observed = case(&record)["observations"].as_array().unwrap();
    let published = case(&record)["course"]["events"][0]["at_ns"].as_u64().unwrap();
    let launched: Vec<u64> = observed
        .iter()
        .map(|seen| seen["launched_ns"].as_u64().unwrap())
        .collect();
    assert!(
        launched[0].max(launched[1]) < published && published < launched[2],
        "{launched:?} {published}"
    );
    assert!(left_of(record["run"].as_str().unwrap()).is_empty());
}

#[test]
#[cfg_attr(no_engine, ignore = "SEATRIAL_TEST_ENGINE=none")]
fn the_same_drift_holds_when_it_is_expected_with_its_event_and_fails_with_another() {
    let project = Project::on_stub();
    let expect =
        |since: &str| format!("{READY}  replicas: {{ drift: {{ in: [freight], odd: [2], since: {since} }} }}\n");
    let script = format!("{RELEASE}    - name: idle\n      do: {{ yank: {{ project: freight, version: 0.9.0 }} }}\n");
    scenario(&project, "group/right", IN_WAVES, &script, &expect("release"));
    scenario(&project, "group/wrong", IN_WAVES, &script, &expect("idle"));
    let (code, stdout, stderr, record) = project.run_record(&["--jobs", "1"]);
    assert_eq!(code, Some(4), "{stdout}{stderr}");
    for case in record["cases"].as_array().unwrap() {
        let holds = case["verdicts"]
            .as_array()
            .unwrap()
            .iter()
            .all(|verdict| verdict["finding"] == "holds");
        assert_eq!(holds, case["id"] == "group/right@dynamic", "{stdout}");
    }
    assert!(stdout.contains("explained by `release`, not by `idle`"), "{stdout}");
}

#[test]
#[cfg_attr(no_engine, ignore = "SEATRIAL_TEST_ENGINE=none")]
fn replicas_that_fail_do_not_stop_the_others() {
    let project = Project::on_stub();
    let cut = "    - name: cut\n      do: { truncate: 1kb }\n      only: { what: files, replicas: [1] }\n";
    let expect = "  ready: { within: 60s, replicas: [0, 2] }\n  \
                  refuses: { within: 60s, inner: 95, container: 111, log: cannot install, replicas: [1] }\n  \
                  replicas: { identical: true }\n";
    scenario(&project, "group/some", "replicas: 3\n", cut, expect);
    let (code, stdout, stderr, record) = project.run_record(&[]);
    assert_eq!(code, Some(5), "passes, with a new snapshot:\n{stdout}{stderr}");
    assert!(stdout.contains("3 replicas, 2 ready, identical"), "{stdout}");
    let log = &case(&record)["observations"][1]["index"]["log"];
    let spoilt: Vec<&Value> = log
        .as_array()
        .unwrap()
        .iter()
        .filter(|asked| asked["faults"][0] == "cut")
        .collect();
    assert_eq!(
        (spoilt.len(), &spoilt[0]["bytes"], &spoilt[0]["complete"]),
        (1, &1000.into(), &false.into())
    );
    assert_eq!(case(&record)["course"]["events"][0]["hits"], 1);
}

#[test]
#[cfg_attr(no_engine, ignore = "SEATRIAL_TEST_ENGINE=none")]
fn at_least_so_many_of_the_replicas_is_enough() {
    let project = Project::on_stub();
    let gone = |replicas| {
        format!("    - name: gone\n      do: {{ connection: reset }}\n      only: {{ replicas: {replicas} }}\n")
    };
    let expect = "  ready: { within: 60s, at_least: 2 }\n";
    scenario(&project, "group/enough", "replicas: 3\n", &gone("[0]"), expect);
    scenario(&project, "group/short", "replicas: 3\n", &gone("[0, 2]"), expect);
    let (code, stdout, stderr, record) = project.run_record(&["--jobs", "1"]);
    assert_eq!(code, Some(4), "{stdout}{stderr}");
    for case in record["cases"].as_array().unwrap() {
        let holds = case["verdicts"][0]["finding"] == "holds";
        assert_eq!(holds, case["id"] == "group/enough@dynamic", "{case}");
    }
}

#[test]
#[cfg_attr(no_engine, ignore = "SEATRIAL_TEST_ENGINE=none")]
fn an_event_that_never_happens_fails_its_case() {
    let project = Project::on_stub();
    let late = "    - name: late\n      when: { request: { number: 99 } }\n      \
                do: { publish: { project: freight, version: 2.0.0 } }\n";
    scenario(&project, "group/late", "replicas: 2\n", late, READY);
    let (code, stdout, stderr, _) = project.run_record(&[]);
    assert_eq!(code, Some(4), "{stdout}{stderr}");
    assert!(
        stdout.contains("never happened") && stdout.contains("at request 99"),
        "{stdout}"
    );
    assert!(stdout.contains("scenarios/group/late.yaml:11:7"), "{stdout}");
}

#[test]
#[cfg_attr(no_engine, ignore = "SEATRIAL_TEST_ENGINE=none")]
fn lives_after_a_restart_are_watched_and_read_by_themselves() {
    let project = Project::on_stub();
    let restart = "replicas: 2\nrestart: [{ replica: 1, as: restarted }, { replica: 0, as: recreated }, { replica: 1, as: restarted }]\n";
    let expect = format!(
        "{READY}  log: [\"stub: installed\"]\n  replicas: {{ drift: {{ in: [freight], odd: [0, 1], since: release }} }}\n"
    );
    scenario(&project, "group/again", restart, RELEASE, &expect);
    let (code, stdout, stderr, record) = project.run_record(&[]);
    assert_eq!(
        code,
        Some(5),
        "odd are the first lives, which are fewer:\n{stdout}{stderr}"
    );
    assert_eq!(lives(&record), [(0, 0), (0, 1), (1, 0), (1, 1), (1, 2)]);
    let seen = case(&record)["observations"].as_array().unwrap();
    for seen in seen {
        let log = &seen["log"]["tail"];
        let starts = log
            .as_array()
            .unwrap()
            .iter()
            .filter(|line| line.as_str().unwrap().contains("first instruction"));
        assert_eq!(starts.count(), 1, "the log of another life: {log}");
        let phases: Vec<&str> = seen["phases"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["phase"].as_str().unwrap())
            .collect();
        assert!(phases.contains(&"started") && phases.contains(&"ready"), "{phases:?}");
        assert_eq!(seen["index"]["requests"], 2, "what it asked for in this life");
    }
    let version = |at: usize| seen[at]["manifest"]["distributions"][0]["version"].as_str().unwrap();
    assert_eq!(
        [0, 1, 2, 3, 4].map(version),
        ["1.0.0", "2.0.0", "1.0.0", "2.0.0", "2.0.0"]
    );
    assert_eq!(seen[1]["began"], "recreated");
    let launched = |at: usize| seen[at]["launched_ns"].as_u64().unwrap();
    assert!(
        launched(3) < launched(1) && launched(1) < launched(4),
        "one after another, as written"
    );
    assert!(left_of(record["run"].as_str().unwrap()).is_empty());
}

#[test]
#[cfg_attr(no_engine, ignore = "SEATRIAL_TEST_ENGINE=none")]
fn staggered_replicas_start_apart_and_a_seed_repeats_the_course() {
    let project = Project::on_stub();
    let flaky = "    - name: flaky\n      do: { delay: 20ms }\n      only: { share: 50% }\n";
    let staggered = "replicas: 4\nstart: { staggered: 1s }\n";
    scenario(&project, "group/apart", staggered, flaky, READY);
    let spoilt = |out: &str| {
        let (code, stdout, stderr) = project.run(&["run", "--out", out, "--seed", "7"]);
        assert_eq!(code, Some(5), "{stdout}{stderr}");
        let text = fs::read_to_string(project.path().join(out).join("record.json")).unwrap();
        let record: Value = serde_json::from_str(&text).unwrap();
        let seen = case(&record)["observations"].as_array().unwrap().clone();
        let launched: Vec<u64> = seen.iter().map(|seen| seen["launched_ns"].as_u64().unwrap()).collect();
        assert!(
            launched.windows(2).all(|pair| pair[1] - pair[0] > 400_000_000),
            "{launched:?}"
        );
        let faults = |seen: &Value| {
            let log = seen["index"]["log"].as_array().unwrap();
            log.iter()
                .map(|asked| asked["faults"].as_array().unwrap().len())
                .collect::<Vec<_>>()
        };
        seen.iter().map(faults).collect::<Vec<_>>()
    };
    let first = spoilt("first");
    assert_eq!(first, spoilt("second"));
    let hits: usize = first.iter().flatten().sum();
    assert!(
        (1..8).contains(&hits),
        "of eight requests some are hit and some are not: {first:?}"
    );
}

/// Issue 3, acceptance 5.
#[test]
#[cfg_attr(no_engine, ignore = "SEATRIAL_TEST_ENGINE=none")]
fn one_wrong_byte_in_a_hundred_replicas_is_found_and_named() {
    let project = Project::on_stub();
    let wrong = "    - name: wrong-byte\n      do: { content: corrupt }\n      only: { what: files, replicas: [73] }\n";
    let expect = "  ready: { within: 170s }\n  replicas: { drift: { in: [freight], odd: [73], since: wrong-byte } }\n";
    scenario(&project, "group/hundred", "replicas: 100\n", wrong, expect);
    let (code, stdout, stderr, record) = project.run_record(&[]);
    assert_eq!(code, Some(5), "passes, with a new snapshot:\n{stdout}{stderr}");
    let [difference] = case(&record)["differences"].as_array().unwrap().as_slice() else {
        panic!("{}", case(&record)["differences"]);
    };
    assert_eq!(
        difference["kinds"][1]["replicas"],
        serde_json::json!([{ "replica": 73, "life": 0, "began": "launched" }])
    );
    assert_eq!(
        difference["files"].as_array().unwrap().len(),
        1,
        "one byte, one file: {difference}"
    );
    assert!(left_of(record["run"].as_str().unwrap()).is_empty());
}

#[test]
fn a_lock_that_is_not_there_is_exit_3_and_says_what_it_should_be() {
    let project = Project::with_image("unused:latest");
    project.scenario("group/any", "forever", "  ready: { within: 5s }\n");
    let (code, _, stderr) = project.run(&["index", "serve", "--replay-index", "no-such-lock"]);
    assert_eq!(code, Some(3), "{stderr}");
    assert!(
        stderr.contains("no-such-lock") && stderr.contains("--record-index"),
        "{stderr}"
    );
}

#[test]
fn flags_of_the_index_that_say_nothing_are_exit_2() {
    let project = Project::with_image("unused:latest");
    project.file(
        "fixtures/packages/quay.yaml",
        "version: 1\nwhy: One project.\nprojects:\n  crane: [{ version: 1.0.0 }]\n",
    );
    let serve = |flags: &[&str]| project.run(&[&["index", "serve", "--packages", "quay"], flags].concat());
    let (code, _, stderr) = serve(&["--record-index", "lock"]);
    assert_eq!(code, Some(2), "{stderr}");
    assert!(stderr.contains("nothing to record"), "{stderr}");
    assert!(!project.path().join("lock").exists());

    let (code, _, stderr) = serve(&["--as-of", "yesterday"]);
    assert_eq!(code, Some(2), "{stderr}");
    assert!(stderr.contains("RFC 3339"), "{stderr}");
}

#[test]
fn a_universe_that_is_not_there_is_exit_2_and_names_those_that_are() {
    let project = Project::with_image("unused:latest");
    project.file(
        "fixtures/packages/quay.yaml",
        "version: 1\nwhy: One project.\nprojects:\n  crane: [{ version: 1.0.0 }]\n",
    );
    let (code, _, stderr) = project.run(&["index", "export", "out", "--packages", "key"]);
    assert_eq!(code, Some(2), "{stderr}");
    assert!(stderr.contains("`key`") && stderr.contains("quay"), "{stderr}");

    let (code, stdout, stderr) = project.run(&["index", "export", "out", "--packages", "quay"]);
    assert_eq!((code, stdout.as_str()), (Some(0), "1 files in out\n"), "{stderr}");
    assert!(project.path().join("out/crane-1.0.0-py3-none-any.whl").is_file());
}
