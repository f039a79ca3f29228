//! What goes into an engine and comes out of it, free of any engine's own types.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use tokio::time::Instant;

/// Who made an object: a run, and the process that would remove it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Id of the run.
    pub run: String,
    /// Process id of seatrial.
    pub pid: u32,
    /// Start time of that process in clock ticks since boot (`/proc/PID/stat` field 22), so that a reused pid is
    /// not taken for the owner; 0 where the host does not tell.
    pub started: u64,
    /// `BOOT-ID/PID-NAMESPACE` of the host, so that a process of another boot, host or container is told apart; empty
    /// where unknown.
    pub boot: String,
}

/// Facts of the engine.
#[derive(Clone, Debug, Default)]
pub struct EngineFacts {
    /// `Docker 20.10.24`.
    pub version: String,
    /// Storage driver.
    pub storage_driver: String,
    /// cgroup version.
    pub cgroup: String,
    /// Kernel as the engine sees it.
    pub kernel: String,
}

/// A local image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageInfo {
    /// Reference it was asked by or built as.
    pub reference: String,
    /// Content id (`sha256:...`).
    pub id: String,
    /// Size, bytes.
    pub size_bytes: u64,
    /// Environment baked in.
    pub env: BTreeMap<String, String>,
    /// User it runs as.
    pub user: String,
    /// Labels.
    pub labels: BTreeMap<String, String>,
}

/// An image build.
#[derive(Clone, Debug)]
pub struct BuildSpec {
    /// Tag of the result.
    pub reference: String,
    /// Build context: path in the context, content, executable.
    pub files: Vec<(String, Vec<u8>, bool)>,
    /// Dockerfile, path in the context.
    pub dockerfile: String,
    /// Build arguments.
    pub args: BTreeMap<String, String>,
    /// Labels of the image.
    pub labels: BTreeMap<String, String>,
    /// Use the host's network, to reach the index and the Debian mirror.
    pub host_network: bool,
}

/// The network of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// Engine's name of it.
    pub name: String,
    /// Address at which its containers reach the host.
    pub gateway: IpAddr,
    /// No way out.
    pub internal: bool,
    /// Whether the host reaches container addresses; otherwise ports are published.
    pub direct: bool,
}

/// A bind mount.
#[derive(Clone, Debug)]
pub struct Mount {
    /// Absolute path on the host.
    pub source: PathBuf,
    /// Absolute path in the container.
    pub target: String,
    /// Read-only.
    pub read_only: bool,
}

/// What every replica of a group is.
#[derive(Clone, Debug)]
pub struct LaunchSpec {
    /// Image id or reference; must be local.
    pub image: String,
    /// What tells the replicas apart; as many are launched.
    pub replicas: Vec<ReplicaSpec>,
    /// Ports the host will ask for.
    pub ports: Vec<u16>,
    /// Case id, for labels and names.
    pub case: String,
}

/// What one replica of a group has of its own.
#[derive(Clone, Debug, Default)]
pub struct ReplicaSpec {
    /// Number within its case, from 0.
    pub number: usize,
    /// Environment besides the image's own.
    pub env: BTreeMap<String, String>,
    /// Bind mounts.
    pub mounts: Vec<Mount>,
}

/// One helper container.
#[derive(Clone, Debug)]
pub struct TaskSpec {
    /// Image id or reference; must be local.
    pub image: String,
    /// Replaces entrypoint and command.
    pub command: Vec<String>,
    /// Environment besides the image's own.
    pub env: BTreeMap<String, String>,
    /// `uid:gid`; `None`: the image's user.
    pub user: Option<String>,
    /// Bind mounts.
    pub mounts: Vec<Mount>,
    /// Use the host's network, to reach the index; otherwise none at all.
    pub host_network: bool,
    /// Given up after this.
    pub deadline: Duration,
}

/// A command inside a running container.
#[derive(Clone, Debug)]
pub struct Command {
    /// Program and arguments.
    pub argv: Vec<String>,
    /// User; `None`: the container's.
    pub user: Option<String>,
    /// Given up after this.
    pub deadline: Duration,
}

/// What a command printed and how it ended. Output is bounded to 16 MiB each.
#[derive(Clone, Debug, Default)]
pub struct CommandOutput {
    /// Exit code.
    pub code: i64,
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: Vec<u8>,
}

/// An instant of a container's life, on the host's monotonic clock.
#[derive(Clone, Copy, Debug)]
pub enum Stamp {
    /// Just before the create request was sent, or the request to start again what had ended.
    CreateRequested(Instant),
    /// Create event.
    Created(Instant),
    /// Start event.
    Started(Instant),
}

/// A piece of log as received; not split into lines, and nothing but what the container wrote.
#[derive(Clone, Debug)]
pub struct LogChunk {
    /// When the engine took it from the container; where the engine does not tell, when it arrived here. Never later.
    pub at: Instant,
    /// Standard error rather than output.
    pub stderr: bool,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// How a container ended.
#[derive(Clone, Copy, Debug)]
pub struct Ended {
    /// Exit code.
    pub code: i64,
    /// Killed for memory.
    pub oom: bool,
    /// When: the end that the engine recorded, else when we heard of it.
    pub at: Instant,
}

/// cgroup accounting.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    /// Highest memory use, bytes.
    pub peak_memory_bytes: Option<u64>,
    /// CPU time, nanoseconds.
    pub cpu_ns: Option<u64>,
}

/// What a removal found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Containers removed.
    pub containers: usize,
    /// Networks removed.
    pub networks: usize,
    /// Ids of the runs they belonged to, whose temporary folders the caller may remove.
    pub runs: Vec<String>,
}
