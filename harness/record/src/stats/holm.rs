//! Many tests at once: how small a probability has to be before one of them is believed.

/// The probabilities adjusted so that holding each against a level keeps the chance of any false alarm among all of them at
/// that level, however they depend on each other: Holm, "A Simple Sequentially Rejective Multiple Test Procedure",
/// Scandinavian Journal of Statistics 6 (1979). In the order in which they came; what is no probability counts as 1.
pub fn holm(probabilities: &[f64]) -> Vec<f64> {
    let proper = |p: f64| if (0.0..=1.0).contains(&p) { p } else { 1.0 };
    let mut order: Vec<_> = (0..probabilities.len()).collect();
    order.sort_by(|one, other| proper(probabilities[*one]).total_cmp(&proper(probabilities[*other])));
    let mut adjusted = vec![1.0; probabilities.len()];
    let mut largest: f64 = 0.0;
    for (smaller, at) in order.iter().enumerate() {
        let left = (probabilities.len() - smaller) as f64;
        largest = largest.max((left * proper(probabilities[*at])).min(1.0));
        adjusted[*at] = largest;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As R's `p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm")`.
    #[test]
    fn known_values() {
        let adjusted = holm(&[0.01, 0.04, 0.03, 0.005]);
        let expected = [0.03, 0.06, 0.06, 0.02];
        assert!(
            adjusted
                .iter()
                .zip(expected)
                .all(|(one, other)| (one - other).abs() < 1e-12),
            "{adjusted:?}"
        );
        assert!(holm(&[]).is_empty());
        assert_eq!(holm(&[f64::NAN]), [1.0]);
    }

    /// The procedure as it is told: the smallest that is left is believed while it is below the level divided by how many
    /// are left.
    fn step_down(probabilities: &[f64], level: f64) -> Vec<bool> {
        let mut believed = vec![false; probabilities.len()];
        while let Some(at) = (0..probabilities.len())
            .filter(|at| !believed[*at])
            .min_by(|one, other| probabilities[*one].total_cmp(&probabilities[*other]))
        {
            let left = believed.iter().filter(|one| !**one).count() as f64;
            if probabilities[at] * left > level {
                break;
            }
            believed[at] = true;
        }
        believed
    }

    proptest! {
        #[test]
        fn what_is_at_most_the_level_is_what_stepping_down_believes(probabilities in prop::collection::vec(0.0..0.2, 0..12)) {
            let by_level: Vec<_> = holm(&probabilities).iter().map(|p| *p <= 0.05).collect();
            prop_assert_eq!(by_level, step_down(&probabilities, 0.05));
        }
    }
}
