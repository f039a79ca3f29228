//! A universe as it is written down: projects, their releases, and what lies in the files of each.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

/// The upload time of a release that states none: every page has one then, and travelling in time works on all.
const DEFAULT_UPLOAD_TIME: &str = "2020-01-01T00:00:00Z";

/// A made-up project.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Project {
    /// As metadata shows it; clients may ask for it in any spelling of the same normal form (PEP 503).
    pub name: String,
    /// In the order in which pages list them.
    pub releases: Vec<Release>,
}

/// One release of a project.
///
/// Nothing in it may hold a line break but [`Contents::raises`] and [`Release::yanked`]: it goes into files of lines.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Release {
    /// A version (PEP 440) in any spelling; files bear its normal form.
    pub version: String,
    /// Requirements (PEP 508).
    pub requires: Vec<String>,
    /// Requirements by the extra that adds them.
    pub extras: BTreeMap<String, Vec<String>>,
    /// Version specifiers (PEP 440) that the interpreter must meet.
    pub requires_python: Option<String>,
    /// RFC 3339; see [`Release::upload_time`] for those that state none.
    pub uploaded: Option<String>,
    /// Why it is yanked (PEP 592), which may be empty; `None`: it is not.
    pub yanked: Option<String>,
    /// In the order in which pages list them; empty: one wheel `py3-none-any`.
    pub files: Vec<Kind>,
    /// What lies in each of the files.
    pub contents: Contents,
}

impl Release {
    /// When it was uploaded, RFC 3339; 2020-01-01T00:00:00Z unless it says otherwise.
    #[must_use]
    pub fn upload_time(&self) -> &str {
        self.uploaded.as_deref().unwrap_or(DEFAULT_UPLOAD_TIME)
    }
}

/// What kind of file a release is shipped in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Kind {
    /// A wheel.
    Wheel {
        /// Interpreters, ABIs and platforms (PEP 425), each possibly several joined by dots: `py3-none-any`.
        tag: String,
        /// Breaks the tie between wheels of one tag; the higher one wins.
        build: Option<u32>,
    },
    /// A source distribution, which builds a wheel `py3-none-any` without asking any index.
    Sdist,
}

/// What lies in the files of a release: the same in all of them, but that each knows its own file name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Contents {
    /// Top-level modules, each a folder; empty: one, named by the project's normal form with `_`. Any name may be taken
    /// that another project or the standard library has.
    pub modules: Vec<String>,
    /// Importing any of the modules raises a `RuntimeError` with this text.
    pub raises: Option<String>,
    /// Importing any of the modules keeps a CPU busy for so long.
    pub import_cost: Option<Duration>,
    /// Bytes of incompressible padding in the first module.
    pub size: u64,
    /// So many further small modules in the first one.
    pub count: u32,
    /// Commands by name, each the `module:function` that it runs.
    pub scripts: BTreeMap<String, String>,
}
