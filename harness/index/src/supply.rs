//! Where pages and files come from that no universe has: the upstream, the upstream with a lock being written, a lock
//! alone, or nowhere.

use std::path::PathBuf;
use std::sync::Arc;

use reqwest::Url;
use tokio::sync::OnceCell;

use crate::cache::{Cache, CachedFile};
use crate::digest::Sha256;
use crate::error::{IndexError, Refusal};
use crate::fetch::{self, Fetcher, RawPage};
use crate::lock::Lock;
use crate::upstream::Upstream;

/// What stands behind an index.
#[derive(Clone, Debug)]
pub enum Source {
    /// The upstream.
    Live(Upstream),
    /// The upstream that [`Upstream::discover`] finds, looked for when something is first needed of it.
    Discovered,
    /// The upstream; every page and file that is asked of it is kept in a lock.
    Recorded {
        /// The upstream.
        upstream: Upstream,
        /// Folder of the lock, made when missing.
        lock: PathBuf,
    },
    /// A lock that was recorded earlier; upstream is not asked at all.
    Replayed(PathBuf),
    /// Nothing.
    Nothing,
}

#[derive(Debug)]
pub(crate) enum Supply {
    Upstream { client: Box<Client>, lock: Option<Lock> },
    Lock(Lock),
    Nothing,
}

impl Supply {
    pub(crate) fn open(source: Source) -> Result<Supply, IndexError> {
        Ok(match source {
            Source::Live(upstream) => Supply::Upstream {
                client: Box::new(Client::of(upstream)?),
                lock: None,
            },
            Source::Discovered => Supply::Upstream {
                client: Box::default(),
                lock: None,
            },
            Source::Recorded { upstream, lock } => Supply::Upstream {
                client: Box::new(Client::of(upstream)?),
                lock: Some(Lock::to_write(&lock)?),
            },
            Source::Replayed(lock) => Supply::Lock(Lock::to_read(&lock)?),
            Source::Nothing => Supply::Nothing,
        })
    }

    /// The lock that is replayed.
    pub(crate) fn replayed(&self) -> Option<&Lock> {
        match self {
            Supply::Lock(lock) => Some(lock),
            Supply::Upstream { .. } | Supply::Nothing => None,
        }
    }

    /// Whether a lock is written to.
    pub(crate) fn records(&self) -> bool {
        matches!(self, Supply::Upstream { lock: Some(_), .. })
    }

    /// Finds the upstream, where it is still to be found.
    pub(crate) async fn find_upstream(&self) -> Result<(), Arc<IndexError>> {
        match self {
            Supply::Upstream { client, .. } => client.get().await.map(drop),
            Supply::Lock(_) | Supply::Nothing => Ok(()),
        }
    }

    /// The page of a project, its name in normal form; `None` when there is none.
    pub(crate) async fn page(&self, project: &str) -> Result<Option<RawPage>, Refusal> {
        match self {
            Supply::Upstream { client, lock } => {
                let fetcher = client.get().await;
                let fetcher = fetcher.map_err(|error| Refusal::page_of(project, error.to_string()))?;
                let page = fetcher.page(project).await?;
                if let Some(lock) = lock {
                    lock.keep_page(project, page.as_ref()).await?;
                }
                Ok(page)
            }
            Supply::Lock(lock) => lock.page(project).await,
            Supply::Nothing => Ok(None),
        }
    }

    /// A file that a page has announced, verified and in the cache; at most `limit` bytes are taken.
    pub(crate) async fn file(
        &self,
        cache: &Cache,
        filename: &str,
        address: &Url,
        expected: Option<&Sha256>,
        limit: u64,
    ) -> Result<CachedFile, Refusal> {
        let file = match self {
            Supply::Upstream { client, .. } => {
                let cached = match expected {
                    Some(digest) => cache.find(digest).await,
                    None => None,
                };
                match cached {
                    Some(cached) => cached,
                    None => {
                        let fetcher = client.get().await;
                        let fetcher = fetcher.map_err(|error| fetch::file_failed(filename, error.to_string()))?;
                        download(fetcher, cache, filename, address, limit, expected).await?
                    }
                }
            }
            Supply::Lock(lock) => {
                let file = lock.file(filename, address).await?;
                verify(filename, &file.digest, expected)?;
                file
            }
            Supply::Nothing => return Err(Refusal::NotAnnounced(filename.to_owned())),
        };
        if let Supply::Upstream { lock: Some(lock), .. } = self {
            lock.keep_file(address, &file).await?;
        }
        Ok(file)
    }
}

/// The client of the upstream, which is made on first need where the upstream is still to be found. What comes of the search
/// is kept, a failure too.
#[derive(Debug, Default)]
pub(crate) struct Client(OnceCell<Result<Fetcher, Arc<IndexError>>>);

impl Client {
    fn of(upstream: Upstream) -> Result<Client, IndexError> {
        Ok(Client(OnceCell::new_with(Some(Ok(Fetcher::new(upstream)?)))))
    }

    async fn get(&self) -> Result<&Fetcher, Arc<IndexError>> {
        self.0.get_or_init(Client::search).await.as_ref().map_err(Arc::clone)
    }

    async fn search() -> Result<Fetcher, Arc<IndexError>> {
        Ok(Fetcher::new(Upstream::discover().await?)?)
    }
}

/// Brings a file into the cache. Nothing unverified gets in.
async fn download(
    fetcher: &Fetcher,
    cache: &Cache,
    filename: &str,
    address: &Url,
    limit: u64,
    expected: Option<&Sha256>,
) -> Result<CachedFile, Refusal> {
    let mut answer = fetcher.file(filename, address).await?;
    let failed = |reason| fetch::file_failed(filename, reason);
    let mut incoming = cache.begin().map_err(Refusal::cache)?;
    while let Some(chunk) = answer.chunk().await.map_err(|error| failed(fetch::reason(error)))? {
        if incoming.size() + chunk.len() as u64 > limit {
            return Err(failed(format!("it is larger than the {limit} bytes allowed for it")));
        }
        incoming.write(&chunk).await.map_err(Refusal::cache)?;
    }
    let complete = incoming.complete();
    verify(filename, &complete.digest, expected)?;
    tracing::debug!(file = filename, bytes = complete.size, "downloaded from upstream");
    cache.keep(complete).await.map_err(Refusal::cache)
}

fn verify(filename: &str, actual: &Sha256, expected: Option<&Sha256>) -> Result<(), Refusal> {
    match expected {
        Some(expected) if expected != actual => Err(Refusal::WrongHash {
            filename: filename.to_owned(),
            expected: expected.to_string(),
            actual: actual.to_string(),
        }),
        _ => Ok(()),
    }
}
