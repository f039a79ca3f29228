//! The tree of the `preinstalled` method: site-packages made once by an image's own Python, kept by image and requirements.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use seatrial_engine::{Engine, Mount, TaskSpec};

use super::named::NamedImage;
use super::{Added, pip_variables};
use crate::cache;
use crate::interpreter;
use crate::requirements::{CONSTRAINTS, Requirements};
use crate::session::Session;
use crate::stage::open_to_all;
use crate::worlds::IndexUrls;

/// Installing a large set from a slow upstream takes minutes.
const DEADLINE: Duration = Duration::from_secs(900);
/// Where the builder finds its inputs and leaves the tree.
const INSIDE: &str = "/seatrial";

/// The documented way: a virtual environment whose site-packages directory is what gets mounted, pip included. `cp -Rp`
/// keeps time stamps, without which every byte-compiled file would count as stale.
const VENV: &str = r#"
"$python" -m venv /tmp/venv
/tmp/venv/bin/python -m pip install -r /seatrial/requirements-0.txt
cp -Rp "$(/tmp/venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/." /seatrial/tree/
"#;

/// One `pip install --target` after another into the same folder.
const TARGET: &str = r#"
for file in /seatrial/requirements-*.txt; do "$python" -m pip install --target /seatrial/tree -r "$file"; done
"#;

/// The folder with the tree on the host; built on first need with the Python of `builder`. The lists of `then` are laid
/// over the requirements one after another.
pub async fn build_tree(
    session: &Session<impl Engine>,
    builder: &NamedImage,
    added: Added<'_>,
    then: &[Vec<String>],
    say: &(dyn Fn(&str) + Sync),
) -> anyhow::Result<PathBuf> {
    let script = script(&builder.contract.python, then.len());
    let further = then.iter().map(|lines| Requirements {
        lines,
        ..added.requirements
    });
    let lists: Vec<String> = std::iter::once(added.requirements)
        .chain(further)
        .map(|list| list.text())
        .collect();
    let constraints = added.requirements.constraints_text().unwrap_or_default();
    let inputs = [builder.info.id.as_str(), script.as_str(), &constraints, added.identity];
    let digest = cache::digest(
        inputs
            .into_iter()
            .chain(lists.iter().map(String::as_str))
            .map(str::as_bytes),
    );
    let _turn = session.turns.of(&digest).await;
    let trees = session.cache.folder("trees")?;
    let finished = trees.join(&digest);
    if finished.is_dir() {
        return Ok(finished);
    }
    say(&format!(
        "building a preinstalled tree with the Python of {}",
        builder.name
    ));
    let work = session.folder.path().join(format!("tree-{digest}"));
    fs::create_dir_all(work.join("tree"))?;
    open_to_all(&work)?;
    open_to_all(&work.join("tree"))?;
    for (number, list) in lists.iter().enumerate() {
        fs::write(work.join(format!("requirements-{number}.txt")), list)?;
    }
    fs::write(work.join(CONSTRAINTS), constraints)?;
    let output = session
        .engine
        .task(&session.owner, task(builder, script, &work, added.index))
        .await?;
    if output.code != 0 {
        bail!(
            "the preinstalled tree could not be built (exit code {}):\n{}",
            output.code,
            last_lines(&output.stderr, 10)
        );
    }
    settle(&work.join("tree"), &trees, &finished)?;
    Ok(finished)
}

fn script(candidates: &[String], then: usize) -> String {
    let how = if then == 0 { VENV } else { TARGET };
    format!("set -e\n{}{how}", interpreter::choose(candidates))
}

fn task(builder: &NamedImage, script: String, work: &Path, index: &IndexUrls) -> TaskSpec {
    let mut env = pip_variables(index);
    env.insert("HOME".into(), "/tmp".into());
    TaskSpec {
        image: builder.info.id.clone(),
        command: ["sh", "-c", &script].map(String::from).into(),
        env,
        user: Some(this_user()),
        mounts: vec![Mount {
            source: work.to_owned(),
            target: INSIDE.into(),
            read_only: false,
        }],
        host_network: true,
        deadline: DEADLINE,
    }
}

/// The tree belongs to whoever runs seatrial, so that the cache can be cleared without root.
#[cfg(unix)]
fn this_user() -> String {
    use std::os::unix::fs::MetadataExt as _;
    // The owner of our own process's folder in /proc is us; elsewhere the home folder's owner is.
    let own = fs::metadata("/proc/self").or_else(|_| fs::metadata(std::env::var_os("HOME").unwrap_or_default()));
    own.map_or_else(|_| "0:0".into(), |meta| format!("{}:{}", meta.uid(), meta.gid()))
}

/// Moves the finished tree into the cache in one step; another run that was faster has made the same tree.
fn settle(tree: &Path, trees: &Path, finished: &Path) -> anyhow::Result<()> {
    let aside = tempfile::tempdir_in(trees)?;
    let copied = aside.path().join("tree");
    if fs::rename(tree, &copied).is_err() {
        // The temporary folder may lie on another file system.
        let status = std::process::Command::new("cp")
            .arg("-Rp")
            .arg(tree)
            .arg(&copied)
            .status()?;
        anyhow::ensure!(status.success(), "cp could not copy the tree into the cache");
    }
    match fs::rename(&copied, finished) {
        Err(_) if finished.is_dir() => Ok(()),
        other => other.with_context(|| format!("cannot move the tree to {}", finished.display())),
    }
}

fn last_lines(bytes: &[u8], count: usize) -> String {
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}
