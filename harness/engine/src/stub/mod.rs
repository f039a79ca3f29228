//! [`Engine`] without containers: replicas that boot on the script language of the stub image, exactly as it says.
//!
//! Nothing here measures. When a replica starts, its script is laid out in time once and for all, so that stamps, log lines,
//! answers and ends have the instants that the script gives them, to the nanosecond; only reading waits, until the instant
//! has come. In paused time (`tokio::time::pause`) whole boots pass at once. tokio wakes sleepers on full milliseconds: what
//! a replica does carries its exact instant, and is seen at that very instant when all delays are full milliseconds.
//!
//! The marks that the stub image writes are the same, in nanoseconds of CLOCK_MONOTONIC, which
//! [`instant_of_monotonic`](crate::instant_of_monotonic) leads back to the instant, in paused time too.

mod books;
mod container;
mod http;
mod latency;
mod program;
mod replica;
// The image's own, so that there is one language and one way to answer.
#[path = "../../../../fixtures/stub/src/request.rs"]
mod request;
#[path = "../../../../fixtures/stub/src/script.rs"]
mod script;
mod timeline;

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::Path;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use self::books::Books;
use self::latency::Latency;
use crate::{
    BuildSpec, CommandOutput, Engine, EngineError, EngineFacts, ImageInfo, LaunchSpec, Launching, Network, Owner,
    Swept, TaskSpec,
};

pub use self::books::Left;
pub use self::replica::StubReplica;

/// A deterministic engine for tests; clones share what it keeps.
///
/// It has no containers, no files and no network: mounts are ignored, a replica is reached by
/// [`Replica::connect`](crate::Replica::connect) alone, and the script's steps `install` and `reach` are refused when the
/// replica is launched. Which image a replica has makes no difference to it.
#[derive(Clone, Debug, Default)]
pub struct StubEngine {
    books: Books,
    delays: Delays,
    /// Why the creation of the replica of a number fails.
    failing: BTreeMap<usize, String>,
    latency: Latency,
}

/// How long the engine itself takes, always the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delays {
    /// From the create request to the created container.
    pub create: Duration,
    /// From the created container, or the request to start it again, to the start event.
    pub start: Duration,
    /// From the start event to the first instruction, as where a runtime prepares the container after it has said so.
    pub boot: Duration,
}

impl StubEngine {
    /// An engine that takes no time, without images.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with these delays.
    #[must_use]
    pub fn with_delays(mut self, delays: Delays) -> Self {
        self.delays = delays;
        self
    }

    /// The same where every call takes a time drawn from a seed, at most so long. The same seed draws the same time for
    /// the same call on the same container or image for the how-manieth time.
    #[must_use]
    pub fn with_latency(mut self, seed: u64, most: Duration) -> Self {
        self.latency = Latency::up_to(seed, most);
        self
    }

    /// The same with an image.
    #[must_use]
    pub fn with_image(self, reference: &str) -> Self {
        self.books.add_image(named(reference), reference);
        self
    }

    /// The same where replicas of this number cannot be created, for that reason.
    #[must_use]
    pub fn with_failing(mut self, number: usize, why: &str) -> Self {
        self.failing.insert(number, why.to_owned());
        self
    }

    /// What was made and not removed.
    pub fn left(&self) -> Left {
        self.books.left()
    }
}

impl Engine for StubEngine {
    type Replica = StubReplica;

    async fn facts(&self) -> Result<EngineFacts, EngineError> {
        self.latency.pass("facts", "").await;
        Ok(EngineFacts {
            version: "stub".to_owned(),
            storage_driver: "none".to_owned(),
            cgroup: "none".to_owned(),
            kernel: "none".to_owned(),
        })
    }

    async fn image(&self, reference: &str) -> Result<Option<ImageInfo>, EngineError> {
        self.latency.pass("image", reference).await;
        Ok(self.books.image(reference))
    }

    async fn images_labelled(&self, label: &str) -> Result<Vec<ImageInfo>, EngineError> {
        self.latency.pass("images_labelled", label).await;
        Ok(self.books.images_labelled(label))
    }

    /// Every image can be pulled.
    async fn pull(&self, reference: &str) -> Result<ImageInfo, EngineError> {
        self.latency.pass("pull", reference).await;
        Ok(self.books.add_image(named(reference), reference))
    }

    /// The archive has to be there, and is not read.
    async fn import(&self, archive: &Path, reference: &str) -> Result<ImageInfo, EngineError> {
        self.latency.pass("import", reference).await;
        let size = std::fs::metadata(archive).map_err(|error| EngineError::ImportFailed {
            reference: reference.to_owned(),
            archive: archive.to_owned(),
            cause: error.into(),
        })?;
        let image = ImageInfo {
            size_bytes: size.len(),
            ..named(reference)
        };
        Ok(self.books.add_image(image, &archive.to_string_lossy()))
    }

    /// The Dockerfile has to be in the context; its lines are told as steps, and nothing is run.
    async fn build(&self, spec: BuildSpec, mut progress: impl FnMut(&str) + Send) -> Result<ImageInfo, EngineError> {
        self.latency.pass("build", &spec.reference).await;
        let dockerfile = spec.files.iter().find(|(path, ..)| *path == spec.dockerfile);
        let Some((_, dockerfile, _)) = dockerfile else {
            return Err(EngineError::BuildFailed {
                reference: spec.reference,
                last_lines: Vec::new(),
                cause: format!("the context has no `{}`", spec.dockerfile).into(),
            });
        };
        for line in String::from_utf8_lossy(dockerfile).lines() {
            progress(&format!("Step : {line}"));
        }
        let made_of = format!("{:?} {:?} {:?}", spec.files, spec.args, spec.labels);
        let image = ImageInfo {
            size_bytes: spec.files.iter().map(|(_, content, _)| content.len() as u64).sum(),
            labels: spec.labels,
            ..named(&spec.reference)
        };
        Ok(self.books.add_image(image, &made_of))
    }

    async fn remove_image(&self, reference: &str) -> Result<(), EngineError> {
        self.latency.pass("remove_image", reference).await;
        self.books.remove_image(reference);
        Ok(())
    }

    async fn network(&self, owner: &Owner) -> Result<Network, EngineError> {
        self.latency.pass("network", &owner.run).await;
        let name = format!("seatrial-{}-{}", owner.run, self.books.next_number());
        self.books.add_network(name.clone(), owner.clone());
        Ok(Network {
            name,
            gateway: Ipv4Addr::LOCALHOST.into(),
            internal: true,
            direct: true,
        })
    }

    /// Knows the stub's own program, with a script or `manifest`, and ends any other with 127.
    async fn task(&self, _owner: &Owner, spec: TaskSpec) -> Result<CommandOutput, EngineError> {
        self.latency.pass("task", &spec.image).await;
        self.books.require_image(&spec.image)?;
        let shown = spec.command.join(" ");
        match timeout(spec.deadline, program::run(&spec.command)).await {
            Ok(output) => output.map_err(|cause| EngineError::Launch {
                container: shown,
                cause: cause.into(),
            }),
            Err(_) => Err(EngineError::Timeout {
                call: format!("running `{shown}` in image `{}`", spec.image),
                after: spec.deadline,
            }),
        }
    }

    async fn launch(
        &self,
        owner: &Owner,
        network: &Network,
        spec: LaunchSpec,
    ) -> Result<Launching<StubReplica>, EngineError> {
        self.latency.pass("launch", &spec.case).await;
        self.books.require_image(&spec.image)?;
        let launch = self.books.next_number();
        // Each goes on by itself, however slowly the stream is polled, and is given up when the stream is dropped.
        let mut starts = JoinSet::new();
        for replica in spec.replicas {
            let number = replica.number;
            let name = format!("seatrial-{}-{}-{launch}-{number}", owner.run, spec.case);
            let start = StubReplica::start(self.clone(), owner.clone(), name, network.name.clone(), replica);
            starts.spawn(async move { (number, start.await) });
        }
        let replicas = stream::unfold(starts, |mut starts| async {
            let started = starts.join_next().await?;
            let started = started.expect("a start neither panics nor is aborted while its stream lives");
            Some((started, starts))
        });
        Ok(replicas.boxed())
    }

    async fn remove_run(&self, run: &str) -> Result<Swept, EngineError> {
        self.latency.pass("remove_run", run).await;
        Ok(self.books.remove(|owner| owner.run == run))
    }

    async fn sweep(&self) -> Result<Swept, EngineError> {
        self.latency.pass("sweep", "").await;
        Ok(self.books.remove(Owner::is_gone))
    }
}

/// An image of which nothing but its name is known.
fn named(reference: &str) -> ImageInfo {
    ImageInfo {
        reference: reference.to_owned(),
        ..ImageInfo::default()
    }
}
