//! Samples and caches: repeated boots, and what is at hand when they begin.

use super::Checker;
use crate::contract::Contract;
use crate::index::IndexSetup;
use crate::replicas::Replicas;
use crate::sampling::{Caches, Sampling};
use crate::scenario::Method;
use crate::tree::Node;
use crate::wire::{CachesWord, SamplesBlock};

/// What the boots of a scenario are made of.
pub(super) struct Boots<'a> {
    /// The methods.
    pub via: &'a [Method],
    /// Contracts of the images.
    pub contracts: &'a [&'a Contract],
    /// The replicas of each case.
    pub replicas: &'a Replicas,
    /// The package index.
    pub index: &'a IndexSetup,
}

impl Checker<'_> {
    /// Checks both keys against what is booted.
    pub(super) fn sampling(
        &mut self,
        root: &Node,
        samples: Option<SamplesBlock>,
        caches: Option<Vec<CachesWord>>,
        boots: &Boots<'_>,
    ) -> Sampling {
        for key in ["samples", "caches"] {
            if let Some(given) = root.get(key) {
                self.repeatable(root, given, key, boots);
            }
        }
        let mut sampling = Sampling::default();
        if let Some(samples) = samples {
            (sampling.warm_up, sampling.samples) = (samples.warm_up, samples.count);
            if !sampling.repeats() {
                let problem = self.key(
                    root.child("samples"),
                    "`samples` has no effect: one boot is what there is without it",
                );
                self.push(
                    problem.help("give a larger `count`; the tag `timed` alone lets the cases run by themselves"),
                );
            }
        }
        if let Some(caches) = caches {
            sampling.caches = caches.into_iter().map(Caches::from).collect();
            self.caches(root.child("caches"), &sampling, boots);
        }
        sampling
    }

    /// One boot is timed at a time, on an index that does not move: only that can be repeated.
    fn repeatable(&mut self, root: &Node, given: &Node, key: &str, boots: &Boots<'_>) {
        let moves = boots.index.sides().any(|side| !side.script.is_empty());
        let obstacles = [
            (
                boots.replicas.count > 1,
                "`replicas`",
                "replicas that boot together share the machine",
            ),
            (
                root.get("restart").is_some(),
                "`restart`",
                "a restart is another boot than the first",
            ),
            (
                moves,
                "the events of a `script`",
                "timings on an index that moves cannot be repeated",
            ),
        ];
        for (_, other, why) in obstacles.into_iter().filter(|(there, ..)| *there) {
            let problem = self.key(given, format!("`{key}` and {other} exclude one another: {why}"));
            self.push(problem.help("keep one of the two, or make two scenarios"));
        }
    }

    /// Every state must make a difference, and must come about.
    fn caches(&mut self, list: &Node, sampling: &Sampling, boots: &Boots<'_>) {
        if sampling.caches == [Caches::Fresh] {
            let problem = self.key(list, "`caches` has no effect: `fresh` is what there is without it");
            self.push(problem.help("add `cold` or `warm`, or leave it out"));
        }
        let Some(index) = sampling.caches.iter().position(|caches| *caches == Caches::Warm) else {
            return;
        };
        let warm = list.item(index);
        if !boots.via.contains(&Method::Dynamic) {
            let problem = self.value(
                warm,
                "nothing would be warm: no method of this scenario installs at boot",
            );
            return self.push(problem.help("leave `warm` out, or add `dynamic` to `via`"));
        }
        if let Some(method) = boots
            .via
            .iter()
            .find(|method| sampling.caches_of(**method).next().is_none())
        {
            let problem = self.value(
                warm,
                format!("`warm` alone leaves `{method}` without a case: it installs nothing at boot"),
            );
            self.push(problem.help("add `fresh`"));
        }
        if let Some(contract) = boots.contracts.iter().find(|contract| contract.pip_cache.is_none()) {
            let what = format!(
                "`warm` cannot come about: the contract `{}` does not say where pip keeps its cache",
                contract.name
            );
            let problem = self.value(warm, what);
            self.push(problem.help("give the contract `methods.dynamic.cache`"));
        }
        if sampling.warm_up == 0 {
            let problem = self.value(warm, "the first boot of a case would find nothing warm");
            self.push(problem.help("let boots before it fill the cache: `samples: { warm_up: 1, count: 10 }`"));
        }
    }
}
