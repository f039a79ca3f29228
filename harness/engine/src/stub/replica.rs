//! A replica of the stub engine: what [`Replica`] promises, out of a timeline.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use tokio::time::{Instant, sleep_until, timeout};

use super::StubEngine;
use super::container::{Container, Position};
use super::latency::digest;
use super::timeline::Timeline;
use super::{http, program};
use crate::{
    Command, CommandOutput, Connection, Ended, EngineError, LogChunk, Owner, Replica, ReplicaSpec, Stamp, Usage,
};

const DEFAULT_PORT: u16 = 5001;
/// Exit code of a command whose container was killed under it.
const KILLED: i64 = 137;

/// A container of a launched group. One that is dropped is removed.
#[derive(Debug)]
pub struct StubReplica {
    engine: StubEngine,
    container: Arc<Container>,
    number: usize,
    script: String,
    stamps: Vec<Stamp>,
    address: IpAddr,
}

impl StubReplica {
    /// Creates and starts a replica. Given up on the way, it is removed.
    pub(super) async fn start(
        engine: StubEngine,
        owner: Owner,
        name: String,
        network: String,
        spec: ReplicaSpec,
    ) -> Result<Self, EngineError> {
        let failed = |cause: String| EngineError::Launch {
            container: name.clone(),
            cause: cause.into(),
        };
        let requested = Instant::now();
        let script = spec.env.get("STUB_SCRIPT").map_or("forever", String::as_str).to_owned();
        let port = port(&spec.env).map_err(failed)?;
        let created = requested + engine.delays.create + engine.latency.draw("create", &name);
        sleep_until(created).await;
        if let Some(cause) = engine.failing.get(&spec.number) {
            return Err(failed(cause.clone()));
        }
        if !engine.books.has_network(&network) {
            return Err(failed(format!("there is no network `{network}`")));
        }

        let id = format!("{:064x}", digest(&name));
        let container = Arc::new(Container::new(id, owner, port));
        engine.books.add_container(Arc::clone(&container));
        let started = created + engine.delays.start + engine.latency.draw("start", &name);
        // From here on the replica answers for the container.
        let replica = Self {
            address: address(engine.books.next_number()),
            engine,
            container,
            number: spec.number,
            script,
            stamps: [Stamp::CreateRequested, Stamp::Created, Stamp::Started]
                .into_iter()
                .zip([requested, created, started])
                .map(|(stamp, at)| stamp(at))
                .collect(),
        };
        replica.begin(started).await.map_err(failed)?;
        Ok(replica)
    }

    /// Begins a life whose start event is at an instant that is still to come.
    async fn begin(&self, started: Instant) -> Result<(), String> {
        let life = Timeline::new(&self.script, started + self.engine.delays.boot)?;
        sleep_until(started).await;
        if !self.engine.books.has_container(&self.container.id) {
            return Err("it was removed meanwhile".to_owned());
        }
        self.container.begin(life);
        Ok(())
    }

    async fn pass(&self, call: &str) {
        self.engine.latency.pass(call, &self.container.id).await;
    }

    /// An error of something that needs a container that runs.
    fn failed(&self, action: &'static str, cause: String) -> EngineError {
        EngineError::Container {
            action,
            container: self.container.id.clone(),
            cause: cause.into(),
        }
    }
}

impl Drop for StubReplica {
    fn drop(&mut self) {
        self.engine.books.remove_container(&self.container.id);
    }
}

impl Replica for StubReplica {
    fn number(&self) -> usize {
        self.number
    }

    fn id(&self) -> &str {
        &self.container.id
    }

    /// An address that is nobody's (RFC 5737): only [`Replica::connect`] leads to the replica.
    fn address(&self, port: u16) -> Option<(IpAddr, u16)> {
        Some((self.address, port))
    }

    /// Refused before the script's `listen` and after the end.
    async fn connect(&self, port: u16) -> io::Result<Connection> {
        self.pass("connect").await;
        if !self.container.listens(port, Instant::now()) {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        Ok(Box::new(http::connect(&self.container)))
    }

    fn stamps(&self) -> &[Stamp] {
        &self.stamps
    }

    /// A line is a chunk. With drawn latencies each arrives later than it was written, and no other overtakes it.
    fn logs(&self) -> BoxStream<'static, Result<LogChunk, EngineError>> {
        let (container, latency) = (Arc::clone(&self.container), self.engine.latency.clone());
        stream::unfold(Position::default(), move |mut position| {
            let (container, latency) = (Arc::clone(&container), latency.clone());
            async move {
                let chunk = container.read(&mut position).await?;
                latency.pass("logs", &container.id).await;
                Some((Ok(chunk), position))
            }
        })
        .boxed()
    }

    async fn ended(&self) -> Result<Ended, EngineError> {
        let ended = self.container.ended().await;
        self.pass("ended").await;
        Ok(ended)
    }

    async fn exec(&self, command: Command) -> Result<CommandOutput, EngineError> {
        self.pass("exec").await;
        let shown = command.argv.join(" ");
        let failed = |cause: String| EngineError::Exec {
            command: shown.clone(),
            container: self.container.id.clone(),
            cause: cause.into(),
        };
        if !self.container.runs(Instant::now()) {
            return Err(failed("the container does not run".to_owned()));
        }
        tokio::select! {
            biased;
            output = timeout(command.deadline, program::run(&command.argv)) => match output {
                Ok(output) => output.map_err(failed),
                Err(_) => Err(EngineError::Timeout {
                    call: format!("running `{shown}` in container `{}`", self.container.id),
                    after: command.deadline,
                }),
            },
            _ = self.container.ended() => Ok(CommandOutput { code: KILLED, ..CommandOutput::default() }),
        }
    }

    async fn usage(&self) -> Result<Usage, EngineError> {
        self.pass("usage").await;
        Ok(self.container.usage(Instant::now()))
    }

    async fn kill(&self) -> Result<(), EngineError> {
        self.pass("kill").await;
        self.container.kill(Instant::now());
        Ok(())
    }

    async fn restart(&mut self) -> Result<(), EngineError> {
        let requested = Instant::now();
        self.stamps = vec![Stamp::CreateRequested(requested)];
        // An engine does nothing about a container that runs.
        if !self.container.runs(requested) {
            let took = self.engine.delays.start + self.engine.latency.draw("restart", &self.container.id);
            let started = requested + took;
            let begun = self.begin(started).await;
            begun.map_err(|cause| self.failed("starting again", cause))?;
            self.stamps.push(Stamp::Started(started));
        }
        Ok(())
    }

    async fn remove(self) -> Result<(), EngineError> {
        self.pass("remove").await;
        // Dropping is what removes it.
        Ok(())
    }
}

/// The port that the stub listens on.
fn port(env: &BTreeMap<String, String>) -> Result<u16, String> {
    env.get("STUB_PORT").map_or(Ok(DEFAULT_PORT), |port| {
        port.parse()
            .map_err(|_| format!("STUB_PORT is `{port}`, expected a port number"))
    })
}

/// One of TEST-NET-1.
fn address(number: usize) -> IpAddr {
    let host = 1 + number % 254;
    Ipv4Addr::new(192, 0, 2, host as u8).into()
}
