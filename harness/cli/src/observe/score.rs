//! Sends the one scored request of a case and keeps a bounded answer.

use std::time::Duration;

use anyhow::Context as _;
use seatrial_engine::Replica;
use seatrial_record::{ScoredResponse, sanitize};
use seatrial_spec::Probe;
use tokio::time::{Instant, timeout};

use super::exchange::{self, Unanswered};

/// The platform gives a request 5 s by default and 180 s at most (image-contract, probe defaults).
const DEADLINE: Duration = Duration::from_secs(180);
/// Bytes of the answer that are read.
const ANSWER_BYTES: usize = 1 << 20;
/// Bytes of the answer that are kept as text.
const TEXT_BYTES: usize = 2000;

/// Posts `body` as JSON.
pub async fn score(replica: &impl Replica, probe: &Probe, body: &serde_json::Value) -> ScoredResponse {
    let sent = Instant::now();
    let answered = timeout(DEADLINE, answer(replica, probe, body)).await;
    let took_ns = sent.elapsed().as_nanos() as u64;
    let none = |error: String| ScoredResponse {
        status: None,
        json: None,
        text: String::new(),
        error: Some(error),
        took_ns,
    };
    match answered {
        Err(_) => none(format!("no answer within {} s", DEADLINE.as_secs())),
        Ok(Err(error)) => none(format!("{error:#}")),
        Ok(Ok((status, answer))) => ScoredResponse {
            status: Some(status),
            json: serde_json::from_slice(&answer).ok(),
            text: sanitize(&answer[..answer.len().min(TEXT_BYTES)]),
            error: None,
            took_ns,
        },
    }
}

async fn answer(replica: &impl Replica, probe: &Probe, body: &serde_json::Value) -> anyhow::Result<(u16, Vec<u8>)> {
    let request = exchange::post(&probe.score, probe.port, body.to_string())
        .with_context(|| format!("`{}` is no path that can be asked for", probe.score))?;
    let answer = match exchange::ask(replica, probe.port, request).await {
        Ok(answer) => answer,
        Err(Unanswered::Refused(error)) => return Err(error).context("no connection"),
        Err(Unanswered::Closed(error)) => return Err(error).context("connected, but not answered"),
    };
    let status = answer.status();
    let body = answer.body(ANSWER_BYTES).await.context("the answer broke off")?;
    Ok((status, body))
}

#[cfg(test)]
mod tests {
    use seatrial_engine::Connection;
    use serde_json::json;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    use super::*;
    use crate::observe::wired::Wired;

    fn probe() -> Probe {
        Probe {
            port: 5001,
            health: "/".into(),
            score: "/score".into(),
            hanging_after: Duration::from_millis(500),
        }
    }

    /// What is kept when the server's side of every connection sends this, and then no more.
    async fn kept(answer: &'static [u8]) -> (ScoredResponse, String) {
        let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
        let replica = Wired::new(move || {
            let (near, mut far) = duplex(64 << 10);
            let tell = tell.clone();
            tokio::spawn(async move {
                let mut asked = vec![0; 4096];
                let read = far.read(&mut asked).await.unwrap();
                tell.send(String::from_utf8_lossy(&asked[..read]).into_owned()).unwrap();
                // It may have been hung up on before it has said everything.
                let _ = far.write_all(answer).await;
            });
            Ok(Box::new(near) as Connection)
        });
        let response = score(&replica, &probe(), &json!({"a": 1})).await;
        (response, told.recv().await.unwrap())
    }

    #[tokio::test]
    async fn the_body_is_posted_as_json_and_the_answer_kept() {
        let (response, asked) = kept(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n{\"a\":1}").await;
        assert_eq!((response.status, response.json), (Some(200), Some(json!({"a": 1}))));
        let asked = asked.to_lowercase();
        assert!(asked.starts_with("post /score http/1.1\r\n"), "{asked}");
        for line in [
            "content-type: application/json",
            "content-length: 7",
            "host: localhost:5001",
        ] {
            assert!(asked.lines().any(|own| own == line), "{line} is not in {asked}");
        }
        assert!(asked.ends_with("\r\n\r\n{\"a\":1}"), "{asked}");
    }

    #[tokio::test]
    async fn redirects_are_answers_and_what_breaks_off_is_none() {
        let (moved, _) = kept(b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n").await;
        assert_eq!(moved.status, Some(302));
        let (cut, _) = kept(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf").await;
        let error = cut.error.unwrap();
        assert!(
            cut.status.is_none() && error.starts_with("the answer broke off"),
            "{error}"
        );
        let (none, _) = kept(b"SSH-2.0\r\n").await;
        let error = none.error.unwrap();
        assert!(error.starts_with("connected, but not answered"), "{error}");
    }

    #[tokio::test]
    async fn an_endless_answer_is_bounded() {
        let replica = Wired::new(|| {
            let (near, mut far) = duplex(64 << 10);
            tokio::spawn(async move {
                far.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
                while far.write_all(&[b'x'; 4096]).await.is_ok() {}
            });
            Ok(Box::new(near) as Connection)
        });
        let response = score(&replica, &probe(), &json!(null)).await;
        assert_eq!((response.status, response.text.len()), (Some(200), TEXT_BYTES));
    }

    #[tokio::test]
    async fn without_a_connection_there_is_no_answer() {
        let replica = Wired::new(|| Err(std::io::ErrorKind::ConnectionRefused.into()));
        let response = score(&replica, &probe(), &json!(null)).await;
        assert!(response.error.unwrap().starts_with("no connection"));
    }
}
