//! The stub engine in paused time: every instant is the one that the script gives, to the nanosecond.

mod answers;
mod books;
mod boots;

use std::time::Duration;

use futures_util::StreamExt;
use seatrial_engine::{
    Delays, Engine, EngineError, LaunchSpec, LogChunk, Network, Owner, Replica, ReplicaSpec, Stamp, StubEngine,
    StubReplica, instant_of_monotonic,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout};

const STUB: &str = "stub:1";
const PORT: u16 = 5001;
/// Longer than any script here; in paused time it costs nothing.
const PATIENCE: Duration = Duration::from_secs(3_600);

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn slow() -> Delays {
    Delays {
        create: ms(30),
        start: ms(170),
        boot: Duration::ZERO,
    }
}

fn engine() -> StubEngine {
    StubEngine::new().with_image(STUB).with_delays(slow())
}

fn owner() -> Owner {
    Owner::this_process("stub-test".to_owned())
}

fn spec(scripts: &[&str]) -> LaunchSpec {
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

type Launched = Vec<(usize, Result<StubReplica, EngineError>)>;

/// What becomes of each replica, in the order in which they come.
async fn launch_all(engine: &StubEngine, network: &Network, scripts: &[&str]) -> Launched {
    let launching = engine.launch(&owner(), network, spec(scripts)).await.expect("a launch");
    launching.collect().await
}

async fn launch(engine: &StubEngine, script: &str) -> StubReplica {
    let network = engine.network(&owner()).await.unwrap();
    let mut launched = launch_all(engine, &network, &[script]).await;
    launched.remove(0).1.expect("a replica")
}

fn stamps(replica: &StubReplica) -> [Instant; 3] {
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

/// The whole log, with the instant at which each chunk arrived.
async fn log(replica: &StubReplica) -> Vec<(LogChunk, Instant)> {
    let arrived = replica.logs().map(|chunk| (chunk.unwrap(), Instant::now()));
    timeout(PATIENCE, arrived.collect()).await.expect("the log ends")
}

fn texts(log: &[(LogChunk, Instant)]) -> Vec<String> {
    let text = |(chunk, _): &(LogChunk, Instant)| String::from_utf8(chunk.bytes.clone()).unwrap();
    log.iter().map(text).collect()
}

/// The instant that the mark with this name carries.
fn mark(log: &[(LogChunk, Instant)], name: &str) -> Instant {
    let texts = texts(log);
    let ns = texts
        .iter()
        .find_map(|text| text.strip_prefix(name)?.trim().parse().ok());
    instant_of_monotonic(ns.unwrap_or_else(|| panic!("no `{name}` in {texts:#?}"))).unwrap()
}

/// One exchange: the whole answer.
async fn ask(replica: &StubReplica, request: &str) -> std::io::Result<String> {
    let mut connection = replica.connect(PORT).await?;
    connection.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await?;
    Ok(answer)
}

async fn health(replica: &StubReplica) -> std::io::Result<String> {
    ask(replica, "GET / HTTP/1.1\r\nHost: x\r\n\r\n").await
}
