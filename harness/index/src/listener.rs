//! The listener: takes connections, bounds what each may cost, and serves HTTP/1.1 on them.
//!
//! hyper is used directly, because a reset is made on the raw connection and slow or huge heads are refused before there
//! is a request.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinHandle;
use tokio::time::{Sleep, sleep, timeout};

use crate::refused::Refused;

/// Connections at a time; more wait in the system's queue.
const CONNECTIONS: usize = 1024;
/// Bytes of a request's head; pip's and uv's are below 1 KiB.
const HEAD_BYTES: usize = 32 << 10;
/// Header lines of a request.
const HEADERS: usize = 64;
/// Until connections are accepted again after that has failed.
const BREATHER: Duration = Duration::from_millis(100);
/// How long answers under way may take once the index stops.
const FAREWELL: Duration = Duration::from_secs(5);

/// One address that is listened on.
pub(crate) struct Door {
    pub address: SocketAddr,
    pub accepting: JoinHandle<()>,
}

/// A fault's way to end the connection of its request; an extension of every request.
#[derive(Clone, Default)]
pub(crate) struct Cut(Arc<State>);

/// State of a connection.
#[derive(Default)]
struct State {
    reset: AtomicBool,
    close: AtomicBool,
}

impl Cut {
    /// Resets the connection instead of writing the next byte to it.
    pub(crate) fn reset(&self) {
        self.0.reset.store(true, Ordering::Relaxed);
    }

    /// Closes the connection once all that was written to it has gone out.
    pub(crate) fn close(&self) {
        self.0.close.store(true, Ordering::Relaxed);
    }

    /// Whether there will be no answer.
    pub(crate) fn is_reset(&self) -> bool {
        self.0.reset.load(Ordering::Relaxed)
    }
}

/// How long the clients of an index are waited for.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For the whole head of a request; an idle connection is closed after this time as well. By default 30 s.
    pub head: Duration,
    /// For a client to take a little more of an answer that is ready to be sent. By default 60 s.
    pub answer: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Patience {
            head: Duration::from_secs(30),
            answer: Duration::from_secs(60),
        }
    }
}

/// What serves the connections of every address.
#[derive(Clone)]
pub(crate) struct Host {
    pub router: Router,
    pub refused: Refused,
    pub patience: Patience,
}

/// Listens at an address until `stopping` turns true or its sender is gone.
pub(crate) async fn open(address: SocketAddr, host: Host, stopping: watch::Receiver<bool>) -> io::Result<Door> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    let accepting = tokio::spawn(accept(listener, host, stopping));
    Ok(Door { address, accepting })
}

async fn accept(listener: TcpListener, host: Host, mut stopping: watch::Receiver<bool>) {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    let mut was_full = false;
    loop {
        let next = async { (place_in(&room, 1).await, take(&listener).await) };
        let (place, stream) = tokio::select! {
            taken = next => taken,
            _ = stopped(&mut stopping) => break,
        };
        if room.available_permits() == 0 && !was_full {
            was_full = true;
            tracing::warn!("all {CONNECTIONS} connections of the index are taken; who comes now waits for one to end");
        }
        // Only latency is lost where this fails.
        let _ = stream.set_nodelay(true);
        let served = serve(stream, host.clone(), stopping.clone());
        tokio::spawn(async move {
            served.await;
            drop(place);
        });
    }
    drop(listener);
    let all_gone = place_in(&room, CONNECTIONS as u32);
    if timeout(FAREWELL, all_gone).await.is_err() {
        tracing::warn!("the index left clients behind that did not take their answer within {FAREWELL:?}");
    }
}

/// Room for so many connections, once there is.
async fn place_in(room: &Arc<Semaphore>, connections: u32) -> OwnedSemaphorePermit {
    let place = Arc::clone(room).acquire_many_owned(connections).await;
    place.expect("the semaphore is never closed")
}

/// Ends when the index stops, or was dropped.
async fn stopped(stopping: &mut watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stopping| *stopping).await;
}

/// The next connection.
async fn take(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            Err(error) => {
                // The peer has gone already, or this process has no descriptor left, which passes.
                tracing::warn!("a connection could not be accepted: {error}");
                sleep(BREATHER).await;
            }
        }
    }
}

/// Serves one connection to its end: its heads are bounded, and there is a way to cut it off. Once the index stops, it ends
/// with the answer under way.
async fn serve(stream: TcpStream, host: Host, mut stopping: watch::Receiver<bool>) {
    let cut = Cut::default();
    let line = Line {
        stream,
        state: Arc::clone(&cut.0),
        patience: host.patience.answer,
        stalled: None,
    };
    let router = TowerToHyperService::new(host.router);
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(cut.clone());
        router.call(request)
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(host.patience.head)
        .max_buf_size(HEAD_BYTES)
        .max_headers(HEADERS)
        .serve_connection(TokioIo::new(line), service);
    let ended = tokio::select! {
        ended = &mut connection => ended,
        () = stopped(&mut stopping) => {
            Pin::new(&mut connection).graceful_shutdown();
            (&mut connection).await
        }
    };
    let Err(error) = ended else {
        return;
    };
    // A connection that stays idle for too long is closed as well, which is nothing to speak of.
    let has_begun = |unread: &[u8]| unread.iter().any(|byte| !matches!(byte, b'\r' | b'\n'));
    if error.is_parse() || error.is_timeout() && has_begun(&connection.into_parts().read_buf) {
        host.refused.count(&format!("a request: {error}"));
    }
}

/// The connection to a client, which a fault may end, or the client's own idleness.
struct Line {
    stream: TcpStream,
    state: Arc<State>,
    /// For a client to take something of what is to be written.
    patience: Duration,
    /// There while the client takes nothing; runs out with the patience for it.
    stalled: Option<Pin<Box<Sleep>>>,
}

impl Line {
    /// An error once a reset is ordered.
    fn unless_reset(&self) -> io::Result<()> {
        if self.state.reset.load(Ordering::Relaxed) {
            return Err(self.cut_off(io::ErrorKind::ConnectionReset));
        }
        Ok(())
    }

    /// What came of writing; an error once the client has taken nothing for too long.
    fn unless_stalled(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let patience = self.patience;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(patience)));
        ready!(stalled.as_mut().poll(context));
        tracing::debug!("a client has taken nothing of its answer for {patience:?}");
        Poll::Ready(Err(self.cut_off(io::ErrorKind::TimedOut)))
    }

    /// The error to end with: without lingering, the close that follows it is a reset on the wire.
    fn cut_off(&self, why: io::ErrorKind) -> io::Error {
        self.stream.set_zero_linger().err().unwrap_or_else(|| why.into())
    }
}

impl AsyncRead for Line {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl AsyncWrite for Line {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.unless_reset()?;
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.unless_stalled(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.unless_reset()?;
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, pieces);
        self.unless_stalled(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // hyper flushes only once it has written all that it held back.
        if self.state.close.load(Ordering::Relaxed) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
