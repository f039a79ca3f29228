//! The answering side of a replica of the stub engine: one request, one answer, as the stub image gives them.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader, DuplexStream};
use tokio::time::{Instant, sleep_until};

use super::container::Container;
use super::timeline::Answer;

/// A request body beyond this is cut off.
const LONGEST_BODY: u64 = 1 << 20;
/// A request head beyond this is cut off.
const LONGEST_HEAD: u64 = 64 << 10;
/// Bytes under way in each direction.
const BUFFER: usize = 64 << 10;

/// A new connection, served until it is answered, the client has gone, or the container has ended.
pub(super) fn connect(container: &Arc<Container>) -> DuplexStream {
    let (client, server) = tokio::io::duplex(BUFFER);
    let container = Arc::clone(container);
    tokio::spawn(async move {
        tokio::select! {
            biased;
            _ = container.ended() => {}
            // A client that goes away is its own business.
            _ = serve(&container, server) => {}
        }
    });
    client
}

async fn serve(container: &Container, mut connection: DuplexStream) -> io::Result<()> {
    let request = Request::read(&mut connection).await?;
    if request.is_score {
        let later = Instant::now() + container.scores_later(Instant::now());
        tokio::select! {
            () = sleep_until(later) => {}
            gone = hold(&mut connection) => return gone,
        }
    }
    let now = Instant::now();
    let (at, status) = match container.answer(now) {
        Answer::Hang => return hold(connection).await,
        Answer::Status(status) => (now, status),
        Answer::Later(at, status) => {
            tokio::select! {
                () = sleep_until(at) => (at, status),
                gone = hold(&mut connection) => return gone,
            }
        }
    };
    if status == 200 {
        container.mark_200(at);
    }
    let (kind, body) = request.answer(status);
    let head = format!(
        "HTTP/1.1 {status} stub\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    connection.write_all(&[head.into_bytes(), body].concat()).await?;
    connection.shutdown().await
}

/// Keeps the connection open until the client closes it.
async fn hold(mut connection: impl AsyncRead + Unpin) -> io::Result<()> {
    tokio::io::copy(&mut connection, &mut tokio::io::sink()).await.map(drop)
}

/// As much of an HTTP request as the stub looks at.
struct Request {
    is_score: bool,
    body: Vec<u8>,
}

impl Request {
    async fn read(connection: &mut (impl AsyncRead + Unpin)) -> io::Result<Self> {
        let mut reader = BufReader::new(connection);
        let mut head = (&mut reader).take(LONGEST_HEAD);
        let mut line = String::new();
        head.read_line(&mut line).await?;
        let is_score = line.starts_with("POST /score ");
        let mut length = 0;
        loop {
            line.clear();
            if head.read_line(&mut line).await? == 0 || line.trim().is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse::<u64>().unwrap_or(0);
            }
        }
        let mut body = Vec::new();
        reader.take(length.min(LONGEST_BODY)).read_to_end(&mut body).await?;
        Ok(Self { is_score, body })
    }

    /// Content type and body that go with the status.
    fn answer(self, status: u16) -> (&'static str, Vec<u8>) {
        if self.is_score && status == 200 {
            ("application/json", self.body)
        } else {
            ("text/plain", b"stub\n".to_vec())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn score_is_echoed_only_with_200() {
        let request = async || {
            let mut text = "POST /score HTTP/1.1\r\nHost: x\r\ncontent-length: 7\r\n\r\n{\"a\":1}rest".as_bytes();
            Request::read(&mut text).await.unwrap()
        };
        assert_eq!(request().await.answer(200), ("application/json", b"{\"a\":1}".to_vec()));
        assert_eq!(request().await.answer(502), ("text/plain", b"stub\n".to_vec()));
    }

    #[tokio::test]
    async fn an_endless_head_is_cut_off() {
        let mut endless = tokio::io::repeat(b'x');
        let read = Request::read(&mut endless).await.unwrap();
        assert!(read.body.is_empty() && !read.is_score);
    }
}
