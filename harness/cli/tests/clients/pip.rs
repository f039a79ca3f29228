//! pip, old and new: what it would install, and installing it.

use serde_json::Value;
use tokio::process::Command;

use super::process::{Failed, Wrote, run};
use super::resolution::{Choice, Resolution, unescaped};
use super::room::Room;
use super::tools::{PIP_NEW, Tool};

/// What the newest pip would install; the arguments are requirements and further options.
pub async fn resolve(room: &Room, index: &str, arguments: &[&str]) -> Resolution {
    let mut pip = pip(room, &PIP_NEW, index).await;
    report(pip.arg("install").args(arguments)).await
}

/// What the newest pip would install from the index that this host is set up for.
pub async fn resolve_without_seatrial(requirement: &str) -> Resolution {
    let mut pip = Command::new(PIP_NEW.program("python").await);
    // Only the first index stands behind seatrial.
    pip.env_remove("PIP_EXTRA_INDEX_URL").env_remove("PIP_FIND_LINKS");
    report(pip.args(["-m", "pip", "install", "--no-cache-dir", requirement])).await
}

/// Installs into the room's environment.
pub async fn install(room: &Room, tool: &Tool, index: &str, arguments: &[&str]) -> Result<Wrote, Failed> {
    run(pip(room, tool, index).await.arg("install").args(arguments)).await
}

/// pip of a tool, working for the room's environment and before this index.
pub async fn pip(room: &Room, tool: &Tool, index: &str) -> Command {
    let mut pip = room.client(&room.program("python"));
    pip.env("PYTHONPATH", tool.modules().await)
        .env("PIP_INDEX_URL", index)
        .args(["-m", "pip"]);
    pip
}

/// Reads pip's installation report.
async fn report(install: &mut Command) -> Resolution {
    let flags = ["--quiet", "--dry-run", "--ignore-installed", "--report", "-"];
    let wrote = run(install.args(flags)).await?;
    let report: Value = serde_json::from_str(&wrote.stdout).unwrap();
    Ok(report["install"].as_array().unwrap().iter().map(choice).collect())
}

fn choice(installed: &Value) -> Choice {
    let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{installed}")).to_owned();
    let url = text(&installed["download_info"]["url"]);
    Choice {
        project: text(&installed["metadata"]["name"])
            .to_ascii_lowercase()
            .replace(['.', '_'], "-"),
        version: text(&installed["metadata"]["version"]),
        file: unescaped(url.rsplit('/').next().unwrap_or_default()),
        sha256: text(&installed["download_info"]["archive_info"]["hashes"]["sha256"]),
    }
}
