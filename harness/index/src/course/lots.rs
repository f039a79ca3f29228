//! Whom a fault concerns, and the lots that are drawn where it concerns a share of requests.

use std::collections::HashMap;

use crate::digest::Sha256;
use crate::log::Asked;
use crate::script::{Fault, FaultKind, What};

/// A bound on memory against clients that invent names; requests of further kinds all draw their first lot.
const MAX_KINDS: usize = 100_000;

/// Whether a request is among those that a fault is for, share aside.
pub(super) fn concerns(fault: &Fault, replica: Option<usize>, asked: &Asked) -> bool {
    let only = &fault.only;
    let (what, file) = match asked {
        Asked::Project(_) => (Some(What::Pages), None),
        Asked::File(name) => (Some(What::Files), Some(name.as_str())),
        Asked::Metadata(name) => (Some(What::Metadata), name.strip_suffix(".metadata")),
        Asked::Other(_) => (None, None),
    };
    // Nothing but a page can be stale.
    (fault.kind != FaultKind::Stale || what == Some(What::Pages))
        && (only.what.is_none() || only.what == what)
        && (only.files.is_empty() || file.is_some_and(|file| only.files.iter().any(|named| named == file)))
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
        let digest = Sha256::of(&written_out(self.seed, event, replica, asked, nth));
        let number = u64::from_str_radix(&digest.as_str()[..16], 16).expect("a digest is hexadecimal");
        (number % 100) as u8
    }
}

/// All that a lot depends on, as bytes that no platform and no version of Rust writes otherwise: numbers little-endian with
/// 64 bits, texts behind their length, a client without a number as the highest.
fn written_out(seed: u64, event: &str, replica: Option<usize>, asked: &Asked, nth: u64) -> Vec<u8> {
    let (kind, name) = match asked {
        Asked::Project(name) => (0, name),
        Asked::File(name) => (1, name),
        Asked::Metadata(name) => (2, name),
        Asked::Other(path) => (3, path),
    };
    let mut bytes = Vec::new();
    let replica = replica.map_or(u64::MAX, |replica| replica as u64);
    for number in [seed, replica, nth, kind] {
        bytes.extend(number.to_le_bytes());
    }
    for text in [event, name] {
        bytes.extend((text.len() as u64).to_le_bytes());
        bytes.extend(text.as_bytes());
    }
    bytes
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
            ..Only::default()
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
        let one_file = |what| {
            let files = vec!["acme-1.0-py3-none-any.whl".into()];
            let only = Only {
                files,
                what,
                ..Only::default()
            };
            fault(FaultKind::Corrupt, only)
        };
        let metadata = Asked::Metadata("acme-1.0-py3-none-any.whl.metadata".into());
        let other = Asked::File("acme-1.0.tar.gz".into());
        for (what, concerned) in [
            (None, [true, true, false, false]),
            (Some(What::Files), [true, false, false, false]),
            (Some(What::Metadata), [false, true, false, false]),
            (Some(What::Pages), [false; 4]),
        ] {
            let asked = [&wheel, &metadata, &other, &page()];
            assert_eq!(
                asked.map(|asked| concerns(&one_file(what), None, asked)),
                concerned,
                "{what:?}"
            );
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
    }

    /// How many of 1,000 requests of one client a share hits, and the longest run of hits and of misses.
    fn hits(seed: u64, replica: Option<usize>, share: u8) -> (usize, usize, usize) {
        let lots = Lots::new(seed);
        let hits: Vec<bool> = (1..=1_000)
            .map(|nth| lots.draw("some", replica, &page(), nth) < share)
            .collect();
        let longest = |of| {
            let runs = hits.chunk_by(|one, other| one == other).filter(|run| run[0] == of);
            runs.map(<[bool]>::len).max().unwrap_or_default()
        };
        (hits.iter().filter(|hit| **hit).count(), longest(true), longest(false))
    }

    /// Bounds are five standard deviations wide; a run longer than these comes once in ten thousand series at most.
    #[test]
    fn the_lots_of_one_client_are_as_random_as_those_of_many() {
        for (share, expected, most_hits, most_misses) in [
            (10, 100 - 47..100 + 47, 8, 150),
            (20, 200 - 63..200 + 63, 10, 71),
            (80, 800 - 63..800 + 63, 71, 10),
        ] {
            for seed in 0..20 {
                for replica in [None, Some(0), Some(1)] {
                    let (count, hits, misses) = hits(seed, replica, share);
                    assert!(expected.contains(&count), "{count} of 1,000 at {share}%, seed {seed}");
                    assert!(hits <= most_hits, "{hits} hits in a row at {share}%, seed {seed}");
                    assert!(
                        misses <= most_misses,
                        "{misses} misses in a row at {share}%, seed {seed}"
                    );
                }
            }
        }
    }

    /// Another course from the same seed would break the promise that a run can be repeated.
    #[test]
    fn the_course_of_a_seed_is_the_same_in_every_version() {
        let lots = Lots::new(7);
        let file = Asked::File("acme-1.0-py3-none-any.whl".into());
        let drawn = |replica, asked: &Asked| [1, 2, 3, 4, 5, 6].map(|nth| lots.draw("half", replica, asked, nth));
        assert_eq!(drawn(Some(0), &page()), [89, 61, 32, 5, 47, 45]);
        assert_eq!(drawn(None, &file), [50, 79, 16, 26, 59, 2]);
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
