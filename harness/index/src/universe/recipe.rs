//! What one file of a release is made of, and the making: a small file in memory, a big one on disk.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Cursor, Read, Seek, Write};
use std::path::Path;
use std::sync::Arc;

use tempfile::NamedTempFile;

use super::definition::Kind;
use super::edition::Edition;
use super::tree::Member;
use super::{heart, metadata, sdist, tree, wheel};
use crate::cache::Cache;
use crate::digest::Sha256;

/// Bytes; a file that may have more does not stay in memory. A thousand files take a quarter of a gigabyte at most.
const MOST_IN_MEMORY: u64 = 256 << 10;

/// Bytes that a member takes at most besides its content and its path: in a source distribution a header of 512 and as much
/// padding, in a wheel two headers and a line of RECORD.
const AROUND_A_MEMBER: u64 = 1 << 10;

/// So often a path may stand in a file: beside its member, in the list of a wheel's members and in RECORD.
const PATHS_OF_A_MEMBER: u64 = 3;

pub(super) struct Recipe {
    edition: Arc<Edition>,
    kind: Kind,
    pub filename: String,
}

/// A file that has just been made.
pub(super) struct Packed {
    pub bytes: Packing,
    pub digest: Sha256,
    /// Bytes.
    pub size: u64,
    /// Where one changed bit changes a module.
    pub heart: u64,
}

pub(super) enum Packing {
    Memory(Vec<u8>),
    Draft(NamedTempFile),
}

impl Recipe {
    pub(super) fn new(edition: Arc<Edition>, kind: Kind) -> Recipe {
        Recipe {
            filename: edition.filename(&kind),
            edition,
            kind,
        }
    }

    /// METADATA of a wheel; a source distribution has none.
    pub(super) fn metadata(&self) -> Option<String> {
        matches!(self.kind, Kind::Wheel { .. }).then(|| metadata::core(&self.edition))
    }

    /// Writes the file to a path.
    pub(super) fn write(&self, path: &Path) -> io::Result<()> {
        let (members, _) = self.members();
        self.write_into(BufWriter::new(File::create(path)?), &members)
    }

    /// Makes the file. A big one goes into a draft of the cache, where it will stay, and not through a temporary folder that
    /// may be memory.
    pub(super) fn pack(&self, cache: &Cache) -> io::Result<Packed> {
        let (members, heart) = self.members();
        if members.iter().map(room).sum::<u64>() > MOST_IN_MEMORY {
            let mut draft = cache.draft()?;
            self.write_into(BufWriter::new(&mut draft), &members)?;
            let heart = self.find(BufReader::new(&mut draft), &members, &heart)?;
            draft.rewind()?;
            let (digest, size) = Sha256::of_all(&mut draft)?;
            let bytes = Packing::Draft(draft);
            return Ok(Packed {
                bytes,
                digest,
                size,
                heart,
            });
        }
        let mut bytes = Cursor::new(Vec::new());
        self.write_into(&mut bytes, &members)?;
        let heart = self.find(&mut bytes, &members, &heart)?;
        let bytes = bytes.into_inner();
        Ok(Packed {
            digest: Sha256::of(&bytes),
            size: bytes.len() as u64,
            bytes: Packing::Memory(bytes),
            heart,
        })
    }

    /// The members of the file, and the path of the one that is its heart.
    fn members(&self) -> (Vec<Member>, String) {
        let Recipe {
            edition,
            kind,
            filename,
        } = self;
        match kind {
            Kind::Wheel { tag, build } => {
                let members = tree::wheel(edition, filename, tag, *build);
                let heart = tree::heart(&members).to_owned();
                (members, heart)
            }
            Kind::Sdist => {
                let wheel = tree::wheel(edition, filename, "py3-none-any", None);
                let heart = sdist::place(edition, tree::heart(&wheel));
                (sdist::members(edition, wheel), heart)
            }
        }
    }

    fn write_into(&self, out: impl Write + Seek, members: &[Member]) -> io::Result<()> {
        match self.kind {
            Kind::Wheel { .. } => wheel::write(&self.edition, members, out),
            Kind::Sdist => sdist::write(members, out),
        }
    }

    /// The middle of a member in the file that was written.
    fn find(&self, file: impl Read + Seek, members: &[Member], path: &str) -> io::Result<u64> {
        match self.kind {
            Kind::Wheel { .. } => heart::in_wheel(file, path),
            Kind::Sdist => heart::in_sdist(file, members, path),
        }
    }
}

/// Bytes that a member takes in a file of either kind, at most.
fn room(member: &Member) -> u64 {
    let paths = PATHS_OF_A_MEMBER * member.path.len() as u64;
    member.content.size().saturating_add(AROUND_A_MEMBER + paths)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::universe::{Contents, Release};

    fn recipe(kind: Kind, contents: Contents) -> Recipe {
        let release = Release {
            version: "1.0".into(),
            contents,
            ..Release::default()
        };
        Recipe::new(Arc::new(Edition::new("acme", "acme", release)), kind)
    }

    #[test]
    fn no_file_takes_more_memory_than_it_may() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path()).unwrap();
        let wheel = Kind::Wheel {
            tag: "py3-none-any".into(),
            build: None,
        };
        let mut in_memory = 0;
        for kind in [wheel, Kind::Sdist] {
            for (size, count, raises) in [
                (0, 0, 0),
                (0, 100, 0),
                (0, 255, 0),
                (0, 2_000, 0),
                (0, 0, 300_000),
                (200_000, 0, 0),
                (262_000, 0, 0),
                (262_144, 0, 0),
            ] {
                let contents = Contents {
                    // Longer than any path in a header of a tar archive.
                    modules: vec!["m".repeat(120)],
                    size,
                    count,
                    raises: Some("x".repeat(raises)),
                    ..Contents::default()
                };
                let packed = recipe(kind.clone(), contents).pack(&cache).unwrap();
                match packed.bytes {
                    Packing::Memory(bytes) => {
                        in_memory += 1;
                        assert!(
                            bytes.len() as u64 <= MOST_IN_MEMORY,
                            "{kind:?} {size} {count}: {}",
                            bytes.len()
                        );
                    }
                    Packing::Draft(_) => assert!(packed.size > MOST_IN_MEMORY / 4, "{kind:?} {size} {count}"),
                }
            }
        }
        assert!(in_memory >= 4, "small files are in memory: {in_memory}");
    }
}
