//! seatrial's binary as users run it, without what the environment could say to it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};

/// The binary.
#[derive(Clone, Debug)]
pub struct Program {
    path: PathBuf,
}

impl Program {
    /// Builds it on first need, in the profile of the bench that asks, in which seatrial has most likely been built already.
    /// `files` is cargo's folder for the files of that bench (`CARGO_TARGET_TMPDIR`), which lies in its target folder.
    ///
    /// # Errors
    /// When cargo cannot build it.
    pub fn build(files: &str) -> anyhow::Result<Program> {
        let (profile, folder) = if cfg!(debug_assertions) {
            ("dev", "debug")
        } else {
            ("release", "release")
        };
        let built = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--profile", profile, "--package", "seatrial"])
            .current_dir(repository())
            .status()
            .context("cargo could not be started; it builds seatrial")?;
        ensure!(built.success(), "seatrial could not be built: {built}");
        let target = Path::new(files).parent().context("a target folder")?;
        Ok(Program {
            path: target.join(folder).join("seatrial"),
        })
    }

    /// The binary in a folder, with no variable that steers it but that of its cache.
    #[must_use]
    pub fn command(&self, folder: &Path) -> Command {
        let mut command = Command::new(&self.path);
        for (name, _) in std::env::vars_os() {
            let steers = name.to_string_lossy().starts_with("SEATRIAL_") && name != OsStr::new("SEATRIAL_CACHE");
            if steers || name == OsStr::new("CI") {
                command.env_remove(name);
            }
        }
        command.current_dir(folder).stdin(Stdio::null());
        command
    }

    /// Reference of an image of this repository, which is built on first need.
    ///
    /// # Errors
    /// When seatrial cannot build it.
    pub fn image(&self, name: &str) -> anyhow::Result<String> {
        let output = self
            .command(repository())
            .args(["image", "build", name])
            .stderr(Stdio::inherit())
            .output()
            .with_context(|| format!("`{}` could not be started", self.path.display()))?;
        ensure!(
            output.status.success(),
            "the image {name} could not be built: {}",
            output.status
        );
        let text = String::from_utf8_lossy(&output.stdout);
        let image = text.split_whitespace().nth(1);
        let image = image.with_context(|| format!("seatrial printed `{text}` instead of a reference"))?;
        Ok(image.to_owned())
    }
}

/// The root of this repository.
fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
