//! Reads a build context from disk and digests it, so that an image is rebuilt when its inputs change and only then.

use std::fs;
use std::path::Path;

use anyhow::Context as _;

use crate::cache::digest;

/// Files of a build context: path in the context, content, executable; sorted by path.
pub type ContextFiles = Vec<(String, Vec<u8>, bool)>;

/// Reads every file below `folder`.
pub fn read(folder: &Path) -> anyhow::Result<ContextFiles> {
    let mut files = Vec::new();
    collect(folder, folder, &mut files)
        .with_context(|| format!("cannot read the build context {}", folder.display()))?;
    anyhow::ensure!(
        files.iter().any(|(path, ..)| path == "Dockerfile"),
        "the build context {} holds no Dockerfile",
        folder.display()
    );
    files.sort();
    Ok(files)
}

/// Reads the sources of a cargo package, which are the inputs of its binary.
pub fn read_package(package: &Path) -> anyhow::Result<ContextFiles> {
    let manifest = package.join("Cargo.toml");
    let content = fs::read(&manifest).with_context(|| format!("cannot read {}", manifest.display()))?;
    let mut files = vec![("Cargo.toml".to_owned(), content, false)];
    collect(package, &package.join("src"), &mut files)?;
    files.sort();
    Ok(files)
}

/// Digest of a context together with everything else the build depends on.
pub fn digest_with<'a>(files: &'a ContextFiles, others: impl IntoIterator<Item = &'a str>) -> String {
    let executable = |is: &bool| if *is { b"x".as_slice() } else { b"-".as_slice() };
    let files = files
        .iter()
        .flat_map(move |(path, content, is)| [path.as_bytes(), content.as_slice(), executable(is)]);
    digest(files.chain(others.into_iter().map(str::as_bytes)))
}

fn collect(root: &Path, folder: &Path, files: &mut ContextFiles) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(root, &path, files)?;
            continue;
        }
        let name = path.strip_prefix(root)?.to_string_lossy().into_owned();
        files.push((name, fs::read(&path)?, is_executable(&path)?));
    }
    Ok(())
}

#[cfg(unix)]
fn is_executable(path: &Path) -> anyhow::Result<bool> {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(fs::metadata(path)?.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(path: &Path) -> anyhow::Result<bool> {
    Ok(fs::read(path)?.starts_with(b"#!"))
}

#[cfg(test)]
mod tests {
    use super::{digest_with, read};

    #[test]
    fn the_digest_follows_content_and_arguments() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("Dockerfile"), "FROM scratch\n").unwrap();
        let first = digest_with(&read(folder.path()).unwrap(), ["A=1"]);
        assert_eq!(first, digest_with(&read(folder.path()).unwrap(), ["A=1"]));
        assert_ne!(first, digest_with(&read(folder.path()).unwrap(), ["A=2"]));
        std::fs::write(folder.path().join("extra"), "").unwrap();
        assert_ne!(first, digest_with(&read(folder.path()).unwrap(), ["A=1"]));
    }

    #[test]
    fn a_context_without_dockerfile_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let error = read(folder.path()).unwrap_err().to_string();
        assert!(error.contains("holds no Dockerfile"), "{error}");
    }
}
