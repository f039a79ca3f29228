//! Where one changed bit of a file does harm: in the middle of what it installs, not in what nobody counts.

use std::io::{self, Read, Seek, SeekFrom};

use zip::ZipArchive;

use super::tree::Member;

/// Bytes of a gzip header without a name, a comment or anything else that may be left out (RFC 1952).
const GZIP_HEADER: u64 = 10;

/// Bytes before a stored block: what it is, its length, and that length once more (RFC 1951, behind a full byte).
const BLOCK_HEADER: usize = 5;

/// Bytes; everything in a tar archive is padded to a multiple of this.
const TAR_BLOCK: u64 = 512;

/// Bytes of a path that the header of a tar archive has room for; of a longer one a member of its own precedes (GNU).
const TAR_PATH: u64 = 100;

/// The middle of a member of a wheel; nothing in it is compressed.
pub(super) fn in_wheel(wheel: impl Read + Seek, path: &str) -> io::Result<u64> {
    let mut archive = ZipArchive::new(wheel)?;
    let number = archive.index_for_name(path);
    let member = archive.by_index_raw(number.ok_or_else(missing)?)?;
    Ok(member.data_start().ok_or_else(missing)? + member.size() / 2)
}

/// The middle of a member of a source distribution that has these; nothing in it is compressed.
pub(super) fn in_sdist(sdist: impl Read + Seek, members: &[Member], path: &str) -> io::Result<u64> {
    let mut start = 0;
    for member in members {
        let size = member.content.size();
        start += headers(&member.path);
        if member.path == path {
            return in_gzip(sdist, start + size / 2);
        }
        start += size.next_multiple_of(TAR_BLOCK);
    }
    Err(missing())
}

/// Bytes that stand before the content of a member of a tar archive.
fn headers(path: &str) -> u64 {
    let length = path.len() as u64;
    let long_path = if length > TAR_PATH {
        TAR_BLOCK + (length + 1).next_multiple_of(TAR_BLOCK)
    } else {
        0
    };
    long_path + TAR_BLOCK
}

/// Where a byte of the unpacked stream lies in a gzip file of nothing but stored blocks.
fn in_gzip(mut gzip: impl Read + Seek, unpacked: u64) -> io::Result<u64> {
    let (mut at, mut passed) = (GZIP_HEADER, 0);
    loop {
        let mut header = [0; BLOCK_HEADER];
        gzip.seek(SeekFrom::Start(at))?;
        gzip.read_exact(&mut header)?;
        at += BLOCK_HEADER as u64;
        let length = u64::from(u16::from_le_bytes([header[1], header[2]]));
        if unpacked < passed + length {
            return Ok(at + unpacked - passed);
        }
        passed += length;
        at += length;
    }
}

fn missing() -> io::Error {
    io::Error::other("the largest of its members is not in it")
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use flate2::read::GzDecoder;
    use tar::Archive;

    use super::super::edition::Edition;
    use super::super::{sdist, tree, wheel};
    use super::*;
    use crate::universe::{Contents, Release};

    /// Releases whose modules are small, long of name, many, and larger than any block.
    fn editions() -> Vec<Edition> {
        let contents = |modules: &[String], size, count| Contents {
            modules: modules.to_vec(),
            size,
            count,
            ..Contents::default()
        };
        let long = "m".repeat(120);
        let contents = [
            contents(&[], 0, 0),
            contents(&["zinc".into(), "acme".into()], 0, 30),
            contents(&[long.clone(), long + "x"], 700, 1),
            contents(&[], 300_000, 0),
        ];
        let edition = |contents| {
            let version = "1.0".into();
            let release = Release {
                version,
                contents,
                ..Release::default()
            };
            Edition::new("acme", "acme", release)
        };
        contents.into_iter().map(edition).collect()
    }

    fn text(mut content: impl Read) -> Vec<u8> {
        let mut text = Vec::new();
        content.read_to_end(&mut text).unwrap();
        text
    }

    /// The members of a wheel by path.
    fn unpacked(wheel: &[u8]) -> Vec<(String, Vec<u8>)> {
        let mut archive = ZipArchive::new(Cursor::new(wheel)).unwrap();
        let numbers = 0..archive.len();
        let read = |number| {
            // Raw, past the checksum.
            let member = archive.by_index_raw(number).unwrap();
            (member.name().to_owned(), text(member))
        };
        numbers.map(read).collect()
    }

    fn differing(one: &[(String, Vec<u8>)], other: &[(String, Vec<u8>)]) -> Vec<String> {
        let pairs = one.iter().zip(other).filter(|(one, other)| one != other);
        pairs.map(|(one, _)| one.0.clone()).collect()
    }

    #[test]
    fn a_bit_turned_over_there_changes_a_module_of_a_wheel() {
        for edition in editions() {
            let members = tree::wheel(&edition, "acme.whl", "py3-none-any", None);
            let mut bytes = Cursor::new(Vec::new());
            wheel::write(&edition, &members, &mut bytes).unwrap();
            let heart = tree::heart(&members);
            let at = in_wheel(&mut bytes, heart).unwrap();
            let whole = unpacked(bytes.get_ref());
            bytes.get_mut()[at as usize] ^= 1;
            assert_eq!(differing(&whole, &unpacked(bytes.get_ref())), [heart]);
        }
    }

    #[test]
    fn and_of_a_source_distribution() {
        let unpacked = |sdist: &[u8]| -> Vec<(String, Vec<u8>)> {
            let mut archive = Archive::new(GzDecoder::new(sdist));
            let member = |member: io::Result<tar::Entry<'_, _>>| {
                let member = member.unwrap();
                (member.path().unwrap().to_str().unwrap().to_owned(), text(member))
            };
            archive.entries().unwrap().map(member).collect()
        };
        for edition in editions() {
            let members = tree::wheel(&edition, "acme.tar.gz", "py3-none-any", None);
            let heart = sdist::place(&edition, tree::heart(&members));
            let members = sdist::members(&edition, members);
            let mut bytes = Cursor::new(Vec::new());
            sdist::write(&members, &mut bytes).unwrap();
            let at = in_sdist(&mut bytes, &members, &heart).unwrap();
            let whole = unpacked(bytes.get_ref());
            bytes.get_mut()[at as usize] ^= 1;
            assert_eq!(differing(&whole, &unpacked(bytes.get_ref())), [heart]);
        }
    }
}
