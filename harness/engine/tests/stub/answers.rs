//! What a client of a replica gets, and when.

use std::io::ErrorKind;

use futures_util::StreamExt;
use seatrial_engine::Replica;
use tokio::time::{Instant, sleep_until};

use super::behaviour::lives::{answers_nobody_who_has_left, scores};
use super::behaviour::{PORT, stamps};
use super::{engine, health, launch, log, mark, ms, texts};

#[tokio::test(start_paused = true)]
async fn health_is_refused_then_hangs_then_answers() {
    let engine = engine();
    let replica = launch(
        &engine,
        "wait 100ms; listen; wait 1s; answer 502; wait 400ms; answer 200; wait 1s; hang; wait 1s; exit 0",
    )
    .await;
    let [.., started] = stamps(&replica);
    assert_eq!(health(&replica).await.unwrap_err().kind(), ErrorKind::ConnectionRefused);
    sleep_until(started + ms(99)).await;
    assert_eq!(health(&replica).await.unwrap_err().kind(), ErrorKind::ConnectionRefused);

    sleep_until(started + ms(100)).await;
    let other = replica.connect(PORT + 1).await.err().expect("nobody listens there");
    assert_eq!(other.kind(), ErrorKind::ConnectionRefused);
    let held = health(&replica).await.unwrap();
    assert!(held.starts_with("HTTP/1.1 502 "), "{held}");
    assert_eq!(Instant::now(), started + ms(1_100));

    sleep_until(started + ms(1_500)).await;
    scores(replica.connect(PORT).await.unwrap()).await;
    assert!(health(&replica).await.unwrap().ends_with("\r\n\r\nstub\n"));
    assert_eq!(Instant::now(), started + ms(1_500));

    sleep_until(started + ms(2_500)).await;
    assert_eq!(
        health(&replica).await.unwrap(),
        "",
        "it hangs until the container has ended"
    );
    assert_eq!(Instant::now(), started + ms(3_500));
    assert_eq!(health(&replica).await.unwrap_err().kind(), ErrorKind::ConnectionRefused);
    let log = log(&replica).await;
    assert_eq!(mark(&log, "stub: first 200 "), started + ms(1_500));
    let marks = texts(&log).iter().filter(|text| text.contains("first 200")).count();
    assert_eq!(marks, 1);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_left_before_the_first_answer_is_not_answered() {
    let engine = engine();
    let replica = launch(&engine, "listen; wait 500ms; answer 200; wait 200ms; log over").await;
    answers_nobody_who_has_left(&replica).await;
}

#[tokio::test(start_paused = true)]
async fn a_held_request_is_answered_at_the_very_instant() {
    let engine = engine();
    let replica = launch(&engine, "listen; wait 5s; answer 200").await;
    let [.., started] = stamps(&replica);
    let mut following = replica.logs();
    for _ in 0..2 {
        following.next().await.unwrap().unwrap();
    }
    let (answer, written) = tokio::join!(health(&replica), following.next());
    assert!(answer.unwrap().starts_with("HTTP/1.1 200 "));
    let written = written.unwrap().unwrap();
    assert_eq!((written.at, Instant::now()), (started + ms(5_000), started + ms(5_000)));
    assert!(written.bytes.starts_with(b"stub: first 200 "));
}
