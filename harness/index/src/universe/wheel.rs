//! Writes a wheel (PEP 427), deterministic to the byte.

use std::fmt::Write as _;
use std::io::{self, Read as _, Seek, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, System, ZipWriter};

use super::edition::Edition;
use super::tree::Member;
use crate::digest::{Hasher, Sha256};

/// Memory that a member takes at a time.
const PIECE: usize = 64 << 10;

/// Writes these members, and the RECORD of them.
///
/// Nothing is compressed: what a compressor makes depends on its version. The output must be able to seek, so that sizes
/// stand before the members: installers that unpack while they download need them there.
pub(super) fn write(edition: &Edition, members: &[Member], out: impl Write + Seek) -> io::Result<()> {
    let mut archive = ZipWriter::new(out);
    let mut record = String::new();
    let mut piece = vec![0; PIECE];
    for Member { path, content } in members {
        let is_large = content.size() > u64::from(u32::MAX);
        archive.start_file(path, options().large_file(is_large))?;
        let mut hasher = Hasher::default();
        let mut reader = content.reader();
        loop {
            let read = reader.read(&mut piece)?;
            if read == 0 {
                break;
            }
            hasher.update(&piece[..read]);
            archive.write_all(&piece[..read])?;
        }
        let digest = base64(&hasher.finish());
        writeln!(record, "{path},sha256={digest},{}", content.size()).expect("writing to a String does not fail");
    }
    let path = format!("{}/RECORD", edition.dist_info());
    archive.start_file(&path, options())?;
    archive.write_all(format!("{record}{path},,\n").as_bytes())?;
    archive.finish()?.flush()
}

/// Nothing that differs between machines or moments. The default time is the first that a ZIP archive can hold.
fn options() -> SimpleFileOptions {
    SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::DEFAULT)
        .system(System::Unix)
        .unix_permissions(0o644)
}

/// A digest as RECORD has it: base64 with `-` and `_` and without padding (PEP 376, RFC 4648 section 5).
fn base64(digest: &Sha256) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    // Three hexadecimal digits are two of these; the last of the 64 digits stands alone.
    let digits: Vec<u32> = digest.as_str().chars().filter_map(|digit| digit.to_digit(16)).collect();
    digits
        .chunks(3)
        .flat_map(|digits| {
            let bits = digits.iter().fold(0, |bits, digit| bits << 4 | digit) << (4 * (3 - digits.len()));
            [bits >> 6, bits & 0x3f]
                .into_iter()
                .take((4 * digits.len()).div_ceil(6))
        })
        .map(|sextet| char::from(ALPHABET[sextet as usize]))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io::Cursor;

    use proptest::prelude::*;
    use zip::ZipArchive;

    use super::super::tree;
    use super::*;
    use crate::names;
    use crate::universe::{Contents, Kind, Release};

    /// The members of a release's wheel in order, by name.
    fn read_back(project: &str, release: Release) -> (Edition, Vec<(String, Vec<u8>)>) {
        let edition = Edition::new(project, &names::normalise(project).unwrap(), release);
        let mut wheel = Cursor::new(Vec::new());
        let members = tree::wheel(&edition, "x.whl", "py3-none-any", None);
        write(&edition, &members, &mut wheel).unwrap();
        let mut archive = ZipArchive::new(wheel).unwrap();
        let members = (0..archive.len())
            .map(|number| {
                let mut member = archive.by_index(number).unwrap();
                assert_eq!(member.compression(), CompressionMethod::Stored);
                let mut content = Vec::new();
                member.read_to_end(&mut content).unwrap();
                (member.name().to_owned(), content)
            })
            .collect();
        (edition, members)
    }

    #[test]
    fn digests_are_written_as_python_writes_them() {
        let abc = "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0";
        assert_eq!(base64(&Sha256::of(b"abc")), abc);
    }

    proptest! {
        #[test]
        fn every_member_is_on_record_and_stays_in_its_folder(
            project in "[A-Za-z0-9]([A-Za-z0-9._-]{0,12}[A-Za-z0-9])?",
            version in r"([1-9]!)?[0-9]{1,3}(\.[0-9]{1,3}){0,3}(-?(A|b|rc)\.?[0-9])?(-[0-9])?(\+[a-z0-9]{1,3}([._-][A-Z0-9]{1,3})?)?",
            extra in "[A-Za-z]([A-Za-z0-9._-]{0,5}[A-Za-z0-9])?",
            modules in proptest::collection::btree_set("[a-zA-Z_\u{e4}][a-z0-9_]{0,6}", 0..4),
            size in 0..200_u64,
            count in 0..3_u32,
        ) {
            let release = Release {
                version,
                extras: BTreeMap::from([(extra, vec!["bolt".into()])]),
                contents: Contents { modules: modules.into_iter().collect(), size, count, ..Contents::default() },
                ..Release::default()
            };
            let (edition, members) = read_back(&project, release);
            for kind in edition.kinds().iter().chain([&Kind::Sdist]) {
                let filename = edition.filename(kind);
                prop_assert!(names::is_plain_file_name(&filename), "{}", filename);
                prop_assert_eq!(names::project_of(&filename), names::normalise(&project));
            }
            let (path_of_record, record) = members.last().unwrap();
            prop_assert_eq!(path_of_record, &format!("{}/RECORD", edition.dist_info()));
            let mut expected = String::new();
            for (path, content) in &members[..members.len() - 1] {
                prop_assert!(path.split('/').count() == 2 && path.split('/').all(names::is_plain_file_name), "{}", path);
                writeln!(expected, "{path},sha256={},{}", base64(&Sha256::of(content)), content.len()).unwrap();
            }
            writeln!(expected, "{path_of_record},,").unwrap();
            prop_assert_eq!(String::from_utf8_lossy(record), expected);
        }
    }
}
