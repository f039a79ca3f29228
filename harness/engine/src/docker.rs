//! [`Engine`] on a local Docker: testcontainers starts and owns the replicas, bollard does everything else.
//!
//! Which engine is talked to is testcontainers' decision, so that both clients agree: `DOCKER_HOST`, else the local
//! sockets. Promised is a Docker Engine (20.10 or later) on this host, over its Unix socket. An engine on another host
//! (`DOCKER_HOST=tcp://...`) can neither see bind mounts nor reach the host's index; Podman's socket and Docker
//! Desktop are untried.

mod build;
mod events;
mod exec;
mod failure;
mod images;
mod launch;
mod logs;
mod network;
mod objects;
mod replica;
mod sweep;
mod task;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use testcontainers::bollard;
use testcontainers::core::client::{ClientError, docker_client_instance};

use self::failure::{Failure, within};
use crate::{
    BuildSpec, CommandOutput, Engine, EngineError, EngineFacts, ImageInfo, LaunchSpec, Launching, Network, Owner,
    Swept, TaskSpec,
};

pub use self::replica::DockerReplica;

/// Connecting, and asking for the version.
const CONNECT: Duration = Duration::from_secs(10);
/// A call that only reads or writes the engine's books.
const CALL: Duration = Duration::from_secs(60);

/// A local Docker Engine. Clones share the connection.
#[derive(Clone, Debug)]
pub struct Docker {
    api: bollard::Docker,
    /// Whether the engine listens on a socket of this host.
    local: bool,
    /// Numbers launches and tasks, so that names stay unique within the process.
    launches: Arc<AtomicUsize>,
}

impl Docker {
    /// Connects to the engine that `DOCKER_HOST` names, else to the local one, and agrees on an API version.
    ///
    /// # Errors
    /// [`EngineError::Unreachable`], with what to do about it; [`EngineError::Settings`] for a variable that does not
    /// hold.
    pub async fn connect() -> Result<Self, EngineError> {
        let named = std::env::var("DOCKER_HOST").ok();
        let local = named.is_none_or(|host| host.starts_with("unix://"));

        let api = docker_client_instance().await.map_err(|error| match error {
            ClientError::Init(error) => failure::unreachable(error),
            error => EngineError::Settings { cause: error.into() },
        })?;
        let api = tokio::time::timeout(CONNECT, api.negotiate_version())
            .await
            .unwrap_or(Err(bollard::errors::Error::RequestTimeoutError))
            .map_err(failure::unreachable)?;
        Ok(Self {
            api,
            local,
            launches: Arc::default(),
        })
    }

    /// A number that no other launch or task of this process has.
    fn next_launch(&self) -> usize {
        self.launches.fetch_add(1, Ordering::Relaxed)
    }
}

impl Engine for Docker {
    type Replica = DockerReplica;

    async fn facts(&self) -> Result<EngineFacts, EngineError> {
        let facts = |cause| EngineError::Facts { cause };
        within(CALL, "asking the engine about itself", async {
            let info = self.api.info().await.or_failed(facts)?;
            let known = |value: Option<String>| value.unwrap_or_else(|| "unknown".to_owned());
            Ok(EngineFacts {
                version: format!("Docker {}", known(info.server_version)),
                storage_driver: known(info.driver),
                cgroup: known(info.cgroup_version.map(|version| version.to_string())),
                kernel: known(info.kernel_version),
            })
        })
        .await
    }

    async fn image(&self, reference: &str) -> Result<Option<ImageInfo>, EngineError> {
        images::find(self, reference).await
    }

    async fn images_labelled(&self, label: &str) -> Result<Vec<ImageInfo>, EngineError> {
        images::labelled(self, label).await
    }

    async fn pull(&self, reference: &str) -> Result<ImageInfo, EngineError> {
        images::pull(self, reference).await
    }

    async fn import(&self, archive: &Path, reference: &str) -> Result<ImageInfo, EngineError> {
        images::import(self, archive, reference).await
    }

    async fn build(&self, spec: BuildSpec, progress: impl FnMut(&str) + Send) -> Result<ImageInfo, EngineError> {
        build::build(self, spec, progress).await
    }

    async fn remove_image(&self, reference: &str) -> Result<(), EngineError> {
        images::remove(self, reference).await
    }

    async fn network(&self, owner: &Owner) -> Result<Network, EngineError> {
        network::make(self, owner).await
    }

    async fn task(&self, owner: &Owner, spec: TaskSpec) -> Result<CommandOutput, EngineError> {
        task::run(self, owner, spec).await
    }

    async fn launch(
        &self,
        owner: &Owner,
        network: &Network,
        spec: LaunchSpec,
    ) -> Result<Launching<DockerReplica>, EngineError> {
        launch::launch(self, owner, network, spec).await
    }

    async fn remove_run(&self, run: &str) -> Result<Swept, EngineError> {
        sweep::remove_run(self, run).await
    }

    async fn sweep(&self) -> Result<Swept, EngineError> {
        sweep::sweep(self).await
    }
}
