//! The listener: takes connections, bounds what each may cost, and serves HTTP/1.1 on them.
//!
//! hyper is used directly, because a reset is made on the raw connection and slow or huge heads are refused before there
//! is a request.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;

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
    /// Bytes have come in since the last answer: a request has begun.
    asking: AtomicBool,
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

/// What serves the connections of every address.
#[derive(Clone)]
pub(crate) struct Host {
    pub router: Router,
    pub refused: Refused,
    /// A head that takes longer is not waited for. It also ends idle connections, which clients then open anew.
    pub patience: Duration,
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
    let open = GracefulShutdown::new();
    loop {
        let next = async {
            let place = room
                .clone()
                .acquire_owned()
                .await
                .expect("the semaphore is never closed");
            (place, take(&listener).await)
        };
        let (place, stream) = tokio::select! {
            taken = next => taken,
            // An error means that the index was dropped, which is to stop as well.
            _ = stopping.wait_for(|stopping| *stopping) => break,
        };
        // Only latency is lost where this fails.
        let _ = stream.set_nodelay(true);
        let served = serve(stream, host.clone(), open.watcher());
        tokio::spawn(async move {
            served.await;
            drop(place);
        });
    }
    drop(listener);
    if tokio::time::timeout(FAREWELL, open.shutdown()).await.is_err() {
        tracing::warn!("the index left clients behind that did not take their answer within {FAREWELL:?}");
    }
}

/// The next connection.
async fn take(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            Err(error) => {
                // The peer has gone already, or this process has no descriptor left, which passes.
                tracing::warn!("a connection could not be accepted: {error}");
                tokio::time::sleep(BREATHER).await;
            }
        }
    }
}

/// Serves one connection to its end: its heads are bounded, and there is a way to cut it off.
async fn serve(stream: TcpStream, host: Host, watcher: Watcher) {
    let cut = Cut::default();
    let state = Arc::clone(&cut.0);
    let line = Line {
        stream,
        state: Arc::clone(&state),
    };
    let router = TowerToHyperService::new(host.router);
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(cut.clone());
        router.call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(host.patience)
        .max_buf_size(HEAD_BYTES)
        .max_headers(HEADERS)
        .serve_connection(TokioIo::new(line), service);
    // A connection that stays idle for too long is closed as well, which is nothing to speak of.
    if let Err(error) = watcher.watch(connection).await
        && (error.is_parse() || error.is_timeout() && state.asking.load(Ordering::Relaxed))
    {
        host.refused.count(&format!("a request: {error}"));
    }
}

/// The connection to a client, which a fault may end.
struct Line {
    stream: TcpStream,
    state: Arc<State>,
}

impl Line {
    /// An error once a reset is ordered. Without lingering, the close that follows the error is a reset on the wire.
    fn unless_reset(&self) -> io::Result<()> {
        self.state.asking.store(false, Ordering::Relaxed);
        if self.state.reset.load(Ordering::Relaxed) {
            self.stream.set_zero_linger()?;
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        Ok(())
    }
}

impl AsyncRead for Line {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let filled = into.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, into);
        if into.filled().len() > filled {
            self.state.asking.store(true, Ordering::Relaxed);
        }
        read
    }
}

impl AsyncWrite for Line {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.unless_reset()?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.unless_reset()?;
        Pin::new(&mut self.stream).poll_write_vectored(context, pieces)
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
