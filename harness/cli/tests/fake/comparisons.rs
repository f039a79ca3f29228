//! Comparisons, calibrations and baselines: what they say, what they store, and what they end with.

use std::fs;
use std::path::PathBuf;

use seatrial_fake_engine::Script;
use serde_json::Value;

use crate::stage::{IMAGE, Stage};

const SERVES: &str = "log hello; listen; answer 200; forever";
const READY: &str = "  ready: { within: 30s }\n";

/// Arguments of pairs that nothing holds back.
const OPEN: [&str; 4] = ["--seed", "7", "--quiet-gate", "off"];

fn stage() -> Stage {
    Stage::new(Script::default())
}

/// A scenario whose dynamic method installs thirty packages, one by one, and whose other method installs none.
fn installs(stage: &Stage) {
    let names: Vec<String> = (0..30).map(|number| format!("freight{number}")).collect();
    let projects = names
        .iter()
        .map(|name| format!("    {name}: [{{ version: 1.0.0, size: 100kb }}]\n"));
    let text = format!(
        "version: 1\nwhy: An installation takes time.\nimage: stub\napp: empty\n\
         env: {{ STUB_SCRIPT: \"install; listen; answer 200; forever\" }}\n\
         extend: {{ requirements: [{}], via: [none, dynamic] }}\n\
         index:\n  upstream: none\n  projects:\n{}expect:\n{READY}",
        names.join(", "),
        projects.collect::<String>()
    );
    stage.project.file("scenarios/group/installs.yaml", &text);
}

fn json(stage: &Stage, path: &str) -> Value {
    let text = fs::read_to_string(stage.project.path().join(path)).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// A file of the one class of hosts that something was stored for.
fn stored(stage: &Stage, name: &str) -> Option<PathBuf> {
    let folders = fs::read_dir(stage.project.path().join("reports/baselines")).ok()?;
    let file = folders
        .map(|folder| folder.unwrap().path().join(name))
        .find(|file| file.exists());
    file
}

/// A timed case that is ready after so long.
fn timed(stage: &Stage, wait: &str) {
    let text = format!(
        "version: 1\nwhy: The script makes it so.\nimage: stub\napp: empty\nsamples: {{ count: 5 }}\n\
         env: {{ STUB_SCRIPT: \"log hello; wait {wait}; listen; answer 200; forever\" }}\nexpect:\n{READY}"
    );
    stage.project.file("scenarios/group/timed.yaml", &text);
}

#[test]
fn a_slower_method_regressed_and_the_install_did_it() {
    let stage = stage();
    installs(&stage);
    let compare = ["compare", "--methods", "none,dynamic", "--out", "out"];
    let (code, stdout, stderr) = stage.seatrial(&[&compare[..], &OPEN].concat());
    assert_eq!(code, Some(6), "{stdout}{stderr}");
    for text in [
        "group/installs@dynamic against none",
        "regressed, new / old",
        "install +",
        "exit code 6",
    ] {
        assert!(stdout.contains(text), "{text}:\n{stdout}");
    }
    assert!(stderr.contains("pair 15 of at most 60, new / old"), "{stderr}");
    assert_eq!(stage.fake.objects(), Vec::<String>::new());

    let record = json(&stage, "out/comparison.json");
    let pairs = record["cases"][0]["pairs"].as_array().unwrap();
    assert_eq!(pairs.len(), 16, "a warm-up, and until the first look that spends error");
    for side in ["old", "new"] {
        assert!(
            pairs.iter().all(|pair| pair[side]["machine"].is_object()),
            "{}",
            pairs[0]
        );
    }
    let (again, shown, _) = stage.seatrial(&["report", "out"]);
    assert_eq!(
        (again, shown.as_str()),
        (Some(6), stdout.as_str()),
        "the same bytes and the same end"
    );
    let (code, _, stderr) = stage.seatrial(&["run", "--out", "out"]);
    assert_eq!(code, Some(3), "its folder is not another's: {stderr}");
}

#[test]
fn an_image_is_compared_on_its_cases_and_the_others_are_named() {
    let stage = stage();
    stage.project.scenario("group/serves", SERVES, READY);
    stage
        .project
        .scenario("group/refuses", "exit 3", "  refuses: { within: 30s, container: 3 }\n");
    let compare = [
        "compare", "--image", "stub", "--old", "stub", "--new", IMAGE, "--pairs", "3",
    ];
    let (code, stdout, stderr) = stage.seatrial(&[&compare[..], &OPEN].concat());
    assert_eq!(code, Some(0), "{stdout}{stderr}");
    for text in [
        "inconclusive",
        "both sides are the same image",
        "not calibrated",
        "exit code 0: nothing regressed",
    ] {
        assert!(stdout.contains(text), "{text}:\n{stdout}");
    }
    let left_out = "group/refuses@none: it is not expected to become ready";
    assert!(
        stdout
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .contains(left_out),
        "{stdout}"
    );

    let only = [&compare[..], &OPEN, &["--filter", "refuses"]].concat();
    let (code, _, stderr) = stage.seatrial(&only);
    assert_eq!(code, Some(7), "{stderr}");
    assert!(stderr.contains(left_out), "{stderr}");
}

#[test]
fn a_side_that_is_never_ready_is_exit_4_and_one_that_cannot_run_is_exit_3() {
    let stage = stage();
    stage.project.scenario("group/ends", "log no; exit 3", READY);
    let compare = [
        "compare", "--image", "stub", "--format", "json", "--old", "stub", "--new",
    ];
    let (code, stdout, stderr) = stage.seatrial(&[&compare[..], &["stub"], &OPEN].concat());
    assert_eq!(code, Some(4), "{stdout}{stderr}");
    assert!(
        stderr.contains("incomparable: the old side ended by itself"),
        "{stderr}"
    );
    let record: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(record["cases"][0]["pairs"].as_array().unwrap().len(), 1);

    let (code, stdout, stderr) = stage.seatrial(&[&compare[..], &["seatrial-test/nowhere:1"], &OPEN].concat());
    assert_eq!(code, Some(3), "{stdout}{stderr}");
    let record: Value = serde_json::from_str(&stdout).unwrap();
    assert!(
        record["cases"][0]["new"]["error"]["what"]
            .as_str()
            .unwrap()
            .contains("nowhere")
    );
    assert!(record["cases"][0]["old"]["image"]["id"].is_string());
}

#[test]
fn a_calibration_is_stored_by_hand_only_and_told_under_each_comparison() {
    let stage = stage();
    stage.project.scenario("group/serves", SERVES, READY);
    let calibrate = ["calibrate", "scenarios", "--comparisons", "1"];
    let calibrate = [&calibrate[..], &OPEN].concat();
    let (code, stdout, stderr) = stage.seatrial_in_ci(&calibrate);
    assert_eq!(code, Some(0), "{stdout}{stderr}");
    let told = "1 comparisons of group/serves@none (windows of 60 pairs, each begun 5 pairs after the one before)";
    let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat(&stdout).contains(told), "{stdout}");
    assert_eq!(stored(&stage, "calibration.json"), None);

    let (code, stdout, stderr) = stage.seatrial(&calibrate);
    assert_eq!(code, Some(0), "{stdout}{stderr}");
    assert!(stored(&stage, "calibration.json").is_some());
    let compare = [
        "compare", "--image", "stub", "--old", "stub", "--new", "stub", "--pairs", "2",
    ];
    let (_, stdout, stderr) = stage.seatrial(&[&compare[..], &OPEN].concat());
    assert!(flat(&stdout).contains(told), "{stdout}{stderr}");
}

#[test]
fn a_departure_from_what_was_accepted_prompts_a_comparison_and_fails_nothing() {
    let stage = stage();
    timed(&stage, "1ms");
    let run = |out: &str| stage.seatrial(&["run", "--quiet-gate", "off", "--out", out]);
    let (code, stdout, stderr) = run("one");
    assert_eq!(code, Some(5), "{stdout}{stderr}");
    let (code, _, stderr) = stage.seatrial_in_ci(&["baseline", "accept", "one"]);
    assert!(code == Some(2) && stderr.contains("CI is set"), "{stderr}");
    assert_eq!(stored(&stage, "baseline.json"), None);
    assert_eq!(stage.seatrial(&["baseline", "show"]).0, Some(7));

    let (code, stdout, stderr) = stage.seatrial(&["baseline", "accept", "one"]);
    assert!(
        code == Some(0) && stdout == "accepted group/timed@none\n",
        "{stdout}{stderr}"
    );
    let (code, stdout, _) = stage.seatrial(&["baseline", "show"]);
    assert!(
        code == Some(0) && stdout.contains("group/timed@none") && stdout.contains("5 boots"),
        "{stdout}"
    );

    timed(&stage, "1s");
    let (code, _, stderr) = run("two");
    assert_eq!(code, Some(5), "as without a baseline: {stderr}");
    for text in [
        "group/timed@none is slower than accepted",
        "seatrial compare --image stub --old ",
        "scenarios/group/timed.yaml",
    ] {
        assert!(stderr.contains(text), "{text}:\n{stderr}");
    }
    // The command that it names holds.
    let line = stderr
        .lines()
        .find(|line| line.trim_start().starts_with("seatrial compare"))
        .unwrap();
    let words: Vec<&str> = line
        .split_whitespace()
        .skip(1)
        .map(|word| word.trim_matches('\''))
        .collect();
    let (code, stdout, stderr) = stage.seatrial(&[&words[..], &OPEN, &["--pairs", "1"]].concat());
    assert_eq!(code, Some(0), "{stdout}{stderr}");
}
