//! Where any statistic of the samples lies, from samples drawn again out of the samples.

use super::interval::Interval;
use super::normal::{normal_below, normal_quantile};
use super::quantile::of_sorted;
use super::split_mix::SplitMix64;
use super::{proper, sorted};

/// The interval of a statistic with the given confidence (0 to 1), bias-corrected and accelerated: Efron, "Better Bootstrap
/// Confidence Intervals", JASA 82 (1987), with the acceleration from leaving out one sample at a time.
///
/// `rounds` times as many samples as there are, are drawn from them with replacement; a thousand or more for 95 %. The
/// samples must be independent. `None` with fewer than two of them, no round, or where the statistic is not finite.
pub fn bootstrap(
    samples: &[f64],
    statistic: impl Fn(&[f64]) -> Option<f64>,
    confidence: f64,
    rounds: usize,
    seed: u64,
) -> Option<Interval> {
    let confidence = proper(confidence)?;
    if samples.len() < 2 {
        return None;
    }
    let seen = statistic(samples)?;
    let drawn = sorted(&redrawn(samples, &statistic, rounds, seed)?)?;
    let bias = bias(&drawn, seen)?;
    let acceleration = acceleration(samples, &statistic)?;
    let end = |share: f64| {
        let far = bias + normal_quantile(share)?;
        let corrected = normal_below(bias + far / (1.0 - acceleration * far));
        Some(of_sorted(&drawn, corrected))
    };
    Some(Interval {
        low: end((1.0 - confidence) / 2.0)?,
        high: end(f64::midpoint(1.0, confidence))?,
    })
}

/// The statistic of each round.
fn redrawn(samples: &[f64], statistic: &impl Fn(&[f64]) -> Option<f64>, rounds: usize, seed: u64) -> Option<Vec<f64>> {
    let mut lots = SplitMix64::new(seed);
    let mut round = || {
        let drawn: Vec<_> = samples.iter().map(|_| samples[lots.below(samples.len())]).collect();
        statistic(&drawn)
    };
    (0..rounds).map(|_| round()).collect()
}

/// How far the statistic lies from the middle of the rounds, in standard deviations; of rounds that are equal to it, half
/// count as below. It is kept within what so many rounds can show.
fn bias(drawn: &[f64], seen: f64) -> Option<f64> {
    let below = drawn.iter().filter(|value| **value < seen).count() as f64;
    let equal = drawn.iter().filter(|value| **value == seen).count() as f64;
    let rounds = drawn.len() as f64;
    let edge = 0.5 / rounds;
    normal_quantile(((below + equal / 2.0) / rounds).clamp(edge, 1.0 - edge))
}

/// How fast the scatter of the statistic changes with its value: a sixth of the skewness of what it is without one sample.
fn acceleration(samples: &[f64], statistic: &impl Fn(&[f64]) -> Option<f64>) -> Option<f64> {
    let without: Vec<f64> = (0..samples.len())
        .map(|left_out| statistic(&[&samples[..left_out], &samples[left_out + 1..]].concat()))
        .collect::<Option<_>>()?;
    let mean = without.iter().sum::<f64>() / without.len() as f64;
    let moment = |power: i32| without.iter().map(|value| (mean - value).powi(power)).sum::<f64>();
    let scatter = moment(2).powf(1.5);
    Some(if scatter > 0.0 {
        moment(3) / (6.0 * scatter)
    } else {
        0.0
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::median;

    fn mean(samples: &[f64]) -> Option<f64> {
        Some(samples.iter().sum::<f64>() / samples.len() as f64)
    }

    #[test]
    fn the_interval_holds_the_mean_as_often_as_it_says() {
        let mut lots = SplitMix64::new(11);
        let rounds = 400;
        let held = (0..rounds).filter(|round| {
            // Skewed as timings are: exponential, with a mean of 1.
            let samples: Vec<_> = (0..40).map(|_| -(1.0 - lots.unit()).ln()).collect();
            bootstrap(&samples, mean, 0.9, 400, *round).unwrap().contains(1.0)
        });
        let share = held.count() as f64 / rounds as f64;
        assert!((0.85..=0.94).contains(&share), "{share}");
    }

    #[test]
    fn the_same_seed_gives_the_same_interval() {
        let samples = [5.0, 7.0, 1.0, 9.0, 4.0, 4.5, 6.0, 30.0];
        let interval = |seed| bootstrap(&samples, median, 0.95, 500, seed).unwrap();
        assert_eq!(interval(1), interval(1));
        assert!(interval(1).contains(5.5));
    }

    #[test]
    fn what_cannot_be_said_is_none() {
        assert_eq!(bootstrap(&[1.0], median, 0.95, 100, 1), None);
        assert_eq!(bootstrap(&[1.0, f64::NAN], median, 0.95, 100, 1), None);
        assert_eq!(bootstrap(&[1.0, 2.0], median, 0.95, 0, 1), None);
        assert_eq!(
            bootstrap(&[3.0; 9], median, 0.95, 100, 1),
            Some(Interval { low: 3.0, high: 3.0 })
        );
    }
}
