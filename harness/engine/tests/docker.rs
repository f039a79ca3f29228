//! Replicas on a real Docker, with the stub as the only image.
//!
//! `SEATRIAL_TEST_ENGINE=none cargo test` compiles every test that needs Docker as ignored (see `build.rs`); without the
//! variable they fail where Docker is missing, and say so.

mod support;

use std::time::Duration;

use futures_util::StreamExt;
use seatrial_engine::{Command, Engine, EngineError, Network, Replica, Stamp};
use support::{PATIENCE, PORT, Run, log_until};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

fn command(argv: &[&str]) -> Command {
    Command {
        argv: argv.iter().map(|word| (*word).to_owned()).collect(),
        user: None,
        deadline: PATIENCE,
    }
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(no_engine, ignore = "SEATRIAL_TEST_ENGINE=none")]
async fn a_replica_is_stamped_reached_and_scored() {
    let run = Run::begin("score").await;
    let network = run.network().await;
    let before = Instant::now();
    let replica = run.launch(&network, "listen; answer 200").await;

    let [
        Stamp::CreateRequested(requested),
        Stamp::Created(created),
        Stamp::Started(started),
    ] = replica.stamps()
    else {
        panic!("unexpected stamps: {:?}", replica.stamps());
    };
    assert!(before <= *requested && requested < created && created < started && *started < Instant::now());

    log_until(&replica, "stub: listening").await;
    let (address, port) = replica.address(PORT).expect("an address");
    let mut connection = TcpStream::connect((address, port))
        .await
        .expect("the host reaches the container");
    let request = b"POST /score HTTP/1.1\r\nContent-Length: 7\r\n\r\n{\"a\":1}";
    connection.write_all(request).await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.ends_with("{\"a\":1}"),
        "{answer}"
    );
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(no_engine, ignore = "SEATRIAL_TEST_ENGINE=none")]
async fn replicas_of_a_group_differ_by_environment_and_start_side_by_side() {
    let run = Run::begin("group").await;
    let network = run.network().await;
    let scripts = ["exit 0", "wait 300ms; exit 3", "forever", "log x; exit 111"];
    let replicas = run.launch_all(&network, &scripts).await;

    let started = |stamp: &Stamp| matches!(stamp, Stamp::Started(_));
    assert!(replicas.iter().all(|replica| replica.stamps().iter().any(started)));
    for (index, code) in [(0, 0), (1, 3), (3, 111)] {
        let replica = &replicas[index];
        assert_eq!(replica.number(), index);
        let ended = timeout(PATIENCE, replica.ended()).await.unwrap().unwrap();
        assert_eq!((ended.code, ended.oom), (code, false), "{}", scripts[index]);
        assert!(ended.at <= Instant::now());
        // Asked again, long after: the same end at the same instant.
        let again = replica.ended().await.unwrap();
        let apart = again.at.max(ended.at) - again.at.min(ended.at);
        assert!(apart < Duration::from_millis(5), "the end moved by {apart:?}");
    }
    let alive = timeout(Duration::from_millis(200), replicas[2].ended()).await;
    assert!(alive.is_err(), "the one that stays up has ended: {alive:?}");
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(no_engine, ignore = "SEATRIAL_TEST_ENGINE=none")]
async fn a_container_that_has_ended_starts_again_and_its_log_goes_on() {
    let run = Run::begin("restart").await;
    let network = run.network().await;
    let mut replica = run.launch(&network, "listen; answer 200").await;
    log_until(&replica, "stub: listening").await;
    replica.kill().await.unwrap();
    timeout(PATIENCE, replica.ended()).await.unwrap().unwrap();

    let before = Instant::now();
    replica.restart().await.unwrap();
    let [Stamp::CreateRequested(requested), Stamp::Started(started)] = replica.stamps() else {
        panic!("unexpected stamps: {:?}", replica.stamps());
    };
    assert!(before <= *requested && requested < started && *started < Instant::now());
    let (address, port) = replica.address(PORT).expect("an address");
    let connected = async {
        while TcpStream::connect((address, port)).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, connected).await.expect("it listens again");
    replica.kill().await.unwrap();
    let chunks: Vec<_> = timeout(PATIENCE, replica.logs().collect()).await.expect("the log ends");
    let bytes: Vec<u8> = chunks.into_iter().flat_map(|chunk| chunk.unwrap().bytes).collect();
    let lives = String::from_utf8(bytes)
        .unwrap()
        .matches("stub: first instruction")
        .count();
    assert_eq!(lives, 2);
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(no_engine, ignore = "SEATRIAL_TEST_ENGINE=none")]
async fn the_log_begins_at_byte_0_tells_streams_apart_and_ends_with_the_container() {
    let run = Run::begin("log").await;
    let network = run.network().await;
    let replica = run
        .launch(&network, "log one; err two; wait 200ms; log three; exit 0")
        .await;
    replica.ended().await.unwrap();

    let chunks: Vec<_> = timeout(PATIENCE, replica.logs().collect()).await.expect("the log ends");
    let mut text = [String::new(), String::new()];
    for chunk in chunks {
        let chunk = chunk.unwrap();
        text[usize::from(chunk.stderr)] += &String::from_utf8(chunk.bytes).unwrap();
    }
    let [stdout, stderr] = text;
    assert!(stdout.starts_with("stub: first instruction "), "{stdout}");
    assert!(stdout.ends_with("one\nthree\n"), "{stdout}");
    assert_eq!(stderr, "two\n");
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(no_engine, ignore = "SEATRIAL_TEST_ENGINE=none")]
async fn commands_run_inside_and_missing_ones_are_no_engine_error() {
    let run = Run::begin("exec").await;
    let network = run.network().await;
    let replica = run.launch(&network, "forever").await;

    let output = replica
        .exec(command(&["/seatrial-stub", "log out; err oops; exit 9"]))
        .await
        .unwrap();
    assert_eq!(output.code, 9);
    assert!(String::from_utf8_lossy(&output.stdout).ends_with("out\n"));
    assert_eq!(output.stderr, b"oops\n");

    let missing = replica.exec(command(&["/no/such/program"])).await.unwrap();
    assert!([126, 127].contains(&missing.code), "{missing:?}");

    let flood = replica
        .exec(command(&["/seatrial-stub", "flood 40mb; exit 0"]))
        .await
        .unwrap();
    assert_eq!((flood.code, flood.stdout.len()), (0, 16 << 20));

    let hanging = Command {
        deadline: Duration::from_millis(300),
        ..command(&["/seatrial-stub", "forever"])
    };
    let error = replica.exec(hanging).await.unwrap_err();
    assert!(matches!(error, EngineError::Timeout { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(no_engine, ignore = "SEATRIAL_TEST_ENGINE=none")]
async fn ports_are_published_where_the_host_cannot_reach_containers() {
    let run = Run::begin("publish").await;
    let bridge = Network {
        name: "bridge".to_owned(),
        gateway: [127, 0, 0, 1].into(),
        internal: false,
        direct: false,
    };
    let replica = run.launch(&bridge, "listen; answer 200").await;
    log_until(&replica, "stub: listening").await;
    let (address, port) = replica.address(PORT).expect("a published port");
    assert!(address.is_loopback());
    assert_eq!(replica.address(PORT + 1), None);
    TcpStream::connect((address, port))
        .await
        .expect("the published port answers");
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(no_engine, ignore = "SEATRIAL_TEST_ENGINE=none")]
async fn usage_counts_memory_and_time() {
    let run = Run::begin("usage").await;
    let network = run.network().await;
    let replica = run.launch(&network, "hold 64mb; spin 300ms; log ready; forever").await;
    log_until(&replica, "ready").await;

    let usage = replica.usage().await.unwrap();
    assert!(usage.cpu_ns.is_some_and(|ns| ns > 150_000_000), "{usage:?}");
    // Version 2 of cgroups knows a peak since Linux 5.19; before that there is none to report.
    if run.docker.facts().await.unwrap().cgroup == "1" {
        let peak = usage.peak_memory_bytes.expect("a peak");
        assert!((64_000_000..128_000_000).contains(&peak), "{usage:?}");
    }
    drop(replica);
    assert!(
        !run.leftovers().iter().any(|name| name.contains("engine-tests")),
        "a dropped replica stays"
    );
}
