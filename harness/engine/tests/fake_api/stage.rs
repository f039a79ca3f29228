//! A fake engine for one test. The docker engine learns from the environment where its socket is, so the test runs itself again
//! as a process of its own, which has the variable; the fake stays here and is looked at afterwards.

use std::process::Command;

use seatrial_engine::{Docker, Owner};
use seatrial_fake_engine::{CallName, Delay, FakeEngine, Fault, FaultKind, Script, Settings, compile_stub};

use crate::support::Run;
use crate::support::behaviour::STUB;

/// Set in the process that runs the body of a test.
const INSIDE: &str = "SEATRIAL_TEST_ON_FAKE";

/// Runs the body of the test `name` (with its module) against a fake with this script. Where it was run, in the second process,
/// there is nothing left to look at: `None`.
pub fn on_fake(name: &str, script: Script, body: impl AsyncFnOnce(Run)) -> Option<FakeEngine> {
    if std::env::var_os(INSIDE).is_some() {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async { body(run("test").await).await });
        return None;
    }
    let settings = Settings {
        stub: compile_stub().expect("the stub compiles"),
        images: vec![STUB.to_owned()],
        script,
    };
    let fake = FakeEngine::start(settings).expect("a fake engine");
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env("DOCKER_HOST", fake.docker_host())
        .env(INSIDE, "1")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    let problem = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}{problem}");
    assert!(told.contains("1 passed"), "there is no test {name}:\n{told}");
    let unknown: Vec<_> = fake
        .calls()
        .into_iter()
        .filter(|call| call.call == CallName::Unknown)
        .collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    Some(fake)
}

/// A run on the engine that the environment names.
pub async fn run(name: &str) -> Run {
    Run {
        docker: Docker::connect().await.expect("the fake answers"),
        owner: Owner::this_process(format!("test-{name}-{}", std::process::id())),
        images: Vec::new(),
    }
}

/// A script of one fault.
pub fn fault(call: CallName, nth: u64, kind: FaultKind) -> Script {
    Script {
        faults: vec![Fault { call, nth, kind }],
        ..Script::default()
    }
}

/// A refusal in the engine's words.
pub fn fail(status: u16, message: &str) -> FaultKind {
    FaultKind::Fail {
        status,
        message: message.to_owned(),
    }
}

/// A script of fixed delays, milliseconds.
pub fn delays(delays: &[(CallName, u64)]) -> Script {
    let delay = |&(call, ms): &(CallName, u64)| (call, Delay::fixed(std::time::Duration::from_millis(ms)));
    Script {
        delays: delays.iter().map(delay).collect(),
        ..Script::default()
    }
}
