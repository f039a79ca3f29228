//! The prober against real sockets where a server is slow or silent, and in paused time where its pace matters.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use seatrial_engine::Connection;
use seatrial_record::HealthState;
use seatrial_spec::Probe;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep, timeout};

use super::{First200, Prober};
use crate::observe::wired::Wired;

const HANGING_AFTER: Duration = Duration::from_millis(50);

fn probe(health: &str) -> Probe {
    Probe {
        port: 5001,
        health: health.into(),
        score: "/score".into(),
        hanging_after: HANGING_AFTER,
    }
}

async fn answer(mut stream: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin, status: &str) {
    let mut request = [0; 1024];
    let _ = stream.read(&mut request).await;
    let _ = stream
        .write_all(format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n").as_bytes())
        .await;
}

#[tokio::test]
async fn every_change_is_told_and_a_held_request_is_answered() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let probing = tokio::spawn(async move {
        let replica = Wired::on(port);
        let prober = Prober::new(&replica, &probe("/")).unwrap();
        prober.until_ready(|state, _| tell.send(state).unwrap()).await
    });
    assert_eq!(told.recv().await, Some(HealthState::Refused));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.unwrap();
    answer(listener.accept().await.unwrap().0, "502 Bad Gateway").await;
    assert_eq!(told.recv().await, Some(HealthState::Status(502)));
    drop(listener.accept().await.unwrap());
    assert_eq!(told.recv().await, Some(HealthState::Closed));
    let held = listener.accept().await.unwrap().0;
    assert_eq!(told.recv().await, Some(HealthState::Hanging));
    answer(held, "200 OK").await;
    assert_eq!(told.recv().await, Some(HealthState::Status(200)));
    timeout(Duration::from_secs(5), probing).await.unwrap().unwrap();
}

/// What a server does with the connections that it gets, by milliseconds since the beginning: the last that has begun.
type Timeline = &'static [(u64, Does)];

#[derive(Clone, Copy, PartialEq)]
enum Does {
    Refuse,
    Answer(&'static str),
    /// Never answers those it got while this went on.
    Lose,
    /// Answers, once the next thing begins, as is done then.
    Hold,
}

/// Probes a replica that keeps to a timeline: all changes of health and the first 200, in milliseconds since the
/// beginning, the gap, and how many connections were asked for.
async fn probed(timeline: Timeline) -> (Vec<(HealthState, u128)>, u128, Option<u128>, usize) {
    let begun = Instant::now();
    let count = Arc::new(Mutex::new(0));
    let counting = Arc::clone(&count);
    let replica = Wired::new(move || {
        *counting.lock().unwrap() += 1;
        let (near, far) = duplex(4096);
        match now(timeline, begun) {
            Does::Refuse => return Err(std::io::ErrorKind::ConnectionRefused.into()),
            _ => tokio::spawn(serve(far, timeline, begun)),
        };
        Ok(Box::new(near) as Connection)
    });
    let mut changes = Vec::new();
    let prober = Prober::new(&replica, &probe("/")).unwrap();
    let changed = |state, at: Instant| changes.push((state, at.duration_since(begun).as_millis()));
    let First200 { at, gap } = prober.until_ready(changed).await;
    let at = at.duration_since(begun).as_millis();
    let count = *count.lock().unwrap();
    (changes, at, gap.map(|gap| gap.as_millis()), count)
}

fn now(timeline: Timeline, begun: Instant) -> Does {
    let age = begun.elapsed().as_millis() as u64;
    let done = timeline.iter().rev().find(|(from, _)| *from <= age);
    done.expect("a timeline begins at 0").1
}

async fn serve(stream: DuplexStream, timeline: Timeline, begun: Instant) {
    let first = now(timeline, begun);
    while now(timeline, begun) == first && matches!(first, Does::Lose | Does::Hold) {
        sleep(Duration::from_millis(1)).await;
    }
    match (first, now(timeline, begun)) {
        (Does::Lose, _) => sleep(Duration::from_secs(3600)).await,
        (_, Does::Answer(status)) => answer(stream, status).await,
        _ => {}
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_replica_is_probed_every_millisecond() {
    let (changes, at, gap, count) = probed(&[(0, Does::Refuse), (300, Does::Answer("200 OK"))]).await;
    assert_eq!(changes, [(HealthState::Refused, 0), (HealthState::Status(200), 300)]);
    assert_eq!((at, gap, count), (300, Some(1), 301));
}

#[tokio::test(start_paused = true)]
async fn a_long_boot_is_seen_within_two_thousandths_of_its_time() {
    let (_, at, gap, count) = probed(&[(0, Does::Refuse), (300_000, Does::Answer("200 OK"))]).await;
    assert!((300_000..300_600).contains(&at), "{at}");
    assert!(gap.unwrap() <= 601, "{gap:?}");
    assert!(count < 8_000, "{count} connections");
    let (_, at, gap, count) = probed(&[(0, Does::Answer("502 Bad Gateway")), (300_000, Does::Answer("200 OK"))]).await;
    assert!((300_000..300_600).contains(&at), "{at}");
    assert!(gap.unwrap() <= 601, "{gap:?}");
    assert!(count < 4_000, "{count} connections");
}

#[tokio::test(start_paused = true)]
async fn one_that_is_ready_at_once_has_no_gap() {
    let (_, at, gap, count) = probed(&[(0, Does::Answer("200 OK"))]).await;
    assert_eq!((at, gap, count), (0, None, 1));
}

#[tokio::test(start_paused = true)]
async fn the_gap_of_a_held_request_is_the_time_since_the_last_look() {
    let (changes, at, gap, count) = probed(&[(0, Does::Hold), (420, Does::Answer("200 OK"))]).await;
    assert_eq!(changes, [(HealthState::Hanging, 0), (HealthState::Status(200), 420)]);
    assert_eq!(at, 420);
    assert!(gap.unwrap() <= 1, "{gap:?}");
    assert_eq!(count, 9, "one is held, and a fresh one goes every 50 ms");
}

#[tokio::test(start_paused = true)]
async fn a_lost_request_vouches_for_nothing() {
    // The last that is lost goes out at 400 ms and the next at 450 ms: nothing tells what was in between.
    let (_, at, gap, _) = probed(&[(0, Does::Lose), (420, Does::Answer("200 OK"))]).await;
    assert_eq!((at, gap), (450, Some(50)));
}

#[tokio::test(start_paused = true)]
async fn what_will_never_be_connected_tells_nothing() {
    let replica = Wired::new(|| Err(std::io::ErrorKind::NotConnected.into()));
    let prober = Prober::new(&replica, &probe("/")).unwrap();
    let until_ready = prober.until_ready(|state, _| panic!("it was found {state}"));
    assert!(timeout(Duration::from_secs(60), until_ready).await.is_err());
}

#[test]
fn a_route_that_is_no_path_is_refused() {
    let replica = Wired::on(1);
    let refused = Prober::new(&replica, &probe("/a b")).err().unwrap();
    assert!(refused.to_string().contains("`/a b` is no path"), "{refused}");
}
