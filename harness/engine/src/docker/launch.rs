//! Launches of a group of replicas: all at once, by testcontainers, without waiting for readiness.
//!
//! What `start()` does beyond create and start is switched off or made impossible: the image is addressed by its id, so that no
//! pull inside can bring another, there are no ready conditions, no port is published unless asked for, and the network is given
//! in the host configuration (no look-up before each create). What cannot be: `start()` inspects the container twice, and on a
//! host that has `/.dockerenv` it inspects the network `bridge` as often.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use testcontainers::bollard::models::{HostConfig, PortBinding};
use testcontainers::core::IntoContainerPort;
use testcontainers::core::error::{ClientError, TestcontainersError, WaitContainerError};
use testcontainers::runners::AsyncRunner;
use testcontainers::{ContainerAsync, ContainerRequest, GenericImage, ImageExt};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::events::LaunchEvents;
use super::failure::{self, within};
use super::objects::{CASE_LABEL, LAUNCH_LABEL, bind_mounts, bounded_log, labels, remove_container, slug};
use super::replica::DockerReplica;
use super::{CALL, Docker, images};
use crate::{EngineError, LaunchSpec, Launching, Network, Owner};

/// Creating and starting one container, on a machine that starts many.
const START: Duration = Duration::from_secs(180);
/// Address on which ports are published.
const LOOPBACK: &str = "127.0.0.1";

/// A container that runs, not yet a replica.
type Started = (Instant, ContainerAsync<GenericImage>);

/// Creates and starts the replicas of a group; see [`crate::Engine::launch`].
pub(super) async fn launch(
    docker: &Docker,
    owner: &Owner,
    network: &Network,
    spec: LaunchSpec,
) -> Result<Launching<DockerReplica>, EngineError> {
    let image = match images::is_id(&spec.image) {
        true => spec.image.clone(),
        false => images::require(docker, &spec.image).await?.id,
    };
    let template = Template {
        docker: docker.clone(),
        owner: owner.clone(),
        network: network.clone(),
        spec,
        image,
        launch: docker.next_launch(),
    };
    Ok(Launch::begin(template).replicas())
}

/// A launch under way.
struct Launch {
    template: Arc<Template>,
    events: LaunchEvents,
    /// Each goes on by itself, however slowly the stream is polled, and is given up when the stream is dropped.
    starts: JoinSet<(usize, Result<Started, EngineError>)>,
}

impl Launch {
    fn begin(template: Template) -> Launch {
        let events = LaunchEvents::subscribe(&template.docker.api, &template.owner.run, template.launch);
        let template = Arc::new(template);
        let mut starts = JoinSet::new();
        for index in 0..template.spec.replicas.len() {
            let template = Arc::clone(&template);
            starts.spawn(async move { (index, template.start(index).await) });
        }
        Launch {
            template,
            events,
            starts,
        }
    }

    /// The replicas in the order in which they have started.
    fn replicas(self) -> Launching<DockerReplica> {
        stream::unfold(self, |mut launch| async move {
            let ended = tokio::select! {
                biased;
                never = launch.events.follow() => match never {},
                ended = launch.starts.join_next() => ended?,
            };
            let (index, outcome) = ended.expect("a start neither panics nor is aborted while its stream lives");
            let replica = match outcome {
                Ok(started) => launch.replica(index, started).await,
                Err(error) => Err(error),
            };
            if replica.is_err() {
                launch.template.remove(index).await;
            }
            Some(((launch.template.spec.replicas[index].number, replica), launch))
        })
        .boxed()
    }

    async fn replica(&mut self, index: usize, (requested, container): Started) -> Result<DockerReplica, EngineError> {
        self.events.settle(container.id()).await;
        let stamps = self.events.stamps(container.id(), requested);
        let template = &self.template;
        DockerReplica::new(
            &template.docker,
            template.spec.replicas[index].number,
            container,
            stamps,
            template.network.clone(),
            template.spec.ports.clone(),
        )
        .await
    }
}

/// What the replicas of one launch have in common.
struct Template {
    docker: Docker,
    owner: Owner,
    network: Network,
    spec: LaunchSpec,
    /// Content id of the image, so that a tag moved meanwhile changes nothing.
    image: String,
    launch: usize,
}

impl Template {
    /// `seatrial-RUN-CASE-LAUNCH-REPLICA`
    fn name(&self, index: usize) -> String {
        let (run, case) = (slug(&self.owner.run), slug(&self.spec.case));
        let number = self.spec.replicas[index].number;
        format!("seatrial-{run}-{case}-{}-{number}", self.launch)
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
        let (algorithm, digest) = self.image.split_once(':').unwrap_or(("sha256", &self.image));
        let mut image = GenericImage::new(algorithm, digest);
        if !self.network.direct {
            for port in &self.spec.ports {
                image = image.with_exposed_port(port.tcp());
            }
        }
        let mut labels = labels(&self.owner);
        labels.insert(CASE_LABEL.to_owned(), self.spec.case.clone());
        labels.insert(LAUNCH_LABEL.to_owned(), self.launch.to_string());

        let mut request = image
            .with_container_name(self.name(index))
            .with_labels(labels)
            .with_startup_timeout(START)
            .with_host_config_modifier(self.host_config(index));
        for (key, value) in &self.spec.replicas[index].env {
            request = request.with_env_var(key, value);
        }
        request
    }

    /// Changes testcontainers' host configuration, which would publish every port the image exposes.
    fn host_config(&self, index: usize) -> impl Fn(&mut HostConfig) + Send + Sync + 'static {
        let network = self.network.name.clone();
        let mounts = bind_mounts(&self.spec.replicas[index].mounts);
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
                // Only reached when the image vanished since it was looked up, or since the caller learnt its id.
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

    /// Removes what a failed start left behind, also what was created but never started.
    async fn remove(&self, index: usize) {
        let name = self.name(index);
        let removed = within(CALL, "removing a container", remove_container(&self.docker, &name)).await;
        if let Err(error) = removed {
            tracing::warn!("after a failed launch: {error}");
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
