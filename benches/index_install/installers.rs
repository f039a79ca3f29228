//! pip and uv in pinned versions, in a virtual environment of their own, told to look in one place and nowhere else.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use tokio::process::Command;
use tokio::time::timeout;

use crate::wares::WANTED;

/// What is measured. New pins make new figures.
const PINS: [&str; 2] = ["pip==25.3", "uv==0.13.9"];
/// No installation takes longer, even with fifteen beside it.
const DEADLINE: Duration = Duration::from_secs(300);

/// The virtual environment.
#[derive(Clone, Debug)]
pub struct Installers {
    bin: PathBuf,
}

/// Who installs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Installer {
    /// pip without a cache.
    Pip {
        /// Byte-compile what was installed, as pip does unless told otherwise.
        compile: bool,
    },
    /// uv with an empty cache; it does not byte-compile.
    Uv,
}

/// Where wheels come from.
#[derive(Clone, Debug)]
pub enum Shelf {
    /// An index at this URL.
    Index(String),
    /// The folder.
    Folder(PathBuf),
}

impl Installers {
    /// The environment in `folder`, made on first need by the host's Python and whatever index its pip is set up for.
    pub async fn prepare(folder: &Path) -> anyhow::Result<Installers> {
        let environment = folder.join(PINS.join("-").replace("==", "-"));
        let bin = environment.join("bin");
        // Written last, so that an environment half made is made again.
        let done = environment.join("done");
        if !done.exists() {
            println!(
                "index_install: installing {} into a virtual environment",
                PINS.join(" and ")
            );
            run(Command::new("python3")
                .args(["-m", "venv", "--clear"])
                .arg(&environment))
            .await?;
            let mut pip = Command::new(bin.join("python"));
            run(pip.args(["-m", "pip", "install", "--quiet"]).args(PINS)).await?;
            std::fs::write(done, "")?;
        }
        Ok(Installers { bin })
    }

    /// Installs into `work/tree`; `work` is empty before.
    pub async fn install(&self, who: Installer, from: &Shelf, work: &Path) -> anyhow::Result<()> {
        let python = self.bin.join("python");
        let mut command = match who {
            Installer::Pip { compile } => {
                let mut pip = Command::new(python);
                pip.args(["-m", "pip", "install", "--no-cache-dir", "--disable-pip-version-check"]);
                pip.arg(if compile { "--compile" } else { "--no-compile" });
                pip
            }
            Installer::Uv => {
                let mut uv = Command::new(self.bin.join("uv"));
                uv.args(["pip", "install", "--no-config", "--python"]).arg(python);
                uv.arg("--cache-dir").arg(work.join("cache"));
                uv
            }
        };
        match from {
            Shelf::Index(url) => command.args(["--index-url", url]),
            Shelf::Folder(folder) => command.args(["--no-index", "--find-links"]).arg(folder),
        };
        command.arg("--target").arg(work.join("tree")).args(WANTED);
        // Nothing of this host's set-up, and temporary files on the disk of the target: moving them is a rename then.
        command
            .env_clear()
            .env("PIP_CONFIG_FILE", "/dev/null")
            .env("HOME", work)
            .env("TMPDIR", work);
        run(&mut command).await
    }
}

async fn run(command: &mut Command) -> anyhow::Result<()> {
    let shown = format!("{:?}", command.as_std());
    let running = command.stdin(Stdio::null()).kill_on_drop(true).output();
    let output: Output = timeout(DEADLINE, running)
        .await
        .with_context(|| format!("{shown} did not end within {DEADLINE:?}"))?
        .with_context(|| format!("{shown} could not be started"))?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    anyhow::ensure!(
        output.status.success(),
        "{shown} ended with {}:\n{complaint}",
        output.status
    );
    Ok(())
}
