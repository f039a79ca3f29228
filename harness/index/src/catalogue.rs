//! What this index has announced: pages, each fetched once in the life of the server, and the files behind their links.
//!
//! All clients see the same page for as long as the server lives, so that replicas started apart see one index. Only
//! what a page has announced can be fetched: this is no open proxy.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use jiff::Timestamp;
use tokio::fs::File;
use tokio::sync::watch;

use crate::cache::{Cache, CachedFile};
use crate::deliver::{Content, Found};
use crate::digest::Sha256;
use crate::error::{IndexError, Refusal};
use crate::simple::{self, Link, Page, PageFile, sha256_in};
use crate::single_flight::SingleFlight;
use crate::supply::Supply;
use crate::universe::Universes;

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
    supply: Supply,
    cache: Cache,
    stopping: watch::Receiver<bool>,
    universes: Universes,
    pages: Mutex<HashMap<String, SingleFlight<KnownPage>>>,
    /// By the end of their link, `KEY/FILENAME`; neither part can hold a slash.
    files: Mutex<HashMap<String, Announced>>,
}

/// A file that a page has announced.
#[derive(Clone)]
struct Announced {
    filename: String,
    link: Link,
    is_metadata: bool,
    expected: Option<Sha256>,
    /// Bytes; more than this is not the file.
    limit: u64,
    uploaded: Option<Timestamp>,
    download: SingleFlight<CachedFile>,
}

impl Catalogue {
    /// Fetches end early when `stopping` turns true or its sender is gone.
    pub(crate) fn new(supply: Supply, cache: Cache, stopping: watch::Receiver<bool>) -> Catalogue {
        let (universes, pages, files) = Default::default();
        Catalogue(Arc::new(Shelves {
            supply,
            cache,
            stopping,
            universes,
            pages,
            files,
        }))
    }

    /// The files on disk, those of universes among them.
    pub(crate) fn cache(&self) -> &Cache {
        &self.0.cache
    }

    /// The universes that worlds before this catalogue are made of.
    pub(crate) fn universes(&self) -> &Universes {
        &self.0.universes
    }

    /// Finds the upstream, where it is still to be found.
    pub(crate) async fn find_upstream(&self) -> Result<(), Arc<IndexError>> {
        self.0.supply.find_upstream().await
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

    /// A file by the two parts of its link, open for reading; as of a moment, only when it was uploaded by then.
    pub(crate) async fn file(&self, key: &str, filename: &str, as_of: Option<Timestamp>) -> Result<Found, Refusal> {
        let announced = lock(&self.0.files).get(&format!("{key}/{filename}")).cloned();
        let announced = announced
            .filter(|file| as_of.is_none_or(|as_of| file.uploaded.is_some_and(|uploaded| uploaded <= as_of)))
            .ok_or_else(|| Refusal::NotAnnounced(filename.to_owned()))?;
        let download = announced.download.get(|| {
            let (catalogue, announced) = (self.clone(), announced.clone());
            async move { catalogue.unless_stopping(catalogue.fetch_file(&announced)).await }
        });
        let cached = download.await?;
        match File::open(&cached.path).await {
            Ok(file) => Ok(Found {
                digest: cached.digest,
                size: cached.size,
                heart: None,
                content: Content::Disk(file),
            }),
            Err(error) => {
                // Somebody emptied the cache under us: the next request downloads anew.
                announced.download.forget();
                Err(Refusal::cache(error))
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
        let Some(raw) = self.0.supply.page(project).await? else {
            return Ok(None);
        };
        let page = simple::read(project, &raw.media_type, &raw.address, &raw.body);
        let page = page.map_err(|reason| Refusal::page_of(project, reason))?;
        let mut files = lock(&self.0.files);
        for (file, link) in page
            .files
            .iter()
            .filter_map(|file| Some((file, file.upstream.as_ref()?)))
        {
            let announced = Announced::file(file, link);
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

    async fn fetch_file(&self, announced: &Announced) -> Result<CachedFile, Refusal> {
        let Announced {
            filename,
            link,
            is_metadata,
            expected,
            limit,
            ..
        } = announced;
        let mut url = link.url();
        if *is_metadata {
            // It lies beside the file (PEP 658).
            url.set_path(&format!("{}.metadata", url.path()));
        }
        let supply = &self.0.supply;
        supply
            .file(&self.0.cache, filename, &url, expected.as_ref(), *limit)
            .await
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
    fn file(file: &PageFile, link: &Link) -> Announced {
        Announced {
            filename: file.filename.clone(),
            link: link.clone(),
            is_metadata: false,
            expected: file.sha256(),
            limit: file.size.unwrap_or(MAX_FILE_BYTES).min(MAX_FILE_BYTES),
            uploaded: file.uploaded(),
            download: SingleFlight::default(),
        }
    }

    /// The metadata file that lies beside this one.
    fn metadata(&self, expected: Option<Sha256>) -> Announced {
        Announced {
            filename: format!("{}.metadata", self.filename),
            link: self.link.clone(),
            is_metadata: true,
            expected,
            limit: MAX_METADATA_BYTES,
            uploaded: self.uploaded,
            download: SingleFlight::default(),
        }
    }
}

fn lock<T>(shelf: &Mutex<T>) -> MutexGuard<'_, T> {
    shelf.lock().expect("nothing panics while holding this lock")
}
