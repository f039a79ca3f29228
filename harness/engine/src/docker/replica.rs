//! One replica: where it is, what it writes, how it ends.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use testcontainers::bollard;
use testcontainers::bollard::errors::Error;
use testcontainers::bollard::models::{ContainerInspectResponse, ContainerStatsResponse};
use testcontainers::bollard::query_parameters::{
    KillContainerOptions, StartContainerOptions, StatsOptions, WaitContainerOptions,
};
use testcontainers::{ContainerAsync, GenericImage};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::failure::{Failure, answered, within};
use super::objects::remove_container;
use super::{CALL, Docker, exec, logs};
use crate::clock::Clocks;
use crate::{
    Cause, Command, CommandOutput, Connection, Ended, EngineError, LogChunk, Network, Replica, Stamp, Usage, cgroup,
};

/// Starting a container that is there already.
const START_AGAIN: std::time::Duration = std::time::Duration::from_secs(60);

/// A container of a launched group.
///
/// [`Replica::remove`] is the way to end it. One that is merely dropped is removed too, but that blocks its thread and
/// needs a running tokio runtime.
#[derive(Debug)]
pub struct DockerReplica {
    docker: Docker,
    number: usize,
    container: ContainerAsync<GenericImage>,
    stamps: Vec<Stamp>,
    network: Network,
    ports: Vec<u16>,
    address: Address,
    /// First process, as the host numbers it.
    pid: Option<u32>,
}

#[derive(Debug)]
enum Address {
    /// The host reaches the container itself.
    Own(IpAddr),
    /// Container ports to ports of the loopback interface.
    Published(BTreeMap<u16, u16>),
    /// It ended before it could be asked.
    Gone,
}

impl DockerReplica {
    /// Takes over a container that was started, and asks for its address.
    pub(super) async fn new(
        docker: &Docker,
        number: usize,
        container: ContainerAsync<GenericImage>,
        stamps: Vec<Stamp>,
        network: Network,
        ports: Vec<u16>,
    ) -> Result<Self, EngineError> {
        let settings = inspect(docker, container.id()).await?;
        let address = Address::read(&settings, &network, &ports);
        let pid = first_process(&settings);
        Ok(Self {
            docker: docker.clone(),
            number,
            container,
            stamps,
            network,
            ports,
            address,
            pid,
        })
    }
}

impl Replica for DockerReplica {
    fn number(&self) -> usize {
        self.number
    }

    fn id(&self) -> &str {
        self.container.id()
    }

    fn address(&self, port: u16) -> Option<(IpAddr, u16)> {
        match &self.address {
            Address::Own(address) => Some((*address, port)),
            Address::Published(ports) => ports.get(&port).map(|&host| (Ipv4Addr::LOCALHOST.into(), host)),
            Address::Gone => None,
        }
    }

    async fn connect(&self, port: u16) -> std::io::Result<Connection> {
        let address = self.address(port).ok_or(std::io::ErrorKind::NotConnected)?;
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Box::new(stream))
    }

    fn stamps(&self) -> &[Stamp] {
        &self.stamps
    }

    fn logs(&self) -> BoxStream<'static, Result<LogChunk, EngineError>> {
        logs::logs(&self.docker, self.id())
    }

    async fn ended(&self) -> Result<Ended, EngineError> {
        ended(&self.docker, self.id()).await
    }

    async fn exec(&self, command: Command) -> Result<CommandOutput, EngineError> {
        exec::exec(&self.docker, self.id(), command).await
    }

    async fn usage(&self) -> Result<Usage, EngineError> {
        // The engine need not be asked who the first process is once it has been told; should another have its number by
        // now, its cgroup does not name this container.
        let read = self.pid.map(|pid| cgroup::usage(pid, self.id())).unwrap_or_default();
        if is_complete(&read) {
            return Ok(read);
        }
        // What was read first stands: asking takes time, in which the container uses more.
        match usage(&self.docker, self.id()).await {
            Ok(asked) => Ok(filled(read, asked)),
            Err(_) if read.cpu_ns.is_some() => Ok(read),
            Err(error) => Err(error),
        }
    }

    async fn kill(&self) -> Result<(), EngineError> {
        within(CALL, "killing a container", kill(&self.docker, self.id())).await
    }

    async fn restart(&mut self) -> Result<(), EngineError> {
        let requested = Instant::now();
        let id = self.container.id();
        within(START_AGAIN, "starting a container again", async {
            let started = self.docker.api.start_container(id, None::<StartContainerOptions>).await;
            started.or_failed(|cause| failed("starting again", id, cause))
        })
        .await?;
        let settings = inspect(&self.docker, id).await?;
        self.address = Address::read(&settings, &self.network, &self.ports);
        self.pid = first_process(&settings);
        let started = settings.state.and_then(|state| instant(state.started_at.as_deref()?));
        self.stamps = vec![Stamp::CreateRequested(requested)];
        // One from before the request would be the start of the life before.
        let started = started.filter(|at| *at >= requested);
        self.stamps.extend(started.map(Stamp::Started));
        Ok(())
    }

    async fn remove(self) -> Result<(), EngineError> {
        let removed = within(CALL, "removing a container", remove_container(&self.docker, self.id())).await;
        // testcontainers does not know that it is gone. Told to remove it, it would ask once more and take the answer for a
        // failure; dropped, it would ask too, and block this thread meanwhile, without a deadline where the first call failed.
        // What is left behind is the handle's memory, and what could not be removed is the run's to sweep.
        std::mem::forget(self.container);
        removed.map(drop)
    }
}

impl Address {
    fn read(container: &ContainerInspectResponse, network: &Network, ports: &[u16]) -> Self {
        let Some(settings) = &container.network_settings else {
            return Self::Gone;
        };
        if network.direct {
            let endpoint = settings
                .networks
                .as_ref()
                .and_then(|networks| networks.get(&network.name));
            let address = endpoint.and_then(|endpoint| endpoint.ip_address.as_ref()?.parse().ok());
            return address.map_or(Self::Gone, Self::Own);
        }
        let host_port = |port: &u16| {
            let bound = settings.ports.as_ref()?.get(&format!("{port}/tcp"))?.as_ref()?;
            bound.first()?.host_port.as_ref()?.parse().ok()
        };
        Self::Published(
            ports
                .iter()
                .filter_map(|port| Some((*port, host_port(port)?)))
                .collect(),
        )
    }
}

/// Waits for a container's end, however long that takes; one that ended already is answered at once.
pub(super) async fn ended(docker: &Docker, container: &str) -> Result<Ended, EngineError> {
    let code = wait(&docker.api, container, "not-running").await?;
    let arrival = Instant::now();
    match inspect(docker, container).await {
        Ok(inspected) => {
            let state = inspected.state.unwrap_or_default();
            Ok(Ended {
                code: state.exit_code.unwrap_or(code),
                oom: state.oom_killed.unwrap_or(false),
                at: state.finished_at.as_deref().and_then(instant).unwrap_or(arrival),
            })
        }
        // Removed between the two calls.
        Err(_) => Ok(Ended {
            code,
            oom: false,
            at: arrival,
        }),
    }
}

/// A moment that the engine recorded, on the host's monotonic clock.
fn instant(rfc3339: &str) -> Option<Instant> {
    let at: jiff::Timestamp = rfc3339.parse().ok()?;
    Clocks::sample().instant_at(at.as_nanosecond())
}

/// Waits until a container that somebody else is removing has vanished.
pub(super) async fn wait_removed(docker: &Docker, container: &str) -> Result<(), EngineError> {
    within(CALL, &format!("waiting for the removal of `{container}`"), async {
        match wait(&docker.api, container, "removed").await {
            Ok(_) | Err(EngineError::Container { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    })
    .await
}

/// The exit code, once the condition holds.
async fn wait(api: &bollard::Docker, container: &str, condition: &str) -> Result<i64, EngineError> {
    let options = WaitContainerOptions {
        condition: condition.to_owned(),
    };
    match api.wait_container(container, Some(options)).next().await {
        Some(Ok(answer)) => Ok(answer.status_code),
        // bollard's way to say that the exit code is not 0.
        Some(Err(Error::DockerContainerWaitError { code, .. })) => Ok(code),
        Some(Err(error)) => Err(error).or_failed(|cause| failed("waiting for", container, cause)),
        None => Err(failed("waiting for", container, "the engine hung up".into())),
    }
}

async fn kill(docker: &Docker, container: &str) -> Result<(), EngineError> {
    match docker.api.kill_container(container, None::<KillContainerOptions>).await {
        // 409: it has ended by itself. 404: somebody else has removed it.
        Err(error) if !answered(&error, 409) && !answered(&error, 404) => {
            Err(error).or_failed(|cause| failed("killing", container, cause))
        }
        _ => Ok(()),
    }
}

async fn usage(docker: &Docker, container: &str) -> Result<Usage, EngineError> {
    let Some(pid) = first_process(&inspect(docker, container).await?) else {
        // The accounting of a container goes with its last process.
        return Ok(Usage::default());
    };
    let read = cgroup::usage(pid, container);
    if is_complete(&read) {
        return Ok(read);
    }
    let told = stats(docker, container).await?;
    Ok(filled(read, told))
}

/// What was read, its gaps filled with what was learnt later.
fn filled(read: Usage, later: Usage) -> Usage {
    Usage {
        peak_memory_bytes: read.peak_memory_bytes.or(later.peak_memory_bytes),
        cpu_ns: read.cpu_ns.or(later.cpu_ns),
    }
}

fn is_complete(usage: &Usage) -> bool {
    usage.peak_memory_bytes.is_some() && usage.cpu_ns.is_some()
}

/// `None` for a container that has ended.
fn first_process(container: &ContainerInspectResponse) -> Option<u32> {
    let pid = u32::try_from(container.state.as_ref()?.pid?).ok()?;
    (pid > 0).then_some(pid)
}

/// The engine's own accounting; with cgroup version 2 it knows no peak.
async fn stats(docker: &Docker, container: &str) -> Result<Usage, EngineError> {
    let options = StatsOptions {
        stream: false,
        one_shot: true,
    };
    within(CALL, &format!("reading the accounting of `{container}`"), async {
        let mut stats = docker.api.stats(container, Some(options)).boxed();
        let stats: Option<ContainerStatsResponse> = match stats.next().await {
            Some(answer) => Some(answer.or_failed(|cause| failed("reading the accounting of", container, cause))?),
            None => None,
        };
        let stats = stats.unwrap_or_default();
        Ok(Usage {
            peak_memory_bytes: stats
                .memory_stats
                .and_then(|memory| memory.max_usage)
                .filter(|peak| *peak > 0),
            cpu_ns: stats
                .cpu_stats
                .and_then(|cpu| cpu.cpu_usage?.total_usage)
                .filter(|total| *total > 0),
        })
    })
    .await
}

async fn inspect(docker: &Docker, container: &str) -> Result<ContainerInspectResponse, EngineError> {
    within(CALL, &format!("inspecting container `{container}`"), async {
        let inspected = docker.api.inspect_container(container, None).await;
        inspected.or_failed(|cause| failed("inspecting", container, cause))
    })
    .await
}

pub(super) fn failed(action: &'static str, container: &str, cause: Cause) -> EngineError {
    EngineError::Container {
        action,
        container: container.to_owned(),
        cause,
    }
}
