//! Watches a replica's health from outside until it answers 200.

mod pace;
#[cfg(test)]
mod tests;

use std::future::pending;
use std::io::ErrorKind;
use std::pin::Pin;
use std::time::Duration;

use anyhow::Context as _;
use hyper::Request;
use seatrial_engine::Replica;
use seatrial_record::HealthState;
use seatrial_spec::Probe;
use tokio::time::{Instant, sleep_until};

use super::exchange::{self, Unanswered};
use pace::Pace;

/// Asks the health route of one replica again and again, each time on a new connection.
pub struct Prober<'a, R> {
    replica: &'a R,
    port: u16,
    request: Request<String>,
    hanging_after: Duration,
}

/// The first 200.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct First200 {
    /// When it came.
    pub at: Instant,
    /// How much earlier it could have come: since the last probe that found the replica not ready was sent, or, when a held
    /// request was answered, since that was last looked at and found unanswered. `None` when there was neither.
    pub gap: Option<Duration>,
}

impl<'a, R: Replica> Prober<'a, R> {
    /// A prober of this replica.
    ///
    /// # Errors
    /// When the contract's health route is no path.
    pub fn new(replica: &'a R, probe: &Probe) -> anyhow::Result<Self> {
        let request = exchange::get(&probe.health, probe.port)
            .with_context(|| format!("`{}` is no path that can be asked for", probe.health))?;
        Ok(Prober {
            replica,
            port: probe.port,
            request,
            hanging_after: probe.hanging_after,
        })
    }

    /// Resolves at the first 200, telling every change of health on the way. Never gives up: the caller does.
    ///
    /// A request that hangs is held open, because a server that is still starting answers it the moment it can; fresh
    /// ones go beside it, in case the held one was lost.
    pub async fn until_ready(&self, mut changed: impl FnMut(HealthState, Instant)) -> First200 {
        let mut last = None;
        let mut tell = |state, at| {
            if last != Some(state) {
                last = Some(state);
                changed(state, at);
            }
        };
        let mut pace = Pace::begin();
        let mut held: Option<Asked<'_>> = None;
        // The last moment of which it is known that a request sent then did not get 200, and the last look at those
        // under way.
        let (mut unready, mut looked) = (None, None);
        loop {
            let mut fresh = self.ask();
            let sent = fresh.sent;
            let (found, asked, vouched) = tokio::select! {
                biased;
                // It was under way at every look. The time that a server takes over a fresh one tells nothing.
                (found, asked) = answer(&mut held) => (found, asked, looked),
                found = &mut fresh.answer => (found, sent, None),
                () = silence(sent + self.hanging_after, pace.look(), &mut looked) => {
                    tell(HealthState::Hanging, sent);
                    unready = unready.max(Some(sent));
                    held.get_or_insert(fresh);
                    continue;
                }
            };
            let at = Instant::now();
            let Some(state) = found else {
                return pending().await;
            };
            tell(state, at);
            unready = unready.max(vouched);
            if state == HealthState::Status(200) {
                let gap = unready.map(|unready: Instant| at.duration_since(unready));
                return First200 { at, gap };
            }
            unready = unready.max(Some(asked));
            pace.wait(state).await;
        }
    }

    fn ask(&self) -> Asked<'_> {
        let request = self.request.clone();
        Asked {
            sent: Instant::now(),
            answer: Box::pin(async move {
                match exchange::ask(self.replica, self.port, request).await {
                    Ok(answer) => Some(HealthState::Status(answer.status())),
                    Err(Unanswered::Refused(error)) if error.kind() == ErrorKind::NotConnected => None,
                    Err(Unanswered::Refused(_)) => Some(HealthState::Refused),
                    Err(Unanswered::Closed(_)) => Some(HealthState::Closed),
                }
            }),
        }
    }
}

/// A request under way.
struct Asked<'a> {
    sent: Instant,
    /// What it finds; nothing, when no connection will ever be had.
    answer: Pin<Box<dyn Future<Output = Option<HealthState>> + Send + 'a>>,
}

/// The answer to the held request, which is then no longer held, and when that was sent; never, when none is.
async fn answer(held: &mut Option<Asked<'_>>) -> (Option<HealthState>, Instant) {
    let Some(asked) = held else {
        return pending().await;
    };
    let found = (asked.answer.as_mut().await, asked.sent);
    *held = None;
    found
}

/// Ends when the time is up, and notes every look on the way: as long as this goes on, nothing has been answered.
async fn silence(until: Instant, pause: Duration, looked: &mut Option<Instant>) {
    loop {
        let next = Instant::now() + pause;
        sleep_until(next.min(until)).await;
        if next >= until {
            return;
        }
        *looked = Some(Instant::now());
    }
}
