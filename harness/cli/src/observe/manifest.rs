//! Reads the installed set of a replica or of an image by the image's own interpreter, and says where each part came from.

use std::time::Duration;

use anyhow::{Context as _, bail};
use seatrial_engine::{Command, CommandOutput};
use seatrial_record::{Distribution, Import, Manifest, Origin};
use seatrial_spec::Contract;
use serde::Deserialize;

use crate::interpreter;

/// The program that runs inside the container.
pub const READER: &str = include_str!("manifest_reader.py");
/// What it prints in front of its one line of JSON.
const MARK: &str = "seatrial-manifest:";
/// Reading a large environment with cold caches takes seconds, never this long.
pub const DEADLINE: Duration = Duration::from_secs(180);

/// What the reader prints.
#[derive(Debug, Deserialize)]
pub struct Raw {
    python: String,
    sys_path: Vec<String>,
    user_site: String,
    /// User of the server process; absent for an image that is not running.
    pub uid: Option<u32>,
    distributions: Vec<RawDistribution>,
    imports: Vec<RawImport>,
}

#[derive(Debug, Deserialize)]
struct RawDistribution {
    project: String,
    version: String,
    location: String,
    shadowed: bool,
}

#[derive(Debug, Deserialize)]
struct RawImport {
    project: String,
    module: Option<String>,
    version: Option<String>,
    file: Option<String>,
    error: Option<String>,
}

/// A package whose import is tried: its project and, if the scenario names it, the module.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Wanted {
    pub project: String,
    pub import: Option<String>,
}

/// The command that reads the manifest: of the server process when `server` is given, else of the image at rest.
pub fn command(contract: &Contract, server: Option<&str>, imports: &[Wanted], entry_dir: &str) -> Vec<String> {
    let appended: Vec<String> = contract
        .path_appended
        .iter()
        .map(|path| {
            path.replace("{app_root}", &contract.app_root)
                .replace("{entry_dir}", entry_dir)
        })
        .collect();
    let params = serde_json::json!({
        "server": server,
        "appended": appended,
        "imports": imports,
        "source": READER,
    });
    let script = interpreter::choose(&contract.python) + "exec \"$python\" -c \"$1\" \"$2\"";
    let mut argv: Vec<String> = ["sh", "-c", &script, "seatrial"].map(String::from).into();
    argv.extend([READER.to_owned(), params.to_string()]);
    argv
}

/// The same as an engine command.
pub fn exec(argv: Vec<String>) -> Command {
    Command {
        argv,
        user: None,
        deadline: DEADLINE,
    }
}

/// What the reader printed, or why it failed.
pub fn parse(output: &CommandOutput) -> anyhow::Result<Raw> {
    let stdout = String::from_utf8_lossy(&output.stdout);
    let Some(json) = stdout.lines().find_map(|line| line.strip_prefix(MARK)) else {
        let stderr = String::from_utf8_lossy(&output.stderr);
        let last = stderr.lines().last().unwrap_or("it printed nothing");
        bail!("the manifest reader ended with {}: {last}", output.code);
    };
    serde_json::from_str(json).context("the manifest reader's answer is not understood")
}

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

impl Origins<'_> {
    /// Gives every distribution and every import its origin. A distribution counts as the image's own when the image
    /// has the same project in the same version at the same place; a reinstallation of the same version in place
    /// therefore cannot be told from the image's copy.
    pub fn classify(&self, raw: Raw) -> (Manifest, Vec<Import>) {
        let distributions: Vec<Distribution> = raw
            .distributions
            .into_iter()
            .map(|dist| Distribution {
                origin: self.of_distribution(&dist, &raw.user_site),
                project: dist.project,
                version: dist.version,
                location: dist.location,
                shadowed: dist.shadowed,
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
        };
        (manifest, imports)
    }

    fn of_distribution(&self, dist: &RawDistribution, user_site: &str) -> Origin {
        let Some(image) = self.image else { return Origin::Image };
        if self.mount.as_ref().is_some_and(|mount| is_below(&dist.location, mount)) {
            return Origin::Mounted;
        }
        let same = |own: &Distribution| {
            own.project == dist.project && own.version == dist.version && own.location == dist.location
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
                })
                .collect(),
            imports: vec![RawImport {
                project: "numpy".into(),
                module: Some("numpy".into()),
                version: None,
                file: Some(imported.into()),
                error: None,
            }],
        }
    }

    #[test]
    fn origin_follows_place_and_version() {
        let none = Origins {
            image: None,
            mount: None,
            derived: false,
        };
        let (image, _) = none.classify(raw(&[("numpy", "1.26.4", "/env/site")], "/env/site/numpy/__init__.py"));
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
        let (manifest, imports) = mounted.classify(raw(&seen, "/app/libs/numpy/__init__.py"));
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
        let (manifest, imports) = derived.classify(raw(&seen[2..3], "/app/numpy.py"));
        assert_eq!(manifest.distributions[0].origin, Origin::Derived);
        assert_eq!(imports[0].origin, None, "the app's own module has no origin");
    }

    #[test]
    fn a_reader_that_fails_says_why() {
        let output = CommandOutput {
            code: 127,
            stdout: vec![],
            stderr: b"warning\nno python here\n".to_vec(),
        };
        let error = parse(&output).unwrap_err().to_string();
        assert_eq!(error, "the manifest reader ended with 127: no python here");
    }
}
