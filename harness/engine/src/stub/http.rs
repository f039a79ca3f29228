//! The answering side of a replica of the stub engine: one request, one answer, as the stub image gives them.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader, DuplexStream};
use tokio::time::{Instant, sleep_until};

use super::container::Container;
use super::request::{Head, Request};
use super::timeline::Answer;

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
    let request = read(&mut connection).await?;
    let now = Instant::now();
    let (mut at, status) = match container.answer(now) {
        Answer::Hang => return hold(connection).await,
        Answer::Status(status) => (now, status),
        Answer::Later(at, status) => (at, status),
    };
    if request.is_score {
        at += container.scores_later(now);
    }
    tokio::select! {
        // What is due is answered, so that a client which leaves at that instant changes nothing by chance.
        biased;
        () = sleep_until(at) => {}
        gone = hold(&mut connection) => return gone,
    }
    if status == 200 {
        container.mark_200(at);
    }
    connection.write_all(&request.answered(status)).await?;
    connection.shutdown().await
}

/// Keeps the connection open until the client closes it.
async fn hold(mut connection: impl AsyncRead + Unpin) -> io::Result<()> {
    tokio::io::copy(&mut connection, &mut tokio::io::sink()).await.map(drop)
}

async fn read(connection: &mut (impl AsyncRead + Unpin)) -> io::Result<Request> {
    let mut reader = BufReader::new(connection);
    let mut lines = (&mut reader).take(LONGEST_HEAD);
    let mut line = String::new();
    lines.read_line(&mut line).await?;
    let mut head = Head::begin(&line);
    loop {
        line.clear();
        lines.read_line(&mut line).await?;
        if !head.take_in(&line) {
            break;
        }
    }
    let mut body = Vec::new();
    reader.take(head.body_length()).read_to_end(&mut body).await?;
    Ok(head.with(body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_endless_head_is_cut_off() {
        let mut endless = tokio::io::repeat(b'x');
        let request = read(&mut endless).await.unwrap();
        assert!(request.answered(200).ends_with(b"stub\n"));
    }
}
