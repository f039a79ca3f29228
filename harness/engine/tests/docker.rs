//! Replicas on a real Docker, with the stub as the only image.
//!
//! `SEATRIAL_TEST_ENGINE=none cargo test` compiles every test that needs Docker as ignored (see `build.rs`); without the
//! variable they fail where Docker is missing, and say so.

mod support;

use std::time::Duration;

use seatrial_engine::{Engine, Network, Replica, Stamp};
use support::Run;
use support::behaviour::lives::{ends, runs_commands, scores, starts_again};
use support::behaviour::{PORT, log_until, stamps, streams};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(no_engine, ignore = "SEATRIAL_TEST_ENGINE=none")]
async fn a_replica_is_stamped_reached_and_scored() {
    let run = Run::begin("score").await;
    let network = run.network().await;
    let before = Instant::now();
    let replica = run.launch(&network, "listen; answer 200").await;

    let [requested, created, started] = stamps(&replica);
    assert!(before <= requested && requested < created && created < started && started < Instant::now());

    log_until(&replica, "stub: listening").await;
    let (address, port) = replica.address(PORT).expect("an address");
    let connection = TcpStream::connect((address, port))
        .await
        .expect("the host reaches the container");
    scores(connection).await;
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
        assert_eq!(replicas[index].number(), index);
        ends(&replicas[index], code).await;
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
    starts_again(&mut replica).await;
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

    let [stdout, stderr] = streams(&replica).await;
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
    // Which of the two it is depends on the runtime below the engine.
    runs_commands(&replica, &[126, 127]).await;
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
