//! Create and start events of one launch, put on the host's monotonic clock.

use std::collections::HashMap;
use std::convert::Infallible;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use testcontainers::bollard;
use testcontainers::bollard::errors::Error;
use testcontainers::bollard::models::EventMessage;
use testcontainers::bollard::query_parameters::EventsOptions;
use tokio::time::Instant;

use super::objects::LAUNCH_LABEL;
use crate::Stamp;
use crate::clock::Clocks;
use crate::owner::RUN_LABEL;

/// How long to wait for events after the last container has started; they are normally there already.
const SETTLE: Duration = Duration::from_secs(2);

/// The events of one launch.
pub(super) struct LaunchEvents {
    stream: BoxStream<'static, Result<EventMessage, Error>>,
    seen: HashMap<String, Seen>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    created: Option<Instant>,
    started: Option<Instant>,
}

impl LaunchEvents {
    /// Subscribes as of now: the engine replays what happens before the request gets through.
    pub(super) fn subscribe(api: &bollard::Docker, run: &str, launch: usize) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let filters = [
            ("type", vec!["container".to_owned()]),
            ("event", vec!["create".to_owned(), "start".to_owned()]),
            (
                "label",
                vec![format!("{RUN_LABEL}={run}"), format!("{LAUNCH_LABEL}={launch}")],
            ),
        ];
        let options = EventsOptions {
            since: Some(format!("{}.{:09}", now.as_secs(), now.subsec_nanos())),
            until: None,
            filters: Some(filters.map(|(key, values)| (key.to_owned(), values)).into()),
        };
        Self {
            stream: api.events(Some(options)).boxed(),
            seen: HashMap::new(),
        }
    }

    /// Notes events as they come. Never returns, so it is run beside the launch; dropping the future loses nothing.
    pub(super) async fn follow(&mut self) -> Infallible {
        while let Some(event) = self.stream.next().await {
            match event {
                Ok(event) => self.note(event),
                Err(error) => {
                    tracing::warn!("the engine's event stream broke: {error}");
                    break;
                }
            }
        }
        std::future::pending().await
    }

    /// Goes on until both events of a container are there, or it gets too late for them.
    pub(super) async fn settle(&mut self, container: &str) {
        let deadline = Instant::now() + SETTLE;
        while !self.is_complete(container) {
            match tokio::time::timeout_at(deadline, self.stream.next()).await {
                Ok(Some(Ok(event))) => self.note(event),
                Ok(Some(Err(_)) | None) | Err(_) => {
                    tracing::warn!("not all create and start events arrived; their stamps are left out");
                    return;
                }
            }
        }
    }

    /// The stamps of one container. An event that was missed, or that lies outside the launch because the engine has
    /// another clock, is left out.
    pub(super) fn stamps(&self, container: &str, requested: Instant) -> Vec<Stamp> {
        let seen = self.seen.get(container).copied().unwrap_or_default();
        let plausible = |at: &Instant| *at >= requested;
        let created = seen.created.filter(plausible).map(Stamp::Created);
        let started = seen.started.filter(plausible).map(Stamp::Started);
        [Some(Stamp::CreateRequested(requested)), created, started]
            .into_iter()
            .flatten()
            .collect()
    }

    fn is_complete(&self, container: &str) -> bool {
        self.seen
            .get(container)
            .is_some_and(|seen| seen.created.is_some() && seen.started.is_some())
    }

    fn note(&mut self, event: EventMessage) {
        let at = event
            .time_nano
            .and_then(|unix_ns| Clocks::sample().instant_at(unix_ns.into()));
        let Some(id) = event.actor.and_then(|actor| actor.id) else {
            return;
        };
        let seen = self.seen.entry(id).or_default();
        match event.action.as_deref() {
            Some("create") => seen.created = at,
            Some("start") => seen.started = at,
            _ => {}
        }
    }
}
