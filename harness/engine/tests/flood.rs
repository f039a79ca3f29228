//! A log flood, in a process of its own because it is the process's memory that is judged.

mod support;

use futures_util::StreamExt;
use seatrial_engine::Replica;
use support::behaviour::PATIENCE;
use support::{Run, docker_cli};
use tokio::time::timeout;

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(no_engine, ignore = "SEATRIAL_TEST_ENGINE=none")]
async fn a_flood_is_followed_to_its_end_in_bounded_memory() {
    const FLOOD: usize = 50_000_000;
    let run = Run::begin("flood").await;
    let network = run.network().await;
    let before = resident_bytes();
    let replica = run.launch(&network, "flood 50mb; log after the flood; exit 5").await;

    let mut log = replica.logs();
    let (mut received, mut chunks, mut most, mut tail) = (0, 0_u32, 0, Vec::new());
    while let Some(chunk) = timeout(PATIENCE, log.next()).await.expect("the log goes on or ends") {
        tail = chunk.unwrap().bytes;
        received += tail.len();
        chunks += 1;
        if chunks % 1_000 == 0 {
            most = most.max(resident_bytes());
        }
    }
    assert_eq!(replica.ended().await.unwrap().code, 5);
    assert_eq!(tail, b"after the flood\n");
    assert!(received >= FLOOD, "{received} of {FLOOD} bytes arrived");
    let grown = most.saturating_sub(before);
    assert!(grown < 20 << 20, "memory grew by {} MiB", grown >> 20);
    let limits = docker_cli(&[
        "inspect",
        "--format",
        "{{json .HostConfig.LogConfig.Config}}",
        replica.id(),
    ]);
    assert_eq!(
        limits,
        [r#"{"max-file":"2","max-size":"1g"}"#],
        "the log on disk is unbounded"
    );
}

/// Resident memory of this process; 0 where the host does not tell.
fn resident_bytes() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: Option<usize> = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok());
    pages.unwrap_or(0) * 4096
}
