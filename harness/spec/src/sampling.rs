//! How often the cases of a scenario are booted, and what is at hand when they are.

use std::fmt;

use crate::scenario::Method;
use crate::wire::CachesWord;

/// Repetition of timed boots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sampling {
    /// Boots before those that count.
    pub warm_up: usize,
    /// Boots that count; 1 unless the scenario says otherwise.
    pub samples: usize,
    /// States of the caches, an axis: one case each. Never empty.
    pub caches: Vec<Caches>,
}

impl Default for Sampling {
    fn default() -> Self {
        Self {
            warm_up: 0,
            samples: 1,
            caches: vec![Caches::Fresh],
        }
    }
}

impl Sampling {
    /// Whether cases are booted more than once.
    #[must_use]
    pub fn repeats(&self) -> bool {
        self.warm_up + self.samples > 1
    }

    /// The states in which a method has cases, in file order. Only pip at boot has a cache that could be warm: of every
    /// other method `warm` would be `fresh` again.
    pub(crate) fn caches_of(&self, method: Method) -> impl Iterator<Item = Caches> {
        let differs = move |caches: &Caches| *caches != Caches::Warm || method == Method::Dynamic;
        self.caches.iter().copied().filter(differs)
    }

    /// The state in which a method is compared with a case of another that has `caches`: the same, or `fresh` where it has
    /// no case that is `warm`.
    pub(crate) fn comparable(&self, caches: Caches, method: Method) -> Option<Caches> {
        let mut states = [caches, Caches::Fresh].into_iter();
        let wanted = states.find(|state| *state != Caches::Warm || method == Method::Dynamic)?;
        self.caches.contains(&wanted).then_some(wanted)
    }
}

/// What is at hand when a container boots. The container is always new.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Caches {
    /// Nothing: the host's page cache was dropped before, pip's cache is empty, a preinstalled tree has no byte-code.
    Cold,
    /// A new container where its image has run before: the page cache is as the last boot left it, pip's cache is empty, a
    /// preinstalled tree is byte-compiled.
    #[default]
    Fresh,
    /// The same, and pip finds the cache that earlier boots of the case have filled.
    Warm,
}

impl Caches {
    /// The word that scenarios, case ids and records use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cold => "cold",
            Self::Fresh => "fresh",
            Self::Warm => "warm",
        }
    }
}

impl From<CachesWord> for Caches {
    fn from(word: CachesWord) -> Self {
        match word {
            CachesWord::Cold => Self::Cold,
            CachesWord::Fresh => Self::Fresh,
            CachesWord::Warm => Self::Warm,
        }
    }
}

impl fmt::Display for Caches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
