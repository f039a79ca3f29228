//! Waiting until the stub answers 200, which both sides do alike: what is compared is the engine's calls.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// The stub's port.
pub const PORT: u16 = 5001;
/// Between two looks.
const PAUSE: Duration = Duration::from_micros(200);
/// Looks after which a stub will never be ready.
const LOOKS: usize = 100_000;

/// Asks on new connections until the answer is a 200. It blocks its thread between two looks, since the runtime's own timer
/// counts milliseconds, which is longer than the stub takes; others go on meanwhile.
pub async fn until_ready<S, C>(connect: impl Fn() -> C) -> anyhow::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
    C: Future<Output = io::Result<S>>,
{
    for _ in 0..LOOKS {
        if is_ready(connect()).await.unwrap_or(false) {
            return Ok(());
        }
        std::thread::sleep(PAUSE);
    }
    anyhow::bail!("a stub was not ready after {LOOKS} looks")
}

async fn is_ready<S: AsyncRead + AsyncWrite + Unpin>(
    connected: impl Future<Output = io::Result<S>>,
) -> io::Result<bool> {
    let mut stream = connected.await?;
    stream
        .write_all(b"GET / HTTP/1.1\r\nhost: stub\r\nconnection: close\r\n\r\n")
        .await?;
    let mut head = [0; 12];
    stream.read_exact(&mut head).await?;
    Ok(&head == b"HTTP/1.1 200")
}
