//! Repetition of boots and budgets on what they cost, as written. Doc comments here are what editors show.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::duration::WrittenDuration;
use crate::size::WrittenSize;
use crate::wire::MethodWord;

/// How often each case is booted.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SamplesBlock {
    /// Boots before those that count. Left out: none.
    #[serde(default)]
    #[schemars(range(min = 0, max = 100))]
    pub warm_up: usize,
    /// Boots that count.
    #[schemars(range(min = 1, max = 1000))]
    pub count: usize,
}

/// What is at hand when a container boots.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(title = "state of the caches")]
pub(crate) enum CachesWord {
    /// The host's page cache was dropped, pip's cache is empty, a preinstalled tree has no byte-code.
    Cold,
    /// A new container where its image has run before; pip's cache is empty.
    Fresh,
    /// The same, and pip finds the cache that earlier boots of the case have filled.
    Warm,
}

/// What the boots of a case may cost; at least one key. Judged is the median over its boots.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("minProperties" = 1))]
pub(crate) struct BudgetBlock {
    /// From the create request to ready.
    pub ready: Option<BelowDuration>,
    /// From the create request until the container is created.
    pub create: Option<BelowDuration>,
    /// From there until it is started.
    pub start: Option<BelowDuration>,
    /// From its start until the first line of its log.
    pub boot: Option<BelowDuration>,
    /// pip at boot; judged where the method is `dynamic`.
    pub install: Option<BelowDuration>,
    /// The launcher's own work: from the first log line to pip or the server's start, and again from pip's end.
    pub launch: Option<BelowDuration>,
    /// From the server's start until it listens.
    pub server: Option<BelowDuration>,
    /// From there until the user's init begins; not seen where that was before.
    pub import: Option<BelowDuration>,
    /// The user's init.
    pub init: Option<BelowDuration>,
    /// From the end of init, or the server's word that it is ready, until it is.
    pub serve: Option<BelowDuration>,
    /// CPU time of the container until it is ready, user and system; needs `samples`.
    pub cpu: Option<BelowDuration>,
    /// Peak memory of the container, page cache included; of the boot whose facts are read, never of samples.
    pub memory: Option<BelowSize>,
    /// The time to ready of one method against that of another.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub ratio: Vec<RatioEntry>,
}

/// A limit on a time.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BelowDuration {
    /// It must be less than this.
    pub below: WrittenDuration,
}

/// A limit on a size.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BelowSize {
    /// It must be less than this.
    pub below: WrittenSize,
}

/// How many times as long one method may take to ready as another of the same run.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RatioEntry {
    /// The method that is judged.
    pub of: MethodWord,
    /// The method that it is compared with.
    pub to: MethodWord,
    /// So many times as long, at most.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub at_most: f64,
}
