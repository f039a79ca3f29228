//! A room for a client: its home and caches, and the virtual environment that it installs into.

use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tokio::process::Command;

use super::process::run;
use super::tools::{new_environment, room_for_all};

/// Imports what is installed, and says which file each came in.
const WHAT_IS_HERE: &str = r#"
from importlib import import_module, metadata
for name in sorted(it.metadata["Name"] for it in metadata.distributions()):
    module = import_module(name.lower().replace(".", "_"))
    print(name, module.__version__, module.__build__)
"#;

/// A folder that goes when it is dropped.
pub struct Room {
    folder: TempDir,
}

impl Room {
    /// An empty room.
    pub fn new() -> Room {
        let folder = tempfile::tempdir_in(room_for_all()).unwrap();
        Room { folder }
    }

    /// A room with an empty virtual environment, without even pip.
    pub async fn with_environment() -> Room {
        let room = Room::new();
        new_environment(&room.path().join(".venv"), &["--without-pip"]).await;
        room
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// An executable of its environment.
    pub fn program(&self, name: &str) -> PathBuf {
        self.path().join(".venv/bin").join(name)
    }

    /// A client at work here: none of the host's variables and configuration files steers it, and its caches begin empty.
    pub fn client(&self, program: &Path) -> Command {
        let mut client = Command::new(program);
        client
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.path())
            .env("TMPDIR", self.path())
            .env("PIP_CONFIG_FILE", "/dev/null")
            .env("PIP_DISABLE_PIP_VERSION_CHECK", "1")
            .env("PIP_RETRIES", "0")
            .env("UV_NO_CONFIG", "1")
            .env("PDM_CHECK_UPDATE", "0")
            .current_dir(self.path());
        client
    }

    /// Every project that is installed, a line each: name, version that the import yields, file that it came in.
    pub async fn imports(&self) -> String {
        let mut python = self.client(&self.program("python"));
        let wrote = run(python.args(["-I", "-c", WHAT_IS_HERE])).await;
        wrote.unwrap().stdout
    }
}
