//! The network of a run: without a way out, where the host still reaches the containers on it.

use std::net::IpAddr;

use testcontainers::bollard::models::NetworkCreateRequest;
use tokio::net::TcpListener;

use super::failure::{Failure, answered, within};
use super::objects::{labels, slug};
use super::{CALL, Docker};
use crate::{Cause, EngineError, Network, Owner};

/// Makes the network of a run and finds out what it can do.
pub(super) async fn make(docker: &Docker, owner: &Owner) -> Result<Network, EngineError> {
    let name = format!("seatrial-{}", slug(&owner.run));
    let gateway = create(docker, owner, &name, true).await?;
    if docker.local && is_own_address(gateway).await {
        return Ok(Network {
            name,
            gateway,
            internal: true,
            direct: true,
        });
    }
    // The containers live behind another host's bridge (a virtual machine, another machine): the host gets to them by
    // published ports only, and an internal network publishes none.
    remove(docker, &name).await?;
    let gateway = create(docker, owner, &name, false).await?;
    Ok(Network {
        name,
        gateway,
        internal: false,
        direct: false,
    })
}

/// Removes a network; false when there was none.
pub(super) async fn remove(docker: &Docker, name: &str) -> Result<bool, EngineError> {
    within(CALL, &format!("removing network `{name}`"), async {
        match docker.api.remove_network(name).await {
            Ok(()) => Ok(true),
            Err(error) if answered(&error, 404) => Ok(false),
            Err(error) => Err(error).or_failed(|cause| failed("removing", name, cause)),
        }
    })
    .await
}

/// Creates the network and returns its gateway.
async fn create(docker: &Docker, owner: &Owner, name: &str, internal: bool) -> Result<IpAddr, EngineError> {
    let request = NetworkCreateRequest {
        name: name.to_owned(),
        driver: Some("bridge".to_owned()),
        internal: Some(internal),
        labels: Some(labels(owner).into_iter().collect()),
        ..NetworkCreateRequest::default()
    };
    within(CALL, &format!("making network `{name}`"), async {
        let made = docker.api.create_network(request).await;
        made.or_failed(|cause| failed("making", name, cause))?;
        let network = docker.api.inspect_network(name, None).await;
        let network = network.or_failed(|cause| failed("inspecting", name, cause))?;
        let ranges = network.ipam.and_then(|ipam| ipam.config).unwrap_or_default();
        ranges
            .into_iter()
            .find_map(|range| range.gateway?.parse().ok())
            .ok_or_else(|| failed("inspecting", name, "it has no gateway address".into()))
    })
    .await
}

/// Only an address of this host can be bound.
async fn is_own_address(address: IpAddr) -> bool {
    TcpListener::bind((address, 0)).await.is_ok()
}

fn failed(action: &'static str, name: &str, cause: Cause) -> EngineError {
    EngineError::Network {
        action,
        name: name.to_owned(),
        cause,
    }
}

#[cfg(test)]
mod tests {
    use super::is_own_address;

    #[tokio::test]
    async fn an_address_of_this_host_is_told_from_others() {
        assert!(is_own_address([127, 0, 0, 1].into()).await);
        // TEST-NET-1: nobody's.
        assert!(!is_own_address([192, 0, 2, 1].into()).await);
    }
}
