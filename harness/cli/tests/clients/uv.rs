//! uv: what it would install, and installing it.

use std::fs;

use tokio::process::Command;

use super::process::{Failed, Wrote, run};
use super::resolution::{Choice, Resolution, unescaped};
use super::room::Room;
use super::tools::{UV, interpreter};

/// What uv would install.
pub async fn resolve(room: &Room, index: &str, requirements: &[&str], options: &[&str]) -> Resolution {
    let input = room.path().join("requirements.in");
    fs::write(&input, requirements.join("\n")).unwrap();
    let mut uv = uv(room).await;
    uv.args([
        "compile",
        "--verbose",
        "--format",
        "pylock.toml",
        "--default-index",
        index,
    ])
    .arg("--python")
    .arg(interpreter().await)
    .args(options)
    .arg(input);
    let wrote = run(&mut uv).await?;
    // One for each project, behind a head.
    let packages = wrote.stdout.split("[[packages]]").skip(1);
    Ok(packages.map(|package| choice(package, &wrote.stderr)).collect())
}

/// Installs into the room's environment.
pub async fn install(room: &Room, index: &str, arguments: &[&str]) -> Result<Wrote, Failed> {
    let mut uv = uv(room).await;
    uv.args(["install", "--default-index", index])
        .arg("--python")
        .arg(room.program("python"))
        .args(arguments);
    run(&mut uv).await
}

async fn uv(room: &Room) -> Command {
    let mut uv = room.client(&UV.program("uv").await);
    uv.arg("pip");
    uv
}

/// A package of a lock file, which lists the files of its release; uv's log says which of them it looked at last.
fn choice(package: &str, log: &str) -> Choice {
    let found = || {
        let package = unescaped(package);
        let project = between(&package, "name = \"", "\"")?.to_owned();
        let version = between(&package, "version = \"", "\"")?.to_owned();
        let selecting = format!("Selecting: {project}=={version} [");
        let selected = log.lines().rfind(|line| line.contains(&selecting))?;
        let file = between(selected, "] (", ")")?.to_owned();
        let (_, about) = package.split_once(&format!("/{file}\""))?;
        let sha256 = between(about, "sha256 = \"", "\"")?.to_owned();
        Some(Choice {
            project,
            version,
            file,
            sha256,
        })
    };
    found().unwrap_or_else(|| panic!("uv writes its lock or log in another way: {package}\n{log}"))
}

fn between<'t>(text: &'t str, before: &str, behind: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(before)?;
    Some(rest.split_once(behind)?.0)
}
