//! The three classes, and sixteen replicas.

use std::time::Duration;

use seatrial_fake_engine::{CallName, Delay, Fault, FaultKind, Script};

use crate::stage::Stage;

const SERVES: &str = "log hello; listen; answer 200; forever";

fn refused(call: CallName, nth: u64, message: &str) -> Script {
    let kind = FaultKind::Fail {
        status: 500,
        message: message.to_owned(),
    };
    Script {
        faults: vec![Fault { call, nth, kind }],
        ..Script::default()
    }
}

#[test]
fn a_case_that_holds_passes_and_its_stamps_are_the_scripts() {
    let delay = |ms| Delay::fixed(Duration::from_millis(ms));
    let stage = Stage::new(Script {
        delays: [(CallName::Create, delay(20)), (CallName::Start, delay(30))].into(),
        ..Script::default()
    });
    stage.project.scenario(
        "group/serves",
        "listen; answer 502; wait 50ms; answer 200; forever",
        "  ready: { within: 30s }\n  health: [502, 200]\n  score: { send: { a: 1 }, status: 200, json: { a: 1 } }\n  log: [\"stub: listening\"]\n",
    );
    let ran = stage.run(&[]);
    ran.ended_with(5);
    assert_eq!(ran.held(), (4, 4), "{}", ran.stdout);
    let seen = &ran.record["cases"][0]["observations"][0];
    let at = |wanted: &str| {
        let phases = seen["phases"].as_array().unwrap();
        let phase = phases.iter().find(|phase| phase["phase"] == wanted);
        let phase = phase.unwrap_or_else(|| panic!("{wanted} is missing in {phases:?}"));
        phase["at_ns"].as_u64().unwrap()
    };
    assert!(at("created") >= 20_000_000, "{}", at("created"));
    assert!(at("started") - at("created") >= 29_000_000, "{}", at("started"));
    assert!(at("started") <= at("ready") && at("ready") <= at("first_response"));
    assert_eq!(stage.seatrial(&["snapshot", "accept"]).0, Some(0));
    let (code, stdout, stderr) = stage.seatrial(&["run"]);
    assert_eq!(code, Some(0), "{stdout}{stderr}");
}

#[test]
fn an_upstream_is_looked_for_once_and_missed_by_those_who_need_it() {
    let mut stage = Stage::new(Script::default());
    stage.upstream = "";
    stage
        .project
        .scenario("group/alone", SERVES, "  ready: { within: 30s }\n");
    let made_up = "index: { projects: { freight: [{ version: 1.0.0 }] } }\n";
    for (name, index) in [("universe", made_up), ("live", ""), ("live-too", "")] {
        let scenario = format!(
            "version: 1\nwhy: The script makes it so.\nimage: stub\napp: empty\n\
             env: {{ STUB_SCRIPT: \"{SERVES}\" }}\nextend: {{ requirements: [freight], via: [dynamic] }}\n{index}\
             expect:\n  ready: {{ within: 30s }}\n"
        );
        stage.project.file(&format!("scenarios/group/{name}.yaml"), &scenario);
    }
    let alone = stage.run(&["scenarios/group/alone.yaml", "scenarios/group/universe.yaml"]);
    alone.ended_with(5);
    assert_eq!(stage.pip_asked(), Vec::<String>::new());

    std::fs::remove_dir_all(stage.project.path().join("out")).unwrap();
    let all = stage.run(&[]);
    all.ended_with(3);
    assert!(all.stdout.contains("2 passed, 0 failed, 2 errored"), "{}", all.stdout);
    for case in all.record["cases"].as_array().unwrap() {
        let error = case["error"]["what"].as_str();
        let live = case["id"].as_str().unwrap().contains("live");
        assert_eq!(error.is_some(), live, "{case}");
        assert!(
            error.is_none_or(|error| error.contains("set PIP_INDEX_URL")),
            "{error:?}"
        );
    }
    let asked = stage.pip_asked();
    let of = |word: &str| asked.iter().filter(|line| line.contains(word)).count();
    assert_eq!((of("config list"), of("install --help")), (1, 1), "{asked:?}");
}

#[test]
fn a_case_that_fails_does_so_with_exactly_this() {
    let stage = Stage::new(Script::default());
    stage.project.scenario(
        "group/score",
        SERVES,
        "  ready: { within: 30s }\n  score: { send: 1, status: 201 }\n  log: [hello]\n",
    );
    let ran = stage.run(&[]);
    ran.ended_with(4);
    assert_eq!(ran.held(), (2, 3), "{}", ran.stdout);
    assert!(ran.stdout.contains("scenarios/group/score.yaml:8:3"), "{}", ran.stdout);
    assert!(
        ran.stdout.contains("201") && ran.stdout.contains("200"),
        "{}",
        ran.stdout
    );
    assert_eq!(ran.record["cases"][0]["error"], serde_json::Value::Null);
}

#[test]
fn a_container_that_cannot_be_created_errs_its_case_and_no_other() {
    // The first container is the one that asks the image for its own manifest.
    let stage = Stage::new(refused(CallName::Create, 2, "no space left on device"));
    for name in ["group/one", "group/two"] {
        stage.project.scenario(name, SERVES, "  ready: { within: 30s }\n");
    }
    let ran = stage.run(&["--jobs", "1"]);
    ran.ended_with(3);
    assert!(ran.stdout.contains("1 passed, 0 failed, 1 errored"), "{}", ran.stdout);
    let cases = ran.record["cases"].as_array().unwrap();
    let of_replica = |case: &serde_json::Value| case["observations"][0]["error"]["what"].as_str().map(str::to_owned);
    let of_case = |case: &serde_json::Value| case["error"]["what"].as_str().map(str::to_owned);
    let errors: Vec<_> = cases
        .iter()
        .filter_map(|case| of_case(case).or(of_replica(case)))
        .collect();
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors[0].contains("no space left on device"), "{errors:?}");
}

#[test]
fn a_run_that_gets_no_network_is_refused_with_exit_3() {
    let stage = Stage::new(refused(
        CallName::NetworkCreate,
        1,
        "could not find an available, non-overlapping IPv4 address pool",
    ));
    stage
        .project
        .scenario("group/serves", SERVES, "  ready: { within: 30s }\n");
    let (code, stdout, stderr) = stage.seatrial(&["run"]);
    assert_eq!(code, Some(3), "{stdout}{stderr}");
    assert!(stderr.contains("address pool") && stderr.contains("prune"), "{stderr}");
    assert!(stage.fake.calls().iter().all(|call| call.call != CallName::Create));
}

#[test]
fn sixteen_replicas_install_and_the_one_with_a_wrong_byte_is_named() {
    let stage = Stage::new(Script::default());
    let scenario = "version: 1\nwhy: The script makes it so.\nimage: stub\napp: empty\n\
        env: { STUB_SCRIPT: \"install; listen; answer 200; forever\" }\n\
        extend: { requirements: [freight], via: [dynamic] }\n\
        replicas: 16\n\
        index:\n  projects: { freight: [{ version: 1.0.0, size: 20kb }] }\n  script:\n    - name: wrong-byte\n      \
        do: { content: corrupt }\n      only: { what: files, replicas: [11] }\n\
        expect:\n  ready: { within: 60s }\n  replicas: { drift: { in: [freight], odd: [11], since: wrong-byte } }\n";
    stage.project.file("scenarios/group/sixteen.yaml", scenario);
    let ran = stage.run(&[]);
    ran.ended_with(5);
    assert_eq!(ran.held(), (3, 3), "{}", ran.stdout);
    let case = &ran.record["cases"][0];
    let observations = case["observations"].as_array().unwrap();
    assert_eq!(observations.len(), 16);
    for seen in observations {
        assert_eq!(seen["index"]["requests"], 2, "a page and a file: {seen}");
        assert_eq!(seen["manifest"]["distributions"][0]["version"], "1.0.0");
    }
    let kinds = &case["differences"][0]["kinds"];
    assert_eq!(kinds[1]["replicas"][0]["replica"], 11, "{kinds}");
    let created = stage
        .fake
        .calls()
        .into_iter()
        .filter(|call| call.call == CallName::Create)
        .count();
    assert_eq!(
        created, 17,
        "each replica, and the one that asked the image for its own manifest"
    );
}

#[test]
fn a_network_that_the_engine_keeps_is_told_and_keeps_no_later_run_from_working() {
    let kept = |nth| Fault {
        call: CallName::NetworkRemove,
        nth,
        kind: FaultKind::Fail {
            status: 403,
            message: "network x has active endpoints".to_owned(),
        },
    };
    // The first run cannot remove its own, the second cannot remove what the first has left, and then its own.
    let stage = Stage::new(Script {
        faults: (1..=3).map(kept).collect(),
        ..Script::default()
    });
    stage
        .project
        .scenario("group/serves", SERVES, "  ready: { within: 30s }\n");
    for said in [
        "clean-up: error: removing network",
        "what dead runs left could not all be removed",
    ] {
        let (code, _, stderr) = stage.seatrial(&["run"]);
        assert_eq!(code, Some(5), "{stderr}");
        assert!(stderr.contains(said) && stderr.contains("is started again"), "{stderr}");
    }
    let (code, stdout, stderr) = stage.seatrial(&["gc"]);
    assert_eq!(code, Some(0), "{stdout}{stderr}");
    assert!(stdout.contains("2 networks"), "{stdout}");
}
