//! One file of a release, made when it is first asked for and then kept: a small one in memory, a big one on disk.

use std::io;
use std::path::Path;
use std::sync::Arc;

use axum::body::Bytes;

use super::definition::Kind;
use super::edition::Edition;
use super::recipe::{Packed, Packing, Recipe};
use crate::cache::{Cache, CachedFile};
use crate::digest::Sha256;
use crate::error::Refusal;
use crate::single_flight::SingleFlight;

/// One file of a release.
pub(crate) struct Distribution {
    recipe: Arc<Recipe>,
    made: SingleFlight<Arc<Made>>,
}

/// A file that has been made.
pub(crate) struct Made {
    pub digest: Sha256,
    /// Bytes.
    pub size: u64,
    /// Where one changed bit changes a module.
    pub heart: u64,
    pub body: Body,
    /// METADATA, which clients may ask for instead of the wheel (PEP 658); a source distribution has none.
    pub metadata: Option<Metadata>,
}

/// Where the bytes of a file are.
pub(crate) enum Body {
    Memory(Bytes),
    Cached(CachedFile),
}

/// The metadata of a wheel.
pub(crate) struct Metadata {
    pub text: Bytes,
    pub digest: Sha256,
}

impl Distribution {
    pub(super) fn new(edition: Arc<Edition>, kind: Kind) -> Distribution {
        Distribution {
            recipe: Arc::new(Recipe::new(edition, kind)),
            made: SingleFlight::default(),
        }
    }

    pub(crate) fn filename(&self) -> &str {
        &self.recipe.filename
    }

    /// The file, made now if it was not asked for before, and made to its end also when nobody waits for it any longer;
    /// `cache`, which takes big files, is the same at every call.
    pub(crate) async fn made(&self, cache: &Cache) -> Result<Arc<Made>, Refusal> {
        let made = self.get(cache).await?;
        if let Body::Cached(file) = &made.body
            && cache.find(&file.digest).await.is_none()
        {
            // Somebody emptied the cache under us: the same file goes to the same place.
            self.made.forget();
            return self.get(cache).await;
        }
        Ok(made)
    }

    async fn get(&self, cache: &Cache) -> Result<Arc<Made>, Refusal> {
        let make = || {
            let (recipe, cache) = (Arc::clone(&self.recipe), cache.clone());
            async move {
                let made = make(&recipe, cache).await;
                made.map(Arc::new)
                    .map_err(|error| Refusal::not_made(&recipe.filename, error))
            }
        };
        self.made.get(make).await
    }

    /// Writes the file to a path, whether or not it was asked for before.
    pub(super) fn write(&self, path: &Path) -> io::Result<()> {
        self.recipe.write(path)
    }
}

async fn make(recipe: &Arc<Recipe>, cache: Cache) -> io::Result<Made> {
    let (making, drafts) = (Arc::clone(recipe), cache.clone());
    let packed = tokio::task::spawn_blocking(move || making.pack(&drafts));
    let Packed {
        bytes,
        digest,
        size,
        heart,
    } = packed.await.map_err(io::Error::other)??;
    let body = match bytes {
        Packing::Memory(bytes) => Body::Memory(bytes.into()),
        Packing::Draft(draft) => Body::Cached(match cache.find(&digest).await {
            Some(cached) => cached,
            None => cache.adopt(draft, digest.clone(), size).await?,
        }),
    };
    let metadata = recipe.metadata().map(|text| Metadata {
        digest: Sha256::of(text.as_bytes()),
        text: text.into(),
    });
    tracing::debug!(file = recipe.filename, bytes = size, "made a file of the universe");
    Ok(Made {
        digest,
        size,
        heart,
        body,
        metadata,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::universe::{Contents, Project, Release, Universe};

    /// A universe of projects `p0`, `p1`..., each of one release with these files and this much padding.
    fn universe(projects: usize, files: &[Kind], size: u64) -> Universe {
        let release = Release {
            version: "1.0".into(),
            files: files.to_vec(),
            contents: Contents {
                size,
                ..Contents::default()
            },
            ..Release::default()
        };
        let project = |number| Project {
            name: format!("p{number}"),
            releases: vec![release.clone()],
        };
        Universe::new((0..projects).map(project).collect())
    }

    fn files(universe: &Universe) -> Vec<&Distribution> {
        let shelves = universe.names().filter_map(|name| universe.project(name));
        shelves
            .flat_map(|shelf| &shelf.releases)
            .flat_map(|release| &release.files)
            .collect()
    }

    #[tokio::test]
    async fn nothing_is_made_before_it_is_asked_for_and_then_for_all_clones() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path()).unwrap();
        let universe = universe(10_000, &[], 0);
        let made = |universe: &Universe| {
            files(universe)
                .iter()
                .filter(|file| file.made.landed().is_some())
                .count()
        };
        assert_eq!((files(&universe).len(), made(&universe)), (10_000, 0));
        files(&universe)[7].made(&cache).await.unwrap();
        assert_eq!(made(&universe.clone()), 1);
    }

    #[tokio::test]
    async fn a_small_file_is_in_memory_and_as_it_is_on_disk() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(&folder.path().join("cache")).unwrap();
        let wheel = Kind::Wheel {
            tag: "py3-none-any".into(),
            build: None,
        };
        let universe = universe(1, &[wheel, Kind::Sdist], 1_000);
        let paths = universe.write_to(folder.path()).unwrap();
        for (file, path) in files(&universe).into_iter().zip(&paths) {
            let made = file.made(&cache).await.unwrap();
            let Body::Memory(body) = &made.body else {
                panic!("{} is not in memory", file.filename());
            };
            assert_eq!(body, &std::fs::read(path).unwrap());
            assert_eq!((made.size, &made.digest), (body.len() as u64, &Sha256::of(body)));
        }
        let made = files(&universe).into_iter().map(|file| file.made.landed().unwrap());
        let [wheel, sdist] = &made.collect::<Vec<_>>()[..] else {
            panic!("two files");
        };
        let metadata = wheel.metadata.as_ref().unwrap();
        assert!(metadata.text.starts_with(b"Metadata-Version: 2.1\nName: p0\n"));
        assert_eq!(metadata.digest, Sha256::of(&metadata.text));
        assert!(sdist.metadata.is_none());
    }

    #[tokio::test]
    async fn a_big_file_is_in_the_cache_and_comes_back_when_that_was_emptied() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path()).unwrap();
        let universe = universe(1, &[], 64 << 20);
        let file = files(&universe)[0];
        let made = file.made(&cache).await.unwrap();
        let Body::Cached(cached) = &made.body else {
            panic!("64 MiB are in memory");
        };
        assert!(made.size > 64 << 20 && cached.size == made.size && cached.digest == made.digest);

        std::fs::remove_file(&cached.path).unwrap();
        file.made(&cache).await.unwrap();
        assert_eq!(std::fs::metadata(&cached.path).unwrap().len(), made.size);
    }

    #[tokio::test]
    async fn a_big_file_whose_client_gives_up_is_made_to_its_end_and_once() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path()).unwrap();
        let universe = universe(1, &[], 1 << 20);
        let file = files(&universe)[0];
        tokio::select! {
            biased;
            _ = file.made(&cache) => panic!("it is not made at once"),
            () = std::future::ready(()) => {}
        }
        let landed = async {
            loop {
                match file.made.landed() {
                    Some(made) => return made,
                    None => tokio::task::yield_now().await,
                }
            }
        };
        let deadline = std::time::Duration::from_secs(20);
        let landed = tokio::time::timeout(deadline, landed).await.expect("it is made");
        let asked = file.made(&cache).await.unwrap();
        assert!(Arc::ptr_eq(&asked, &landed), "it was made a second time");
    }
}
