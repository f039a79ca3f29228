//! Whom a fault concerns, and the lots that are drawn where it concerns a share of requests.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};

use crate::log::Asked;
use crate::script::{Fault, FaultKind, What};

/// A bound on memory against clients that invent names; requests of further kinds all draw their first lot.
const MAX_KINDS: usize = 100_000;

/// Whether a request is among those that a fault is for, share aside.
pub(super) fn concerns(fault: &Fault, replica: Option<usize>, asked: &Asked) -> bool {
    let only = &fault.only;
    let what = match asked {
        Asked::Project(_) => Some(What::Pages),
        Asked::File(_) => Some(What::Files),
        Asked::Metadata(_) => Some(What::Metadata),
        Asked::Other(_) => None,
    };
    // Nothing but a page can be stale.
    (fault.kind != FaultKind::Stale || what == Some(What::Pages))
        && (only.what.is_none() || only.what == what)
        && (only.projects.is_empty() || asked.project().is_some_and(|project| only.projects.contains(&project)))
        && (only.replicas.is_empty() || replica.is_some_and(|replica| only.replicas.contains(&replica)))
}

/// The lots of one script, and how often each client has asked for each thing.
pub(super) struct Lots {
    seed: u64,
    asked: HashMap<(Option<usize>, Asked), u64>,
}

impl Lots {
    pub(super) fn new(seed: u64) -> Lots {
        Lots {
            seed,
            asked: HashMap::new(),
        }
    }

    /// Counts a request: for the how-manieth time this client asks for this.
    pub(super) fn count(&mut self, replica: Option<usize>, asked: &Asked) -> u64 {
        let key = (replica, asked.clone());
        if self.asked.len() >= MAX_KINDS && !self.asked.contains_key(&key) {
            return 1;
        }
        let nth = self.asked.entry(key).or_default();
        *nth += 1;
        *nth
    }

    /// A lot from 0 to 99 that depends on nothing but the seed and what is asked for the how-manieth time by whom: the
    /// order in which replicas happen to come changes nothing.
    pub(super) fn draw(&self, event: &str, replica: Option<usize>, asked: &Asked, nth: u64) -> u8 {
        let mut hasher = Fnv(0xcbf2_9ce4_8422_2325);
        (self.seed, event, replica, asked, nth).hash(&mut hasher);
        // The low bits of FNV depend on the last bytes alone; the high ones on all.
        ((hasher.finish() >> 32) % 100) as u8
    }
}

/// FNV-1a, 64 bits (Fowler, Noll and Vo; RFC 9923): unlike the standard library's hasher the same in every version.
struct Fnv(u64);

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::Only;

    fn page() -> Asked {
        Asked::Project("acme".into())
    }

    #[test]
    fn a_fault_concerns_only_what_it_names() {
        let fault = |kind, only| Fault {
            kind,
            only,
            lasts: None,
            times: None,
        };
        let only = Only {
            projects: vec!["acme".into()],
            what: Some(What::Files),
            replicas: vec![1],
            share: None,
        };
        let narrow = fault(FaultKind::Corrupt, only);
        let wheel = Asked::File("acme-1.0-py3-none-any.whl".into());
        assert!(concerns(&narrow, Some(1), &wheel));
        for (replica, asked) in [
            (Some(0), &wheel),
            (None, &wheel),
            (Some(1), &Asked::File("bolt-1.0.tar.gz".into())),
            (Some(1), &Asked::Metadata("acme-1.0-py3-none-any.whl.metadata".into())),
            (Some(1), &page()),
        ] {
            assert!(!concerns(&narrow, replica, asked), "{replica:?} {asked:?}");
        }
        let stale = fault(FaultKind::Stale, Only::default());
        assert!(concerns(&stale, None, &page()) && !concerns(&stale, None, &wheel));
    }

    #[test]
    fn lots_depend_on_the_seed_and_not_on_the_order_of_arrival() {
        let half = |seed, order: &[usize]| {
            let mut lots = Lots::new(seed);
            let mut hits = vec![];
            for &replica in order.iter().cycle().take(60) {
                let nth = lots.count(Some(replica), &page());
                if lots.draw("half", Some(replica), &page(), nth) < 50 {
                    hits.push((replica, nth));
                }
            }
            hits.sort_unstable();
            hits
        };
        assert_eq!(half(1, &[0, 1, 2]), half(1, &[2, 0, 1]));
        assert_ne!(half(1, &[0, 1, 2]), half(2, &[0, 1, 2]));
        assert!((20..40).contains(&half(1, &[0, 1, 2]).len()), "about half of 60");
    }

    #[test]
    fn memory_is_bounded_whatever_names_clients_invent() {
        let mut lots = Lots::new(1);
        for number in 0..MAX_KINDS + 5 {
            assert_eq!(lots.count(None, &Asked::Other(number.to_string())), 1);
        }
        assert_eq!(lots.asked.len(), MAX_KINDS);
        assert_eq!(lots.count(None, &Asked::Other("0".into())), 2);
    }
}
