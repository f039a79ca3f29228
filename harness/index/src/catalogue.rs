//! What this index has announced: pages, each fetched once in the life of the server, and the files behind their links.
//!
//! All clients see the same page for as long as the server lives, so that replicas started apart see one index. Only
//! what a page has announced can be fetched: this is no open proxy.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use reqwest::Url;
use tokio::fs::File;
use tokio::sync::watch;

use crate::cache::{Cache, CachedFile};
use crate::digest::Sha256;
use crate::error::Refusal;
use crate::fetch::{self, Fetcher};
use crate::simple::{Page, PageFile, sha256_in};
use crate::single_flight::SingleFlight;

/// A bound on memory against clients that invent names; real resolutions ask for hundreds.
const MAX_PROJECTS: usize = 10_000;

/// Files of unstated size are cut off here; the largest wheels of today are a fifth of this.
const MAX_FILE_BYTES: u64 = 8 << 30;

/// Metadata is text of some kilobytes.
const MAX_METADATA_BYTES: u64 = 16 << 20;

/// A page, or that upstream has none.
type KnownPage = Option<Arc<Page>>;

/// Pages and files as announced to clients. Cheap to clone; clones share all.
#[derive(Clone)]
pub(crate) struct Catalogue(Arc<Shelves>);

struct Shelves {
    fetcher: Fetcher,
    cache: Cache,
    stopping: watch::Receiver<bool>,
    pages: Mutex<HashMap<String, SingleFlight<KnownPage>>>,
    /// By the end of their link, `KEY/FILENAME`; neither part can hold a slash.
    files: Mutex<HashMap<String, Announced>>,
}

/// A file that a page has announced.
#[derive(Clone)]
struct Announced {
    filename: String,
    url: Url,
    expected: Option<Sha256>,
    /// Bytes; more than this is not the file.
    limit: u64,
    download: SingleFlight<CachedFile>,
}

impl Catalogue {
    /// Fetches end early when `stopping` turns true or its sender is gone.
    pub(crate) fn new(fetcher: Fetcher, cache: Cache, stopping: watch::Receiver<bool>) -> Catalogue {
        let (pages, files) = Default::default();
        Catalogue(Arc::new(Shelves {
            fetcher,
            cache,
            stopping,
            pages,
            files,
        }))
    }

    /// The page of a project, its name in normal form.
    pub(crate) async fn page(&self, project: &str) -> Result<Arc<Page>, Refusal> {
        let known = self.shelf_of(project)?;
        let page = known.get(|| {
            let (catalogue, project) = (self.clone(), project.to_owned());
            async move { catalogue.unless_stopping(catalogue.fetch_page(&project)).await }
        });
        page.await?.ok_or_else(|| Refusal::NoSuchProject(project.to_owned()))
    }

    /// A file by the two parts of its link, open for reading.
    pub(crate) async fn file(&self, key: &str, filename: &str) -> Result<(CachedFile, File), Refusal> {
        let announced = lock(&self.0.files).get(&format!("{key}/{filename}")).cloned();
        let announced = announced.ok_or_else(|| Refusal::NotAnnounced(filename.to_owned()))?;
        let download = announced.download.get(|| {
            let (catalogue, announced) = (self.clone(), announced.clone());
            async move { catalogue.unless_stopping(catalogue.fetch_file(&announced)).await }
        });
        let cached = download.await?;
        match File::open(&cached.path).await {
            Ok(file) => Ok((cached, file)),
            Err(error) => {
                // Somebody emptied the cache under us: the next request downloads anew.
                announced.download.forget();
                Err(cache_failed(error))
            }
        }
    }

    fn shelf_of(&self, project: &str) -> Result<SingleFlight<KnownPage>, Refusal> {
        let mut pages = lock(&self.0.pages);
        if pages.len() >= MAX_PROJECTS && !pages.contains_key(project) {
            return Err(Refusal::TooManyProjects(MAX_PROJECTS));
        }
        Ok(pages.entry(project.to_owned()).or_default().clone())
    }

    async fn fetch_page(&self, project: &str) -> Result<KnownPage, Refusal> {
        let Some(page) = self.0.fetcher.page(project).await? else {
            return Ok(None);
        };
        let mut files = lock(&self.0.files);
        for file in &page.files {
            let announced = Announced::file(file);
            let metadata = file
                .core_metadata
                .as_ref()
                .map(|hashes| announced.metadata(sha256_in(hashes)));
            for announced in metadata.into_iter().chain([announced]) {
                files
                    .entry(format!("{}/{}", file.key(), announced.filename))
                    .or_insert(announced);
            }
        }
        Ok(Some(Arc::new(page)))
    }

    /// Brings a file into the cache, unless it is there from an earlier run. Nothing unverified gets in.
    async fn fetch_file(&self, announced: &Announced) -> Result<CachedFile, Refusal> {
        let Announced {
            filename,
            expected,
            limit,
            ..
        } = announced;
        if let Some(digest) = expected
            && let Some(cached) = self.0.cache.find(digest).await
        {
            return Ok(cached);
        }
        let mut answer = self.0.fetcher.file(filename, &announced.url).await?;
        let failed = |reason| fetch::file_failed(filename, reason);
        let mut incoming = self.0.cache.begin().map_err(cache_failed)?;
        while let Some(chunk) = answer.chunk().await.map_err(|error| failed(fetch::reason(error)))? {
            if incoming.size() + chunk.len() as u64 > *limit {
                return Err(failed(format!("it is larger than the {limit} bytes allowed for it")));
            }
            incoming.write(&chunk).await.map_err(cache_failed)?;
        }
        let complete = incoming.complete();
        if let Some(expected) = expected.as_ref().filter(|expected| **expected != complete.digest) {
            return Err(Refusal::WrongHash {
                filename: filename.clone(),
                expected: expected.to_string(),
                actual: complete.digest.to_string(),
            });
        }
        tracing::debug!(file = filename, bytes = complete.size, "downloaded from upstream");
        self.0.cache.keep(complete).await.map_err(cache_failed)
    }

    async fn unless_stopping<T>(&self, fetch: impl Future<Output = Result<T, Refusal>>) -> Result<T, Refusal> {
        let mut stopping = self.0.stopping.clone();
        tokio::select! {
            result = fetch => result.inspect_err(|refusal| tracing::warn!("{refusal}")),
            _ = stopping.wait_for(|stopping| *stopping) => Err(Refusal::Stopping),
        }
    }
}

impl Announced {
    fn file(file: &PageFile) -> Announced {
        Announced {
            filename: file.filename.clone(),
            url: file.url.clone(),
            expected: file.sha256(),
            limit: file.size.unwrap_or(MAX_FILE_BYTES).min(MAX_FILE_BYTES),
            download: SingleFlight::default(),
        }
    }

    /// The metadata file that lies beside this one (PEP 658).
    fn metadata(&self, expected: Option<Sha256>) -> Announced {
        let mut url = self.url.clone();
        url.set_path(&format!("{}.metadata", self.url.path()));
        let filename = format!("{}.metadata", self.filename);
        Announced {
            filename,
            url,
            expected,
            limit: MAX_METADATA_BYTES,
            download: SingleFlight::default(),
        }
    }
}

fn cache_failed(error: io::Error) -> Refusal {
    Refusal::Cache(error.to_string())
}

fn lock<T>(shelf: &Mutex<T>) -> MutexGuard<'_, T> {
    shelf.lock().expect("nothing panics while holding this lock")
}
