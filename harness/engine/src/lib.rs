//! seatrial-engine launches groups of replicas and watches them; it knows no scenarios.
//!
//! [`Engine`] is the seam: [`Docker`] runs containers, [`StubEngine`] plays them for tests. Its unit is a *group of
//! replicas* of one [`LaunchSpec`], which the engine places, addresses and removes; nothing above the trait
//! may assume one host. Only files named `docker*` know an engine's client libraries.

mod cgroup;
mod clock;
mod docker;
mod error;
mod output;
mod owner;
mod stub;
mod types;

use std::future::Future;
use std::net::IpAddr;

use futures_util::stream::BoxStream;
use tokio::io::{AsyncRead, AsyncWrite};

pub use clock::{instant_of_monotonic, monotonic_of, wall_instant};
pub use docker::{Docker, DockerReplica};
pub use error::{Cause, EngineError};
pub use stub::{Delays, Left, StubEngine, StubReplica};
pub use types::{
    BuildSpec, Command, CommandOutput, Ended, EngineFacts, ImageInfo, LaunchSpec, LogChunk, Mount, Network, Owner,
    ReplicaSpec, Stamp, Swept, TaskSpec, Usage,
};

/// Replicas as they start, each with its number.
pub type Launching<R> = BoxStream<'static, (usize, Result<R, EngineError>)>;

/// A connection to a container, with bytes in both directions.
pub trait Bytes: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Bytes for T {}

/// A connection to a port of a replica.
pub type Connection = Box<dyn Bytes>;

/// A container engine.
///
/// Every object it makes is labelled with its [`Owner`] and removed by [`Engine::remove_run`], or swept by
/// [`Engine::sweep`] once the owner's process is gone.
pub trait Engine: Send + Sync + 'static {
    /// One container of a group.
    type Replica: Replica;

    /// Version, storage driver and other facts that timings depend on.
    fn facts(&self) -> impl Future<Output = Result<EngineFacts, EngineError>> + Send;

    /// A local image; `None` when it is not there.
    fn image(&self, reference: &str) -> impl Future<Output = Result<Option<ImageInfo>, EngineError>> + Send;

    /// Local images carrying the label, for `image list` and `gc`.
    fn images_labelled(&self, label: &str) -> impl Future<Output = Result<Vec<ImageInfo>, EngineError>> + Send;

    /// Pulls an image.
    fn pull(&self, reference: &str) -> impl Future<Output = Result<ImageInfo, EngineError>> + Send;

    /// Imports a root file system archive (tar file on disk) as an image.
    fn import(
        &self,
        archive: &std::path::Path,
        reference: &str,
    ) -> impl Future<Output = Result<ImageInfo, EngineError>> + Send;

    /// Builds an image; `progress` receives the builder's output line by line.
    fn build(
        &self,
        spec: BuildSpec,
        progress: impl FnMut(&str) + Send,
    ) -> impl Future<Output = Result<ImageInfo, EngineError>> + Send;

    /// Removes an image reference.
    fn remove_image(&self, reference: &str) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// Makes the run's own network: internal when the host reaches container addresses, which is tried, not assumed.
    fn network(&self, owner: &Owner) -> impl Future<Output = Result<Network, EngineError>> + Send;

    /// Runs one helper container to its end (tree builds, image manifests) and removes it.
    fn task(&self, owner: &Owner, spec: TaskSpec) -> impl Future<Output = Result<CommandOutput, EngineError>> + Send;

    /// Creates and starts the replicas of one group, all at once. Each comes as soon as it has started, with its number;
    /// readiness is not waited for. One that cannot be started leaves nothing behind and does not stop the others.
    /// Dropping the stream gives up what has not started yet.
    fn launch(
        &self,
        owner: &Owner,
        network: &Network,
        spec: LaunchSpec,
    ) -> impl Future<Output = Result<Launching<Self::Replica>, EngineError>> + Send;

    /// Removes everything of one run, containers first, then networks. Idempotent.
    fn remove_run(&self, run: &str) -> impl Future<Output = Result<Swept, EngineError>> + Send;

    /// Removes everything whose owner's process is gone.
    fn sweep(&self) -> impl Future<Output = Result<Swept, EngineError>> + Send;
}

/// One container of a group.
pub trait Replica: Send + Sync + 'static {
    /// Number within its case, from 0.
    fn number(&self) -> usize;

    /// Engine's id of the container.
    fn id(&self) -> &str;

    /// Where the host reaches a container port.
    fn address(&self, port: u16) -> Option<(IpAddr, u16)>;

    /// A new connection to a container port, as a client on the host gets it. [`std::io::ErrorKind::NotConnected`]: the
    /// container had ended before its address was known, and no connection will ever be had.
    fn connect(&self, port: u16) -> impl Future<Output = std::io::Result<Connection>> + Send;

    /// Create requested, created, started: on the host's monotonic clock.
    fn stamps(&self) -> &[Stamp];

    /// Standard output and error from byte 0, following until the end.
    fn logs(&self) -> BoxStream<'static, Result<LogChunk, EngineError>>;

    /// Waits for the container's end.
    fn ended(&self) -> impl Future<Output = Result<Ended, EngineError>> + Send;

    /// Runs a command in the container and waits for its end.
    fn exec(&self, command: Command) -> impl Future<Output = Result<CommandOutput, EngineError>> + Send;

    /// Peak memory and CPU time so far; fields are `None` where the host does not tell.
    fn usage(&self) -> impl Future<Output = Result<Usage, EngineError>> + Send;

    /// Kills the container if it still runs; its log stays readable, and ends.
    fn kill(&self) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// Starts the container again once it has ended: the same one, with everything that it has written. Stamps and
    /// addresses are those of its new life from then on; its log goes on where it was.
    fn restart(&mut self) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// Kills and removes the container.
    fn remove(self) -> impl Future<Output = Result<(), EngineError>> + Send;
}
