//! Whether paired differences lie more on one side of zero than chance would have it.

use super::normal::normal_below;
use super::sorted;

/// Most differences for which the distribution is counted out; beyond, it is close to normal.
const COUNTED: usize = 50;

/// Wilcoxon's signed-rank test of paired differences ("Individual Comparisons by Ranking Methods", Biometrics Bulletin 1, 1945).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SignedRank {
    /// Differences other than zero; zeros say nothing of the direction and are left out, as by Wilcoxon.
    pub count: usize,
    /// Sum of the ranks of the positive differences by their size, equal sizes sharing the mean of their ranks.
    pub positive: f64,
    /// Chance of so large a sum or a larger one if neither sign were favoured: small when differences lie above zero.
    pub greater: f64,
    /// Chance of so small a sum or a smaller one: small when differences lie below zero.
    pub less: f64,
    /// Chance of a sum so far off in either direction: twice the smaller of both, at most 1.
    pub two_sided: f64,
}

/// Tests differences; `None` when there is none, or one is not finite.
///
/// Up to 50 differences the probabilities are exact, by counting the sums of all choices of signs for the ranks at hand,
/// shared ones included (the shift algorithm of Streitberg and Röhmel, "Exact Distributions for Permutation and Rank Tests",
/// Statistical Software Newsletter 12, 1986). Beyond, they are normal with continuity correction, the variance being that of
/// the ranks at hand, ties and all: a quarter of the sum of their squares (Lehmann, "Nonparametrics", 3.2).
pub fn signed_rank(differences: &[f64]) -> Option<SignedRank> {
    sorted(differences)?;
    let ranked = doubled_ranks(differences);
    let positive: usize = ranked
        .iter()
        .filter(|(sign, _)| *sign > 0.0)
        .map(|(_, rank)| rank)
        .sum();
    let ranks: Vec<_> = ranked.into_iter().map(|(_, rank)| rank).collect();
    let all: usize = ranks.iter().sum();
    let (greater, less) = if ranks.len() <= COUNTED {
        let sums = sums(&ranks);
        (at_least(&sums, positive), at_least(&sums, all - positive))
    } else {
        let normal = Normal::of(&ranks);
        (normal.at_least(positive), normal.at_least(all - positive))
    };
    Some(SignedRank {
        count: ranks.len(),
        positive: positive as f64 / 2.0,
        greater,
        less,
        two_sided: (2.0 * greater.min(less)).min(1.0),
    })
}

/// How many of the smallest, and of the largest, of all n (n + 1) / 2 pairwise means lie outside of where the centre is, with
/// a chance of at most `beyond` on either side: the number of sums of ranks, from 0 up, that together are no more likely than
/// that. One fewer is the critical value of the test.
pub(super) fn sums_beyond(count: usize, beyond: f64) -> usize {
    let half = count * (count + 1) / 4;
    if count <= COUNTED {
        let ranks: Vec<_> = (1..=count).collect();
        let mut chance = 0.0;
        let unlikely = |share: &f64| {
            chance += share;
            chance <= beyond
        };
        return sums(&ranks)[..=half].iter().copied().take_while(unlikely).count();
    }
    let doubled: Vec<_> = (1..=count).map(|rank| 2 * rank).collect();
    let normal = Normal::of(&doubled);
    // So small a sum is as likely as its mirror image, so large a one.
    let all = count * (count + 1);
    (0..=half)
        .take_while(|sum| normal.at_least(all - 2 * sum) <= beyond)
        .count()
}

/// Each difference other than zero with twice its rank by size, which is whole even where ranks are shared.
fn doubled_ranks(differences: &[f64]) -> Vec<(f64, usize)> {
    let mut by_size: Vec<_> = differences.iter().copied().filter(|one| *one != 0.0).collect();
    by_size.sort_by(|one, other| one.abs().total_cmp(&other.abs()));
    let mut ranked = Vec::with_capacity(by_size.len());
    for equal in by_size.chunk_by(|one, other| one.abs() == other.abs()) {
        let (first, last) = (ranked.len() + 1, ranked.len() + equal.len());
        ranked.extend(equal.iter().map(|one| (*one, first + last)));
    }
    ranked
}

/// The share of all choices of signs that have each sum of ranks as that of the positive ones.
fn sums(ranks: &[usize]) -> Vec<f64> {
    let mut shares = vec![1.0];
    for rank in ranks {
        let mut next = vec![0.0; shares.len() + rank];
        for (sum, share) in shares.iter().enumerate() {
            next[sum] += share / 2.0;
            next[sum + rank] += share / 2.0;
        }
        shares = next;
    }
    shares
}

fn at_least(shares: &[f64], sum: usize) -> f64 {
    let tail = shares.get(sum..).unwrap_or_default();
    // From the far end, where the shares are small.
    tail.iter().rev().sum::<f64>().min(1.0)
}

/// The normal distribution with the mean and the variance of the sum of positive ranks.
struct Normal {
    mean: f64,
    deviation: f64,
}

impl Normal {
    fn of(doubled_ranks: &[usize]) -> Self {
        let ranks = || doubled_ranks.iter().map(|rank| *rank as f64 / 2.0);
        Self {
            mean: ranks().sum::<f64>() / 2.0,
            deviation: (ranks().map(|rank| rank * rank).sum::<f64>() / 4.0).sqrt(),
        }
    }

    /// The chance of so large a sum, given twice, with continuity correction.
    fn at_least(&self, doubled_sum: usize) -> f64 {
        let sum = doubled_sum as f64 / 2.0;
        normal_below((self.mean - (sum - 0.5)) / self.deviation)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Critical values of the smaller sum for 5 to 20 differences, one-sided 0.05, 0.025, 0.01 and 0.005, as printed in
    /// Lehmann and in most textbooks; -1 where no sum is that unlikely.
    const TABLE: [[i32; 4]; 16] = [
        [0, -1, -1, -1],
        [2, 0, -1, -1],
        [3, 2, 0, -1],
        [5, 3, 1, 0],
        [8, 5, 3, 1],
        [10, 8, 5, 3],
        [13, 10, 7, 5],
        [17, 13, 9, 7],
        [21, 17, 12, 9],
        [25, 21, 15, 12],
        [30, 25, 19, 15],
        [35, 29, 23, 19],
        [41, 34, 27, 23],
        [47, 40, 32, 27],
        [53, 46, 37, 32],
        [60, 52, 43, 37],
    ];

    #[test]
    fn critical_values_are_those_of_the_tables() {
        for (count, expected) in (5..).zip(TABLE) {
            let largest = [0.05, 0.025, 0.01, 0.005].map(|level| sums_beyond(count, level) as i32 - 1);
            assert_eq!(largest, expected, "{count} differences");
        }
    }

    /// The example of Hollander and Wolfe, "Nonparametric Statistical Methods", 3.1 (depression scores of nine patients), with
    /// the exact probability that R's `wilcox.test` gives.
    #[test]
    fn a_published_example() {
        // Thousandths.
        let before = [1830, 500, 1620, 2480, 1680, 1880, 1550, 3060, 1300];
        let after = [878, 647, 598, 2050, 1060, 1290, 1060, 3140, 1290];
        let differences: Vec<_> = before
            .iter()
            .zip(after)
            .map(|(one, other)| f64::from(one - other))
            .collect();
        let test = signed_rank(&differences).unwrap();
        assert_eq!((test.count, test.positive), (9, 40.0));
        assert!((test.greater - 0.019_531_25).abs() < 1e-12);
        assert!((test.two_sided - 0.039_062_5).abs() < 1e-12);
    }

    #[test]
    fn nothing_that_moves_is_no_evidence() {
        assert_eq!(signed_rank(&[]), None);
        assert_eq!(signed_rank(&[1.0, f64::NAN]), None);
        let still = signed_rank(&[0.0, 0.0]).unwrap();
        assert_eq!(
            (still.count, still.greater, still.less, still.two_sided),
            (0, 1.0, 1.0, 1.0)
        );
    }

    #[test]
    fn the_normal_distribution_takes_over_without_a_step() {
        let ranks: Vec<_> = (1..=COUNTED).map(|rank| 2 * rank).collect();
        let (exact, normal) = (sums(&ranks), Normal::of(&ranks));
        for sum in (0..=COUNTED * (COUNTED + 1)).step_by(2) {
            let (one, other) = (at_least(&exact, sum), normal.at_least(sum));
            assert!((one - other).abs() < 2e-3, "{sum}: {one} {other}");
        }
    }

    /// The chance of so large a sum of positive ranks, by going through all choices of signs.
    fn counted_out(differences: &[f64]) -> f64 {
        let sizes: Vec<_> = differences
            .iter()
            .filter(|one| **one != 0.0)
            .map(|one| one.abs())
            .collect();
        let rank = |size: f64| {
            let smaller = sizes.iter().filter(|other| **other < size).count() as f64;
            let equal = sizes.iter().filter(|other| **other == size).count() as f64;
            smaller + (equal + 1.0) / 2.0
        };
        let seen: f64 = differences.iter().filter(|one| **one > 0.0).map(|one| rank(*one)).sum();
        let all = 1_u32 << sizes.len();
        let at_least = (0..all).filter(|signs| {
            let positive = sizes.iter().enumerate().filter(|(at, _)| signs >> at & 1 == 1);
            positive.map(|(_, size)| rank(*size)).sum::<f64>() >= seen
        });
        at_least.count() as f64 / f64::from(all)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn it_is_exact_with_ties_and_zeros(differences in prop::collection::vec((-6..=6_i32).prop_map(f64::from), 1..11)) {
            let test = signed_rank(&differences).unwrap();
            prop_assert!((test.greater - counted_out(&differences)).abs() < 1e-12);
        }

        #[test]
        fn swapping_the_sides_swaps_the_probabilities(differences in prop::collection::vec(-1e3..1e3, 1..70)) {
            let swapped: Vec<_> = differences.iter().map(|one| -one).collect();
            let (test, other) = (signed_rank(&differences).unwrap(), signed_rank(&swapped).unwrap());
            prop_assert_eq!((test.greater, test.less, test.two_sided), (other.less, other.greater, other.two_sided));
        }
    }
}
