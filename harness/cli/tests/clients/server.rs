//! Servers as child processes: `seatrial index serve`, and pypiserver before a folder.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::process::{DEADLINE, run};
use super::tools::{PYPISERVER, room_for_all};

/// Serves the folder that it is given and prints its address. Port 0 cannot be asked of pypiserver's own command line.
const SERVE_FOLDER: &str = r#"
import pathlib, sys
from wsgiref.simple_server import make_server
import pypiserver
app = pypiserver.app(roots=[pathlib.Path(sys.argv[1])], disable_fallback=True)
server = make_server("127.0.0.1", 0, app)
print(f"http://127.0.0.1:{server.server_port}/simple/", flush=True)
server.serve_forever()
"#;

/// A server that runs until it is ended or dropped.
pub struct Server {
    /// The address of its simple API.
    pub url: String,
    child: Child,
    /// Reads what it writes to stderr, which would stand still once the pipe is full.
    complaints: JoinHandle<String>,
    /// Its package cache, of its own so that no server answers from what another one fetched.
    _cache: TempDir,
}

/// What `seatrial index serve` has said at its end.
#[derive(Debug)]
pub struct Farewell {
    pub bytes: u64,
    pub errors: u64,
    pub stderr: String,
}

impl Server {
    /// `seatrial index serve` with these arguments.
    pub async fn seatrial(arguments: &[&str]) -> Server {
        Server::start(seatrial().args(["index", "serve"]).args(arguments)).await
    }

    /// `seatrial index serve` with these arguments, on a host whose pip is set up for another index.
    pub async fn seatrial_before(upstream: &str, arguments: &[&str]) -> Server {
        let mut serve = seatrial();
        serve.env("PIP_INDEX_URL", upstream);
        Server::start(serve.args(["index", "serve"]).args(arguments)).await
    }

    /// pypiserver before a folder of wheels and source distributions.
    pub async fn pypiserver(folder: &Path) -> Server {
        let mut python = Command::new(PYPISERVER.program("python").await);
        Server::start(python.args(["-c", SERVE_FOLDER]).arg(folder)).await
    }

    async fn start(command: &mut Command) -> Server {
        let cache = tempfile::tempdir_in(room_for_all()).unwrap();
        let mut child = command
            .env("SEATRIAL_CACHE", cache.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut stderr = child.stderr.take().unwrap();
        let complaints = tokio::spawn(async move {
            let mut text = String::new();
            stderr.read_to_string(&mut text).await.unwrap();
            text
        });
        let mut url = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let read = timeout(DEADLINE, stdout.read_line(&mut url)).await;
        if read.expect("a server tells its address or ends").unwrap() == 0 {
            panic!("{command:?} does not serve: {}", complaints.await.unwrap());
        }
        Server {
            url: url.trim_end().to_owned(),
            child,
            complaints,
            _cache: cache,
        }
    }

    /// Ends `seatrial index serve` as Ctrl-C does.
    pub async fn end(mut self) -> Farewell {
        let pid = self.child.id().expect("it has not been waited for").to_string();
        run(Command::new("kill").args(["-s", "INT", &pid])).await.unwrap();
        let status = timeout(DEADLINE, self.child.wait()).await;
        let status = status.expect("an interrupt ends the server").unwrap();
        let complaints = self.complaints.await.unwrap();
        assert!(status.success(), "{status}: {complaints}");
        Farewell::read(&complaints).unwrap_or_else(|| panic!("it does not say what it served: {complaints}"))
    }
}

impl Farewell {
    /// From the line `seatrial: main: 3 requests, 4096 bytes, 0 errors`.
    fn read(stderr: &str) -> Option<Farewell> {
        let line = stderr.lines().find_map(|line| line.strip_prefix("seatrial: main: "))?;
        let sum = |of: &str| {
            let mut sums = line.split(", ").filter_map(|part| part.split_once(' '));
            sums.find(|(_, what)| *what == of)?.0.parse().ok()
        };
        Some(Farewell {
            bytes: sum("bytes")?,
            errors: sum("errors")?,
            stderr: stderr.to_owned(),
        })
    }
}

/// Writes every file of a universe into a folder.
pub async fn export(universe: &str, folder: &Path) {
    let mut export = seatrial();
    export.args(["index", "export", "--packages", universe]).arg(folder);
    run(&mut export).await.unwrap();
}

/// The root of this repository.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

/// The binary under test in this repository, with nothing that could steer it but the host's set-up of pip.
fn seatrial() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_seatrial"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("SEATRIAL_") {
            command.env_remove(name);
        }
    }
    command.current_dir(repository());
    command
}
