//! The methods by which a stub gets one package, each launched by the engine crate.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use futures_util::StreamExt as _;
use seatrial_benches::Stand;
use seatrial_engine::{
    BuildSpec, Command, Docker, Engine as _, LaunchSpec, Mount, Network, Owner, Replica, ReplicaSpec,
};
use seatrial_index::{Project, Release, Universe, World};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::runtime::Runtime;

/// The stub's port.
const PORT: u16 = 5001;
/// The package.
const PACKAGE: &str = "freight";
/// Its files, unpacked.
const FILES: [(&str, &str); 3] = [
    ("freight/__init__.py", ""),
    (
        "freight-1.0.0.dist-info/METADATA",
        "Metadata-Version: 2.1\nName: freight\nVersion: 1.0.0\n",
    ),
    (
        "freight-1.0.0.dist-info/RECORD",
        "freight/__init__.py,,\nfreight-1.0.0.dist-info/METADATA,,\nfreight-1.0.0.dist-info/RECORD,,\n",
    ),
];
/// Between two looks at the health route.
const PAUSE: Duration = Duration::from_millis(1);
/// No boot takes longer.
const DEADLINE: Duration = Duration::from_secs(60);

/// How the package gets there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Not at all.
    None,
    /// Installed from an index at boot.
    Dynamic,
    /// In a folder that is mounted.
    Preinstalled,
    /// In a layer of a derived image.
    Dockerfile,
}

/// Everything ready to boot by any method.
pub struct Methods {
    runtime: Runtime,
    docker: Docker,
    owner: Owner,
    network: Network,
    image: String,
    derived: String,
    app: PathBuf,
    tree: PathBuf,
    url: String,
    /// Serves as long as it lives.
    _index: (Stand, World),
    _folder: tempfile::TempDir,
}

impl Methods {
    pub fn begin(image: &str, folder: &Path) -> anyhow::Result<Methods> {
        let runtime = Runtime::new()?;
        let docker = runtime.block_on(Docker::connect())?;
        let owner = Owner::this_process(format!("bench-startup-{}", std::process::id()));
        let network = runtime.block_on(docker.network(&owner))?;
        let files = tempfile::tempdir_in(folder)?;
        let [app, tree] = ["app", "tree"].map(|name| files.path().join(name));
        fs::create_dir(&app)?;
        fs::write(app.join("requirements.txt"), PACKAGE)?;
        for (name, text) in FILES {
            let path = tree.join(name);
            fs::create_dir_all(path.parent().context("a file in a folder")?)?;
            fs::write(path, text)?;
        }

        let stand = Stand::at(&folder.join("cache"), network.gateway)?;
        let world = stand.world(Universe::new(vec![Project {
            name: PACKAGE.into(),
            releases: vec![Release {
                version: "1.0.0".into(),
                ..Release::default()
            }],
        }]))?;
        ensure!(stand.wait(world.make_ready())?, "the universe is not all there is");
        let url = stand.url(&stand.token(&world));

        let derived = format!("seatrial-bench/startup:{}", std::process::id());
        runtime.block_on(docker.build(extended(image, &derived), |_| ()))?;
        Ok(Methods {
            runtime,
            docker,
            owner,
            network,
            image: image.to_owned(),
            derived,
            app,
            tree,
            url,
            _index: (stand, world),
            _folder: files,
        })
    }

    /// Launches one stub and returns the time from `begun` to its first 200. Then what it has is looked at, and it is removed.
    pub fn boot(&self, method: Method, begun: Instant) -> anyhow::Result<Duration> {
        self.runtime.block_on(async {
            let mut launching = self
                .docker
                .launch(&self.owner, &self.network, self.spec(method))
                .await?;
            let (_, replica) = launching.next().await.context("a launch of one has one")?;
            let replica = replica?;
            let taken = tokio::select! {
                ready = tokio::time::timeout(DEADLINE, until_ready(&replica)) => { ready?; begun.elapsed() }
                ended = replica.ended() => bail!("it ended before it was ready: {:?}", ended?),
            };
            let manifest = replica.exec(manifest()).await?;
            replica.remove().await?;
            let manifest = String::from_utf8_lossy(&manifest.stdout).into_owned();
            let has_it = manifest.contains(PACKAGE);
            ensure!(has_it == (method != Method::None), "by {method:?} it has {manifest}");
            Ok(taken)
        })
    }

    fn spec(&self, method: Method) -> LaunchSpec {
        let variable = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut env = BTreeMap::from([variable("STUB_SCRIPT", "install; answer 200; listen; forever")]);
        if method == Method::Dynamic {
            env.extend([
                variable("STUB_REQUIREMENTS", "requirements.txt"),
                variable("STUB_INDEX", &self.url),
            ]);
        }
        let mount = |source: &Path, target: &str| Mount {
            source: source.to_owned(),
            target: target.to_owned(),
            read_only: true,
        };
        let mut mounts = vec![mount(&self.app, "/app")];
        if method == Method::Preinstalled {
            mounts.push(mount(&self.tree, "/site-packages"));
        }
        let image = if method == Method::Dockerfile {
            &self.derived
        } else {
            &self.image
        };
        LaunchSpec {
            image: image.clone(),
            replicas: vec![ReplicaSpec { number: 0, env, mounts }],
            ports: vec![PORT],
            case: "startup".to_owned(),
        }
    }

    /// Removes what it made.
    pub fn end(self) -> anyhow::Result<()> {
        self.runtime.block_on(async {
            let swept = self.docker.remove_run(&self.owner.run).await;
            self.docker.remove_image(&self.derived).await?;
            swept?;
            Ok(())
        })
    }
}

/// The stub image with the package in a layer more.
fn extended(image: &str, reference: &str) -> BuildSpec {
    let dockerfile = format!("FROM {image}\nCOPY tree /site-packages\n");
    let file = |(name, text): (&str, &str)| (format!("tree/{name}"), text.as_bytes().to_vec(), false);
    let files = FILES.into_iter().map(file);
    BuildSpec {
        reference: reference.to_owned(),
        files: files
            .chain([("Dockerfile".to_owned(), dockerfile.into_bytes(), false)])
            .collect(),
        dockerfile: "Dockerfile".to_owned(),
        args: BTreeMap::new(),
        labels: BTreeMap::new(),
        host_network: false,
    }
}

fn manifest() -> Command {
    Command {
        argv: ["/seatrial-stub", "manifest", "/site-packages"]
            .map(str::to_owned)
            .to_vec(),
        user: None,
        deadline: DEADLINE,
    }
}

async fn until_ready(replica: &impl Replica) {
    let ask = || async {
        let mut stream = replica.connect(PORT).await?;
        stream
            .write_all(b"GET / HTTP/1.1\r\nhost: stub\r\nconnection: close\r\n\r\n")
            .await?;
        let mut head = [0; 12];
        stream.read_exact(&mut head).await?;
        std::io::Result::Ok(head)
    };
    while !ask().await.is_ok_and(|head| &head == b"HTTP/1.1 200") {
        tokio::time::sleep(PAUSE).await;
    }
}
