//! Looking more than once: the error that may be made in all is spent in portions, one at each look.

/// One look at the samples so far: what a test said then, and how much error was set aside for it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spent {
    /// The test's probability at this look.
    pub p: f64,
    /// The error spent: the look raises an alarm when `p` is at most this.
    pub error: f64,
}

/// What false alarms are bounded by over all looks: the sum of what is spent at each.
///
/// To spend one error over looks that are fixed before the first is from Lan and DeMets, "Discrete Sequential Boundaries for
/// Clinical Trials", Biometrika 70 (1983). They derive each look's limit from how the looks depend on each other, which
/// needs a model of the samples; here the portion itself is the limit. The sum then bounds the chance of any false alarm
/// without a model (Boole's inequality), at the price of being cautious: looks at nested samples are alike.
pub fn total_spent(errors: impl IntoIterator<Item = f64>) -> f64 {
    errors.into_iter().sum()
}

/// The probability that holds for all looks made so far together: the smallest error in all, spent in the same proportions,
/// at which one of them would have raised an alarm. At most 1; looks at which nothing is spent do not count. `total` is what
/// is spent over all looks, made or not.
pub fn overall_p(looks: &[Spent], total: f64) -> f64 {
    let spending = looks.iter().filter(|look| look.error > 0.0);
    let scaled = spending.map(|look| look.p * total / look.error);
    scaled.fold(1.0, f64::min)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::SplitMix64;

    const ERRORS: [f64; 3] = [0.01, 0.0, 0.04];

    fn looks(probabilities: [f64; 3]) -> Vec<Spent> {
        let pairs = probabilities.into_iter().zip(ERRORS);
        pairs.map(|(p, error)| Spent { p, error }).collect()
    }

    #[test]
    fn an_alarm_at_any_look_is_an_alarm_in_all() {
        let total = total_spent(ERRORS);
        assert!((total - 0.05).abs() < 1e-12);
        for (probabilities, alarm) in [
            ([0.009, 0.9, 0.9], true),
            ([0.011, 0.0, 0.041], false),
            ([0.5, 0.5, 0.039], true),
        ] {
            assert_eq!(
                overall_p(&looks(probabilities), total) <= total,
                alarm,
                "{probabilities:?}"
            );
        }
        assert_eq!(overall_p(&[], total), 1.0);
    }

    #[test]
    fn it_is_at_most_a_level_no_more_often_than_the_level_says() {
        let mut lots = SplitMix64::new(5);
        let rounds = 20_000;
        let total = total_spent(ERRORS);
        let below = (0..rounds).filter(|_| overall_p(&looks(std::array::from_fn(|_| lots.unit())), total) <= 0.1);
        let share = below.count() as f64 / f64::from(rounds);
        // Of independent looks, 1 - 0.98 * 0.92.
        assert!((share - 0.0984).abs() < 0.006, "{share}");
    }
}
