//! The tree of the `preinstalled` method without its byte-code, for boots that are to find none.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use seatrial_engine::Engine;

use crate::session::Session;

/// Folder in which Python keeps the byte-code of the modules beside it (PEP 3147).
const BYTE_CODE: &str = "__pycache__";

/// A copy of a tree without byte-code, made on first need and kept beside it. Byte-code that stands in for a missing source
/// lies in no such folder, and stays.
pub async fn uncompiled(session: &Session<impl Engine>, tree: &Path) -> anyhow::Result<PathBuf> {
    let name = tree.file_name().context("a tree has a name")?.to_string_lossy();
    let finished = tree.with_file_name(format!("{name}-uncompiled"));
    let _turn = session.turns.of(&finished.to_string_lossy()).await;
    if finished.is_dir() {
        return Ok(finished);
    }
    let (from, to) = (tree.to_owned(), finished.clone());
    tokio::task::spawn_blocking(move || copy(&from, &to)).await??;
    Ok(finished)
}

fn copy(tree: &Path, finished: &Path) -> anyhow::Result<()> {
    let trees = tree.parent().context("a tree lies in a folder")?;
    let aside = tempfile::tempdir_in(trees)?;
    let copied = aside.path().join("tree");
    let status = Command::new("cp").arg("-Rp").arg(tree).arg(&copied).status()?;
    anyhow::ensure!(status.success(), "cp could not copy the tree {}", tree.display());
    remove_byte_code(&copied).with_context(|| format!("the byte-code of {} cannot be removed", copied.display()))?;
    match fs::rename(&copied, finished) {
        // Another run was faster, and made the same.
        Err(_) if finished.is_dir() => Ok(()),
        other => other.with_context(|| format!("cannot move the tree to {}", finished.display())),
    }
}

fn remove_byte_code(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        match entry.file_type()?.is_dir() {
            true if entry.file_name() == BYTE_CODE => fs::remove_dir_all(entry.path())?,
            true => remove_byte_code(&entry.path())?,
            false => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn byte_code_is_left_out_where_its_source_lies_beside_it() {
        let trees = tempfile::tempdir().unwrap();
        let (tree, finished) = (trees.path().join("t"), trees.path().join("t-uncompiled"));
        fs::create_dir_all(tree.join("acme/__pycache__")).unwrap();
        for file in ["acme/a.py", "acme/sourceless.pyc", "acme/__pycache__/a.cpython-310.pyc"] {
            fs::write(tree.join(file), "x").unwrap();
        }
        copy(&tree, &finished).unwrap();
        assert!(finished.join("acme/a.py").exists() && finished.join("acme/sourceless.pyc").exists());
        assert!(!finished.join("acme/__pycache__").exists() && tree.join("acme/__pycache__").exists());
        copy(&tree, &finished).unwrap();
        let left = fs::read_dir(trees.path()).unwrap().count();
        assert_eq!(left, 2, "no half-made copy stays");
    }
}
