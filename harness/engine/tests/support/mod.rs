//! What the tests on a Docker (real or fake) stand on: the stub image, and runs that clean up after themselves.

#![allow(
    dead_code,
    reason = "each test binary compiles this module and uses its own part of it"
)]

#[path = "../behaviour/mod.rs"]
pub mod behaviour;

use std::process::Command;

use behaviour::{Launched, PROGRAM, STUB, launch, launch_one, stub_spec};
use seatrial_engine::{BuildSpec, Docker, DockerReplica, Engine, EngineError, LaunchSpec, Network, Owner};
use seatrial_fake_engine::compile_stub;
use tokio::sync::OnceCell;

/// The stub's image is made by the first test that asks.
static STUB_BUILT: OnceCell<()> = OnceCell::const_new();

/// A run of its own for one test; what it made is removed when the test ends, however it ends.
pub struct Run {
    pub docker: Docker,
    pub owner: Owner,
    /// Images to remove with it.
    pub images: Vec<String>,
}

impl Run {
    /// `name` tells the objects of one test from those of the others.
    pub async fn begin(name: &str) -> Self {
        let docker = Docker::connect().await.unwrap_or_else(|error| {
            panic!(
                "this test needs Docker: {error} ({}); SEATRIAL_TEST_ENGINE=none leaves the engine tests out",
                error.hint().unwrap_or("no hint")
            )
        });
        STUB_BUILT.get_or_init(|| build_stub(&docker)).await;
        let owner = Owner::this_process(format!("test-{name}-{}", std::process::id()));
        Self {
            docker,
            owner,
            images: Vec::new(),
        }
    }

    pub async fn network(&self) -> Network {
        self.docker.network(&self.owner).await.expect("a network")
    }

    /// One replica of the stub on the network.
    pub async fn launch(&self, network: &Network, script: &str) -> DockerReplica {
        launch_one(&self.docker, &self.owner, network, script).await
    }

    /// A replica for each script, in their order.
    pub async fn launch_all(&self, network: &Network, scripts: &[&str]) -> Vec<DockerReplica> {
        let launched = self.try_launch(network, stub_spec(scripts)).await.expect("a launch");
        let replicas = launched.into_iter().map(|(_, replica)| replica.expect("a replica"));
        replicas.collect()
    }

    /// What becomes of each replica of a group, in the order of their numbers.
    pub async fn try_launch(&self, network: &Network, spec: LaunchSpec) -> Result<Launched<Docker>, EngineError> {
        launch(&self.docker, &self.owner, network, spec).await
    }

    /// Containers and networks of this run, as the Docker CLI sees them.
    pub fn leftovers(&self) -> Vec<String> {
        let filter = format!("label=seatrial.run={}", self.owner.run);
        let mut names = docker_cli(&["ps", "--all", "--filter", &filter, "--format", "{{.Names}}"]);
        names.extend(docker_cli(&[
            "network",
            "ls",
            "--filter",
            &filter,
            "--format",
            "{{.Name}}",
        ]));
        names
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        tokio::task::block_in_place(|| {
            tokio::runtime::Handle::current().block_on(async {
                if let Err(error) = self.docker.remove_run(&self.owner.run).await {
                    eprintln!("cleaning up after {}: {error}", self.owner.run);
                }
                for image in &self.images {
                    if let Err(error) = self.docker.remove_image(image).await {
                        eprintln!("cleaning up after {}: {error}", self.owner.run);
                    }
                }
            });
        });
    }
}

/// Output lines of the Docker CLI, for looking from outside.
pub fn docker_cli(arguments: &[&str]) -> Vec<String> {
    let output = Command::new("docker").args(arguments).output().expect("the docker CLI");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().map(str::to_owned).collect()
}

/// Compiles the stub to a static binary and makes it the whole content of an image.
async fn build_stub(docker: &Docker) {
    let binary = compile_stub().expect("the stub compiles");
    let binary = std::fs::read(binary).expect("the stub binary");
    let dockerfile = format!("FROM scratch\nCOPY seatrial-stub {PROGRAM}\nENTRYPOINT [\"{PROGRAM}\"]\n");
    let spec = BuildSpec {
        reference: STUB.to_owned(),
        files: vec![
            ("Dockerfile".to_owned(), dockerfile.into(), false),
            ("seatrial-stub".to_owned(), binary, true),
        ],
        dockerfile: "Dockerfile".to_owned(),
        args: Default::default(),
        labels: [("seatrial.test".to_owned(), "stub".to_owned())].into(),
        host_network: false,
    };
    docker.build(spec, |_| {}).await.expect("the stub image");
}
