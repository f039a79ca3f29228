//! A lock: every page and file that an index was given by its upstream, so that a run can be repeated offline to the byte.
//!
//! A folder with `index.lock.json`, which says what was asked for and what came, and the bytes by their sha256 in
//! `files/`. It is whole after every addition and needs nothing but itself. The empty file `recording` is locked by the
//! process that adds to it, and of no use to who reads.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::fs::{File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use reqwest::Url;
use serde::{Deserialize, Serialize};

use crate::cache::{self, Cache, CachedFile};
use crate::digest::Sha256;
use crate::error::{IndexError, Refusal};
use crate::fetch::RawPage;

/// File that lists the rest.
const LIST: &str = "index.lock.json";
/// Version of its format.
const VERSION: u32 = 1;
/// File that who records holds locked.
const RECORDING: &str = "recording";

const TO_READ: &str = "expected the folder that `--record-index` wrote";
const TO_WRITE: &str = "name a folder that can be written: a new one, or one that `--record-index` wrote";
const TO_WRITE_ALONE: &str = "wait until it has ended, or record in another folder";

/// A lock, being written or being read.
#[derive(Debug)]
pub(crate) struct Lock {
    folder: PathBuf,
    files: Cache,
    list: Arc<List>,
}

/// The list of a lock, and the file that it is in.
#[derive(Debug)]
struct List {
    path: PathBuf,
    contents: Mutex<Contents>,
    /// So many additions are on disk.
    written: Mutex<u64>,
    /// Held, and locked, by who records: even a writing that outlives its index ends before another recorder begins.
    _recording: Option<File>,
}

/// What of a list every version has.
#[derive(Deserialize)]
struct Head {
    version: u32,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Contents {
    version: u32,
    /// By project in normal form; `null`: upstream had no such project.
    pages: BTreeMap<String, Option<LockedPage>>,
    /// By address.
    files: BTreeMap<String, LockedFile>,
    /// Additions since it was opened.
    #[serde(skip)]
    additions: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LockedPage {
    /// Where it was found in the end: the base of its relative links.
    address: String,
    media_type: String,
    sha256: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LockedFile {
    sha256: String,
    size: u64,
}

impl Lock {
    /// A lock to write to: a new one, or one that grows. Nobody else can write to it as long as this one is there.
    pub(crate) fn to_write(folder: &Path) -> Result<Lock, IndexError> {
        let failed = |error: &dyn Display| unusable(folder, error, TO_WRITE);
        let files = Cache::open(folder).map_err(|error| failed(&error))?;
        // Not emptied: in a lock that has travelled, the name may lead to another file.
        let recording = File::options()
            .write(true)
            .create(true)
            .truncate(false)
            .open(folder.join(RECORDING))
            .map_err(|error| failed(&error))?;
        recording.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => unusable(folder, &"another seatrial is recording in it", TO_WRITE_ALONE),
            TryLockError::Error(error) => failed(&error),
        })?;
        let path = folder.join(LIST);
        let contents = if path.exists() {
            Contents::read(&path).map_err(|reason| unusable(&path, &reason, TO_WRITE))?
        } else {
            Contents {
                version: VERSION,
                pages: BTreeMap::new(),
                files: BTreeMap::new(),
                additions: 0,
            }
        };
        let lock = Lock::new(folder, files, contents, Some(recording));
        lock.list.write().map_err(|error| failed(&error))?;
        Ok(lock)
    }

    /// A lock that must be there; nothing in its folder is changed.
    pub(crate) fn to_read(folder: &Path) -> Result<Lock, IndexError> {
        let list = folder.join(LIST);
        let contents = Contents::read(&list).map_err(|reason| unusable(&list, &reason, TO_READ))?;
        Ok(Lock::new(folder, Cache::at(folder), contents, None))
    }

    fn new(folder: &Path, files: Cache, contents: Contents, recording: Option<File>) -> Lock {
        Lock {
            folder: folder.to_owned(),
            files,
            list: Arc::new(List {
                path: folder.join(LIST),
                contents: Mutex::new(contents),
                written: Mutex::new(0),
                _recording: recording,
            }),
        }
    }

    /// What the list says, whatever the layout of its text: equal locks have equal digests.
    pub(crate) fn digest(&self) -> Sha256 {
        let contents = serde_json::to_vec(&*self.list.contents()).expect("texts and numbers can be written");
        Sha256::of(&contents)
    }

    /// Keeps a page, or that there is none; it is on disk once this returns.
    pub(crate) async fn keep_page(&self, project: &str, page: Option<&RawPage>) -> Result<(), Refusal> {
        let locked = match page {
            Some(page) => Some(LockedPage {
                address: page.address.to_string(),
                media_type: page.media_type.clone(),
                sha256: self.kept(self.files.keep_bytes(&page.body).await)?.digest.to_string(),
            }),
            None => None,
        };
        self.add(|contents| drop(contents.pages.insert(project.to_owned(), locked)))
            .await
    }

    /// Keeps a file that lies in the package cache; it is on disk once this returns.
    pub(crate) async fn keep_file(&self, address: &Url, file: &CachedFile) -> Result<(), Refusal> {
        self.kept(self.files.keep_copy(file).await)?;
        let locked = LockedFile {
            sha256: file.digest.to_string(),
            size: file.size,
        };
        self.add(|contents| drop(contents.files.insert(address.to_string(), locked)))
            .await
    }

    /// Adds to the list. What others add while it is being written waits, and is then written all at once.
    async fn add(&self, entry: impl FnOnce(&mut Contents)) -> Result<(), Refusal> {
        let addition = {
            let mut contents = self.list.contents();
            entry(&mut contents);
            contents.additions += 1;
            contents.additions
        };
        let list = Arc::clone(&self.list);
        let written = tokio::task::spawn_blocking(move || list.write_up_to(addition)).await;
        self.kept(written.unwrap_or_else(|error| Err(io::Error::other(error))))
    }

    /// What came of using the folder.
    fn kept<T>(&self, result: io::Result<T>) -> Result<T, Refusal> {
        result.map_err(|error| Refusal::Lock {
            lock: self.folder.clone(),
            reason: error.to_string(),
        })
    }

    /// The page of a project as it was kept; `None`: upstream had none.
    pub(crate) async fn page(&self, project: &str) -> Result<Option<RawPage>, Refusal> {
        let what = format!("the page of `{project}`");
        let locked = self.list.contents().pages.get(project).cloned();
        let Some(locked) = locked.ok_or_else(|| Refusal::NotInLock(what.clone()))? else {
            return Ok(None);
        };
        let file = self.find(&locked.sha256, &what).await?;
        Ok(Some(RawPage {
            address: Url::parse(&locked.address).map_err(|_| Refusal::NotInLock(what))?,
            media_type: locked.media_type,
            body: self.kept(tokio::fs::read(&file.path).await)?,
        }))
    }

    /// A file as it was kept.
    pub(crate) async fn file(&self, filename: &str, address: &Url) -> Result<CachedFile, Refusal> {
        let what = format!("the file `{filename}`");
        let locked = self.list.contents().files.get(address.as_str()).cloned();
        let locked = locked.ok_or_else(|| Refusal::NotInLock(what.clone()))?;
        self.find(&locked.sha256, &what).await
    }

    /// The bytes of a page or file: a lock travels, so they are not believed to be those that were kept.
    async fn find(&self, sha256: &str, what: &str) -> Result<CachedFile, Refusal> {
        let lost = || Refusal::NotInLock(format!("the bytes of {what} as they were recorded"));
        let digest = Sha256::parse(sha256).ok_or_else(lost)?;
        let found = self.kept(self.files.find_whole(&digest).await)?;
        found.ok_or_else(lost)
    }
}

impl List {
    /// Writes the list, unless a writing that began after this addition has been there already.
    fn write_up_to(&self, addition: u64) -> io::Result<()> {
        let mut written = self.written.lock().expect("nothing panics while holding this lock");
        if *written < addition {
            *written = self.write()?;
        }
        Ok(())
    }

    /// Writes the list as it is now; returns how many additions are in it.
    fn write(&self) -> io::Result<u64> {
        let (mut text, additions) = {
            let contents = self.contents();
            (serde_json::to_string_pretty(&*contents)?, contents.additions)
        };
        text.push('\n');
        let folder = self.path.parent().expect("a list lies in a folder");
        let mut aside = cache::draft_in(folder)?;
        aside.write_all(text.as_bytes())?;
        aside.persist(&self.path)?;
        Ok(additions)
    }

    fn contents(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().expect("nothing panics while holding this lock")
    }
}

impl Contents {
    /// Reads a list, or says what is wrong with it.
    fn read(list: &Path) -> Result<Contents, String> {
        let text = std::fs::read_to_string(list).map_err(|error| error.to_string())?;
        let Head { version } = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        if version != VERSION {
            return Err(format!("it has version {version}, and this seatrial reads {VERSION}"));
        }
        serde_json::from_str(&text).map_err(|error| error.to_string())
    }
}

fn unusable(path: &Path, reason: &dyn Display, remedy: &'static str) -> IndexError {
    IndexError::Lock {
        path: path.to_owned(),
        reason: reason.to_string(),
        remedy,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_addition_that_another_has_written_along_is_not_written_again() {
        let folder = tempfile::tempdir().unwrap();
        let lock = Lock::to_write(folder.path()).unwrap();
        for project in ["acme", "bolt"] {
            let mut contents = lock.list.contents();
            contents.pages.insert(project.to_owned(), None);
            contents.additions += 1;
        }
        lock.list.write_up_to(1).unwrap();
        let both = std::fs::read_to_string(&lock.list.path).unwrap();
        assert!(both.contains("acme") && both.contains("bolt"), "{both}");

        std::fs::remove_file(&lock.list.path).unwrap();
        lock.list.write_up_to(2).unwrap();
        assert!(!lock.list.path.exists());
        lock.keep_page("nitro", None).await.unwrap();
        assert!(lock.list.path.exists());
    }
}
