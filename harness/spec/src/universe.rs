//! The checked meaning of a universe file: made-up projects that the package index serves.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use pep508_rs::pep440_rs::Version;

use crate::instant::instant;
use crate::scenario::At;

/// When a release was uploaded that does not say so.
const UPLOADED: Timestamp = Timestamp::constant(1_577_836_800, 0);

/// One universe that scenarios name (`fixtures/packages/NAME.yaml`).
#[derive(Clone, Debug)]
pub struct Universe {
    /// From the file name.
    pub name: String,
    /// The file, relative to the project root.
    pub file: PathBuf,
    /// Its projects, in the order of their normalised names, of which no two are equal.
    pub projects: Vec<UniverseProject>,
    /// Resolutions that must come out of it, in file order.
    pub expected: Vec<Expected>,
}

/// One project of a universe.
#[derive(Clone, Debug)]
pub struct UniverseProject {
    /// As the index displays it.
    pub name: String,
    /// Its releases in file order, no two of one version. Only `as_of` can have left none.
    pub releases: Vec<UniverseRelease>,
}

impl UniverseProject {
    /// The normal form of its name (PEP 503), by which pip asks for it.
    #[must_use]
    pub fn normalised(&self) -> String {
        normal_form(&self.name, "-")
    }
}

/// One release of a project.
#[derive(Clone, Debug)]
pub struct UniverseRelease {
    /// As written; a version of PEP 440.
    pub version: String,
    /// When it was uploaded, in UTC by RFC 3339; `None`: 2020-01-01T00:00:00Z.
    pub uploaded: Option<String>,
    /// Requirements (PEP 508), as written.
    pub requires: Vec<String>,
    /// By the normalised name of an extra: the requirements that it adds, as written.
    pub extras: BTreeMap<String, Vec<String>>,
    /// Version specifiers (PEP 440) of the Pythons that it is for.
    pub requires_python: Option<String>,
    /// Why it is yanked, may be empty; `None`: it is not.
    pub yanked: Option<String>,
    /// Its files in file order, at least one, no two alike.
    pub files: Vec<FileKind>,
    /// Top-level modules, at least one.
    pub modules: Vec<String>,
    /// Importing it raises `RuntimeError` with this text.
    pub raises: Option<String>,
    /// Importing it takes this much time of a processor.
    pub import_cost: Option<Duration>,
    /// Bytes of padding.
    pub size: u64,
    /// Number of further small modules.
    pub count: u32,
    /// Entry points: command to `module:main`, a top-level module of the release.
    pub scripts: BTreeMap<String, String>,
}

/// One distribution file of a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A wheel.
    Wheel {
        /// Python, ABI and platform tag, as in the file's name (`cp311-cp311-manylinux_2_17_x86_64`).
        tag: String,
        /// Build number.
        build: Option<u32>,
    },
    /// A source distribution.
    Sdist,
}

impl UniverseRelease {
    /// When it was uploaded; one that does not say so, at the start of 2020.
    #[must_use]
    pub fn uploaded_at(&self) -> Timestamp {
        let written = self.uploaded.as_deref();
        written.and_then(instant).unwrap_or(UPLOADED)
    }

    /// Names of its files, in the order of `files`: wheels by PEP 427, sdists by PEP 625. `project` is the name of its
    /// project in any spelling.
    #[must_use]
    pub fn file_names(&self, project: &str) -> Vec<String> {
        let project = underscored(project);
        let version = self
            .version
            .parse::<Version>()
            .map_or_else(|_| self.version.clone(), |version| version.to_string());
        let name = |file: &FileKind| match file {
            FileKind::Wheel { tag, build: None } => format!("{project}-{version}-{tag}.whl"),
            FileKind::Wheel {
                tag,
                build: Some(build),
            } => format!("{project}-{version}-{build}-{tag}.whl"),
            FileKind::Sdist => format!("{project}-{version}.tar.gz"),
        };
        self.files.iter().map(name).collect()
    }
}

/// A resolution that must come out of a universe.
#[derive(Clone, Debug)]
pub struct Expected {
    /// What is asked for (PEP 508).
    pub requires: Vec<String>,
    /// What comes of it.
    pub resolution: Resolution,
    /// Of some of the projects that get installed, by normalised name: the file.
    pub files: BTreeMap<String, String>,
    /// Why it must come out so.
    pub why: String,
    /// Where it stands.
    pub at: At,
}

/// What comes of asking for some requirements.
#[derive(Clone, Debug)]
pub enum Resolution {
    /// These projects get installed and no other: normalised name to version, as the universe writes it.
    Resolves(BTreeMap<String, String>),
    /// It cannot be resolved; the error holds this text.
    Fails(String),
}

/// The normal form of a project's name (PEP 503) with `_` for `-`, as names of files and modules have it.
pub(crate) fn underscored(project: &str) -> String {
    normal_form(project, "_")
}

/// Words of a name in lower case with one joint between; for names that PEP 508 allows.
fn normal_form(project: &str, joint: &str) -> String {
    let words = project.split(['-', '_', '.']).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(joint).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_instant_left_out_is_the_documented_one() {
        assert_eq!(UPLOADED.to_string(), "2020-01-01T00:00:00Z");
    }

    #[test]
    fn names_of_files_are_normalised() {
        let wheel = |build| FileKind::Wheel {
            tag: "py3-none-any".to_owned(),
            build,
        };
        let release = UniverseRelease {
            version: "v1.0-RC.1+Local_2".to_owned(),
            uploaded: None,
            requires: Vec::new(),
            extras: BTreeMap::new(),
            requires_python: None,
            yanked: None,
            files: vec![wheel(None), wheel(Some(7)), FileKind::Sdist],
            modules: Vec::new(),
            raises: None,
            import_cost: None,
            size: 0,
            count: 0,
            scripts: BTreeMap::new(),
        };
        assert_eq!(
            release.file_names("Zope.-Interface"),
            [
                "zope_interface-1.0rc1+local.2-py3-none-any.whl",
                "zope_interface-1.0rc1+local.2-7-py3-none-any.whl",
                "zope_interface-1.0rc1+local.2.tar.gz",
            ]
        );
    }
}
