//! Chance from a seed: the same seed draws the same lots on every machine.

/// The generator SplitMix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014): good
/// enough to draw samples with, not for secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SplitMix64(u64);

impl SplitMix64 {
    /// A generator that draws the lots of this seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 (possible) to 1 (not possible), uniformly.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A whole number below `count`, each as likely but for a share of `count` / 2^64; 0 when `count` is 0 (Lemire, "Fast
    /// Random Integer Generation in an Interval", ACM TOMACS 29, 2019, without its rejection step).
    pub fn below(&mut self, count: usize) -> usize {
        ((u128::from(self.bits()) * count as u128) >> 64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As published with the reference implementation, for the seed 1234567.
    #[test]
    fn it_draws_what_the_reference_draws() {
        let mut lots = SplitMix64::new(1_234_567);
        let drawn: [u64; 3] = std::array::from_fn(|_| lots.bits());
        assert_eq!(
            drawn,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    #[test]
    fn lots_stay_within_their_bounds_and_reach_them() {
        let mut lots = SplitMix64::new(7);
        let mut drawn = [0; 5];
        (0..1_000).for_each(|_| drawn[lots.below(5)] += 1);
        assert!(drawn.iter().all(|times| (150..=250).contains(times)), "{drawn:?}");
        assert!((0..1_000).all(|_| (0.0..1.0).contains(&lots.unit())));
        assert_eq!(lots.below(0), 0);
    }
}
