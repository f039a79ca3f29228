//! Sends the one scored request of a case and keeps a bounded answer.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use reqwest::Client;
use seatrial_record::{ScoredResponse, sanitize};
use tokio::time::{Instant, timeout};

/// The platform gives a request 5 s by default and 180 s at most (image-contract, probe defaults).
const DEADLINE: Duration = Duration::from_secs(180);
/// Bytes of the answer that are read.
const ANSWER_BYTES: usize = 1 << 20;
/// Bytes of the answer that are kept as text.
const TEXT_BYTES: usize = 2000;

/// Posts `body` as JSON.
pub async fn score(client: &Client, (ip, port): (IpAddr, u16), path: &str, body: &serde_json::Value) -> ScoredResponse {
    let sent = Instant::now();
    let answered = timeout(
        DEADLINE,
        exchange(client, &format!("http://{}{path}", SocketAddr::new(ip, port)), body),
    )
    .await;
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
        Ok(Err(error)) => none(format!("{:#}", anyhow::Error::from(error))),
        Ok(Ok((status, answer))) => ScoredResponse {
            status: Some(status),
            json: serde_json::from_slice(&answer).ok(),
            text: sanitize(&answer[..answer.len().min(TEXT_BYTES)]),
            error: None,
            took_ns,
        },
    }
}

async fn exchange(client: &Client, url: &str, body: &serde_json::Value) -> reqwest::Result<(u16, Vec<u8>)> {
    let mut response = client
        .post(url)
        // Without this type the server hands an empty string to run() (image-contract 2.6).
        .header("content-type", "application/json")
        .body(body.to_string())
        .send()
        .await?;
    let status = response.status().as_u16();
    let mut answer = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        let room = ANSWER_BYTES - answer.len();
        answer.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if answer.len() == ANSWER_BYTES {
            break;
        }
    }
    Ok((status, answer))
}
