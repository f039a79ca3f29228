//! The contract file as written. Doc comments here are what editors show.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::duration::WrittenDuration;
use crate::wire::FormatVersion;

/// How one family of images is extended, where it listens and what its end means.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "seatrial contract")]
pub(crate) struct ContractFile {
    /// Version of the file format: 1.
    #[serde(rename = "version")]
    pub _version: FormatVersion,
    /// The family in a sentence or two.
    #[serde(rename = "why")]
    #[schemars(length(min = 1))]
    pub _why: String,
    /// Where the app folder is mounted, absolute in the container.
    pub app_root: String,
    /// How the entry script is named.
    pub entry: EntryBlock,
    /// Where it listens and what it answers.
    pub probe: ProbeBlock,
    /// Interpreters to try in this order; `$NAME` is taken from the container's environment.
    #[serde(default)]
    pub python: Vec<String>,
    /// Program of the image, with its arguments, that prints the image's manifest. Excludes `python`.
    #[serde(default)]
    pub reader: Vec<String>,
    /// The server process.
    pub server: Option<ServerBlock>,
    /// Extension methods besides `none` that the family knows.
    #[serde(default)]
    pub methods: MethodsBlock,
    /// Text of log lines that mark an instant.
    #[serde(default)]
    pub marks: MarksBlock,
    /// Inner exit codes and what each means.
    #[serde(default)]
    pub exit_codes: BTreeMap<String, String>,
}

/// How the entry script is named.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EntryBlock {
    /// Environment variable.
    pub variable: String,
    /// The script where it is unset, relative to the app root.
    pub default: String,
}

/// Where it listens and what it answers.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProbeBlock {
    /// TCP port in the container.
    #[schemars(range(min = 1))]
    pub port: u16,
    /// Path of the health route.
    pub health: String,
    /// Path of the score route.
    pub score: String,
    /// An accepted request without answer for this long counts as hanging.
    pub hanging_after: WrittenDuration,
}

/// The server process.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServerBlock {
    /// Text in its command line.
    #[schemars(length(min = 1))]
    pub process: String,
    /// Directories that it appends to `sys.path`; `{app_root}` and `{entry_dir}` are filled in.
    #[serde(default)]
    pub path_appended: Vec<String>,
}

/// Extension methods besides `none`.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MethodsBlock {
    /// pip at boot.
    pub dynamic: Option<DynamicBlock>,
    /// A mounted tree.
    pub preinstalled: Option<PreinstalledBlock>,
    /// A derived image.
    pub dockerfile: Option<DockerfileBlock>,
}

/// pip at boot.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DynamicBlock {
    /// Variable that names the requirements file.
    pub variable: String,
    /// Default file, relative to the entry script's folder.
    pub path: String,
    /// Variables that point pip at seatrial's index; `{index}`, `{index_host}` and `{extra_index}` are filled in. One
    /// that holds `{extra_index}` is set where a scenario has a second index.
    #[serde(default)]
    pub index: BTreeMap<String, String>,
    /// Where pip keeps what it has fetched. Left out: that is not known, and no scenario can ask for it to be kept.
    pub cache: Option<CacheBlock>,
}

/// Where pip keeps what it has fetched.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CacheBlock {
    /// Variable that names the folder.
    pub variable: String,
    /// The folder, absolute in the container.
    pub path: String,
}

/// A mounted tree.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PreinstalledBlock {
    /// Variable that names the directory.
    pub variable: String,
    /// Default directory, relative to the entry script's folder.
    pub path: String,
}

/// A derived image.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DockerfileBlock {
    /// User that it must end with.
    #[schemars(length(min = 1))]
    pub user: String,
}

/// Text of log lines that mark an instant.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MarksBlock {
    /// Stamps that lines may carry, tried in this order. A line without any counts from its arrival.
    #[serde(default)]
    pub stamps: Vec<StampWord>,
    /// First instruction of the container's first process.
    #[schemars(length(min = 1))]
    pub first_instruction: Option<String>,
    /// pip is about to run.
    #[schemars(length(min = 1))]
    pub install_begin: Option<String>,
    /// pip has fetched everything and begins to unpack.
    #[schemars(length(min = 1))]
    pub unpack_begin: Option<String>,
    /// pip says that everything is installed.
    #[schemars(length(min = 1))]
    pub unpack_end: Option<String>,
    /// pip has ended; left out, the server's start says so.
    #[schemars(length(min = 1))]
    pub install_end: Option<String>,
    /// The server is about to be executed.
    #[schemars(length(min = 1))]
    pub server_start: Option<String>,
    /// The server listens.
    #[schemars(length(min = 1))]
    pub listen: Option<String>,
    /// The user's init begins.
    #[schemars(length(min = 1))]
    pub init_begin: Option<String>,
    /// The user's init has ended.
    #[schemars(length(min = 1))]
    pub init_end: Option<String>,
    /// The container itself says that it serves.
    #[schemars(length(min = 1))]
    pub ready: Option<String>,
    /// Text directly before the inner exit code.
    #[schemars(length(min = 1))]
    pub inner_exit: Option<String>,
}

/// A stamp that a line carries.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(title = "stamp")]
pub(crate) enum StampWord {
    /// RFC 3339 at the line's start, with `.` or `,` before the fraction.
    #[serde(rename = "rfc3339")]
    Rfc3339,
    /// `YYYY-MM-DD HH:MM:SS,mmm` at the line's start, in UTC.
    AsctimeUtc,
    /// CLOCK_MONOTONIC in nanoseconds, an integer right after the mark's text.
    Monotonic,
}
