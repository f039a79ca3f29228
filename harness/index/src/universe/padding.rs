//! Bytes that nothing compresses, the same on every machine.

use std::io::{self, Read};

use crate::digest::Sha256;

/// So many bytes of SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014),
/// little-endian. Its state is a counter, so any byte is known by its place alone.
#[derive(Clone, Debug)]
pub(super) struct Padding {
    seed: u64,
    offset: u64,
    size: u64,
}

impl Padding {
    /// Padding that belongs to a name.
    pub(super) fn of(name: &str, size: u64) -> Padding {
        let digest = Sha256::of(name.as_bytes());
        let seed = u64::from_str_radix(&digest.as_str()[..16], 16).expect("a digest is hexadecimal");
        Padding { seed, offset: 0, size }
    }

    /// Bytes in all.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    fn word(&self, number: u64) -> u64 {
        let gamma = 0x9e37_79b9_7f4a_7c15_u64;
        let mut word = self.seed.wrapping_add(gamma.wrapping_mul(number.wrapping_add(1)));
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }
}

impl Read for Padding {
    fn read(&mut self, mut buffer: &mut [u8]) -> io::Result<usize> {
        let start = self.offset;
        while self.offset < self.size && !buffer.is_empty() {
            let word = self.word(self.offset / 8).to_le_bytes();
            let rest = &word[(self.offset % 8) as usize..];
            let left = usize::try_from(self.size - self.offset).unwrap_or(usize::MAX);
            let taken = rest.len().min(buffer.len()).min(left);
            let (now, later) = buffer.split_at_mut(taken);
            now.copy_from_slice(&rest[..taken]);
            buffer = later;
            self.offset += taken as u64;
        }
        Ok((self.offset - start) as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first numbers that the authors' C code gives for this seed, as published on rosettacode.org.
    #[test]
    fn agrees_with_the_published_vector() {
        let padding = Padding {
            seed: 1_234_567,
            offset: 0,
            size: 0,
        };
        let words = [0, 1, 2].map(|number| padding.word(number));
        assert_eq!(
            words,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    #[test]
    fn is_the_same_however_it_is_read() {
        let mut whole = Vec::new();
        Padding::of("acme", 1_003).read_to_end(&mut whole).unwrap();
        assert_eq!(whole.len(), 1_003);

        let (mut padding, mut pieces) = (Padding::of("acme", 1_003), Vec::new());
        for size in (1..=13).cycle() {
            let mut piece = vec![0; size];
            match padding.read(&mut piece).unwrap() {
                0 => break,
                read => pieces.extend_from_slice(&piece[..read]),
            }
        }
        assert_eq!(pieces, whole);
    }
}
