//! The universe file as written. Doc comments here are what editors show.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::duration::WrittenDuration;
use crate::size::WrittenSize;
use crate::wire::FormatVersion;

/// Projects by name, each with its releases.
pub(crate) type ProjectEntries = BTreeMap<String, Vec<ReleaseEntry>>;

/// A package universe: made-up projects that seatrial's index serves.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "seatrial packages")]
pub(crate) struct PackagesFile {
    /// Version of the file format: 1.
    #[serde(rename = "version")]
    pub _version: FormatVersion,
    /// What this universe is for.
    #[serde(rename = "why")]
    #[schemars(length(min = 1))]
    pub _why: String,
    /// By project name as the index displays it: its releases.
    #[schemars(extend("minProperties" = 1))]
    pub projects: ProjectEntries,
    /// Resolutions that must come out of this universe.
    #[serde(default)]
    pub expected: Vec<ExpectedEntry>,
}

/// One release of a project.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReleaseEntry {
    /// Version (PEP 440). Quote it where it reads as a number: "1.0".
    pub version: String,
    /// When it was uploaded (RFC 3339). Left out: 2020-01-01T00:00:00Z.
    pub uploaded: Option<String>,
    /// Requirements (PEP 508).
    #[serde(default)]
    pub requires: Vec<String>,
    /// By name of an extra: the requirements that it adds.
    #[serde(default)]
    pub extras: BTreeMap<String, Vec<String>>,
    /// Python versions that it is for, as version specifiers.
    #[schemars(length(min = 1))]
    pub requires_python: Option<String>,
    /// Yanked, and why; the text may be empty.
    pub yanked: Option<String>,
    /// `sdist`, or the tag of a wheel with an optional build number in front. Left out: py3-none-any.
    #[schemars(length(min = 1))]
    pub files: Option<Vec<String>>,
    /// Top-level modules. Left out: the project's name with `_`.
    #[schemars(length(min = 1), extend("uniqueItems" = true))]
    pub modules: Option<Vec<String>>,
    /// Importing it raises RuntimeError with this text.
    #[schemars(length(min = 1))]
    pub raises: Option<String>,
    /// Importing it takes this much time of a processor.
    pub import_cost: Option<WrittenDuration>,
    /// Padding.
    pub size: Option<WrittenSize>,
    /// So many further small modules.
    #[schemars(range(min = 1, max = 100_000))]
    pub count: Option<u32>,
    /// Entry points: command to `module:main`, a top-level module of the release.
    #[serde(default)]
    pub scripts: BTreeMap<String, String>,
}

/// A resolution that must come out of a universe; `resolves` or `fails`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExpectedEntry {
    /// What is asked for.
    #[schemars(length(min = 1))]
    pub requires: Vec<String>,
    /// Every project that gets installed, with its version. Excludes `fails`.
    #[schemars(extend("minProperties" = 1))]
    pub resolves: Option<BTreeMap<String, String>>,
    /// For some of these projects: the name of the file that gets installed. Excludes `fails`.
    #[serde(default)]
    #[schemars(extend("minProperties" = 1))]
    pub files: BTreeMap<String, String>,
    /// Text of the error. Excludes `resolves`.
    #[schemars(length(min = 1))]
    pub fails: Option<String>,
    /// Why it must come out so.
    #[schemars(length(min = 1))]
    pub why: String,
}
