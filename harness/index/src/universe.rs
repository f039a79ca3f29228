//! Universes: made-up projects that the index serves, data in and distribution files out.
//!
//! A file is made when it is first asked for, and is the same to the byte on every machine.

mod definition;
mod distribution;
mod edition;
mod heart;
#[cfg(test)]
mod installs;
mod metadata;
mod padding;
mod recipe;
mod sdist;
mod tree;
mod wheel;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, Weak};
use std::{fmt, io};

pub use definition::{Contents, Kind, Project, Release};
pub(crate) use distribution::{Body, Distribution, Made};
use edition::Edition;

use crate::digest::Sha256;
use crate::names::normalise;

/// A set of made-up projects. Cheap to clone; clones share the files already made, as do equal universes in the worlds of
/// one index.
#[derive(Clone, Default)]
pub struct Universe(Arc<Shelves>);

/// Projects by their normal names.
type Shelves = BTreeMap<String, Shelf>;

/// The universes in use by their digests, so that equal ones share the files already made.
#[derive(Default)]
pub(crate) struct Universes(Mutex<HashMap<String, Weak<Shelves>>>);

/// A project with its releases.
pub(crate) struct Shelf {
    /// As the project is written.
    pub name: String,
    /// In the order of the definition.
    pub releases: Vec<Stock>,
}

/// A release with its files.
pub(crate) struct Stock {
    edition: Arc<Edition>,
    /// In the order of the definition.
    pub files: Vec<Distribution>,
}

impl Universe {
    /// Takes projects that the caller has checked; of two with the same normal name the last one stands. No file is made.
    ///
    /// # Panics
    /// When a project's name, a version, a wheel's tag or a module is not one, so that no file leads out of its folder.
    #[must_use]
    pub fn new(projects: Vec<Project>) -> Universe {
        let shelves = projects.into_iter().map(|project| {
            let normal = normalise(&project.name);
            let normal = normal.unwrap_or_else(|| panic!("`{}` is not a project name", project.name));
            let shelf = Shelf::new(project, &normal);
            (normal, shelf)
        });
        Universe(Arc::new(shelves.collect()))
    }

    /// Whether it has no project at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The normal names of its projects, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// A project by its name in normal form.
    pub(crate) fn project(&self, normal: &str) -> Option<&Shelf> {
        self.0.get(normal)
    }

    /// Every file of every release, whether it is made or not.
    pub(crate) fn files(&self) -> impl Iterator<Item = &Distribution> {
        let releases = self.0.values().flat_map(|shelf| &shelf.releases);
        releases.flat_map(|release| &release.files)
    }

    /// Writes every file of every release into a folder, which is made when missing: flat, as pip's `--find-links` and
    /// other index servers take it. Returns the paths.
    ///
    /// # Errors
    /// When the folder or a file cannot be written.
    pub fn write_to(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        std::fs::create_dir_all(folder).map_err(|error| cannot_write(folder, &error))?;
        self.files()
            .map(|file| {
                let path = folder.join(file.filename());
                file.write(&path).map_err(|error| cannot_write(&path, &error))?;
                Ok(path)
            })
            .collect()
    }

    /// Digest of the whole definition, 64 hexadecimal digits: equal definitions have equal ones on every machine, in
    /// whatever order they name their projects. It does not follow changes in how seatrial makes the files.
    #[must_use]
    pub fn digest(&self) -> String {
        let definition: Vec<(&str, Vec<&Release>)> = self
            .0
            .values()
            .map(|shelf| (shelf.name.as_str(), shelf.releases.iter().map(Stock::release).collect()))
            .collect();
        let json = serde_json::to_vec(&definition).expect("a definition is nothing but lists, texts and numbers");
        Sha256::of(&json).to_string()
    }
}

impl Universes {
    /// The equal universe that is in use, else this one, which is in use from now on.
    pub(crate) fn shared(&self, universe: Universe) -> Universe {
        let digest = universe.digest();
        let mut in_use = self.0.lock().expect("nothing panics while holding this lock");
        if let Some(equal) = in_use.get(&digest).and_then(Weak::upgrade) {
            return Universe(equal);
        }
        in_use.retain(|_, shelves| shelves.strong_count() > 0);
        in_use.insert(digest, Arc::downgrade(&universe.0));
        universe
    }
}

impl fmt::Debug for Universe {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Universe")
            .field("projects", &self.0.len())
            .finish()
    }
}

impl Shelf {
    fn new(project: Project, normal: &str) -> Shelf {
        let Project { name, releases } = project;
        let releases = releases
            .into_iter()
            .map(|release| Stock::new(Edition::new(&name, normal, release)))
            .collect();
        Shelf { name, releases }
    }
}

impl Stock {
    fn new(edition: Edition) -> Stock {
        let edition = Arc::new(edition);
        let files = edition.kinds().into_iter();
        Stock {
            files: files.map(|kind| Distribution::new(edition.clone(), kind)).collect(),
            edition,
        }
    }

    pub(crate) fn release(&self) -> &Release {
        &self.edition.release
    }
}

fn cannot_write(path: &Path, error: &io::Error) -> io::Error {
    let hint = "check space and rights of the folder";
    io::Error::new(
        error.kind(),
        format!("cannot write `{}`: {error}; {hint}", path.display()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(name: &str, versions: &[&str]) -> Project {
        let releases = versions.iter().map(|version| Release {
            version: (*version).into(),
            ..Release::default()
        });
        Project {
            name: name.into(),
            releases: releases.collect(),
        }
    }

    #[test]
    fn projects_are_found_by_their_normal_names() {
        let universe = Universe::new(vec![project("Bolt.X", &["1"]), project("acme", &["1", "2"])]);
        assert_eq!(universe.names().collect::<Vec<_>>(), ["acme", "bolt-x"]);
        let shelf = universe.project("bolt-x").unwrap();
        assert_eq!(shelf.name, "Bolt.X");
        assert_eq!(shelf.releases[0].release().upload_time(), "2020-01-01T00:00:00Z");
        assert_eq!(shelf.releases[0].files[0].filename(), "bolt_x-1-py3-none-any.whl");
        assert!(universe.project("Bolt.X").is_none() && Universe::default().is_empty());
    }

    #[test]
    fn of_two_projects_of_one_name_the_last_stands() {
        let universe = Universe::new(vec![project("acme", &["1"]), project("Acme", &["2"])]);
        assert_eq!(universe.project("acme").unwrap().releases[0].release().version, "2");
    }

    #[test]
    fn the_digest_follows_the_definition() {
        let digest = |projects| Universe::new(projects).digest();
        let first = digest(vec![project("acme", &["1", "2"]), project("bolt", &["1"])]);
        assert!(Sha256::parse(&first).is_some());
        assert_eq!(
            first,
            digest(vec![project("bolt", &["1"]), project("acme", &["1", "2"])])
        );
        assert_ne!(
            first,
            digest(vec![project("Bolt", &["1"]), project("acme", &["1", "2"])])
        );
        assert_ne!(
            first,
            digest(vec![project("bolt", &["1"]), project("acme", &["2", "1"])])
        );
    }

    #[test]
    fn what_is_no_longer_in_use_is_not_kept() {
        let universes = Universes::default();
        for version in ["1", "2", "3"] {
            universes.shared(Universe::new(vec![project("acme", &[version])]));
        }
        assert_eq!(universes.0.lock().unwrap().len(), 1);
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = Universe::default().write_to(file.path()).unwrap_err().to_string();
        assert!(error.contains(file.path().to_str().unwrap()), "{error}");
    }

    /// When this fails although nothing here was meant to change, a new version of a dependency writes other bytes:
    /// what was accepted or cached before no longer compares equal.
    #[test]
    fn files_are_the_same_on_every_machine() {
        let folder = tempfile::tempdir().unwrap();
        let universe = || {
            let release = Release {
                version: "1.0".into(),
                requires: vec!["bolt>=1".into()],
                files: vec![
                    Kind::Wheel {
                        tag: "py3-none-any".into(),
                        build: Some(1),
                    },
                    Kind::Sdist,
                ],
                contents: Contents {
                    size: 100_000,
                    count: 3,
                    scripts: BTreeMap::from([("acme".into(), "acme:main".into())]),
                    ..Contents::default()
                },
                ..Release::default()
            };
            let name = "acme".into();
            Universe::new(vec![Project {
                name,
                releases: vec![release],
            }])
        };
        let expected = [
            (
                "acme-1.0-1-py3-none-any.whl",
                "dd926eda9c6cff59872effd382b6f4fc3b04bb1d76dab23a8287e1e8f13d5faf",
            ),
            (
                "acme-1.0.tar.gz",
                "6c3145d5669b5ea014ddf5a2c8b735196e0181711a27bbb8483546656c2911e6",
            ),
        ];
        for _ in 0..2 {
            let paths = universe().write_to(folder.path()).unwrap();
            for (path, (name, digest)) in paths.iter().zip(expected) {
                assert_eq!(path, &folder.path().join(name));
                assert_eq!(Sha256::of(&std::fs::read(path).unwrap()).as_str(), digest, "{name}");
            }
        }
    }
}
