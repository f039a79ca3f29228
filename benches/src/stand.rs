//! An index on an address of this host, usually the loopback one, that serves universes and has nothing behind it.

use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;

use anyhow::Context as _;
use seatrial_index::{Behind, Index, IndexConfig, Request, Source, Universe, World, WorldConfig};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::JSON;
use crate::client::{Client, request};

/// The index, and the runtime that serves it as seatrial's own does: as many threads as processors.
pub struct Stand {
    runtime: Runtime,
    index: Index,
    address: SocketAddr,
}

/// The first file on a project's page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstFile {
    /// Where it lies on the index, from the root.
    pub path: String,
    /// Its digest as the page promises it, hexadecimal.
    pub sha256: String,
    /// Bytes.
    pub size: u64,
}

impl Stand {
    /// Starts an index that keeps big files in `cache`.
    ///
    /// # Errors
    /// When the folder cannot be used, or the loopback address has no free port.
    pub fn new(cache: &Path) -> anyhow::Result<Stand> {
        Stand::at(cache, IpAddr::V4(Ipv4Addr::LOCALHOST))
    }

    /// The same at another address of this host.
    ///
    /// # Errors
    /// As [`Stand::new`].
    pub fn at(cache: &Path, address: IpAddr) -> anyhow::Result<Stand> {
        let runtime = Runtime::new()?;
        let index = Index::start(IndexConfig {
            cache: cache.to_owned(),
            source: Source::Nothing,
        })?;
        let address = runtime.block_on(index.listen(address))?;
        Ok(Stand {
            runtime,
            index,
            address,
        })
    }

    /// A world with this universe and nothing else in it.
    ///
    /// # Errors
    /// None that a universe alone could cause; they are the index's.
    pub fn world(&self, universe: Universe) -> anyhow::Result<World> {
        let config = WorldConfig {
            universe,
            behind: Behind::Nothing,
            ..WorldConfig::default()
        };
        Ok(self.index.world(config)?)
    }

    /// A token for a client of that world.
    #[must_use]
    pub fn token(&self, world: &World) -> String {
        self.index.issue_token_for("bench", world)
    }

    /// Where the index listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The index URL for pip and uv.
    #[must_use]
    pub fn url(&self, token: &str) -> String {
        self.index.url(self.address, token)
    }

    /// What a token was served, request by request.
    #[must_use]
    pub fn requests(&self, token: &str) -> Vec<Request> {
        self.index.requests(token)
    }

    /// Waits for what runs beside the index.
    pub fn wait<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }
}

impl FirstFile {
    /// Asks the index for the page of a project and reads it.
    ///
    /// # Errors
    /// When there is no such page or no file on it.
    pub fn of(client: &mut Client, token: &str, project: &str) -> anyhow::Result<FirstFile> {
        let page = client.get(&request(&format!("/{token}/simple/{project}/"), JSON))?;
        let page: Value = serde_json::from_slice(page)?;
        let file = &page["files"][0];
        let link = file["url"].as_str().and_then(|url| url.strip_prefix("../../"));
        let sha256 = file["hashes"]["sha256"].as_str();
        let size = file["size"].as_u64();
        let (link, sha256, size) = link
            .zip(sha256)
            .zip(size)
            .map(|((link, sha256), size)| (link, sha256, size))
            .with_context(|| format!("the page of {project} lists no file with a link, a sha256 and a size: {page}"))?;
        Ok(FirstFile {
            path: format!("/{token}/{link}"),
            sha256: sha256.to_owned(),
            size,
        })
    }
}
