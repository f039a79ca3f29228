//! Helper containers: run to their end, output kept, removed whatever happens.

use futures_util::StreamExt;
use testcontainers::bollard::models::{ContainerCreateBody, HostConfig};
use testcontainers::bollard::query_parameters::CreateContainerOptions;
use tokio::runtime::Handle;

use super::failure::{Failure, within};
use super::objects::{bind_mounts, bounded_log, environment, labels, remove_container, shown, slug};
use super::{CALL, Docker, images, logs, replica};
use crate::output::Collector;
use crate::{CommandOutput, EngineError, Owner, TaskSpec};

/// Runs one helper container.
pub(super) async fn run(docker: &Docker, owner: &Owner, spec: TaskSpec) -> Result<CommandOutput, EngineError> {
    let image = images::require(docker, &spec.image).await?;
    let name = format!("seatrial-{}-task-{}", slug(&owner.run), docker.next_launch());
    let container = Removal::promise(docker, name);
    let call = format!("running `{}` in image `{}`", shown(&spec.command), spec.image);
    let outcome = within(
        spec.deadline,
        &call,
        run_to_end(docker, owner, &spec, &image.id, &container.name),
    )
    .await;
    container.keep_promise().await?;
    outcome
}

async fn run_to_end(
    docker: &Docker,
    owner: &Owner,
    spec: &TaskSpec,
    image: &str,
    name: &str,
) -> Result<CommandOutput, EngineError> {
    let launch = |cause| EngineError::Launch {
        container: name.to_owned(),
        cause,
    };
    let options = CreateContainerOptions {
        name: Some(name.to_owned()),
        ..CreateContainerOptions::default()
    };
    let created = docker
        .api
        .create_container(Some(options), configuration(owner, spec, image))
        .await;
    created.or_failed(launch)?;
    docker.api.start_container(name, None).await.or_failed(launch)?;

    let mut collector = Collector::default();
    let mut log = logs::logs(docker, name);
    while let Some(chunk) = log.next().await {
        let chunk = chunk?;
        collector.push(chunk.stderr, &chunk.bytes);
    }
    let ended = replica::ended(docker, name).await?;
    Ok(collector.finish(ended.code))
}

fn configuration(owner: &Owner, spec: &TaskSpec, image: &str) -> ContainerCreateBody {
    let network = if spec.host_network { "host" } else { "none" };
    ContainerCreateBody {
        image: Some(image.to_owned()),
        // An entrypoint of its own also does away with the image's command.
        entrypoint: Some(spec.command.clone()),
        env: Some(environment(&spec.env)),
        user: spec.user.clone(),
        labels: Some(labels(owner).into_iter().collect()),
        host_config: Some(HostConfig {
            network_mode: Some(network.to_owned()),
            mounts: Some(bind_mounts(&spec.mounts)),
            log_config: Some(bounded_log()),
            ..HostConfig::default()
        }),
        ..ContainerCreateBody::default()
    }
}

/// The promise that a container will not outlive its task, made before it exists.
struct Removal {
    docker: Docker,
    name: String,
    kept: bool,
}

impl Removal {
    fn promise(docker: &Docker, name: String) -> Self {
        Self {
            docker: docker.clone(),
            name,
            kept: false,
        }
    }

    async fn keep_promise(mut self) -> Result<(), EngineError> {
        within(
            CALL,
            "removing a helper container",
            remove_container(&self.docker, &self.name),
        )
        .await?;
        self.kept = true;
        Ok(())
    }
}

/// The task was cancelled: the removal goes on in the background, and what that misses goes with the run.
impl Drop for Removal {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        let (docker, name) = (self.docker.clone(), std::mem::take(&mut self.name));
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move {
                if let Err(error) = remove_container(&docker, &name).await {
                    tracing::warn!("after a cancelled task: {error}");
                }
            });
        }
    }
}
