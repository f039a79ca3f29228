//! Interrupts and kills: what is left, and who clears it away.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::project::{Project, breathe, left_of, seatrial};

const DEADLINE: Duration = Duration::from_secs(60);

/// A run whose one container serves nothing for a long time, caught in the middle.
struct Caught {
    project: Project,
    child: Child,
    run: String,
}

impl Caught {
    fn in_the_middle() -> Caught {
        let project = Project::on_stub();
        project.scenario("group/long", "forever", "  ready: { within: 300s }\n");
        let child = project
            .command(&["run", "--out", "out"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut caught = Caught {
            project,
            child,
            run: String::new(),
        };
        caught.run = wait_for("a record with the run's id", || caught.run_id());
        let run = caught.run.clone();
        wait_for("a running container of the run", || (running(&run) == 1).then_some(()));
        caught
    }

    fn run_id(&self) -> Option<String> {
        let text = fs::read_to_string(self.project.path().join("out/record.json")).ok()?;
        let record: serde_json::Value = serde_json::from_str(&text).ok()?;
        Some(record["run"].as_str()?.to_owned())
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-s", name, &pid])
                .status()
                .unwrap()
                .success()
        );
    }
}

impl Drop for Caught {
    /// Also when the test failed: nothing may stay behind.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = seatrial(self.project.path()).arg("gc").output();
    }
}

fn running(run: &str) -> usize {
    let label = format!("label=seatrial.run={run}");
    let output = Command::new("docker")
        .args(["ps", "-q", "--filter", &label])
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stdout).lines().count()
}

fn wait_for<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(value) = found() {
            return value;
        }
        assert!(begun.elapsed() < DEADLINE, "{what} did not come within {DEADLINE:?}");
        breathe();
    }
}

#[test]
#[cfg_attr(no_engine, ignore = "SEATRIAL_TEST_ENGINE=none")]
fn an_interrupt_cleans_up_and_is_exit_130() {
    let mut caught = Caught::in_the_middle();
    caught.signal("INT");
    let code = caught.child.wait().unwrap().code();
    assert_eq!(code, Some(130));
    assert_eq!(left_of(&caught.run), Vec::<String>::new());
    let record = fs::read_to_string(caught.project.path().join("out/record.json")).unwrap();
    assert!(record.contains("SIGINT"), "the record says why it ended early");
}

#[test]
#[cfg_attr(no_engine, ignore = "SEATRIAL_TEST_ENGINE=none")]
fn what_a_kill_leaves_is_removed_by_gc() {
    let mut caught = Caught::in_the_middle();
    caught.child.kill().unwrap();
    caught.child.wait().unwrap();
    assert!(
        !left_of(&caught.run).is_empty(),
        "a killed run cannot clean up, or the test proves nothing"
    );
    let (code, stdout, stderr) = caught.project.run(&["gc"]);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stdout.contains("1 containers"), "{stdout}");
    assert_eq!(left_of(&caught.run), Vec::<String>::new());
}

#[test]
#[cfg_attr(no_engine, ignore = "SEATRIAL_TEST_ENGINE=none")]
fn what_a_kill_leaves_is_removed_by_the_next_run_and_a_living_run_is_not_disturbed() {
    let mut killed = Caught::in_the_middle();
    let living = Caught::in_the_middle();
    killed.child.kill().unwrap();
    killed.child.wait().unwrap();

    let next = Project::on_stub();
    next.scenario(
        "group/short",
        "listen; answer 200; forever",
        "  ready: { within: 30s }\n",
    );
    let (code, _, stderr) = next.run(&["run"]);
    assert_eq!(code, Some(5), "{stderr}");
    assert_eq!(left_of(&killed.run), Vec::<String>::new());
    assert_eq!(running(&living.run), 1, "the living run lost its container");
}
