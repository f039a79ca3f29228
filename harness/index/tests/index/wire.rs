//! Connections without an HTTP client, for what no HTTP client would send or tell; and waiting for what is to come.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long anything may take that must come.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// A request line with the headers that HTTP demands.
pub fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n")
}

/// Sends bytes on a connection of their own and returns all that comes back until the server closes it.
pub async fn exchange(address: SocketAddr, request: &[u8]) -> io::Result<Vec<u8>> {
    let mut connection = TcpStream::connect(address).await?;
    // A server that has seen enough closes before it has read all of it.
    let _ = connection.write_all(request).await;
    rest(&mut connection).await
}

/// All that comes until the server closes the connection.
pub async fn rest(connection: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut received = Vec::new();
    let read = timeout(DEADLINE, connection.read_to_end(&mut received)).await;
    read.expect("the server closes the connection")?;
    Ok(received)
}

/// One answer whose end is known by these bytes; the connection stays open.
pub async fn answer(connection: &mut TcpStream, end: &str) -> String {
    let mut received = Vec::new();
    let read = async {
        while !received.ends_with(end.as_bytes()) {
            assert_ne!(connection.read_buf(&mut received).await.unwrap(), 0, "{received:?}");
        }
    };
    timeout(DEADLINE, read).await.expect("the answer comes");
    String::from_utf8(received).unwrap()
}

/// The status of an answer.
pub fn status(answer: &[u8]) -> Option<u16> {
    let answer = String::from_utf8_lossy(answer);
    answer.split(' ').nth(1)?.parse().ok()
}

/// Waits until something is so.
pub async fn until(what: &str, is_so: impl Fn() -> bool) {
    let wait = async {
        while !is_so() {
            tokio::task::yield_now().await;
        }
    };
    timeout(DEADLINE, wait)
        .await
        .unwrap_or_else(|_| panic!("not in time: {what}"));
}
