//! Writes a source distribution (PEP 625, PEP 517), deterministic to the byte.

use std::io::{self, Write};

use flate2::{Compression, GzBuilder};
use tar::{Builder, Header};

use super::edition::Edition;
use super::metadata;
use super::tree::{Content, Member};

/// Its build needs no other package, so that no installer asks an index for one.
const PYPROJECT: &str = "[build-system]\nrequires = []\nbuild-backend = \"seatrial_backend\"\nbackend-path = [\".\"]\n";

/// The backend, for Python 3.8 and later.
const BACKEND: &str = include_str!("backend.py");

/// 1980-01-01: a ZIP archive cannot hold an earlier time, and backends make one of these files.
const MODIFIED: u64 = 315_532_800;

/// Unknown, as RFC 1952 writes it: the file is the same wherever it was made.
const UNKNOWN_SYSTEM: u8 = 255;

/// The members of a source distribution that builds a wheel of these, sorted by path.
pub(super) fn members(edition: &Edition, wheel: Vec<Member>) -> Vec<Member> {
    let root = edition.stem();
    let mut members = vec![
        Member::text(format!("{root}/PKG-INFO"), metadata::core(edition)),
        Member::text(format!("{root}/pyproject.toml"), PYPROJECT.into()),
        Member::text(format!("{root}/seatrial_backend.py"), BACKEND.into()),
    ];
    members.extend(wheel.into_iter().map(|member| Member {
        path: place(edition, &member.path),
        ..member
    }));
    members.sort_by(|one, other| one.path.cmp(&other.path));
    members
}

/// The path under which a source distribution has a member of the wheel that it builds.
pub(super) fn place(edition: &Edition, path: &str) -> String {
    format!("{}/wheel/{path}", edition.stem())
}

/// Writes a source distribution of these members.
///
/// Nothing is compressed: what a compressor makes depends on its version.
pub(super) fn write(members: &[Member], out: impl Write) -> io::Result<()> {
    let gzip = GzBuilder::new()
        .mtime(0)
        .operating_system(UNKNOWN_SYSTEM)
        .write(out, Compression::none());
    let mut archive = Builder::new(gzip);
    for Member { path, content } in members {
        archive.append_data(&mut header(content), path, content.reader())?;
    }
    archive.into_inner()?.finish()?.flush()
}

fn header(content: &Content) -> Header {
    let mut header = Header::new_gnu();
    header.set_size(content.size());
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(MODIFIED);
    header
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::GzDecoder;
    use tar::Archive;

    use super::super::tree;
    use super::*;
    use crate::universe::{Contents, Release};

    #[test]
    fn members_are_sorted_below_one_folder_and_say_nothing_of_their_maker() {
        let release = Release {
            version: "1.0".into(),
            contents: Contents {
                // Longer than the 100 bytes that a header has room for.
                modules: vec!["m".repeat(120)],
                size: 9,
                ..Contents::default()
            },
            ..Release::default()
        };
        let edition = Edition::new("Acme.Tools", "acme-tools", release);
        let mut sdist = Vec::new();
        let wheel = tree::wheel(&edition, "x.tar.gz", "py3-none-any", None);
        write(&members(&edition, wheel), &mut sdist).unwrap();

        let mut archive = Archive::new(GzDecoder::new(&sdist[..]));
        let mut paths = Vec::new();
        for member in archive.entries().unwrap() {
            let mut member = member.unwrap();
            let header = member.header();
            assert_eq!((header.uid().unwrap(), header.gid().unwrap()), (0, 0));
            assert_eq!((header.mtime().unwrap(), header.mode().unwrap()), (MODIFIED, 0o644));
            let path = member.path().unwrap().to_string_lossy().into_owned();
            let mut content = Vec::new();
            member.read_to_end(&mut content).unwrap();
            if path.ends_with("/PKG-INFO") {
                assert_eq!(content, metadata::core(&edition).into_bytes());
            }
            paths.push(path);
        }
        let module = "m".repeat(120);
        let expected = [
            "PKG-INFO".to_owned(),
            "pyproject.toml".to_owned(),
            "seatrial_backend.py".to_owned(),
            "wheel/acme_tools-1.0.dist-info/METADATA".to_owned(),
            "wheel/acme_tools-1.0.dist-info/WHEEL".to_owned(),
            format!("wheel/{module}/__init__.py"),
            format!("wheel/{module}/padding.bin"),
        ];
        assert_eq!(paths, expected.map(|path| format!("acme_tools-1.0/{path}")));
    }
}
