//! Lives of one container, from the create request to the answer to its removal, by seatrial's engine crate and by the bare
//! client.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use futures_util::StreamExt as _;
use rustix::time::{ClockId, clock_gettime};
use seatrial_benches::{Side, Stamps};
use seatrial_engine::{Docker, DockerReplica, Engine as _, LaunchSpec, Network, Owner, Replica as _, ReplicaSpec};
use seatrial_fake_engine::CallName;
use serde::{Deserialize, Serialize};

use crate::bare::Bare;
use crate::watched::{PORT, until_ready};

/// A stub that serves soon, but not before seatrial has begun to watch it on a machine that has time for it.
pub const READY_SOON: &str = "wait 20ms; answer 200; listen; forever";
/// One that serves so late that every call of a life has been made by then.
pub const READY_LATE: &str = "wait 300ms; answer 200; listen; forever";
/// No life takes longer.
const DEADLINE: Duration = Duration::from_secs(120);

/// What one life took, nanoseconds of CLOCK_MONOTONIC.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Life {
    /// Just before the first call.
    pub begun: u64,
    /// Just after the last answer.
    pub ended: u64,
    /// From when on the stub could answer, by its own stamp.
    pub able: u64,
    /// Processor time of the process meanwhile.
    pub cpu: u64,
}

/// An engine, and a network to live on.
pub struct Lives {
    docker: Docker,
    owner: Owner,
    network: Network,
    image: String,
    calls: Vec<CallName>,
    bare: Bare,
}

impl Life {
    /// From the first call to the last answer.
    pub fn wall(self) -> Duration {
        crate::ns(self.ended - self.begun)
    }
}

impl Lives {
    /// Connects to the engine that the environment names. `calls` is what the bare client is to make of a life.
    pub async fn begin(image: &str, calls: Vec<CallName>) -> anyhow::Result<Lives> {
        let docker = Docker::connect().await?;
        let owner = Owner::this_process(format!("bench-overhead-{}", std::process::id()));
        let network = docker.network(&owner).await?;
        ensure!(network.direct, "the host does not reach containers by their addresses");
        Ok(Lives {
            bare: Bare::connect(image, &owner, &network.name)?,
            docker,
            owner,
            network,
            image: image.to_owned(),
            calls,
        })
    }

    /// One life of a stub with this script.
    pub async fn live(&mut self, side: Side, script: &str) -> anyhow::Result<Life> {
        let (begun, cpu) = (now(ClockId::Monotonic), now(ClockId::ProcessCPUTime));
        let log = match side {
            Side::Tried => tokio::time::timeout(DEADLINE, self.by_seatrial(script)).await??,
            Side::Yardstick => self.bare.live(&self.calls, script).await?,
        };
        let (ended, cpu_after) = (now(ClockId::Monotonic), now(ClockId::ProcessCPUTime));
        let stamps = Stamps::read(log.lines())
            .with_context(|| format!("the log of {} is not whole:\n{log}", crate::word(side)))?;
        Ok(Life {
            begun,
            ended,
            able: stamps.able,
            cpu: cpu_after - cpu,
        })
    }

    /// As the runner does it: the log is read beside, and the end is watched for, until it is ready; then it is killed, the rest
    /// of its log is taken, and it is removed. Returns the log.
    async fn by_seatrial(&self, script: &str) -> anyhow::Result<String> {
        let spec = LaunchSpec {
            image: self.image.clone(),
            replicas: vec![ReplicaSpec {
                env: BTreeMap::from([("STUB_SCRIPT".to_owned(), script.to_owned())]),
                ..ReplicaSpec::default()
            }],
            ports: vec![PORT],
            case: "overhead".to_owned(),
        };
        let mut launching = self.docker.launch(&self.owner, &self.network, spec).await?;
        let (_, replica) = launching.next().await.context("a launch of one has one")?;
        let replica = replica?;
        let log = tokio::spawn(read(replica.logs()));
        tokio::select! {
            ready = until_ready(|| replica.connect(PORT)) => ready?,
            ended = replica.ended() => bail!("it ended before it was ready: {:?}", ended?),
        }
        drop(launching);
        replica.kill().await?;
        let log = log.await??;
        DockerReplica::remove(replica).await?;
        Ok(log)
    }

    /// Removes the network, and sees that no container was left.
    pub async fn end(self) -> anyhow::Result<()> {
        let swept = self.docker.remove_run(&self.owner.run).await?;
        ensure!(swept.containers == 0, "{} containers were left", swept.containers);
        Ok(())
    }
}

/// A log to its end.
async fn read(
    mut log: futures_util::stream::BoxStream<'static, Result<seatrial_engine::LogChunk, seatrial_engine::EngineError>>,
) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    while let Some(chunk) = log.next().await {
        bytes.extend(chunk?.bytes);
    }
    Ok(String::from_utf8(bytes)?)
}

/// A clock of the kernel, nanoseconds.
fn now(clock: ClockId) -> u64 {
    let now = clock_gettime(clock);
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}
