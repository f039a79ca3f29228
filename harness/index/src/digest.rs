//! A sha256 digest as a checked value: whoever holds one may use it in a path.

use std::fmt::{self, Write as _};
use std::io::{self, Read};

use sha2::Digest as _;

/// Memory that a file takes at a time while it is digested.
const PIECE: usize = 256 << 10;

/// 64 lower-case hexadecimal digits, and nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Sha256(String);

impl Sha256 {
    /// Reads hexadecimal digits in either case; `None` for anything that is not a sha256.
    pub(crate) fn parse(text: &str) -> Option<Sha256> {
        let is_digest = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_digest.then(|| Sha256(text.to_ascii_lowercase()))
    }

    pub(crate) fn of(bytes: &[u8]) -> Sha256 {
        let mut hasher = Hasher::default();
        hasher.update(bytes);
        hasher.finish()
    }

    /// Digest of all that can be read, and how many bytes that is.
    pub(crate) fn of_all(mut file: impl Read) -> io::Result<(Sha256, u64)> {
        let (mut hasher, mut size) = (Hasher::default(), 0);
        let mut piece = vec![0; PIECE];
        loop {
            match file.read(&mut piece)? {
                0 => return Ok((hasher.finish(), size)),
                read => {
                    hasher.update(&piece[..read]);
                    size += read as u64;
                }
            }
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Digests a file as it comes in, piece by piece.
#[derive(Default)]
pub(crate) struct Hasher(sha2::Sha256);

impl Hasher {
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(crate) fn finish(self) -> Sha256 {
        let mut hex = String::with_capacity(64);
        for byte in self.0.finalize() {
            write!(hex, "{byte:02x}").expect("writing to a String does not fail");
        }
        Sha256(hex)
    }
}

#[cfg(test)]
mod tests {
    use super::Sha256;

    #[test]
    fn agrees_with_the_published_vector() {
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(Sha256::of(b"abc").as_str(), abc);
        assert_eq!(Sha256::of_all(&b"abc"[..]).unwrap(), (Sha256::of(b"abc"), 3));
        assert_eq!(Sha256::parse(&abc.to_uppercase()), Some(Sha256::of(b"abc")));
    }

    #[test]
    fn only_digests_pass() {
        let almost = format!("../{}", "a".repeat(61));
        for text in ["", "abc", almost.as_str(), &"g".repeat(64), &"a".repeat(65)] {
            assert_eq!(Sha256::parse(text), None, "{text}");
        }
    }
}
