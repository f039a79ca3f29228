//! The scenario file as written. Doc comments here are what editors show.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};

use crate::duration::WrittenDuration;
use crate::wire::{
    BudgetBlock, CachesWord, FormatVersion, IndexBlock, ReplicaList, ReplicasEntry, RestartEntry, SamplesBlock,
    StartEntry,
};

/// A seatrial scenario: one image, one app, the packages added to it, and what must then be seen.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "seatrial scenario")]
pub(crate) struct ScenarioFile {
    /// Version of the file format: 1.
    #[serde(rename = "version")]
    pub _version: FormatVersion,
    /// Why the expectations are right; printed when one fails.
    #[schemars(length(min = 1))]
    pub why: String,
    /// Words for `--tag`. `nightly` keeps the scenario out of a plain `run`.
    #[serde(default)]
    #[schemars(extend("uniqueItems" = true))]
    pub tags: Vec<String>,
    /// The image it runs on: a folder of fixtures/images. Give this or `images`.
    pub image: Option<String>,
    /// Several images, an axis: one case each. Give this or `image`.
    #[schemars(length(min = 1), extend("uniqueItems" = true))]
    pub images: Option<Vec<String>>,
    /// The folder that becomes the app root: a name in fixtures/apps, or `./path` beside this file.
    #[schemars(length(min = 1))]
    pub app: String,
    /// Entry script, relative to the app root. Left out: the contract's default.
    #[schemars(length(min = 1))]
    pub entry: Option<String>,
    /// Environment variables of the container, as text.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// The packages added and the methods that carry them. Left out: the image as it is.
    pub extend: Option<ExtendBlock>,
    /// Containers of each case: 1 to 200. Left out: 1.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 200))]
    pub replicas: usize,
    /// How they start; exactly one key. Left out: all at once.
    pub start: Option<StartEntry>,
    /// Replicas that are started again, in this order, once all have settled and were read.
    #[serde(default)]
    pub restart: Vec<RestartEntry>,
    /// How often each case is booted. Left out: once.
    pub samples: Option<SamplesBlock>,
    /// What is at hand when a container boots, an axis: one case each. Left out: `fresh`.
    #[schemars(length(min = 1), extend("uniqueItems" = true))]
    pub caches: Option<Vec<CachesWord>>,
    /// What the package index has and how it moves. Left out: what upstream has.
    pub index: Option<IndexBlock>,
    /// What every case must show.
    pub expect: ExpectBlock,
    /// Departures from `expect` for some cases; later ones win.
    #[serde(default)]
    pub except: Vec<ExceptEntry>,
}

fn one() -> usize {
    1
}

/// The packages added and the methods that carry them.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExtendBlock {
    /// Requirement lines as pip reads them.
    #[serde(default)]
    pub requirements: Vec<String>,
    /// Lines of a constraints file beside the requirements, for pip's `-c`.
    #[serde(default)]
    pub constraints: Vec<String>,
    /// Extension methods, an axis: one case each.
    #[schemars(length(min = 1), extend("uniqueItems" = true))]
    pub via: Vec<MethodWord>,
    /// `dynamic`: where the requirements file is put, relative to the entry script's folder.
    #[schemars(length(min = 1))]
    pub file: Option<String>,
    /// `preinstalled`: where the tree is mounted, relative to the entry script's folder.
    #[schemars(length(min = 1))]
    pub directory: Option<String>,
    /// `preinstalled`: the image whose Python builds the tree. Left out: the image that runs it.
    pub built_with: Option<String>,
    /// `preinstalled`: further requirement lists, each laid over the last by `pip install --target`.
    #[serde(default)]
    pub then: Vec<Vec<String>>,
}

/// An extension method.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(title = "method")]
pub(crate) enum MethodWord {
    /// The image as it is.
    None,
    /// pip installs a requirements file at boot.
    Dynamic,
    /// A mounted site-packages directory goes first on the path.
    Preinstalled,
    /// A derived image with the packages built in.
    Dockerfile,
}

/// What a case must show; at least one key.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("minProperties" = 1))]
pub(crate) struct ExpectBlock {
    /// Serves within a time. Excludes `refuses`, unless each names its own `replicas`.
    pub ready: Option<ReadyBlock>,
    /// The container ends by itself and was never ready. Excludes `ready`, unless each names its own `replicas`.
    pub refuses: Option<RefusesBlock>,
    /// By project name: what an import of each yields.
    #[schemars(extend("minProperties" = 1))]
    pub packages: Option<BTreeMap<String, PackageEntry>>,
    /// One request to the score route and its answer.
    pub score: Option<ScoreBlock>,
    /// User of the server process.
    pub user: Option<UserBlock>,
    /// Health states that must be seen in this order; others may lie between.
    #[schemars(length(min = 1))]
    pub health: Option<Vec<HealthWord>>,
    /// Text that one log line must hold, each.
    #[schemars(length(min = 1))]
    pub log: Option<Vec<String>>,
    /// Use of the package index.
    pub index: Option<IndexUseBlock>,
    /// What the replicas have in common, or do not; exactly one key.
    pub replicas: Option<ReplicasEntry>,
    /// What the boots of a case may cost.
    pub budget: Option<BudgetBlock>,
}

/// Serves within a time.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReadyBlock {
    /// From the create request to the first 200 on the health route.
    pub within: WrittenDuration,
    /// Which replicas, counted from 0. Left out: all. Excludes `at_least`.
    pub replicas: Option<ReplicaList>,
    /// So many of all replicas suffice, each in all its lives. Excludes `replicas`.
    #[schemars(range(min = 1))]
    pub at_least: Option<usize>,
}

/// Refuses to boot.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefusesBlock {
    /// From the create request to the container's end.
    pub within: WrittenDuration,
    /// Exit code of the server or its launcher inside the container.
    pub inner: Option<u8>,
    /// Exit code of the container.
    pub container: Option<u8>,
    /// Text that one log line must hold.
    #[schemars(length(min = 1))]
    pub log: Option<String>,
    /// Which replicas, counted from 0. Left out: all.
    pub replicas: Option<ReplicaList>,
    /// The fault of the script that stood in the way.
    pub since: Option<String>,
}

/// What one package must be; at least one key.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("minProperties" = 1))]
pub(crate) struct PackageEntry {
    /// Version that the import yields. Quote it where it reads as a number: "1.26".
    pub version: Option<String>,
    /// Where the imported file comes from.
    pub origin: Option<OriginWord>,
    /// Module to import, where it is not told by the package itself.
    #[schemars(length(min = 1))]
    pub import: Option<String>,
    /// How many distributions of the project lie on the path.
    #[schemars(range(min = 1))]
    pub copies: Option<u16>,
    /// `true`: not importable at all. Excludes the other keys but `import`.
    pub absent: Option<bool>,
}

/// Where an imported file comes from.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(title = "origin")]
pub(crate) enum OriginWord {
    /// Part of the image under test.
    Image,
    /// Installed at boot.
    Installed,
    /// From the mounted directory.
    Mounted,
    /// From the user site.
    UserSite,
    /// Built into the derived image.
    Derived,
    /// Any of these but `image`.
    User,
}

/// One request to the score route and its answer.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScoreBlock {
    /// JSON body that is sent.
    pub send: serde_json::Value,
    /// Status of the answer.
    #[serde(default = "ok")]
    #[schemars(range(min = 100, max = 599))]
    pub status: u16,
    /// JSON of the answer; a mapping matches when every key named here matches.
    pub json: Option<serde_json::Value>,
}

fn ok() -> u16 {
    200
}

/// User of the server process.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserBlock {
    /// Numeric user id.
    pub uid: u32,
}

/// Use of the package index by every replica; at least one key.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("minProperties" = 1))]
pub(crate) struct IndexUseBlock {
    /// `true`: it must have asked; `false`: it must not.
    pub asked: Option<bool>,
    /// Most requests that any one of them may have made in one life.
    #[schemars(range(min = 1))]
    pub at_most: Option<u64>,
}

/// A departure from `expect` for some cases.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExceptEntry {
    /// Which cases; at least one key.
    pub when: WhenBlock,
    /// Why these differ; printed when one of them fails.
    #[schemars(length(min = 1))]
    pub why: String,
    /// Each key given here replaces that key of `expect`.
    pub expect: ExpectBlock,
}

/// Which cases an exception is for.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("minProperties" = 1))]
pub(crate) struct WhenBlock {
    /// Cases of these methods.
    #[serde(default)]
    #[schemars(length(min = 1), extend("uniqueItems" = true))]
    pub via: Vec<MethodWord>,
    /// Cases on these images.
    #[serde(default)]
    #[schemars(length(min = 1), extend("uniqueItems" = true))]
    pub images: Vec<String>,
    /// Cases with these caches.
    #[serde(default)]
    #[schemars(length(min = 1), extend("uniqueItems" = true))]
    pub caches: Vec<CachesWord>,
}

/// One health state: a word, or the number of an HTTP status.
pub(crate) struct HealthWord(pub String);

impl HealthWord {
    const WORDS: [&str; 3] = ["refused", "hanging", "closed"];
}

impl<'de> Deserialize<'de> for HealthWord {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl serde::de::Visitor<'_> for Either {
            type Value = HealthWord;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a health state or an HTTP status")
            }

            fn visit_str<E>(self, word: &str) -> Result<HealthWord, E> {
                Ok(HealthWord(word.to_owned()))
            }

            fn visit_u64<E>(self, status: u64) -> Result<HealthWord, E> {
                Ok(HealthWord(status.to_string()))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

impl JsonSchema for HealthWord {
    fn schema_name() -> Cow<'static, str> {
        "HealthWord".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                { "type": "string", "title": "health state", "enum": Self::WORDS },
                { "type": "integer", "minimum": 100, "maximum": 599 },
            ]
        })
    }
}
