//! How often each case is booted: what its scenario says, or what the command line says instead.

use seatrial_spec::{Caches, Case, Method, Sampling};

/// What the command line says instead of the scenarios, for timed cases.
#[derive(Clone, Copy, Debug, Default)]
pub struct Instead {
    /// Boots that count.
    pub samples: Option<usize>,
    /// Boots before those that count.
    pub warm_up: Option<usize>,
}

/// Boots of one case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Boots {
    /// Those that only warm up, which come first.
    pub warm_up: usize,
    /// Those that count, at least one.
    pub samples: usize,
}

impl Boots {
    /// How often a case is booted. One that is not timed, or cannot be repeated, is booted once.
    pub fn of(case: &Case, instead: Instead) -> Boots {
        let Sampling { warm_up, samples, .. } = case.scenario.sampling;
        if !repeatable(case) {
            return Boots { warm_up: 0, samples: 1 };
        }
        let warm_up = instead.warm_up.unwrap_or(warm_up);
        // The first boot of a case finds no cache that an earlier one has filled.
        let fills = case.caches == Caches::Warm && case.method == Method::Dynamic;
        Boots {
            warm_up: warm_up.max(usize::from(fills)),
            samples: instead.samples.unwrap_or(samples).max(1),
        }
    }

    /// All of them.
    pub fn total(self) -> usize {
        self.warm_up + self.samples
    }

    /// Number of an iteration among those of its kind, from 1, how many there are of it, and whether they only warm up.
    pub fn place(self, iteration: usize) -> (usize, usize, bool) {
        match iteration.checked_sub(self.warm_up) {
            Some(sample) => (sample + 1, self.samples, false),
            None => (iteration + 1, self.warm_up, true),
        }
    }

    /// An iteration in words.
    pub fn name(self, iteration: usize) -> String {
        let (number, of, warm_up) = self.place(iteration);
        let kind = if warm_up { "warm-up" } else { "sample" };
        format!("{kind} {number} of {of} (iteration {iteration})")
    }
}

/// Whether a case is timed, and another boot of it would tell the same time.
fn repeatable(case: &Case) -> bool {
    case.scenario.is_timed() && unrepeatable(case).is_none()
}

/// Why another boot of a case would not be like its first, or not tell the same time; `None` when it would.
pub fn unrepeatable(case: &Case) -> Option<&'static str> {
    let scenario = &case.scenario;
    if case.expect.ready.is_none() {
        Some("it is not expected to become ready")
    } else if scenario.replicas.count > 1 {
        Some("it has several replicas, which take time from each other")
    } else if !scenario.replicas.restarts.is_empty() {
        Some("its replica is started again")
    } else if scenario.index.sides().any(|side| !side.script.is_empty()) {
        Some("its index moves")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::Boots;

    #[test]
    fn iterations_are_named_by_their_kind() {
        let boots = Boots {
            warm_up: 2,
            samples: 10,
        };
        assert_eq!(boots.total(), 12);
        assert_eq!(boots.name(0), "warm-up 1 of 2 (iteration 0)");
        assert_eq!(boots.name(4), "sample 3 of 10 (iteration 4)");
    }
}
