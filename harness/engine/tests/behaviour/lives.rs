//! Replicas: how they are asked, end, start again and run commands.

use std::io;
use std::time::Duration;

use seatrial_engine::{Ended, EngineError, Replica};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, timeout};

use super::{HANGS, PATIENCE, PORT, PROGRAM, command, log_until, stamps_again, streams};

/// One exchange over a connection to the stub: the whole answer.
pub async fn ask(mut connection: impl AsyncRead + AsyncWrite + Unpin, request: &str) -> io::Result<String> {
    connection.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await?;
    Ok(answer)
}

/// The stub behind the connection is healthy and echoes what it is to score.
pub async fn scores(connection: impl AsyncRead + AsyncWrite + Unpin) {
    let request = "POST /score HTTP/1.1\r\nContent-Length: 7\r\n\r\n{\"a\":1}";
    let answer = ask(connection, request).await.unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\r\n\r\n{\"a\":1}"),
        "{answer}"
    );
}

/// Of a stub that listens before it has its first answer, 200, and later logs `over`: a client that left meanwhile was not
/// answered.
pub async fn answers_nobody_who_has_left(replica: &impl Replica) {
    log_until(replica, "stub: listening").await;
    let mut connection = replica.connect(PORT).await.unwrap();
    connection.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    drop(connection);
    let log = log_until(replica, "over").await;
    assert!(!log.iter().any(|line| line.starts_with("stub: first 200")), "{log:?}");
}

/// It ends with this code, and asked again, long after, it is the same end at the same instant.
pub async fn ends(replica: &impl Replica, code: i64) -> Ended {
    let ended = timeout(PATIENCE, replica.ended()).await.expect("it ends").unwrap();
    assert_eq!((ended.code, ended.oom), (code, false), "{}", replica.number());
    assert!(ended.at <= Instant::now());
    let again = replica.ended().await.unwrap();
    let apart = again.at.max(ended.at) - again.at.min(ended.at);
    assert!(apart < Duration::from_millis(5), "the end moved by {apart:?}");
    ended
}

/// One that listens is killed and starts again: it is reached as before, and its log goes on. For engines in real time, where
/// each thing takes some; the stub engine's test has the same with exact instants.
pub async fn starts_again(replica: &mut impl Replica) {
    log_until(replica, "stub: listening").await;
    replica.kill().await.unwrap();
    ends(replica, 137).await;
    replica.kill().await.expect("killing what has ended is no error");

    let before = Instant::now();
    replica.restart().await.unwrap();
    let [requested, started] = stamps_again(replica);
    assert!(before <= requested && requested < started && started < Instant::now());
    replica.address(PORT).expect("an address");
    let connected = async {
        while replica.connect(PORT).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, connected).await.expect("it listens again");
    replica.kill().await.unwrap();
    let [stdout, _] = streams(replica).await;
    assert_eq!(stdout.matches("stub: first instruction").count(), 2, "{stdout}");
}

/// Commands give their output, bounded, and are given up when they hang. One that is not there is no error of the engine: it
/// ends with one of the codes in `missing`, which is up to whatever starts it.
pub async fn runs_commands(replica: &impl Replica, missing: &[i64]) {
    let stub = async |script: &str| replica.exec(command(&[PROGRAM, script], PATIENCE)).await;
    let output = stub("log out; err oops; exit 9").await.unwrap();
    assert_eq!((output.code, output.stderr.as_slice()), (9, b"oops\n".as_slice()));
    assert!(String::from_utf8_lossy(&output.stdout).ends_with("out\n"));

    let manifest = command(&[PROGRAM, "manifest", "/site-packages"], PATIENCE);
    let manifest = String::from_utf8(replica.exec(manifest).await.unwrap().stdout).unwrap();
    assert!(manifest.starts_with("seatrial-manifest:{"), "{manifest}");
    assert!(manifest.contains("\"sys_path\":[\"/site-packages\"]"), "{manifest}");

    let absent = replica.exec(command(&["/no/such/program"], PATIENCE)).await.unwrap();
    assert!(missing.contains(&absent.code), "{absent:?}");

    let flood = stub("flood 40mb; exit 0").await.unwrap();
    assert_eq!((flood.code, flood.stdout.len()), (0, 16 << 20));

    let hanging = replica.exec(command(&[PROGRAM, "forever"], HANGS)).await;
    let error = hanging.unwrap_err();
    assert!(matches!(error, EngineError::Timeout { .. }), "{error}");
}
