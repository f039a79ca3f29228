//! The stub engine in paused time: every instant is the one that the script gives, to the nanosecond.

mod answers;
mod books;
mod boots;

#[path = "../behaviour/mod.rs"]
mod behaviour;

use std::time::Duration;

use behaviour::lives::ask;
use behaviour::{PATIENCE, PORT, STUB, launch_one};
use futures_util::StreamExt;
use seatrial_engine::{Delays, Engine, LogChunk, Owner, Replica, StubEngine, StubReplica, instant_of_monotonic};
use tokio::time::{Instant, timeout};

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

async fn launch(engine: &StubEngine, script: &str) -> StubReplica {
    let network = engine.network(&owner()).await.unwrap();
    launch_one(engine, &owner(), &network, script).await
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

async fn health(replica: &StubReplica) -> std::io::Result<String> {
    ask(replica.connect(PORT).await?, "GET / HTTP/1.1\r\nHost: x\r\n\r\n").await
}
