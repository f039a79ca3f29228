//! Many comparisons out of one series of pairs, each of a window of it.

use super::measured::Pair;
use super::rule::Rule;
use super::summary::Comparison;

/// Pairs from the beginning of one window to that of the next.
pub const WINDOWS_APART: usize = 5;

/// Pairs that so many windows need.
pub fn series_of(windows: usize, rule: &Rule) -> usize {
    match windows {
        0 => 0,
        windows => (windows - 1) * WINDOWS_APART + rule.most_pairs(),
    }
}

/// The comparisons of all windows that a series has room for, each as long as the rule's most pairs. Neighbouring windows
/// share all pairs but [`WINDOWS_APART`], so that the comparisons are no independent trials: they show what a series would
/// have said wherever it had begun, and an interval that takes them as independent is too narrow.
pub fn windows(series: &[Pair], rule: &Rule) -> Vec<Comparison> {
    let most = rule.most_pairs().max(1);
    let windows = series.windows(most).step_by(WINDOWS_APART);
    windows.map(|window| Comparison::of(window, rule)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comparison::Measured;

    #[test]
    fn a_series_is_as_long_as_its_windows_need() {
        let rule = Rule::default();
        let side = |at: usize| Measured {
            wall_ns: 1_000_000_000 + at as u64 % 7,
            ..Measured::default()
        };
        for count in [0, 1, 2, 10] {
            let series: Vec<_> = (0..series_of(count, &rule))
                .map(|at| Pair {
                    old: side(at),
                    new: side(at + 3),
                })
                .collect();
            assert_eq!(windows(&series, &rule).len(), count);
        }
        assert_eq!(windows(&[], &rule), []);
    }
}
