//! Which part of the whole moved.

use std::cmp::Reverse;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::CONFIDENCE;
use super::measured::Pair;
use crate::stats::{holm, shift, signed_rank};

/// Chance of naming any part that did not move, over all parts together.
const ERROR: f64 = 0.05;

/// Parts are named until they explain this share of the whole's change.
const MOST: f64 = 0.5;

/// How one part of the whole changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PartChange {
    /// Its name.
    pub name: String,
    /// New less old, nanoseconds: the centre of the pairs' differences.
    pub change_ns: i64,
    /// How much of the whole's change that is; below 0 when it goes the other way, absent when the whole's is zero.
    pub share: Option<f64>,
    /// The signed-rank test's two-sided probability, adjusted for the number of parts (Holm).
    pub p: f64,
    /// Whether it moved by more than chance.
    pub moved: bool,
    /// Whether it is one of the parts that together explain most of the whole's change.
    pub explains: bool,
}

/// Every part that either side has, in the order in which they come. Tested are absolute differences, as these sum to the
/// whole's; ratios would make much of parts that take no time.
pub(super) fn changes(pairs: &[Pair]) -> Vec<PartChange> {
    let names = names(pairs);
    let differences: Vec<Vec<f64>> = names
        .iter()
        .map(|name| {
            pairs
                .iter()
                .map(|pair| pair.new.part(name) as f64 - pair.old.part(name) as f64)
        })
        .map(Iterator::collect)
        .collect();
    let tests = differences
        .iter()
        .map(|part| signed_rank(part).map_or(1.0, |test| test.two_sided));
    let adjusted = holm(&tests.collect::<Vec<_>>());
    let whole = whole(pairs);
    let mut parts: Vec<_> = names
        .into_iter()
        .zip(differences)
        .zip(adjusted)
        .map(|((name, differences), p)| {
            let change = center(&differences);
            PartChange {
                name,
                change_ns: change as i64,
                share: (whole != 0.0).then(|| change / whole),
                p,
                moved: p <= ERROR,
                explains: false,
            }
        })
        .collect();
    name_the_largest(&mut parts);
    parts
}

/// How much the whole changed, nanoseconds.
pub(super) fn whole(pairs: &[Pair]) -> f64 {
    let differences: Vec<_> = pairs
        .iter()
        .filter_map(|pair| pair.difference(|side| Some(side.wall_ns as f64)))
        .collect();
    center(&differences)
}

/// The centre of differences; 0 when there is none.
pub(super) fn center(differences: &[f64]) -> f64 {
    shift(differences, CONFIDENCE).map_or(0.0, |shift| shift.estimate)
}

/// Marks the parts that moved the same way as the whole, the largest first, until they explain most of its change.
fn name_the_largest(parts: &mut [PartChange]) {
    let mut largest: Vec<_> = parts
        .iter_mut()
        .filter(|part| part.moved && part.share > Some(0.0))
        .collect();
    largest.sort_by_key(|part| Reverse(part.change_ns.unsigned_abs()));
    let mut explained = 0.0;
    for part in largest {
        if explained >= MOST {
            break;
        }
        part.explains = true;
        explained += part.share.unwrap_or_default();
    }
}

fn names(pairs: &[Pair]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let sides = pairs.iter().flat_map(|pair| [&pair.old, &pair.new]);
    for (name, _) in sides.flat_map(|side| &side.parts) {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comparison::Measured;
    use crate::stats::SplitMix64;

    const MS: u64 = 1_000_000;

    fn side(parts: &[(&str, u64)]) -> Measured {
        let parts: Vec<_> = parts.iter().map(|(name, ns)| ((*name).to_owned(), *ns)).collect();
        Measured {
            wall_ns: parts.iter().map(|(_, ns)| ns).sum(),
            parts,
            ..Measured::default()
        }
    }

    /// Pairs in which parts take this many milliseconds, each with up to ten of noise; a part of 0 is not there.
    fn pairs(old: &[(&str, u64)], new: &[(&str, u64)]) -> Vec<Pair> {
        let mut lots = SplitMix64::new(9);
        let mut drawn = |parts: &[(&str, u64)]| {
            let there = parts.iter().filter(|(_, ms)| *ms > 0);
            let parts: Vec<_> = there
                .map(|(name, ms)| (*name, ms * MS + lots.below(10_000_000) as u64))
                .collect();
            side(&parts)
        };
        (0..20)
            .map(|_| Pair {
                old: drawn(old),
                new: drawn(new),
            })
            .collect()
    }

    fn explaining(old: &[(&str, u64)], new: &[(&str, u64)]) -> Vec<String> {
        let explaining = changes(&pairs(old, new)).into_iter().filter(|part| part.explains);
        explaining.map(|part| part.name).collect()
    }

    #[test]
    fn the_part_that_moved_is_named() {
        let old = [("create", 50), ("install", 900), ("import", 200)];
        assert_eq!(
            explaining(&old, &[("create", 50), ("install", 900), ("import", 300)]),
            ["import"]
        );
        assert_eq!(
            explaining(&old, &[("create", 50), ("install", 500), ("import", 230)]),
            ["install"]
        );
        assert_eq!(
            explaining(&old, &[("create", 95), ("install", 950), ("import", 250)]),
            ["install", "import"],
            "none explains most by itself"
        );
        assert_eq!(explaining(&old, &old), [""; 0]);
    }

    #[test]
    fn a_part_that_only_one_side_has_took_no_time_on_the_other() {
        let parts = changes(&pairs(&[("boot", 100)], &[("boot", 100), ("install", 400)]));
        let install = parts.iter().find(|part| part.name == "install").unwrap();
        assert!(install.explains && install.change_ns > 395 * MS as i64, "{parts:?}");
        assert!(!parts[0].moved, "{parts:?}");
    }

    #[test]
    fn no_pairs_have_no_parts() {
        assert_eq!(changes(&[]), []);
    }
}
