//! Hosts on which timings may be held against each other.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::run::HostFacts;

/// Most characters of one fact; processors have long names.
const LONGEST: usize = 48;

/// What timings depend on, as a short name that also is a file name: processor model and number, engine, storage driver
/// and cgroup version, in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct HostClass(String);

impl HostClass {
    /// The class of a host.
    pub fn of(host: &HostFacts) -> Self {
        let cpus = format!("{}cpu", host.cpus);
        let cgroup = format!("cgroup {}", host.cgroup);
        let facts = [&host.cpu, &cpus, &host.engine, &host.storage_driver, &cgroup];
        let slugs: Vec<_> = facts
            .into_iter()
            .map(|fact| slug(fact))
            .filter(|slug| !slug.is_empty())
            .collect();
        Self(slugs.join("_"))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for HostClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Letters and digits in lower case, everything between them as one hyphen.
fn slug(fact: &str) -> String {
    let lower = fact.to_ascii_lowercase();
    let words = lower
        .split(|one: char| !one.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty());
    let joined = words.collect::<Vec<_>>().join("-");
    joined[..joined.len().min(LONGEST)].trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_class_is_what_timings_depend_on() {
        let host = HostFacts {
            cpu: "AMD EPYC 9B14 (virtual)".into(),
            cpus: 2,
            engine: "Docker 20.10.24".into(),
            storage_driver: "overlay2".into(),
            cgroup: "v1".into(),
            ..HostFacts::default()
        };
        let class = HostClass::of(&host);
        assert_eq!(
            class.as_str(),
            "amd-epyc-9b14-virtual_2cpu_docker-20-10-24_overlay2_cgroup-v1"
        );
        let other_memory = HostFacts {
            memory_bytes: 1,
            ..host.clone()
        };
        assert_eq!(HostClass::of(&other_memory), class);
        assert_ne!(HostClass::of(&HostFacts { cpus: 4, ..host }), class);
    }

    proptest! {
        #[test]
        fn it_is_safe_as_a_file_name(cpu in ".*", engine in ".*", storage_driver in ".*") {
            let class = HostClass::of(&HostFacts { cpu, engine, storage_driver, ..HostFacts::default() });
            prop_assert!(class.as_str().chars().all(|one| one.is_ascii_lowercase() || one.is_ascii_digit() || "-_".contains(one)));
            prop_assert!((1..=200).contains(&class.as_str().len()));
            prop_assert!(!class.as_str().starts_with('-'));
        }
    }
}
