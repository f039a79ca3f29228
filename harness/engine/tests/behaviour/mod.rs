//! What every engine has to show, whichever it is: written once, and called by the tests of each. Where engines differ, the
//! difference is a parameter or stands in that engine's own test.

#![allow(
    dead_code,
    reason = "each test binary compiles this module and uses its own part of it"
)]

pub mod lives;
pub mod objects;

use std::time::Duration;

use futures_util::StreamExt;
use seatrial_engine::{
    Command, Engine, EngineError, LaunchSpec, LogChunk, Network, Owner, Replica, ReplicaSpec, Stamp, TaskSpec,
};
use tokio::time::{Instant, timeout};

/// The image of the stub.
pub const STUB: &str = "seatrial-test/stub:latest";
/// The stub's program in it.
pub const PROGRAM: &str = "/seatrial-stub";
/// Port on which the stub listens.
pub const PORT: u16 = 5001;
/// No single wait of a test is longer, and no script takes as long.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// Deadline of what never ends by itself: enough for a busy engine to have begun it.
pub const HANGS: Duration = Duration::from_millis(500);

/// What becomes of the replicas of a group, each with its number.
pub type Launched<E> = Vec<(usize, Result<<E as Engine>::Replica, EngineError>)>;

/// One replica of the stub for each script.
pub fn stub_spec(scripts: &[&str]) -> LaunchSpec {
    let replica = |(number, script): (usize, &&str)| ReplicaSpec {
        number,
        env: [("STUB_SCRIPT".to_owned(), (*script).to_owned())].into(),
        mounts: Vec::new(),
    };
    LaunchSpec {
        image: STUB.to_owned(),
        replicas: scripts.iter().enumerate().map(replica).collect(),
        ports: vec![PORT],
        case: "engine/tests@stub".to_owned(),
    }
}

/// A task that runs a script of the stub.
pub fn stub_task(script: &str, deadline: Duration) -> TaskSpec {
    TaskSpec {
        image: STUB.to_owned(),
        command: vec![PROGRAM.to_owned(), script.to_owned()],
        env: Default::default(),
        user: None,
        mounts: Vec::new(),
        host_network: false,
        deadline,
    }
}

/// A command to run in a replica.
pub fn command(argv: &[&str], deadline: Duration) -> Command {
    Command {
        argv: argv.iter().map(|word| (*word).to_owned()).collect(),
        user: None,
        deadline,
    }
}

/// Launches a group and waits until it is known of each what became of it; in the order of their numbers.
pub async fn launch<E: Engine>(
    engine: &E,
    owner: &Owner,
    network: &Network,
    spec: LaunchSpec,
) -> Result<Launched<E>, EngineError> {
    let launching = engine.launch(owner, network, spec).await?;
    let mut launched: Launched<E> = launching.collect().await;
    launched.sort_by_key(|(number, _)| *number);
    Ok(launched)
}

/// A single replica that plays the script.
pub async fn launch_one<E: Engine>(engine: &E, owner: &Owner, network: &Network, script: &str) -> E::Replica {
    let launched = launch(engine, owner, network, stub_spec(&[script])).await;
    launched.expect("a launch").remove(0).1.expect("a replica")
}

/// When its creation was requested, when it was created and when it started.
pub fn stamps(replica: &impl Replica) -> [Instant; 3] {
    let [
        Stamp::CreateRequested(requested),
        Stamp::Created(created),
        Stamp::Started(started),
    ] = replica.stamps()
    else {
        panic!("unexpected stamps: {:?}", replica.stamps());
    };
    [*requested, *created, *started]
}

/// When its further life was requested and when it started.
pub fn stamps_again(replica: &impl Replica) -> [Instant; 2] {
    let [Stamp::CreateRequested(requested), Stamp::Started(started)] = replica.stamps() else {
        panic!("unexpected stamps: {:?}", replica.stamps());
    };
    [*requested, *started]
}

/// Reads the log until a line starts with `mark`; all lines up to and including it.
pub async fn log_until(replica: &impl Replica, mark: &str) -> Vec<String> {
    let mut log = replica.logs();
    let mut text = String::new();
    let read = timeout(PATIENCE, async {
        while let Some(chunk) = log.next().await {
            text += &String::from_utf8(chunk.expect("a log").bytes).expect("UTF-8");
            if text.lines().any(|line| line.starts_with(mark)) {
                return;
            }
        }
    });
    read.await
        .unwrap_or_else(|_| panic!("no `{mark}` in the log within {PATIENCE:?}"));
    text.lines().map(str::to_owned).collect()
}

/// Everything up to the end of the log.
pub async fn whole_log(replica: &impl Replica) -> Vec<LogChunk> {
    let chunks: Vec<_> = timeout(PATIENCE, replica.logs().collect()).await.expect("the log ends");
    chunks.into_iter().map(|chunk| chunk.unwrap()).collect()
}

/// Standard output and error up to the end of the log.
pub async fn streams(replica: &impl Replica) -> [String; 2] {
    let mut bytes = [Vec::new(), Vec::new()];
    for chunk in whole_log(replica).await {
        bytes[usize::from(chunk.stderr)].extend(chunk.bytes);
    }
    bytes.map(|stream| String::from_utf8(stream).expect("UTF-8"))
}
