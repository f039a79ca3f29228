//! How large a share truly is, from how often something was seen in so many trials.

use super::interval::Interval;
use super::proper;

/// The exact two-sided interval of a share with the given confidence (0 to 1): Clopper and Pearson, "The Use of Confidence or
/// Fiducial Limits Illustrated in the Case of the Binomial", Biometrika 26 (1934). `None` without trials, or with more hits
/// than trials.
pub fn proportion_interval(hits: usize, trials: usize, confidence: f64) -> Option<Interval> {
    let beyond = (1.0 - proper(confidence)?) / 2.0;
    Some(Interval {
        low: lower(hits, trials, beyond)?,
        high: upper(hits, trials, beyond)?,
    })
}

/// The exact one-sided upper bound of a share: 0 of 300 is below 1 % with 95 % confidence.
pub fn proportion_upper(hits: usize, trials: usize, confidence: f64) -> Option<f64> {
    upper(hits, trials, 1.0 - proper(confidence)?)
}

/// The share at which so many hits or fewer have the chance `beyond`.
fn upper(hits: usize, trials: usize, beyond: f64) -> Option<f64> {
    possible(hits, trials)?;
    if hits == trials {
        return Some(1.0);
    }
    Some(crossing(|share| at_most(hits, trials, share) < beyond))
}

/// The share at which so many hits or more have the chance `beyond`: as many misses or fewer, seen from the other side.
fn lower(hits: usize, trials: usize, beyond: f64) -> Option<f64> {
    possible(hits, trials)?;
    Some(1.0 - upper(trials - hits, trials, beyond)?)
}

fn possible(hits: usize, trials: usize) -> Option<()> {
    (trials > 0 && hits <= trials).then_some(())
}

/// Where, from 0 to 1, a condition begins to hold, by halving.
fn crossing(holds: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    while high - low > 1e-12 {
        let middle = f64::midpoint(low, high);
        if holds(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    f64::midpoint(low, high)
}

/// The chance of at most so many hits, each trial having the same chance (above 0, below 1). Summed by logarithms, as the
/// single terms may be too small for a number.
fn at_most(hits: usize, trials: usize, share: f64) -> f64 {
    let odds = (share / (1.0 - share)).ln();
    let mut log_term = trials as f64 * (-share).ln_1p();
    let mut sum = log_term.exp();
    for next in 1..=hits {
        log_term += ((trials - next + 1) as f64 / next as f64).ln() + odds;
        sum += log_term.exp();
    }
    sum
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn close(one: f64, other: f64) -> bool {
        (one - other).abs() < 5e-6
    }

    /// Published values: the rule of three, and those of R's `binom.test`.
    #[test]
    fn known_values() {
        assert!(close(proportion_upper(0, 300, 0.95).unwrap(), 0.009_936));
        for (hits, trials, low, high) in [
            (0, 300, 0.0, 0.012_221),
            (0, 10, 0.0, 0.308_497),
            (1, 10, 0.002_529, 0.445_016),
            (5, 10, 0.187_086, 0.812_914),
            (10, 10, 0.691_503, 1.0),
        ] {
            let interval = proportion_interval(hits, trials, 0.95).unwrap();
            assert!(
                close(interval.low, low) && close(interval.high, high),
                "{hits} of {trials}: {interval:?}"
            );
        }
    }

    #[test]
    fn what_cannot_be_said_is_none() {
        assert_eq!(proportion_interval(0, 0, 0.95), None);
        assert_eq!(proportion_interval(3, 2, 0.95), None);
        assert_eq!(proportion_upper(1, 2, 1.0), None);
    }

    /// The chance of at most so many hits, by going through all outcomes of all trials.
    fn counted_out(hits: usize, trials: usize, share: f64) -> f64 {
        let outcomes = (0..1_u32 << trials).map(u32::count_ones);
        outcomes
            .filter(|seen| *seen as usize <= hits)
            .map(|seen| share.powi(seen as i32) * (1.0 - share).powi(trials as i32 - seen as i32))
            .sum()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn at_the_ends_what_was_seen_has_the_chance_that_is_left(hits in 0..10_usize, more in 1..5_usize, confidence in 0.5..0.99) {
            let trials = hits + more;
            let beyond = (1.0 - confidence) / 2.0;
            let interval = proportion_interval(hits, trials, confidence).unwrap();
            prop_assert!((counted_out(hits, trials, interval.high) - beyond).abs() < 1e-6);
            if hits > 0 {
                prop_assert!((1.0 - counted_out(hits - 1, trials, interval.low) - beyond).abs() < 1e-6);
            } else {
                prop_assert!(interval.low < 1e-9);
            }
        }
    }
}
