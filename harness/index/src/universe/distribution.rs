//! One file of a release, made when it is first asked for and then kept: a small one in memory, a big one on disk.

use std::fs::File;
use std::io::{self, BufWriter, Cursor, Seek, Write};
use std::path::Path;
use std::sync::Arc;

use axum::body::Bytes;
use tempfile::NamedTempFile;
use tokio::sync::OnceCell;

use super::definition::Kind;
use super::edition::Edition;
use super::{metadata, sdist, tree, wheel};
use crate::cache::{Cache, CachedFile};
use crate::digest::Sha256;

/// Bytes; a file with more in it does not stay in memory.
const MOST_IN_MEMORY: u64 = 4 << 20;

/// Bytes that a further small module takes in an archive, about.
const SMALL_MODULE: u64 = 256;

/// One file of a release.
#[derive(Debug)]
pub(crate) struct Distribution {
    edition: Arc<Edition>,
    kind: Kind,
    filename: String,
    made: OnceCell<Made>,
}

/// A file that has been made.
#[derive(Debug)]
pub(crate) struct Made {
    pub digest: Sha256,
    /// Bytes.
    pub size: u64,
    pub body: Body,
    /// METADATA, which clients may ask for instead of the wheel (PEP 658); a source distribution has none.
    pub metadata: Option<Metadata>,
}

/// Where the bytes of a file are.
#[derive(Clone, Debug)]
pub(crate) enum Body {
    Memory(Bytes),
    Cached(CachedFile),
}

/// The metadata of a wheel.
#[derive(Debug)]
pub(crate) struct Metadata {
    pub text: Bytes,
    pub digest: Sha256,
}

impl Distribution {
    pub(super) fn new(edition: Arc<Edition>, kind: Kind) -> Distribution {
        Distribution {
            filename: edition.filename(&kind),
            edition,
            kind,
            made: OnceCell::new(),
        }
    }

    pub(crate) fn filename(&self) -> &str {
        &self.filename
    }

    /// The file, made now if it was not asked for before; `cache`, which takes big files, is the same at every call.
    pub(crate) async fn made(&self, cache: &Cache) -> io::Result<&Made> {
        let made = self.made.get_or_try_init(|| self.make(cache)).await?;
        if let Body::Cached(file) = &made.body
            && cache.find(&file.digest).await.is_none()
        {
            // Somebody emptied the cache under us: the same file goes to the same place.
            self.make(cache).await?;
        }
        Ok(made)
    }

    /// Writes the file to a path, whether or not it was asked for before.
    pub(super) fn write(&self, path: &Path) -> io::Result<()> {
        pack(&self.edition, &self.kind, BufWriter::new(File::create(path)?))
    }

    async fn make(&self, cache: &Cache) -> io::Result<Made> {
        let (edition, kind) = (self.edition.clone(), self.kind.clone());
        // Written where it will stay, not through a temporary folder that may be memory.
        let draft = self.is_big().then(|| cache.draft()).transpose()?;
        let packed = tokio::task::spawn_blocking(move || Packed::new(&edition, &kind, draft));
        let (packed, digest, size) = packed.await.map_err(io::Error::other)??;
        let body = match packed {
            Packed::Memory(bytes) => Body::Memory(bytes.into()),
            Packed::Draft(draft) => Body::Cached(match cache.find(&digest).await {
                Some(cached) => cached,
                None => cache.adopt(draft, digest.clone(), size).await?,
            }),
        };
        let metadata = matches!(self.kind, Kind::Wheel { .. }).then(|| {
            let text = metadata::core(&self.edition);
            Metadata {
                digest: Sha256::of(text.as_bytes()),
                text: text.into(),
            }
        });
        tracing::debug!(file = self.filename, bytes = size, "made a file of the universe");
        Ok(Made {
            digest,
            size,
            body,
            metadata,
        })
    }

    fn is_big(&self) -> bool {
        let contents = &self.edition.release.contents;
        contents.size.saturating_add(SMALL_MODULE * u64::from(contents.count)) > MOST_IN_MEMORY
    }
}

/// A file that has just been written.
enum Packed {
    Memory(Vec<u8>),
    Draft(NamedTempFile),
}

impl Packed {
    /// Writes a file into the draft, where there is one; with its digest and size.
    fn new(edition: &Edition, kind: &Kind, draft: Option<NamedTempFile>) -> io::Result<(Packed, Sha256, u64)> {
        let Some(mut draft) = draft else {
            let mut bytes = Cursor::new(Vec::new());
            pack(edition, kind, &mut bytes)?;
            let bytes = bytes.into_inner();
            let (digest, size) = (Sha256::of(&bytes), bytes.len() as u64);
            return Ok((Packed::Memory(bytes), digest, size));
        };
        pack(edition, kind, BufWriter::new(&mut draft))?;
        draft.rewind()?;
        let (digest, size) = Sha256::of_all(&mut draft)?;
        Ok((Packed::Draft(draft), digest, size))
    }
}

fn pack(edition: &Edition, kind: &Kind, out: impl Write + Seek) -> io::Result<()> {
    let filename = edition.filename(kind);
    match kind {
        Kind::Wheel { tag, build } => {
            let members = tree::wheel(edition, &filename, tag, *build);
            wheel::write(edition, &members, out)
        }
        Kind::Sdist => {
            let members = tree::wheel(edition, &filename, "py3-none-any", None);
            sdist::write(edition, members, out)
        }
    }
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
        let made = |universe: &Universe| files(universe).iter().filter(|file| file.made.initialized()).count();
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
        let metadata: Vec<Option<&Metadata>> = [files(&universe)[0].made.get(), files(&universe)[1].made.get()]
            .map(|made| made.unwrap().metadata.as_ref())
            .into();
        assert!(
            metadata[0]
                .unwrap()
                .text
                .starts_with(b"Metadata-Version: 2.1\nName: p0\n")
        );
        assert_eq!(metadata[0].unwrap().digest, Sha256::of(&metadata[0].unwrap().text));
        assert!(metadata[1].is_none());
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
}
