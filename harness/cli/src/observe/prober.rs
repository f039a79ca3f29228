//! Watches a replica's health from outside until it answers 200.

use std::net::IpAddr;
use std::pin::Pin;
use std::time::Duration;

use reqwest::Client;
use seatrial_record::HealthState;
use tokio::time::{Instant, sleep};

/// The shortest pause between two probes.
const SHORTEST_PAUSE: Duration = Duration::from_millis(1);
/// Pauses grow with the age of the boot to this share of it, so that the error of a long boot stays below 0.2 % and
/// waiting stays cheap.
const PAUSE_SHARE: u32 = 500;

/// Asks the health route of one replica again and again, each time on a new connection.
#[derive(Clone, Debug)]
pub struct Prober {
    client: Client,
    url: String,
    hanging_after: Duration,
    since: Instant,
}

impl Prober {
    /// A prober of `http://ip:port/path`; `since` is the zero from which a boot's age counts.
    pub fn new(client: Client, (ip, port): (IpAddr, u16), path: &str, hanging_after: Duration, since: Instant) -> Self {
        let url = format!("http://{}{path}", std::net::SocketAddr::new(ip, port));
        Prober {
            client,
            url,
            hanging_after,
            since,
        }
    }

    /// A client that keeps no connection and follows nothing: what it sees is what the replica does now.
    pub fn client() -> reqwest::Result<Client> {
        Client::builder()
            .no_proxy()
            .pool_max_idle_per_host(0)
            .redirect(reqwest::redirect::Policy::none())
            .build()
    }

    /// Resolves at the first 200, telling every change of health on the way. Never gives up: the caller does.
    ///
    /// A request that hangs is held open, because a server that is still starting answers it the moment it can; fresh
    /// ones go beside it, in case the held one was lost.
    pub async fn until_ready(&self, mut changed: impl FnMut(HealthState, Instant)) -> Instant {
        let mut last = None;
        let mut tell = |state, at| {
            if last != Some(state) {
                last = Some(state);
                changed(state, at);
            }
        };
        let mut held: Option<Probe> = None;
        loop {
            let sent = Instant::now();
            let mut fresh: Probe = Box::pin(self.probe());
            let state = tokio::select! {
                state = &mut fresh => state,
                state = answer(&mut held) => state,
                () = sleep(self.hanging_after) => {
                    tell(HealthState::Hanging, sent);
                    held.get_or_insert(fresh);
                    continue;
                }
            };
            let at = Instant::now();
            tell(state, at);
            if state == HealthState::Status(200) {
                return at;
            }
            let pause = (at.duration_since(self.since) / PAUSE_SHARE).max(SHORTEST_PAUSE);
            sleep(pause).await;
        }
    }

    fn probe(&self) -> impl Future<Output = HealthState> + Send + 'static {
        let request = self.client.get(&self.url);
        async move {
            match request.send().await {
                Ok(response) => HealthState::Status(response.status().as_u16()),
                Err(error) if error.is_connect() => HealthState::Refused,
                Err(_) => HealthState::Closed,
            }
        }
    }
}

type Probe = Pin<Box<dyn Future<Output = HealthState> + Send>>;

/// The answer to the held request, which is then no longer held; never, when none is.
async fn answer(held: &mut Option<Probe>) -> HealthState {
    match held {
        Some(probe) => {
            let state = probe.await;
            *held = None;
            state
        }
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};
    use std::time::Duration;

    use seatrial_record::HealthState;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::time::{Instant, timeout};

    use super::Prober;

    async fn answer(mut stream: TcpStream, status: &str) {
        let mut request = [0; 1024];
        let _ = stream.read(&mut request).await;
        let _ = stream
            .write_all(format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n").as_bytes())
            .await;
    }

    #[tokio::test]
    async fn every_change_is_told_and_a_held_request_is_answered() {
        crate::session::install_tls();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let prober = Prober::new(
            Prober::client().unwrap(),
            (IpAddr::V4(Ipv4Addr::LOCALHOST), port),
            "/",
            Duration::from_millis(50),
            Instant::now(),
        );
        let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
        let probing = tokio::spawn(async move { prober.until_ready(|state, _| tell.send(state).unwrap()).await });
        assert_eq!(told.recv().await, Some(HealthState::Refused));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.unwrap();
        answer(listener.accept().await.unwrap().0, "502 Bad Gateway").await;
        assert_eq!(told.recv().await, Some(HealthState::Status(502)));
        drop(listener.accept().await.unwrap());
        assert_eq!(told.recv().await, Some(HealthState::Closed));
        let held = listener.accept().await.unwrap().0;
        assert_eq!(told.recv().await, Some(HealthState::Hanging));
        answer(held, "200 OK").await;
        assert_eq!(told.recv().await, Some(HealthState::Status(200)));
        timeout(Duration::from_secs(5), probing).await.unwrap().unwrap();
    }
}
