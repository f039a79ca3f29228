//! The same stub without seatrial: watched by the polls that test suites come with, or by nobody.

use std::collections::BTreeMap;
use std::future::pending;
use std::time::Duration;

use anyhow::Context as _;
use futures_util::StreamExt as _;
use futures_util::future::try_join_all;
use seatrial_benches::Stamps;
use seatrial_engine::{Docker, Engine as _, LaunchSpec, Network, Owner, Replica as _, ReplicaSpec};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{sleep, timeout};

/// The stub's port.
const PORT: u16 = 5001;
/// No boot of this bench takes longer.
const DEADLINE: Duration = Duration::from_secs(120);

/// An engine with a network to launch stubs on.
pub struct Others {
    docker: Docker,
    owner: Owner,
    network: Network,
    image: String,
}

/// One stub: what it said itself, and when each poll first got 200, CLOCK_MONOTONIC, nanoseconds.
pub struct Polled {
    pub stamps: Stamps,
    pub seen: Vec<u64>,
}

impl Others {
    pub async fn begin(image: &str) -> anyhow::Result<Others> {
        let docker = Docker::connect().await?;
        let owner = Owner::this_process(format!("bench-readiness-{}", std::process::id()));
        let network = docker.network(&owner).await?;
        Ok(Others {
            docker,
            owner,
            network,
            image: image.to_owned(),
        })
    }

    /// Launches so many stubs at once with this script, and polls each at each of these intervals until it has got 200.
    pub async fn boot(&self, script: &str, count: usize, intervals: &[Duration]) -> anyhow::Result<Vec<Polled>> {
        let replica = |number| ReplicaSpec {
            number,
            env: BTreeMap::from([("STUB_SCRIPT".to_owned(), script.to_owned())]),
            mounts: Vec::new(),
        };
        let spec = LaunchSpec {
            image: self.image.clone(),
            replicas: (0..count).map(replica).collect(),
            ports: vec![PORT],
            case: "readiness".to_owned(),
        };
        let launching = self.docker.launch(&self.owner, &self.network, spec).await?;
        let watched = launching.map(|(_, replica)| async move {
            let replica = replica?;
            let polls = try_join_all(intervals.iter().map(|interval| poll(&replica, *interval)));
            let (seen, stamps) = tokio::try_join!(timeout(DEADLINE, polls), timeout(DEADLINE, stamps(&replica)))?;
            let polled = Polled {
                seen: seen?,
                stamps: stamps?,
            };
            anyhow::Ok((replica, polled))
        });
        let booted: Vec<_> = watched.buffer_unordered(count).collect().await;
        let mut all = Vec::new();
        for booted in booted {
            let (replica, polled) = booted?;
            replica.remove().await?;
            all.push(polled);
        }
        Ok(all)
    }

    pub async fn end(self) -> anyhow::Result<()> {
        self.docker.remove_run(&self.owner.run).await?;
        Ok(())
    }
}

/// As a loop with a sleep in it does: asks, and sleeps when that was not 200.
async fn poll(replica: &impl seatrial_engine::Replica, interval: Duration) -> anyhow::Result<u64> {
    loop {
        if let Ok(mut stream) = replica.connect(PORT).await {
            stream
                .write_all(b"GET / HTTP/1.1\r\nhost: stub\r\nconnection: close\r\n\r\n")
                .await?;
            let mut answer = Vec::new();
            if stream.read_to_end(&mut answer).await.is_ok() && answer.starts_with(b"HTTP/1.1 200 ") {
                return Ok(monotonic_ns());
            }
        }
        sleep(interval).await;
    }
}

/// The stub's marks, as soon as its log has all of them.
async fn stamps(replica: &impl seatrial_engine::Replica) -> anyhow::Result<Stamps> {
    let mut log = replica.logs();
    let mut text = String::new();
    while let Some(chunk) = log.next().await {
        text += &String::from_utf8_lossy(&chunk?.bytes);
        if let Some(stamps) = text.ends_with('\n').then(|| Stamps::read(text.lines())).flatten() {
            return Ok(stamps);
        }
    }
    pending::<()>().await;
    None.context("unreachable: it waits for ever")
}

fn monotonic_ns() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}
