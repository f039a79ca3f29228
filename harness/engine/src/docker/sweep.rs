//! Removal by label: of one run, and of every run whose process is gone.

use std::collections::BTreeSet;

use futures_util::stream::{self, StreamExt};
use testcontainers::bollard::query_parameters::{ListContainersOptions, ListNetworksOptions};

use super::failure::{Failure, within};
use super::objects::{having, remove_container};
use super::{CALL, Docker, network};
use crate::owner::{OWNER_LABEL, RUN_LABEL};
use crate::{EngineError, Owner, Swept};

/// Removals in flight; the engine gains nothing from more.
const AT_ONCE: usize = 8;

/// Removes everything of one run.
pub(super) async fn remove_run(docker: &Docker, run: &str) -> Result<Swept, EngineError> {
    remove(docker, &format!("{RUN_LABEL}={run}"), |_| true).await
}

/// Removes everything whose owner is gone.
pub(super) async fn sweep(docker: &Docker) -> Result<Swept, EngineError> {
    remove(docker, OWNER_LABEL, Owner::is_gone).await
}

/// A container or network that carries our labels.
struct Labelled {
    name: String,
    owner: Owner,
}

/// Removes containers, then networks (which are in use before). One that cannot be removed does not keep the others;
/// its error is returned in the end.
async fn remove(docker: &Docker, label: &str, condemned: impl Fn(&Owner) -> bool) -> Result<Swept, EngineError> {
    let mut swept = Swept::default();
    let mut runs = BTreeSet::new();
    let mut first_error = None;

    let (containers, networks) = tokio::join!(containers(docker, label), networks(docker, label));
    let mut containers = containers?;
    containers.retain(|container| condemned(&container.owner));
    let removals = containers.into_iter().map(|container| async move {
        let call = format!("removing container `{}`", container.name);
        let removed = within(CALL, &call, remove_container(docker, &container.name)).await;
        (container, removed)
    });
    let mut removals = stream::iter(removals).buffer_unordered(AT_ONCE);
    while let Some((container, removed)) = removals.next().await {
        match removed {
            Ok(true) => {
                swept.containers += 1;
                runs.insert(container.owner.run);
            }
            Ok(false) => {}
            Err(error) => first_error = first_error.or(Some(error)),
        }
    }

    for found in networks? {
        if !condemned(&found.owner) {
            continue;
        }
        match network::remove(docker, &found.name).await {
            Ok(true) => {
                swept.networks += 1;
                runs.insert(found.owner.run);
            }
            Ok(false) => {}
            Err(error) => first_error = first_error.or(Some(error)),
        }
    }

    swept.runs = runs.into_iter().collect();
    first_error.map_or(Ok(swept), Err)
}

async fn containers(docker: &Docker, label: &str) -> Result<Vec<Labelled>, EngineError> {
    let options = ListContainersOptions {
        all: true,
        filters: having(label.to_owned()),
        ..ListContainersOptions::default()
    };
    let failed = |cause| super::replica::failed("listing", label, cause);
    let listed = within(CALL, "listing containers", async {
        docker.api.list_containers(Some(options)).await.or_failed(failed)
    })
    .await?;
    Ok(listed
        .into_iter()
        .filter_map(|found| labelled(found.id?, &found.labels?))
        .collect())
}

async fn networks(docker: &Docker, label: &str) -> Result<Vec<Labelled>, EngineError> {
    let options = ListNetworksOptions {
        filters: having(label.to_owned()),
    };
    let failed = |cause| EngineError::Network {
        action: "listing",
        name: label.to_owned(),
        cause,
    };
    let listed = within(CALL, "listing networks", async {
        docker.api.list_networks(Some(options)).await.or_failed(failed)
    })
    .await?;
    Ok(listed
        .into_iter()
        .filter_map(|found| labelled(found.id?, &found.labels?))
        .collect())
}

/// Our object, unless the labels are not of our making.
fn labelled(name: String, labels: &std::collections::HashMap<String, String>) -> Option<Labelled> {
    let owner = Owner::from_labels(labels.get(RUN_LABEL)?, labels.get(OWNER_LABEL)?)?;
    Some(Labelled { name, owner })
}
