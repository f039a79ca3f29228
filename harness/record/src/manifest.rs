//! The installed set of one replica: distributions with version, location, origin; and what imports yield.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where a package came from (design.md, Words: origin).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
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
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Image => "image",
            Self::Installed => "installed",
            Self::Mounted => "mounted",
            Self::UserSite => "user-site",
            Self::Derived => "derived",
        })
    }
}

/// One distribution found on `sys.path`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Distribution {
    /// Project name, normalised (PEP 503).
    pub project: String,
    /// Version from the metadata.
    pub version: String,
    /// Directory on `sys.path` that holds it.
    pub location: String,
    /// Where it came from.
    pub origin: Origin,
    /// An earlier entry of `sys.path` holds the same project: this one is shadowed.
    pub shadowed: bool,
    /// Digest of its files by path, `.pyc` left out, their order of no account. Where its RECORD is the one that the image
    /// came with, what that says of them is taken at its word; without a RECORD the metadata alone speaks. Absent when
    /// even that is not known.
    #[serde(default)]
    pub digest: Option<String>,
}

/// The files below one entry of `sys.path` that no RECORD there accounts for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Beside {
    /// The directory on `sys.path`.
    pub location: String,
    /// Digest of those files by path, `.pyc` left out: 20,000 files and 256 MiB are read, of what lies beyond only names
    /// and sizes count.
    pub digest: String,
}

/// What an import of one module really yields in the environment of the server process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Import {
    /// Project name, normalised.
    pub project: String,
    /// Module imported; absent when the project has no module.
    pub module: Option<String>,
    /// `__version__`, else the version of the distribution that owns the file.
    pub version: Option<String>,
    /// File that was imported.
    pub file: Option<String>,
    /// Where the file came from.
    pub origin: Option<Origin>,
    /// Why the import failed.
    pub error: Option<String>,
}

/// The installed set of one replica.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of the interpreter.
    pub python: String,
    /// `sys.path` of the server process.
    pub sys_path: Vec<String>,
    /// Distributions in `sys.path` order, then by project.
    pub distributions: Vec<Distribution>,
    /// Files that no RECORD accounts for, by entry of `sys.path`; entries without such files are left out.
    #[serde(default)]
    pub beside: Vec<Beside>,
}

impl Manifest {
    /// Every distribution of a project, the one that imports use first.
    pub fn copies<'a>(&'a self, project: &'a str) -> impl Iterator<Item = &'a Distribution> {
        self.distributions.iter().filter(move |found| found.project == project)
    }

    /// Versions found of each project, sorted; a version that lies there twice is listed twice.
    fn versions(&self) -> BTreeMap<&str, Vec<String>> {
        let mut versions = BTreeMap::<_, Vec<String>>::new();
        for found in &self.distributions {
            versions
                .entry(found.project.as_str())
                .or_default()
                .push(found.version.clone());
        }
        versions.values_mut().for_each(|found| found.sort());
        versions
    }
}

/// Difference of a manifest against the image's own: project to versions, each side sorted; both sides in `changed`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ManifestDiff {
    /// Projects the image does not have.
    pub added: BTreeMap<String, Vec<String>>,
    /// Projects only the image has.
    pub removed: BTreeMap<String, Vec<String>>,
    /// Projects whose versions differ: of the image, of the replica.
    pub changed: BTreeMap<String, (Vec<String>, Vec<String>)>,
}

impl ManifestDiff {
    /// What `replica` has, lacks and holds otherwise than `image`, by project and version; places do not count.
    pub fn between(image: &Manifest, replica: &Manifest) -> Self {
        let mut before = image.versions();
        let mut diff = Self::default();
        for (project, after) in replica.versions() {
            match before.remove(project) {
                None => drop(diff.added.insert(project.to_owned(), after)),
                Some(before) if before != after => drop(diff.changed.insert(project.to_owned(), (before, after))),
                Some(_) => {}
            }
        }
        diff.removed = before
            .into_iter()
            .map(|(project, versions)| (project.to_owned(), versions))
            .collect();
        diff
    }

    /// Whether both sides hold the same projects in the same versions.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(found: &[(&str, &str)]) -> Manifest {
        let distributions = found
            .iter()
            .map(|(project, version)| Distribution {
                project: (*project).into(),
                version: (*version).into(),
                location: "/env/site-packages".into(),
                origin: Origin::Image,
                shadowed: false,
                digest: None,
            })
            .collect();
        Manifest {
            distributions,
            ..Manifest::default()
        }
    }

    #[test]
    fn a_second_copy_is_a_change_and_order_is_none() {
        let image = manifest(&[("flask", "2.3.2"), ("numpy", "1.26.4"), ("pip", "24.0")]);
        let replica = manifest(&[
            ("numpy", "1.26.4"),
            ("numpy", "1.25.2"),
            ("flask", "2.3.2"),
            ("six", "1.16.0"),
        ]);
        let diff = ManifestDiff::between(&image, &replica);

        let versions = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(diff.added, BTreeMap::from([("six".into(), versions(&["1.16.0"]))]));
        assert_eq!(diff.removed, BTreeMap::from([("pip".into(), versions(&["24.0"]))]));
        assert_eq!(
            diff.changed,
            BTreeMap::from([("numpy".into(), (versions(&["1.26.4"]), versions(&["1.25.2", "1.26.4"])))])
        );
        assert!(ManifestDiff::between(&replica, &replica).is_empty());
    }
}
