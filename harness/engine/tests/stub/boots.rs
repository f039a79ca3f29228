//! Boots: stamps, log lines, ends and further lives at the instants of the script.

use std::time::Duration;

use seatrial_engine::{Delays, Replica, StubEngine};
use tokio::time::{Instant, sleep};

use super::behaviour::lives::ends;
use super::behaviour::{STUB, stamps, stamps_again};
use super::{engine, health, launch, log, mark, ms, texts};

#[tokio::test(start_paused = true)]
async fn a_boot_has_the_instants_of_its_script() {
    let engine = engine();
    let zero = Instant::now();
    let replica = launch(
        &engine,
        "log one; wait 1s; err two; listen; wait 250ms; answer 200; wait 1s; exit 7",
    )
    .await;
    assert_eq!(stamps(&replica), [zero, zero + ms(30), zero + ms(200)]);
    assert_eq!(Instant::now(), zero + ms(200));

    let (log, ended) = tokio::join!(log(&replica), replica.ended());
    let ended = ended.unwrap();
    assert_eq!((ended.code, ended.oom, ended.at), (7, false, zero + ms(2_450)));
    assert_eq!(Instant::now(), ended.at);
    let times: Vec<_> = log.iter().map(|(chunk, arrived)| (chunk.at, *arrived)).collect();
    let expected = [200, 200, 1_200, 1_200].map(|millis| (zero + ms(millis), zero + ms(millis)));
    assert_eq!(times, expected);
    assert_eq!(texts(&log)[1..3], ["one\n", "two\n"]);
    assert!(log[2].0.stderr && !log[1].0.stderr);
    assert_eq!(mark(&log, "stub: first instruction "), zero + ms(200));
    assert_eq!(mark(&log, "stub: listening "), zero + ms(1_200));
}

/// tokio wakes on full milliseconds; what the engine says does not depend on it.
#[tokio::test(start_paused = true)]
async fn instants_between_milliseconds_are_exact_too() {
    let engine = StubEngine::new().with_image(STUB).with_delays(Delays {
        create: Duration::from_nanos(1_234_567),
        start: Duration::from_nanos(7_000_001),
        boot: Duration::ZERO,
    });
    let zero = Instant::now();
    let started = zero + Duration::from_nanos(8_234_568);
    let replica = launch(&engine, "wait 3ms; log here; exit 0").await;
    assert_eq!(
        stamps(&replica),
        [zero, zero + Duration::from_nanos(1_234_567), started]
    );
    let log = log(&replica).await;
    let (line, arrived) = &log[1];
    assert_eq!(line.at, started + ms(3));
    assert!(*arrived >= line.at && *arrived < line.at + ms(1));
    assert_eq!(mark(&log, "stub: first instruction "), started);
    assert_eq!(replica.ended().await.unwrap().at, started + ms(3));
}

#[tokio::test(start_paused = true)]
async fn a_killed_container_starts_again_and_its_log_goes_on() {
    let engine = engine();
    let mut replica = launch(&engine, "log up; listen; answer 200; wait 10s; log never").await;
    let [.., started] = stamps(&replica);
    health(&replica).await.unwrap();
    sleep(ms(500)).await;
    replica.kill().await.unwrap();
    assert_eq!(ends(&replica, 137).await.at, started + ms(500));
    let first = texts(&log(&replica).await);
    assert!(!first.contains(&"never\n".to_owned()) && first.len() == 4, "{first:#?}");
    assert!(replica.usage().await.unwrap().cpu_ns.is_none());

    sleep(ms(300)).await;
    replica.restart().await.unwrap();
    let again = started + ms(800);
    assert_eq!(stamps_again(&replica), [again, again + ms(170)]);
    health(&replica).await.unwrap();
    replica.kill().await.unwrap();
    let both = log(&replica).await;
    let (before, after) = both.split_at(first.len());
    assert_eq!(texts(before), first);
    assert_eq!(mark(after, "stub: first instruction "), again + ms(170));
    assert_eq!(mark(after, "stub: first 200 "), again + ms(170));
    replica.remove().await.unwrap();
    assert_eq!(engine.left().containers, 0);
}

/// Drawn delays change when things are heard of, never what happened, and the same seed draws the same ones.
#[tokio::test(start_paused = true)]
async fn latencies_are_drawn_from_the_seed() {
    let boot = async |seed: u64| {
        let zero = Instant::now();
        let engine = engine().with_latency(seed, ms(50));
        let replica = launch(&engine, "log one; wait 1s; log two; exit 3").await;
        let [requested, created, started] = stamps(&replica);
        assert!(created >= requested + ms(30) && created <= requested + ms(80));
        let log = log(&replica).await;
        let (two, arrived) = &log[2];
        assert_eq!(two.at, started + ms(1_000));
        assert!(*arrived >= two.at);
        let ended = replica.ended().await.unwrap();
        assert_eq!(ended.at, two.at);
        [requested, created, started, *arrived, Instant::now()].map(|at| at - zero)
    };
    let one = boot(1).await;
    assert_eq!(one, boot(1).await);
    assert_ne!(one, boot(2).await);
}

#[tokio::test(start_paused = true)]
async fn a_flood_is_delivered_line_by_line() {
    let engine = engine();
    let replica = launch(&engine, "flood 100kb; log after; exit 0").await;
    let log = log(&replica).await;
    assert_eq!(log.len(), 1 + 1_000 + 1);
    assert!(log[1_000].0.bytes.starts_with(b"flood 000000999 "));
}
