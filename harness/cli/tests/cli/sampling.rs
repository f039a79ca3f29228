//! Timed cases on the stub image: sampled, interleaved, and kept sample by sample.

use std::fs;

use serde_json::Value;

use super::project::Project;

const SERVES: &str = "log hello; listen; wait 20ms; answer 200; forever";
const EXPECT: &str = "  ready: { within: 30s }\n  log: [\"stub: listening\"]\n";

fn timed(project: &Project, name: &str, sampling: &str) {
    let text = format!(
        "version: 1\nwhy: The script makes it so.\nimage: stub\napp: empty\ntags: [timed]\n{sampling}\
         env: {{ STUB_SCRIPT: \"{SERVES}\" }}\nexpect:\n{EXPECT}"
    );
    project.file(&format!("scenarios/{name}.yaml"), &text);
}

fn samples<'a>(record: &'a Value, id: &str) -> &'a Vec<Value> {
    let cases = record["cases"].as_array().unwrap();
    let case = cases.iter().find(|case| case["id"] == id).unwrap();
    case["samples"].as_array().unwrap()
}

/// Instant of a phase in a sample, nanoseconds.
fn instant(sample: &Value, phase: &str) -> Option<u64> {
    let mut phases = sample["phases"].as_array().unwrap().iter();
    phases.find(|seen| seen["phase"] == phase)?["at_ns"].as_u64()
}

#[test]
#[cfg_attr(no_engine, ignore = "SEATRIAL_TEST_ENGINE=none")]
fn timed_cases_are_sampled_in_rounds_and_every_sample_is_kept() {
    let project = Project::on_stub();
    timed(&project, "group/one", "samples: { count: 3, warm_up: 1 }\n");
    timed(&project, "group/two", "samples: { count: 3, warm_up: 1 }\n");
    timed(&project, "group/once", "");
    let (code, stdout, stderr, record) = project.run_record(&["--seed", "7", "--quiet-gate", "200ms"]);
    assert_eq!(code, Some(5), "new snapshots wait for review:\n{stdout}{stderr}");

    let mut begun = Vec::new();
    for id in ["group/one@none", "group/two@none"] {
        let samples = samples(&record, id);
        let warm_ups: Vec<bool> = samples
            .iter()
            .map(|sample| sample["warm_up"].as_bool().unwrap())
            .collect();
        assert_eq!(warm_ups, [true, false, false, false], "{id}");
        for (iteration, sample) in samples.iter().enumerate() {
            assert_eq!(sample["iteration"], iteration);
            let ready = instant(sample, "ready").unwrap();
            assert!(
                instant(sample, "create_requested") == Some(0) && instant(sample, "listen").is_some(),
                "{sample}"
            );
            assert!(sample["cpu_ns"].as_u64().unwrap() > 0, "{sample}");
            assert!(sample["machine"]["wall_ns"].as_u64().unwrap() >= ready, "{sample}");
            let [intended, began, held_back] =
                ["intended_ns", "began_ns", "held_back_ns"].map(|field| sample[field].as_u64().unwrap());
            assert!(intended + held_back <= began, "{sample}");
            begun.push((began, iteration, began + ready));
        }
    }
    begun.sort_unstable();
    let rounds: Vec<usize> = begun.iter().map(|(_, iteration, _)| *iteration).collect();
    assert_eq!(rounds, [0, 0, 1, 1, 2, 2, 3, 3], "a round boots each case once");
    assert!(
        begun.windows(2).all(|pair| pair[0].2 <= pair[1].0),
        "one boot at a time"
    );
    assert!(samples(&record, "group/once@none").is_empty(), "booted once");
}

#[test]
#[cfg_attr(no_engine, ignore = "SEATRIAL_TEST_ENGINE=none")]
fn the_command_line_says_how_often_and_only_for_timed_cases() {
    let project = Project::on_stub();
    timed(&project, "group/timed", "samples: { count: 9 }\n");
    project.scenario("group/functional", SERVES, EXPECT);
    let more = ["--samples", "2", "--warm-up", "0", "--quiet-gate", "off"];
    let (_, stdout, stderr, record) = project.run_record(&more);
    let timed = samples(&record, "group/timed@none");
    assert_eq!(timed.len(), 2, "{stdout}{stderr}");
    assert!(
        timed
            .iter()
            .all(|sample| sample["held_back_ns"] == 0 && sample["warm_up"] == false)
    );
    assert!(samples(&record, "group/functional@none").is_empty());
    assert!(
        fs::read_to_string(project.path().join("out/junit.xml"))
            .unwrap()
            .contains("tests=\"2\"")
    );
}
