//! What a container wrote, whole and with the engine's own stamps, on a real Docker.

mod support;

use futures_util::StreamExt;
use seatrial_engine::{Replica, Stamp};
use support::Run;
use support::behaviour::{PATIENCE, streams, whole_log};
use tokio::time::{Instant, timeout};

/// The engine's follower ends with the container, also where it has not yet handed out all of the log.
#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(no_engine, ignore = "SEATRIAL_TEST_ENGINE=none")]
async fn a_reader_that_falls_asleep_until_the_container_has_ended_still_gets_every_line() {
    const LINES: usize = 200_000;
    let run = Run::begin("lagging").await;
    let network = run.network().await;
    let replica = run.launch(&network, "flood 20mb; log after the flood; exit 5").await;

    let mut log = replica.logs();
    let first = timeout(PATIENCE, log.next()).await.expect("the log begins").unwrap();
    timeout(PATIENCE, replica.ended()).await.expect("it ends").unwrap();
    let mut bytes = first.unwrap().bytes;
    while let Some(chunk) = timeout(PATIENCE, log.next()).await.expect("the log goes on or ends") {
        bytes.extend(chunk.unwrap().bytes);
    }
    let text = String::from_utf8(bytes).unwrap();
    let numbers: Vec<usize> = text
        .lines()
        .filter_map(|line| line.strip_prefix("flood ")?.split(' ').next()?.parse().ok())
        .collect();
    assert!(
        numbers.iter().copied().eq(0..LINES),
        "{} of {LINES} lines, each once and in order",
        numbers.len()
    );
    assert!(text.ends_with("after the flood\n"));
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(no_engine, ignore = "SEATRIAL_TEST_ENGINE=none")]
async fn a_line_is_stamped_when_it_is_written_however_late_it_is_read() {
    let run = Run::begin("stamped").await;
    let network = run.network().await;
    let replica = run.launch(&network, "log here; forever").await;
    let mut log = replica.logs();
    let live = async {
        loop {
            let chunk = log.next().await.expect("the log goes on").unwrap();
            if chunk.bytes == b"here\n" {
                return chunk.at;
            }
        }
    };
    let live = timeout(PATIENCE, live).await.expect("the line arrives");
    let seen = Instant::now();
    replica.kill().await.unwrap();
    replica.ended().await.unwrap();

    let late = whole_log(&replica).await;
    let line = late.iter().find(|chunk| chunk.bytes == b"here\n").expect("the line");
    let Some(Stamp::CreateRequested(requested)) = replica.stamps().first() else {
        panic!("unexpected stamps: {:?}", replica.stamps());
    };
    assert!(*requested < live && live <= seen);
    assert!(*requested < line.at && line.at <= seen, "stamped when it was read");
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(no_engine, ignore = "SEATRIAL_TEST_ENGINE=none")]
async fn a_line_longer_than_a_message_of_the_engine_comes_as_it_was_written() {
    let run = Run::begin("long").await;
    let network = run.network().await;
    let long = "0123456789".repeat(4_000);
    let script = format!("log {long}; err {long}; log 2026-11-24T09:32:35.322114024Z not a stamp; exit 0");
    let replica = run.launch(&network, &script).await;
    replica.ended().await.unwrap();

    let [stdout, stderr] = streams(&replica).await;
    let (_, after_the_mark) = stdout.split_once('\n').unwrap();
    let expected = format!("{long}\n2026-11-24T09:32:35.322114024Z not a stamp\n");
    assert!(after_the_mark == expected, "{} bytes", after_the_mark.len());
    assert!(stderr == format!("{long}\n"), "{} bytes", stderr.len());
}
