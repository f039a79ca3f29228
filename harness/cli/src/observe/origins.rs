//! Where each part of an installed set came from: the image, an installation at boot, a mount, a derived image.

use std::collections::BTreeMap;

use seatrial_record::{Beside, Distribution, Import, Manifest, Origin};

use super::manifest::{Raw, RawDistribution};
use super::written::Written;

/// Where packages of a replica can come from.
#[derive(Clone, Debug)]
pub struct Origins<'a> {
    /// The image's own installed set; `None` while that very set is read.
    pub image: Option<&'a Manifest>,
    /// Where the tree is mounted.
    pub mount: Option<String>,
    /// The replica runs a derived image.
    pub derived: bool,
}

/// What was read, classified.
#[derive(Debug)]
pub struct Read {
    pub manifest: Manifest,
    pub imports: Vec<Import>,
    /// User of the server process.
    pub uid: Option<u32>,
    /// Digests of single files, where they were read: by project, `""` for files that no distribution owns, then by path.
    pub files: BTreeMap<String, BTreeMap<String, String>>,
    /// When the files of what was installed at boot were written.
    pub written: Vec<Written>,
}

impl Origins<'_> {
    /// Gives every distribution and every import its origin. A distribution counts as the image's own when the image
    /// has the same project in the same version with the same files at the same place; a reinstallation of the very same
    /// files in place therefore cannot be told from the image's copy.
    pub fn classify(&self, raw: Raw) -> Read {
        let files = files(&raw);
        let written = self.written(&raw);
        let distributions: Vec<Distribution> = raw
            .distributions
            .into_iter()
            .map(|dist| Distribution {
                origin: self.of_distribution(&dist, &raw.user_site),
                project: dist.project,
                version: dist.version,
                location: dist.location,
                shadowed: dist.shadowed,
                digest: dist.digest,
            })
            .collect();
        let imports = raw
            .imports
            .into_iter()
            .map(|import| Import {
                origin: import
                    .file
                    .as_deref()
                    .and_then(|file| of_file(file, &import.project, &distributions)),
                project: import.project,
                module: import.module,
                version: import.version,
                file: import.file,
                error: import.error,
            })
            .collect();
        let manifest = Manifest {
            python: raw.python,
            sys_path: raw.sys_path,
            distributions,
            beside: raw
                .beside
                .into_iter()
                .map(|(location, held)| Beside {
                    location,
                    digest: held.digest,
                })
                .collect(),
        };
        Read {
            manifest,
            imports,
            uid: raw.uid,
            files,
            written,
        }
    }

    /// The times of those distributions that only an installation at boot can have brought.
    fn written(&self, raw: &Raw) -> Vec<Written> {
        let at_boot = |dist: &&RawDistribution| {
            matches!(
                self.of_distribution(dist, &raw.user_site),
                Origin::Installed | Origin::UserSite
            )
        };
        let dists = raw.distributions.iter().filter(at_boot);
        dists
            .filter_map(|dist| {
                let times = dist.written?;
                Some(Written {
                    project: dist.project.clone(),
                    unpacked: times.unpacked,
                    compiled: times.compiled,
                })
            })
            .collect()
    }

    fn of_distribution(&self, dist: &RawDistribution, user_site: &str) -> Origin {
        let Some(image) = self.image else { return Origin::Image };
        if self.mount.as_ref().is_some_and(|mount| is_below(&dist.location, mount)) {
            return Origin::Mounted;
        }
        let same = |own: &Distribution| {
            own.project == dist.project
                && own.version == dist.version
                && own.location == dist.location
                && own.digest == dist.digest
        };
        if image.distributions.iter().any(same) {
            Origin::Image
        } else if is_below(&dist.location, user_site) {
            Origin::UserSite
        } else if self.derived {
            Origin::Derived
        } else {
            Origin::Installed
        }
    }
}

/// Single files by project. Of two copies of a project the second has its place in its paths, or they would be taken for
/// one.
fn files(raw: &Raw) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut all: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for dist in &raw.distributions {
        for (path, hash) in dist.files.iter().flatten() {
            let path = match dist.shadowed {
                true => format!("{}/{path}", dist.location),
                false => path.clone(),
            };
            all.entry(dist.project.clone()).or_default().insert(path, digest(hash));
        }
    }
    for (location, held) in &raw.beside {
        let paths = held
            .files
            .iter()
            .map(|(path, hash)| (format!("{location}/{path}"), digest(hash)));
        all.entry(String::new()).or_default().extend(paths);
    }
    all
}

/// The digest in a hash as RECORD writes it: without its algorithm, which is always the same.
fn digest(hash: &str) -> String {
    hash.strip_prefix("sha256=").unwrap_or(hash).to_owned()
}

/// A file has the origin of its project's distribution in the folder that holds the file. A module that no distribution
/// accounts for (one of the app's own) has none.
fn of_file(file: &str, project: &str, distributions: &[Distribution]) -> Option<Origin> {
    let holding = |dist: &&Distribution| is_below(file, &dist.location);
    distributions
        .iter()
        .filter(holding)
        .find(|dist| dist.project == project)
        .map(|dist| dist.origin)
}

fn is_below(path: &str, folder: &str) -> bool {
    std::path::Path::new(path).starts_with(folder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::manifest::{RawImport, RawWritten};

    fn raw(dists: &[(&str, &str, &str)], imported: &str) -> Raw {
        Raw {
            python: "3.11.2".into(),
            sys_path: vec![],
            user_site: "/home/u/.local/lib".into(),
            uid: Some(1000),
            distributions: dists
                .iter()
                .map(|(project, version, location)| RawDistribution {
                    project: (*project).into(),
                    version: (*version).into(),
                    location: (*location).into(),
                    shadowed: false,
                    digest: Some(format!("{project} {version}")),
                    files: None,
                    written: Some(RawWritten {
                        unpacked: 1,
                        compiled: None,
                    }),
                })
                .collect(),
            imports: vec![RawImport {
                project: "numpy".into(),
                module: Some("numpy".into()),
                version: None,
                file: Some(imported.into()),
                error: None,
            }],
            beside: BTreeMap::new(),
        }
    }

    #[test]
    fn origin_follows_place_and_version() {
        let none = Origins {
            image: None,
            mount: None,
            derived: false,
        };
        let image = none.classify(raw(&[("numpy", "1.26.4", "/env/site")], "/env/site/numpy/__init__.py"));
        let image = image.manifest;
        let seen = [
            ("numpy", "1.25.2", "/app/libs"),
            ("numpy", "1.26.4", "/env/site"),
            ("six", "1.16.0", "/env/site"),
            ("idna", "3.7", "/home/u/.local/lib"),
        ];
        let mounted = Origins {
            image: Some(&image),
            mount: Some("/app/libs".into()),
            derived: false,
        };
        let Read {
            manifest,
            imports,
            written,
            ..
        } = mounted.classify(raw(&seen, "/app/libs/numpy/__init__.py"));
        let written: Vec<&str> = written.iter().map(|dist| dist.project.as_str()).collect();
        assert_eq!(written, ["six", "idna"], "neither mounted nor the image's own");
        let origins: Vec<Origin> = manifest.distributions.iter().map(|dist| dist.origin).collect();
        assert_eq!(
            origins,
            [Origin::Mounted, Origin::Image, Origin::Installed, Origin::UserSite]
        );
        assert_eq!(imports[0].origin, Some(Origin::Mounted));

        let derived = Origins {
            image: Some(&image),
            mount: None,
            derived: true,
        };
        let Read { manifest, imports, .. } = derived.classify(raw(&seen[2..3], "/app/numpy.py"));
        assert_eq!(manifest.distributions[0].origin, Origin::Derived);
        assert_eq!(imports[0].origin, None, "the app's own module has no origin");
    }

    #[test]
    fn a_reinstallation_with_other_files_is_not_the_images_own() {
        let at_rest = Origins {
            image: None,
            mount: None,
            derived: false,
        };
        let numpy = [("numpy", "1.26.4", "/env/site")];
        let image = at_rest.classify(raw(&numpy, "")).manifest;
        let running = Origins {
            image: Some(&image),
            ..at_rest
        };
        let mut again = raw(&numpy, "");
        again.distributions[0].digest = Some("another build".into());
        again.distributions[0].files = Some([("numpy/x.py".into(), "sha256=1".into())].into());
        let read = running.classify(again);
        assert_eq!(read.manifest.distributions[0].origin, Origin::Installed);
        assert_eq!(read.files["numpy"]["numpy/x.py"], "1");
    }
}
