//! A Debian root file system from the host's own mirror by mmdebstrap, which is fetched from there when it is not installed.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use seatrial_engine::Engine;
use tokio::process::Command;
use tokio::time::timeout;

use crate::session::Session;

/// A bootstrap takes half a minute from a near mirror; a slow one may need many.
const DEADLINE: Duration = Duration::from_secs(1200);

/// Bootstraps a minimal Debian of `suite` into the tar `archive`.
pub async fn debian(session: &Session<impl Engine>, suite: &str, archive: &Path) -> anyhow::Result<()> {
    let apt = PrivateApt::update(session, suite).await?;
    let mirror = apt.mirror().await?;
    let mmdebstrap = match on_path("mmdebstrap") {
        Some(program) => program,
        None => apt.unpack("mmdebstrap").await?.join("usr/bin/mmdebstrap"),
    };
    let mut command = Command::new(&mmdebstrap);
    command
        // Its work area is as large as the system it makes, and must go with the run.
        .env("TMPDIR", session.folder.path())
        .args(["--variant=minbase", "--include=ca-certificates", suite])
        .arg(archive)
        .arg(format!("deb {mirror} {suite} main"));
    output_of(command).await.map(drop)
}

/// apt with package lists of its own, so that neither root nor an earlier `apt-get update` is needed.
struct PrivateApt {
    folder: PathBuf,
}

impl PrivateApt {
    async fn update(session: &Session<impl Engine>, suite: &str) -> anyhow::Result<PrivateApt> {
        let folder = session.folder.path().join(format!("apt-{suite}"));
        std::fs::create_dir_all(folder.join("lists/partial"))?;
        std::fs::create_dir_all(folder.join("cache/archives/partial"))?;
        let apt = PrivateApt { folder };
        let mut update = apt.command("apt-get");
        update.arg("update");
        output_of(update).await?;
        Ok(apt)
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .arg("-o")
            .arg(format!("Dir::State::lists={}", self.folder.join("lists").display()))
            .arg("-o")
            .arg(format!("Dir::Cache={}", self.folder.join("cache").display()))
            .args(["-o", "APT::Sandbox::User="])
            .current_dir(&self.folder);
        command
    }

    /// The mirror from which this host gets its Debian packages.
    async fn mirror(&self) -> anyhow::Result<String> {
        let mut targets = self.command("apt-get");
        targets.args([
            "indextargets",
            "--format",
            "$(ORIGIN)|$(LABEL)|$(REPO_URI)",
            "Created-By: Packages",
        ]);
        let text = output_of(targets).await?;
        text.lines()
            .find_map(|line| line.strip_prefix("Debian|Debian|"))
            .map(|uri| uri.trim_end_matches('/').to_owned())
            .context("apt on this host has no Debian mirror among its sources")
    }

    /// Fetches a package and unpacks it without installing it; returns the folder.
    async fn unpack(&self, package: &str) -> anyhow::Result<PathBuf> {
        let mut download = self.command("apt-get");
        download.args(["download", package]);
        output_of(download).await?;
        let deb = std::fs::read_dir(&self.folder)?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .find(|path| path.extension().is_some_and(|ending| ending == "deb"))
            .with_context(|| format!("apt-get download left no file of {package}"))?;
        let target = self.folder.join(package);
        let mut dpkg = Command::new("dpkg");
        dpkg.arg("-x").arg(deb).arg(&target);
        output_of(dpkg).await?;
        Ok(target)
    }
}

fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|candidate| candidate.is_file())
}

/// Runs a command; its end is an error unless it succeeds, with the last lines it printed.
async fn output_of(mut command: Command) -> anyhow::Result<String> {
    let program = command.as_std().get_program().to_string_lossy().into_owned();
    let running = command.stdin(Stdio::null()).kill_on_drop(true).output();
    let output = timeout(DEADLINE, running)
        .await
        .with_context(|| format!("{program} did not end within {} s", DEADLINE.as_secs()))?
        .with_context(|| format!("{program} could not be started"))?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        let last: Vec<&str> = text.lines().rev().take(5).collect();
        let last: Vec<&str> = last.into_iter().rev().collect();
        bail!("{program} ended with {}:\n{}", output.status, last.join("\n"));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
