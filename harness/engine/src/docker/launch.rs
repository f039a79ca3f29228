//! Launches of a group of replicas: all at once, by testcontainers, without waiting for readiness.
//!
//! What `start()` does beyond create and start is switched off or made impossible: the image is addressed by its id
//! and known to be there (no pull inside), there are no ready conditions, no port is published unless asked for, and the
//! network is given in the host configuration (no look-up before each create).

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::{join_all, try_join_all};
use testcontainers::bollard::models::{HostConfig, PortBinding};
use testcontainers::core::IntoContainerPort;
use testcontainers::core::error::{ClientError, TestcontainersError, WaitContainerError};
use testcontainers::runners::AsyncRunner;
use testcontainers::{ContainerAsync, ContainerRequest, GenericImage, ImageExt};
use tokio::time::Instant;

use super::events::LaunchEvents;
use super::failure::{self, within};
use super::objects::{CASE_LABEL, LAUNCH_LABEL, bind_mounts, bounded_log, labels, remove_container, slug};
use super::replica::DockerReplica;
use super::{CALL, Docker, images};
use crate::{EngineError, LaunchSpec, Network, Owner};

/// Creating and starting one container, on a machine that starts many.
const START: Duration = Duration::from_secs(180);
/// Address on which ports are published.
const LOOPBACK: &str = "127.0.0.1";

/// A container that runs, not yet a replica.
type Started = (Instant, ContainerAsync<GenericImage>);

/// Creates and starts the replicas of a group; when one of them fails, none of them stays.
pub(super) async fn launch(
    docker: &Docker,
    owner: &Owner,
    network: &Network,
    spec: LaunchSpec,
) -> Result<Vec<DockerReplica>, EngineError> {
    let image = images::require(docker, &spec.image).await?;
    let launch = docker.next_launch();
    let template = Template {
        owner,
        network,
        spec: &spec,
        image: &image.id,
        launch,
    };

    let mut events = LaunchEvents::subscribe(&docker.api, &owner.run, launch);
    let starts = join_all((0..spec.env.len()).map(|index| template.start(index)));
    let outcomes = tokio::select! {
        biased;
        never = events.follow() => match never {},
        outcomes = starts => outcomes,
    };

    let (started, failed): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    if let Some(Err(error)) = failed.into_iter().next() {
        template.remove_all(docker).await;
        return Err(error);
    }
    let started: Vec<Started> = started.into_iter().flatten().collect();
    events.settle(started.iter().map(|(_, container)| container.id())).await;

    let replicas = started.into_iter().enumerate().map(|(index, (requested, container))| {
        let stamps = events.stamps(container.id(), requested);
        DockerReplica::new(docker, index, container, stamps, network, &spec.ports)
    });
    let replicas = try_join_all(replicas).await;
    if replicas.is_err() {
        template.remove_all(docker).await;
    }
    replicas
}

/// What the replicas of one launch have in common.
struct Template<'a> {
    owner: &'a Owner,
    network: &'a Network,
    spec: &'a LaunchSpec,
    /// Content id of the image, so that a tag moved meanwhile changes nothing.
    image: &'a str,
    launch: usize,
}

impl Template<'_> {
    /// `seatrial-RUN-CASE-LAUNCH-REPLICA`
    fn name(&self, index: usize) -> String {
        let (run, case) = (slug(&self.owner.run), slug(&self.spec.case));
        format!("seatrial-{run}-{case}-{}-{index}", self.launch)
    }

    async fn start(&self, index: usize) -> Result<Started, EngineError> {
        let request = self.request(index);
        let requested = Instant::now();
        match request.start().await {
            Ok(container) => Ok((requested, container)),
            Err(error) => Err(self.failed(index, error)),
        }
    }

    fn request(&self, index: usize) -> ContainerRequest<GenericImage> {
        let (algorithm, digest) = self.image.split_once(':').unwrap_or(("sha256", self.image));
        let mut image = GenericImage::new(algorithm, digest);
        if !self.network.direct {
            for port in &self.spec.ports {
                image = image.with_exposed_port(port.tcp());
            }
        }
        let mut labels = labels(self.owner);
        labels.insert(CASE_LABEL.to_owned(), self.spec.case.clone());
        labels.insert(LAUNCH_LABEL.to_owned(), self.launch.to_string());

        let mut request = image
            .with_container_name(self.name(index))
            .with_labels(labels)
            .with_startup_timeout(START)
            .with_host_config_modifier(self.host_config());
        for (key, value) in &self.spec.env[index] {
            request = request.with_env_var(key, value);
        }
        request
    }

    /// Changes testcontainers' host configuration, which would publish every port the image exposes.
    fn host_config(&self) -> impl Fn(&mut HostConfig) + Send + Sync + 'static {
        let network = self.network.name.clone();
        let mounts = bind_mounts(&self.spec.mounts);
        let published: BTreeMap<String, Option<Vec<PortBinding>>> = match self.network.direct {
            true => BTreeMap::new(),
            false => self
                .spec
                .ports
                .iter()
                .map(|port| (format!("{port}/tcp"), any_port()))
                .collect(),
        };
        move |host| {
            host.network_mode = Some(network.clone());
            host.mounts = Some(mounts.clone());
            host.log_config = Some(bounded_log());
            host.publish_all_ports = Some(false);
            host.port_bindings = Some(published.clone().into_iter().collect());
        }
    }

    fn failed(&self, index: usize, error: TestcontainersError) -> EngineError {
        let container = self.name(index);
        match error {
            TestcontainersError::Client(ClientError::PullImage { .. }) => {
                // Only reached when the image vanished since it was looked up.
                EngineError::NoSuchImage {
                    reference: self.spec.image.clone(),
                }
            }
            TestcontainersError::Client(
                ClientError::CreateContainer(error) | ClientError::StartContainer(error) | ClientError::Init(error),
            ) => failure::classify(error, |cause| EngineError::Launch { container, cause }),
            TestcontainersError::WaitContainer(WaitContainerError::StartupTimeout) => EngineError::Timeout {
                call: format!("starting container `{container}`"),
                after: START,
            },
            error => EngineError::Launch {
                container,
                cause: error.into(),
            },
        }
    }

    /// Removes what a failed launch left behind, also what was created but never started.
    async fn remove_all(&self, docker: &Docker) {
        for index in 0..self.spec.env.len() {
            let name = self.name(index);
            let removed = within(CALL, "removing a container", remove_container(docker, &name)).await;
            if let Err(error) = removed {
                tracing::warn!("after a failed launch: {error}");
            }
        }
    }
}

/// A free port of the loopback interface, chosen by the engine.
fn any_port() -> Option<Vec<PortBinding>> {
    Some(vec![PortBinding {
        host_ip: Some(LOOPBACK.to_owned()),
        host_port: Some(String::new()),
    }])
}
