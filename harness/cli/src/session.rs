//! What one invocation holds while it works: engine, index, cache, temporary folder; and how it lets go of them.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use anyhow::Context as _;
use seatrial_engine::{Docker, Engine, Network, Owner};
use seatrial_index::{Index, IndexConfig, Source, Upstream};
use seatrial_record::HostFacts;

use crate::args::LockArgs;
use crate::cache::{self, Cache, RunFolder};
use crate::failure::Failure;
use crate::host;
use crate::turns::Turns;
use crate::worlds::{IndexUrls, Opened};

/// What the index of an invocation stands before.
#[derive(Clone, Debug, Default)]
pub enum IndexSource {
    /// The upstream.
    #[default]
    Live,
    /// The upstream; what it gives is kept in this folder.
    Recorded(PathBuf),
    /// What was kept in this folder.
    Replayed(PathBuf),
    /// Nothing.
    Nothing,
}

impl IndexSource {
    /// As the flags say.
    pub fn of(args: &LockArgs) -> IndexSource {
        match (&args.record_index, &args.replay_index) {
            (Some(lock), _) => IndexSource::Recorded(lock.clone()),
            (None, Some(lock)) => IndexSource::Replayed(lock.clone()),
            (None, None) => IndexSource::Live,
        }
    }
}

/// Everything that one invocation with an engine holds.
pub struct Session<E> {
    pub engine: E,
    pub owner: Owner,
    pub cache: Cache,
    pub index: Index,
    /// Text that differs when what stands behind the index does; empty for the upstream.
    pub behind: String,
    /// Where image builds and helper containers on the host's network reach the index.
    pub index_local: SocketAddr,
    pub folder: RunFolder,
    /// Keeps two cases from building the same thing at once.
    pub turns: Turns,
}

impl Session<Docker> {
    /// Connects, sweeps what dead runs left behind, and starts the index before the source that was asked for.
    pub async fn open(run: String, source: &IndexSource) -> Result<Self, Failure> {
        install_tls();
        let engine = Docker::connect().await.map_err(Failure::could_not_run)?;
        sweep(&engine).await;
        let owner = Owner::this_process(run);
        let cache = Cache::locate().map_err(Failure::could_not_run)?;
        let folder = RunFolder::create(&owner)
            .context("cannot make the run's temporary folder")
            .map_err(Failure::could_not_run)?;
        let index = start_index(&cache, source).await.map_err(Failure::could_not_run)?;
        let behind = match source {
            IndexSource::Live | IndexSource::Nothing => String::new(),
            // What trees and derived images were built from is not in the new lock: they are built anew, or a replay could
            // not build them. Images are not, which `--record-index` says.
            IndexSource::Recorded(_) => owner.run.clone(),
            IndexSource::Replayed(_) => index.lock_digest().unwrap_or_default(),
        };
        Ok(Session {
            index_local: listen_here(&index).await?,
            engine,
            owner,
            cache,
            index,
            behind,
            folder,
            turns: Turns::default(),
        })
    }
}

impl<E: Engine> Session<E> {
    /// Makes the network that the run's containers share, and tells the host that its timings depend on.
    pub async fn ground(&self) -> Result<(Network, HostFacts), Failure> {
        let network = self.engine.network(&self.owner).await;
        let network = network.map_err(Failure::could_not_run)?;
        let facts = self.engine.facts().await;
        let facts = facts.context("cannot ask the engine for its version");
        let host = host::facts(&facts.map_err(Failure::could_not_run)?, Some(&network));
        Ok((network, host))
    }

    /// The upstream as a build or a helper container on the host's network sees it, its requests logged under `name`. Fails
    /// when no upstream can be found.
    pub async fn local_index(&self, name: &str) -> anyhow::Result<IndexUrls> {
        self.index.find_upstream().await?;
        Ok(IndexUrls {
            main: self.index.url(self.index_local, &self.index.issue_token(name)),
            extra: None,
        })
    }

    /// The same for the worlds of a case, and the tokens in it, which are to be forgotten when the case is prepared.
    pub fn local_index_of(&self, name: &str, worlds: &Opened) -> (IndexUrls, Vec<String>) {
        let token = |world| self.index.issue_token_for(name, world);
        let tokens: Vec<String> = worlds.named().map(|(_, world)| token(world)).collect();
        let mut urls = tokens.iter().map(|token| self.index.url(self.index_local, token));
        let urls = IndexUrls {
            main: urls.next().unwrap_or_default(),
            extra: urls.next(),
        };
        (urls, tokens)
    }

    /// Removes every container and network of this run; the temporary folder goes with the session.
    pub async fn close(self) -> Result<(), Failure> {
        let removed = self.engine.remove_run(&self.owner.run).await;
        self.index.shutdown().await;
        removed.map(drop).map_err(Failure::could_not_run)
    }
}

/// Removes containers, networks and temporary folders whose owner is gone, and says so on stderr. What cannot be removed is
/// said too, and keeps nobody from working: `gc` is the command that fails on it.
async fn sweep(engine: &Docker) {
    let kept = |failure| eprintln!("seatrial: what dead runs left could not all be removed: {failure}");
    let swept = engine.sweep().await.map_err(Failure::could_not_run);
    let swept = swept.map_err(kept).unwrap_or_default();
    let folders = cache::sweep_run_folders().map_err(Failure::could_not_run);
    let folders = folders.map_err(kept).unwrap_or_default();
    if swept.containers + swept.networks + folders > 0 {
        eprintln!(
            "seatrial: removed what dead runs left: {} containers, {} networks, {folders} folders",
            swept.containers, swept.networks
        );
    }
}

/// Has the index listen where image builds and helper containers on the host's network reach it.
pub async fn listen_here(index: &Index) -> Result<SocketAddr, Failure> {
    let here = index.listen(IpAddr::V4(Ipv4Addr::LOCALHOST)).await;
    here.map_err(Failure::could_not_run)
}

/// Names the cryptography for every TLS connection of this process; a second call changes nothing.
pub fn install_tls() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Starts the index before the upstream that pip is configured with, or before a lock. That upstream is looked for when
/// something needs it, which takes seconds; one that is recorded, at once.
pub async fn start_index(cache: &Cache, source: &IndexSource) -> anyhow::Result<Index> {
    let source = match source {
        IndexSource::Live => Source::Discovered,
        IndexSource::Recorded(lock) => Source::Recorded {
            upstream: Upstream::discover().await?,
            lock: lock.clone(),
        },
        IndexSource::Replayed(lock) => Source::Replayed(lock.clone()),
        IndexSource::Nothing => Source::Nothing,
    };
    let cache = cache.folder("index")?;
    Ok(Index::start(IndexConfig { cache, source })?)
}
