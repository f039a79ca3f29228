//! Containers that flood, never listen, die or hang: each ends in its proper verdict within the deadline.

use std::fs;
use std::io::Read as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::project::{Project, breathe};

/// Issue 2, acceptance 7.
const MEMORY_LIMIT_KIB: u64 = 100 * 1024;

#[test]
#[cfg_attr(no_engine, ignore = "SEATRIAL_TEST_ENGINE=none")]
fn a_container_that_never_listens_fails_at_its_deadline() {
    let project = Project::on_stub();
    project.scenario("group/mute", "forever", "  ready: { within: 2s }\n");
    let begun = Instant::now();
    let (code, stdout, ..) = project.run_record(&[]);
    assert_eq!(code, Some(4));
    assert!(
        begun.elapsed() < Duration::from_secs(60),
        "the deadline of 2 s was not kept"
    );
    assert!(stdout.contains("refused"), "the last health state is told:\n{stdout}");
}

#[test]
#[cfg_attr(no_engine, ignore = "SEATRIAL_TEST_ENGINE=none")]
fn a_container_that_exits_at_once_fails_with_its_exit_code() {
    let project = Project::on_stub();
    project.scenario("group/dies", "log goodbye; exit 3", "  ready: { within: 60s }\n");
    let begun = Instant::now();
    let (code, stdout, ..) = project.run_record(&[]);
    assert_eq!(code, Some(4));
    assert!(
        begun.elapsed() < Duration::from_secs(50),
        "the end was not noticed before the deadline"
    );
    assert!(stdout.contains('3') && stdout.contains("goodbye"), "{stdout}");
}

#[test]
#[cfg_attr(no_engine, ignore = "SEATRIAL_TEST_ENGINE=none")]
fn a_container_that_listens_and_hangs_is_seen_hanging() {
    let project = Project::on_stub();
    project.scenario("group/hangs", "listen; hang; forever", "  ready: { within: 3s }\n");
    let (code, stdout, _, record) = project.run_record(&[]);
    assert_eq!(code, Some(4));
    let health = record["cases"][0]["observations"][0]["health"].as_array().unwrap();
    assert_eq!(health.last().unwrap()["state"], "hanging", "{health:?}");
    assert!(stdout.contains("hanging"), "{stdout}");
}

#[test]
#[cfg_attr(no_engine, ignore = "SEATRIAL_TEST_ENGINE=none")]
fn a_flood_of_200_mb_costs_little_memory() {
    let project = Project::on_stub();
    project.scenario(
        "group/floods",
        "log before the flood; flood 200mb; listen; answer 200; forever",
        "  ready: { within: 200s }\n  log: [before the flood]\n",
    );
    let mut child = project
        .command(&["run", "--out", "out"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak_kib = 0;
    // The kernel's own high-water mark, read until the process is gone: the last reading is the peak.
    while child.try_wait().unwrap().is_none() {
        if let Some(kib) = fs::read_to_string(&status).ok().as_deref().and_then(high_water_mark) {
            peak_kib = kib;
        }
        breathe();
    }
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    let code = child.wait().unwrap().code();
    assert_eq!(code, Some(5), "passes, with a new snapshot:\n{stderr}");
    let record: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(project.path().join("out/record.json")).unwrap()).unwrap();
    assert!(record["cases"][0]["observations"][0]["log"]["bytes"].as_u64().unwrap() > 10_000_000);
    println!("peak memory of seatrial under a 200 MB flood: {peak_kib} KiB");
    assert!(
        peak_kib > 0 && peak_kib < MEMORY_LIMIT_KIB,
        "peak memory {peak_kib} KiB"
    );
}

fn high_water_mark(status: &str) -> Option<u64> {
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
