//! Where things are kept: between runs (the cache folder) and for one run (its temporary folder).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use seatrial_engine::Owner;
use sha2::{Digest as _, Sha256};

use crate::stage::open_to_all;

/// What is kept between runs: packages, manifests of images, compiled stubs, preinstalled trees.
const KINDS: [&str; 4] = ["index", "manifests", "static", "trees"];
/// Name of every temporary folder starts with this; the run id follows.
const TEMPORARY: &str = "seatrial-";
/// File in a temporary folder that names its owner.
const OWNER: &str = "owner";

/// The folder kept between runs: packages by hash, preinstalled trees, base archives.
#[derive(Clone, Debug)]
pub struct Cache {
    root: PathBuf,
}

impl Cache {
    /// `SEATRIAL_CACHE`, else the user's cache folder (`XDG_CACHE_HOME`, `~/.cache`) and `seatrial` in it.
    pub fn locate() -> anyhow::Result<Cache> {
        let root = if let Some(dir) = std::env::var_os("SEATRIAL_CACHE") {
            PathBuf::from(dir)
        } else if let Some(dir) = std::env::var_os("XDG_CACHE_HOME") {
            Path::new(&dir).join("seatrial")
        } else {
            let home = std::env::var_os("HOME")
                .context("no place for the cache: set SEATRIAL_CACHE, XDG_CACHE_HOME or HOME")?;
            Path::new(&home).join(".cache/seatrial")
        };
        Cache::at(&root)
    }

    /// A folder, made when missing.
    pub fn at(root: &Path) -> anyhow::Result<Cache> {
        let root = std::path::absolute(root)?;
        fs::create_dir_all(&root).with_context(|| format!("cannot make the cache folder {}", root.display()))?;
        Ok(Cache { root })
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A folder for one kind of thing, made when missing.
    pub fn folder(&self, kind: &str) -> io::Result<PathBuf> {
        let folder = self.root.join(kind);
        fs::create_dir_all(&folder)?;
        Ok(folder)
    }

    /// Removes what seatrial keeps here and nothing else: the folder may be one that somebody else uses too. Returns
    /// the bytes freed.
    pub fn clear(&self) -> io::Result<u64> {
        let mut freed = 0;
        for kind in KINDS {
            let folder = self.root.join(kind);
            if folder.is_dir() {
                freed += size_of(&folder)?;
                fs::remove_dir_all(&folder)?;
            }
        }
        Ok(freed)
    }
}

/// Digest of parts, each bounded by its length so that no two lists of parts collide; 16 hex digits.
pub fn digest<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    hasher
        .finalize()
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// The temporary folder of one run; removed when dropped, swept by the next start otherwise.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
}

impl RunFolder {
    /// Makes the folder and writes down its owner.
    pub fn create(owner: &Owner) -> io::Result<RunFolder> {
        let path = std::env::temp_dir().join(format!("{TEMPORARY}{}", owner.run));
        fs::create_dir(&path)?;
        // Package downloads inside a bootstrap run as another user.
        open_to_all(&path)?;
        let folder = RunFolder { path };
        fs::write(folder.path.join(OWNER), owner.label())?;
        Ok(folder)
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for RunFolder {
    fn drop(&mut self) {
        if let Err(error) = remove_owner_last(&self.path) {
            eprintln!("seatrial: {} could not be removed: {error}", self.path.display());
        }
    }
}

/// Removes temporary folders whose owner's process is gone; returns how many.
pub fn sweep_run_folders() -> io::Result<usize> {
    let mut removed = 0;
    for entry in fs::read_dir(std::env::temp_dir())? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(run) = name.strip_prefix(TEMPORARY) else {
            continue;
        };
        let owner = fs::read_to_string(entry.path().join(OWNER))
            .ok()
            .and_then(|label| Owner::from_labels(run, &label));
        // A folder without a readable owner is not known to be ours: it is left alone.
        if owner.is_some_and(|owner| owner.is_gone()) {
            match remove_owner_last(&entry.path()) {
                Ok(()) => removed += 1,
                Err(error) => eprintln!("seatrial: {} could not be removed: {error}", entry.path().display()),
            }
        }
    }
    Ok(removed)
}

/// A removal that is cut off leaves the owner's name in place, so that the next sweep can finish it.
fn remove_owner_last(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name() == OWNER {
            continue;
        }
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    fs::remove_dir_all(folder)
}

fn size_of(path: &Path) -> io::Result<u64> {
    let meta = fs::symlink_metadata(path)?;
    if !meta.is_dir() {
        return Ok(meta.len());
    }
    fs::read_dir(path)?.map(|entry| size_of(&entry?.path())).sum()
}

#[cfg(test)]
mod tests {
    use super::digest;

    #[test]
    fn parts_are_kept_apart() {
        assert_ne!(
            digest([b"ab".as_slice(), b"c".as_slice()]),
            digest([b"a".as_slice(), b"bc".as_slice()])
        );
        assert_eq!(digest([b"ab".as_slice()]), digest([b"ab".as_slice()]));
    }
}
