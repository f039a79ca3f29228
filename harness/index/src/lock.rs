//! A lock: every page and file that an index was given by its upstream, so that a run can be repeated offline to the byte.
//!
//! A folder with `index.lock.json`, which says what was asked for and what came, and the bytes by their sha256 in
//! `files/`. It is whole after every addition and needs nothing but itself.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};

use reqwest::Url;
use serde::{Deserialize, Serialize};

use crate::cache::{Cache, CachedFile};
use crate::digest::Sha256;
use crate::error::{IndexError, Refusal};
use crate::fetch::RawPage;

/// File that lists the rest.
const LIST: &str = "index.lock.json";
/// Version of its format.
const VERSION: u32 = 1;

/// A lock, being written or being read.
#[derive(Debug)]
pub(crate) struct Lock {
    list: PathBuf,
    files: Cache,
    contents: Mutex<Contents>,
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
    /// A lock to write to: a new one, or one that grows.
    pub(crate) fn to_write(folder: &Path) -> Result<Lock, IndexError> {
        let list = folder.join(LIST);
        let contents = if list.exists() {
            Contents::read(&list)?
        } else {
            Contents {
                version: VERSION,
                pages: BTreeMap::new(),
                files: BTreeMap::new(),
            }
        };
        let files = Cache::open(folder).map_err(|error| unusable(folder, &error))?;
        let lock = Lock::new(list, files, contents);
        lock.write(&lock.contents()).map_err(|error| unusable(folder, &error))?;
        Ok(lock)
    }

    /// A lock that must be there; nothing in its folder is changed.
    pub(crate) fn to_read(folder: &Path) -> Result<Lock, IndexError> {
        let list = folder.join(LIST);
        let contents = Contents::read(&list)?;
        Ok(Lock::new(list, Cache::at(folder), contents))
    }

    fn new(list: PathBuf, files: Cache, contents: Contents) -> Lock {
        let contents = Mutex::new(contents);
        Lock { list, files, contents }
    }

    /// Keeps a page, or that there is none.
    pub(crate) async fn keep_page(&self, project: &str, page: Option<&RawPage>) -> io::Result<()> {
        let locked = match page {
            Some(page) => Some(LockedPage {
                address: page.address.to_string(),
                media_type: page.media_type.clone(),
                sha256: self.files.keep_bytes(&page.body).await?.digest.to_string(),
            }),
            None => None,
        };
        let mut contents = self.contents();
        contents.pages.insert(project.to_owned(), locked);
        self.write(&contents)
    }

    /// Keeps a file that lies in the package cache.
    pub(crate) async fn keep_file(&self, address: &Url, file: &CachedFile) -> io::Result<()> {
        self.files.keep_copy(file).await?;
        let locked = LockedFile {
            sha256: file.digest.to_string(),
            size: file.size,
        };
        let mut contents = self.contents();
        contents.files.insert(address.to_string(), locked);
        self.write(&contents)
    }

    /// The page of a project as it was kept; `None`: upstream had none.
    pub(crate) async fn page(&self, project: &str) -> Result<Option<RawPage>, Refusal> {
        let what = format!("the page of `{project}`");
        let locked = self.contents().pages.get(project).cloned();
        let Some(locked) = locked.ok_or_else(|| Refusal::NotInLock(what.clone()))? else {
            return Ok(None);
        };
        let file = self.find(&locked.sha256, &what).await?;
        Ok(Some(RawPage {
            address: Url::parse(&locked.address).map_err(|_| Refusal::NotInLock(what))?,
            media_type: locked.media_type,
            body: tokio::fs::read(&file.path).await.map_err(Refusal::cache)?,
        }))
    }

    /// A file as it was kept.
    pub(crate) async fn file(&self, filename: &str, address: &Url) -> Result<CachedFile, Refusal> {
        let what = format!("the file `{filename}`");
        let locked = self.contents().files.get(address.as_str()).cloned();
        let locked = locked.ok_or_else(|| Refusal::NotInLock(what.clone()))?;
        self.find(&locked.sha256, &what).await
    }

    /// The bytes of a page or file: a lock travels, so they are not believed to be those that were kept.
    async fn find(&self, sha256: &str, what: &str) -> Result<CachedFile, Refusal> {
        let lost = || Refusal::NotInLock(format!("the bytes of {what} as they were recorded"));
        let digest = Sha256::parse(sha256).ok_or_else(lost)?;
        let found = self.files.find_whole(&digest).await.map_err(Refusal::cache)?;
        found.ok_or_else(lost)
    }

    fn write(&self, contents: &Contents) -> io::Result<()> {
        let mut text = serde_json::to_string_pretty(contents)?;
        text.push('\n');
        let aside = self.list.with_extension("part");
        std::fs::write(&aside, text)?;
        std::fs::rename(aside, &self.list)
    }

    fn contents(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().expect("nothing panics while holding this lock")
    }
}

impl Contents {
    fn read(list: &Path) -> Result<Contents, IndexError> {
        let text = std::fs::read_to_string(list).map_err(|error| unusable(list, &error))?;
        let Head { version } = serde_json::from_str(&text).map_err(|error| unusable(list, &error))?;
        if version != VERSION {
            let reason = format!("it has version {version}, and this seatrial reads {VERSION}");
            return Err(unusable(list, &reason));
        }
        serde_json::from_str(&text).map_err(|error| unusable(list, &error))
    }
}

fn unusable(path: &Path, reason: &dyn std::fmt::Display) -> IndexError {
    IndexError::Lock {
        path: path.to_owned(),
        reason: reason.to_string(),
    }
}
