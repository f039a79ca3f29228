//! Files on disk by their sha256, shared by all runs of a host: `files/ab/abcdef...`, and `partial/` while they come in.
//!
//! A file appears under its digest by one rename, complete and verified, so that processes need no lock between them:
//! two that fetch the same file put the same bytes in the same place.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tempfile::{NamedTempFile, TempPath};
use tokio::fs::{self, File};
use tokio::io::AsyncWriteExt as _;

use crate::digest::{Hasher, Sha256};

/// A partial file that nothing was written to for this long has lost its process: downloads give up much earlier.
const ABANDONED_AFTER: Duration = Duration::from_secs(60 * 60);

#[derive(Clone, Debug)]
pub(crate) struct Cache {
    files: PathBuf,
    partial: PathBuf,
}

/// A complete file of the cache.
#[derive(Clone, Debug)]
pub(crate) struct CachedFile {
    pub path: PathBuf,
    pub digest: Sha256,
    /// Bytes.
    pub size: u64,
}

impl Cache {
    /// Makes the folders, and removes what processes that were killed left half-done.
    pub(crate) fn open(folder: &Path) -> io::Result<Cache> {
        let cache = Cache::at(folder);
        std::fs::create_dir_all(&cache.files)?;
        std::fs::create_dir_all(&cache.partial)?;
        cache.remove_abandoned()?;
        Ok(cache)
    }

    /// The cache below a folder, whether it is there or not.
    pub(crate) fn at(folder: &Path) -> Cache {
        Cache {
            files: folder.join("files"),
            partial: folder.join("partial"),
        }
    }

    fn remove_abandoned(&self) -> io::Result<()> {
        for entry in std::fs::read_dir(&self.partial)? {
            let entry = entry?;
            // A file that vanishes meanwhile has been finished, or removed by another process.
            let Ok(written) = entry.metadata().and_then(|metadata| metadata.modified()) else {
                continue;
            };
            let age = SystemTime::now().duration_since(written).unwrap_or_default();
            if age > ABANDONED_AFTER {
                let _ = std::fs::remove_file(entry.path());
            }
        }
        Ok(())
    }

    /// The file with this digest, when the cache has it.
    pub(crate) async fn find(&self, digest: &Sha256) -> Option<CachedFile> {
        let path = self.place_of(digest);
        let metadata = fs::metadata(&path).await.ok().filter(std::fs::Metadata::is_file)?;
        Some(CachedFile {
            path,
            digest: digest.clone(),
            size: metadata.len(),
        })
    }

    /// The file with this digest, when the cache has it and reading it gives the digest again.
    pub(crate) async fn find_whole(&self, digest: &Sha256) -> io::Result<Option<CachedFile>> {
        let Some(found) = self.find(digest).await else {
            return Ok(None);
        };
        let path = found.path.clone();
        let read = tokio::task::spawn_blocking(move || Sha256::of_all(std::fs::File::open(path)?));
        let (actual, _) = read.await.map_err(io::Error::other)??;
        Ok(Some(found).filter(|found| found.digest == actual))
    }

    /// A file that will be of this cache once [`Cache::adopt`] has it; dropped before, it leaves nothing behind.
    pub(crate) fn draft(&self) -> io::Result<NamedTempFile> {
        draft_in(&self.partial)
    }

    /// Puts a finished draft in its place; digest and size are the caller's word.
    pub(crate) async fn adopt(&self, draft: NamedTempFile, digest: Sha256, size: u64) -> io::Result<CachedFile> {
        let (file, path) = draft.into_parts();
        self.keep(Complete {
            file: File::from_std(file),
            path,
            digest,
            size,
        })
        .await
    }

    /// Begins a new file; dropped before [`Cache::keep`], it leaves nothing behind.
    pub(crate) fn begin(&self) -> io::Result<Incoming> {
        let (file, path) = self.draft()?.into_parts();
        Ok(Incoming {
            file: File::from_std(file),
            path,
            hasher: Hasher::default(),
            size: 0,
        })
    }

    /// Puts a complete file in its place.
    pub(crate) async fn keep(&self, mut complete: Complete) -> io::Result<CachedFile> {
        let path = self.place_of(&complete.digest);
        let folder = path.parent().expect("a place in the cache has a folder");
        fs::create_dir_all(folder).await?;
        // Without this a crash of the host could leave a file under a digest that is not its own.
        complete.file.flush().await?;
        complete.file.sync_all().await?;
        complete.path.persist(&path)?;
        Ok(CachedFile {
            path,
            digest: complete.digest,
            size: complete.size,
        })
    }

    /// Puts bytes in their place.
    pub(crate) async fn keep_bytes(&self, bytes: &[u8]) -> io::Result<CachedFile> {
        let mut incoming = self.begin()?;
        incoming.write(bytes).await?;
        self.keep(incoming.complete()).await
    }

    /// Puts a file of another cache in its place here as well: a second name for it where the file system and its rights
    /// allow. What stands there already, but is not the file, is replaced.
    pub(crate) async fn keep_copy(&self, file: &CachedFile) -> io::Result<()> {
        if self.find_whole(&file.digest).await?.is_some() {
            return Ok(());
        }
        let path = self.place_of(&file.digest);
        fs::create_dir_all(path.parent().expect("a place in the cache has a folder")).await?;
        let mut draft = self.draft()?;
        // A second name has the rights of the first, which may be for this user alone.
        let rights = draft.as_file().metadata()?.permissions();
        if fs::metadata(&file.path).await?.permissions() == rights && fs::hard_link(&file.path, &path).await.is_ok() {
            return Ok(());
        }
        let source = file.path.clone();
        let copied = tokio::task::spawn_blocking(move || {
            io::copy(&mut std::fs::File::open(source)?, draft.as_file_mut())?;
            Ok::<_, io::Error>(draft)
        });
        let draft = copied.await.map_err(io::Error::other)??;
        self.adopt(draft, file.digest.clone(), file.size).await?;
        Ok(())
    }

    fn place_of(&self, digest: &Sha256) -> PathBuf {
        self.files.join(&digest.as_str()[..2]).join(digest.as_str())
    }
}

/// A file that will get its name later, with the rights that any new file gets: what is kept is for other users as well.
pub(crate) fn draft_in(folder: &Path) -> io::Result<NamedTempFile> {
    // The system takes from these what its umask says.
    let rights = Permissions::from_mode(0o666);
    tempfile::Builder::new().permissions(rights).tempfile_in(folder)
}

/// A file that is coming in.
pub(crate) struct Incoming {
    file: File,
    path: TempPath,
    hasher: Hasher,
    size: u64,
}

/// A file that has come in and whose digest is known.
pub(crate) struct Complete {
    file: File,
    path: TempPath,
    pub digest: Sha256,
    /// Bytes.
    pub size: u64,
}

impl Incoming {
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hasher.update(bytes);
        self.size += bytes.len() as u64;
        self.file.write_all(bytes).await
    }

    /// Bytes so far.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    pub(crate) fn complete(self) -> Complete {
        Complete {
            file: self.file,
            path: self.path,
            digest: self.hasher.finish(),
            size: self.size,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn files_are_found_by_digest_only_when_kept() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path()).unwrap();
        let digest = Sha256::of(b"abc");

        let mut dropped = cache.begin().unwrap();
        dropped.write(b"abc").await.unwrap();
        drop(dropped.complete());
        assert!(cache.find(&digest).await.is_none());
        assert_eq!(std::fs::read_dir(folder.path().join("partial")).unwrap().count(), 0);

        let mut kept = cache.begin().unwrap();
        kept.write(b"a").await.unwrap();
        kept.write(b"bc").await.unwrap();
        cache.keep(kept.complete()).await.unwrap();
        let found = cache.find(&digest).await.unwrap();
        assert_eq!(found.path, folder.path().join("files/ba").join(digest.as_str()));
        assert_eq!((found.size, std::fs::read(found.path).unwrap()), (3, b"abc".to_vec()));
    }

    #[tokio::test]
    async fn a_copy_is_a_second_name_unless_that_would_have_other_rights() {
        use std::os::unix::fs::MetadataExt as _;

        let folder = tempfile::tempdir().unwrap();
        let caches = ["a", "b", "c"].map(|name| Cache::open(&folder.path().join(name)).unwrap());
        let kept = caches[0].keep_bytes(b"abc").await.unwrap();
        let metadata = async |cache: &Cache| std::fs::metadata(cache.find(&kept.digest).await.unwrap().path).unwrap();
        let rights = metadata(&caches[0]).await.permissions();

        caches[1].keep_copy(&kept).await.unwrap();
        assert_eq!(metadata(&caches[1]).await.ino(), metadata(&caches[0]).await.ino());

        std::fs::set_permissions(&kept.path, Permissions::from_mode(0o400)).unwrap();
        caches[2].keep_copy(&kept).await.unwrap();
        assert_eq!(metadata(&caches[2]).await.permissions(), rights);
        assert!(caches[2].find_whole(&kept.digest).await.unwrap().is_some());
    }

    #[test]
    fn only_abandoned_partial_files_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path()).unwrap();
        let (old, busy) = (cache.partial.join("old"), cache.partial.join("busy"));
        std::fs::write(&busy, "x").unwrap();
        let long_ago = SystemTime::now() - 2 * ABANDONED_AFTER;
        std::fs::File::create(&old).unwrap().set_modified(long_ago).unwrap();

        Cache::open(folder.path()).unwrap();
        assert!(!old.exists() && busy.exists());
    }
}
