//! What a fresh machine lacks, in a virtual environment each: two pips, uv, pdm, and another index server.

use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

use tokio::process::Command;
use tokio::sync::OnceCell;

use super::process::run;

/// Says what an interpreter is and where.
const WHAT_IT_IS: &str = "import platform, sys; print(\
    '%d.%d' % sys.version_info[:2], platform.machine(), platform.libc_ver()[0], sys.executable)";

/// What the resolutions expected of universes hold for.
const NEEDED: &str = "3.11 x86_64 glibc ";

/// A pip from before metadata files and JSON pages.
pub static PIP_OLD: Tool = Tool::named("pip-old");
/// The newest pip.
pub static PIP_NEW: Tool = Tool::named("pip-new");
/// uv.
pub static UV: Tool = Tool::named("uv");
/// pdm.
pub static PDM: Tool = Tool::named("pdm");
/// An index server that serves a folder of files.
pub static PYPISERVER: Tool = Tool::named("pypiserver");

/// One of them, installed on first use as `requirements/NAME.txt` says and kept between test runs.
pub struct Tool {
    name: &'static str,
    folder: OnceCell<PathBuf>,
}

impl Tool {
    const fn named(name: &'static str) -> Tool {
        Tool {
            name,
            folder: OnceCell::const_new(),
        }
    }

    /// An executable of its environment. Only programs that are no scripts can be started, since scripts name the folder
    /// that they were installed in.
    pub async fn program(&self, name: &str) -> PathBuf {
        self.folder().await.join("bin").join(name)
    }

    /// The folder of its Python modules.
    pub async fn modules(&self) -> PathBuf {
        self.folder().await.join("lib/python3.11/site-packages")
    }

    async fn folder(&self) -> &Path {
        self.folder.get_or_init(|| self.install()).await
    }

    /// Installs it aside and moves it into place, where another process of these tests may have been faster.
    async fn install(&self) -> PathBuf {
        let requirements = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/clients/requirements")
            .join(self.name)
            .with_extension("txt");
        let pins = fs::read_to_string(&requirements).unwrap();
        let mut hasher = DefaultHasher::new();
        (pins, interpreter().await).hash(&mut hasher);
        let folder = room_for_all().join(format!("{}-{:016x}", self.name, hasher.finish()));
        if folder.is_dir() {
            return folder;
        }

        let aside = tempfile::tempdir_in(room_for_all()).unwrap();
        new_environment(aside.path(), &[]).await;
        // The host's own pip configuration says where from.
        let mut pip = Command::new(aside.path().join("bin/python"));
        pip.args(["-m", "pip", "install", "--quiet", "--requirement"])
            .arg(requirements);
        run(&mut pip)
            .await
            .unwrap_or_else(|failed| panic!("{} cannot be installed: {failed:?}", self.name));
        if let Err(error) = fs::rename(aside.path(), &folder) {
            assert!(folder.is_dir(), "{error}");
        }
        folder
    }
}

/// The folder of these tests, which cargo keeps.
pub fn room_for_all() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("clients");
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Makes a virtual environment with the interpreter of these tests.
pub async fn new_environment(folder: &Path, options: &[&str]) {
    let mut venv = Command::new(interpreter().await);
    venv.args(["-m", "venv"]).args(options).arg(folder);
    run(&mut venv).await.unwrap_or_else(|failed| {
        panic!("no virtual environment can be made; install the module `venv` (Debian: python3.11-venv): {failed:?}")
    });
}

/// The interpreter that the resolutions expected of universes hold for.
///
/// # Panics
/// When this host has none.
pub async fn interpreter() -> &'static Path {
    static FOUND: OnceCell<PathBuf> = OnceCell::const_new();
    let search = async || {
        let mut seen = String::new();
        for name in ["python3.11", "python3"] {
            match run(Command::new(name).args(["-c", WHAT_IT_IS])).await {
                Ok(wrote) => match wrote.stdout.trim_end().strip_prefix(NEEDED) {
                    Some(path) => return PathBuf::from(path),
                    None => seen += &format!("\n{name}: {}", wrote.stdout),
                },
                Err(failed) => seen += &format!("\n{name}: {failed:?}"),
            }
        }
        panic!("Python 3.11 on x86_64 with glibc is needed, as `python3.11` or `python3` on the PATH; found:{seen}")
    };
    FOUND.get_or_init(search).await
}
