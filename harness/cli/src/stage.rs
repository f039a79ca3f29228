//! Lays out the app folder of one case as a user would have it on disk: app, requirements file, mount point.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use anyhow::Context as _;

use crate::requirements::{CONSTRAINTS, Requirements};

/// A case's app folder in the run's temporary folder, ready to be mounted as the app root.
#[derive(Debug)]
pub struct Staged {
    /// The folder on the host.
    pub folder: PathBuf,
    /// Directory of the entry script, relative to the app root, `""` for the root itself: what the
    /// contract's relative paths are relative to.
    pub entry_dir: PathBuf,
}

impl Staged {
    /// Copies the app.
    pub fn copy(app: &Path, entry: &str, folder: PathBuf) -> anyhow::Result<Staged> {
        copy_tree(app, &folder)
            .with_context(|| format!("cannot copy the app {} to {}", app.display(), folder.display()))?;
        let entry_dir = Path::new(entry).parent().unwrap_or(Path::new("")).to_owned();
        Ok(Staged { folder, entry_dir })
    }

    /// Writes the requirements file at `path`, relative to the entry script's directory, and beside it the constraints.
    pub fn write_requirements(&self, path: &str, requirements: Requirements<'_>) -> anyhow::Result<()> {
        let file = self.inside(path)?;
        self.make_folders(file.parent().unwrap_or(&self.folder))?;
        write_open(&file, &requirements.text())?;
        match requirements.constraints_text() {
            Some(text) => write_open(&file.with_file_name(CONSTRAINTS), &text),
            None => Ok(()),
        }
    }

    /// Makes the directory on which a tree is mounted, and returns its path relative to the app root.
    pub fn make_mount_point(&self, path: &str) -> anyhow::Result<String> {
        let target = self.inside(path)?;
        self.make_folders(&target)?;
        let below_root = target.strip_prefix(&self.folder)?;
        Ok(below_root.to_string_lossy().into_owned())
    }

    /// Makes folders on the way down from the app root, each readable for all.
    fn make_folders(&self, folder: &Path) -> io::Result<()> {
        fs::create_dir_all(folder)?;
        let below = folder.ancestors().take_while(|path| *path != self.folder);
        below.into_iter().try_for_each(open_to_all)
    }

    /// A path counted from the entry script's directory, which may climb as far as the app root and no further; spec
    /// refuses others, this makes sure.
    fn inside(&self, path: &str) -> anyhow::Result<PathBuf> {
        let mut inside = PathBuf::new();
        for part in self.entry_dir.join(path).components() {
            let stays = match part {
                Component::Normal(name) => {
                    inside.push(name);
                    true
                }
                Component::CurDir => true,
                Component::ParentDir => inside.pop(),
                Component::RootDir | Component::Prefix(_) => false,
            };
            anyhow::ensure!(stays, "the path {path} leaves the app folder");
        }
        Ok(self.folder.join(inside))
    }
}

/// Writes a file that every user may read.
pub fn write_open(file: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(file, text)
        .and_then(|()| open_to_all(file))
        .with_context(|| format!("cannot write {}", file.display()))
}

/// Copies files and folders, following no link; everything is made readable for other users, because the
/// server does not run as the one who started seatrial.
fn copy_tree(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    open_to_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        let kind = entry.file_type()?;
        if kind.is_dir() {
            copy_tree(&entry.path(), &target)?;
        } else if kind.is_file() {
            fs::copy(entry.path(), &target)?;
            open_to_all(&target)?;
        } else {
            return Err(io::Error::other(format!(
                "{} is a link; apps hold files and folders only",
                entry.path().display()
            )));
        }
    }
    Ok(())
}

/// Lets every user read a file or folder, whatever the umask: what is inside a container is read by another user.
#[cfg(unix)]
pub fn open_to_all(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let meta = fs::metadata(path)?;
    let mode = if meta.is_dir() { 0o755 } else { 0o644 };
    fs::set_permissions(path, fs::Permissions::from_mode(meta.permissions().mode() | mode))
}

/// Makes a folder into which every user may write, whoever a container runs as.
pub fn open_to_writers(folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder)
        .and_then(|()| writable_for_all(folder))
        .with_context(|| format!("cannot make the folder {}", folder.display()))
}

#[cfg(unix)]
fn writable_for_all(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o777))
}

#[cfg(not(unix))]
fn writable_for_all(_folder: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
pub fn open_to_all(_path: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Requirements, Staged};

    #[test]
    fn files_land_beside_the_entry_script_and_never_outside() {
        let app = tempfile::tempdir().unwrap();
        std::fs::create_dir(app.path().join("service")).unwrap();
        std::fs::write(app.path().join("service/score.py"), "").unwrap();
        let run = tempfile::tempdir().unwrap();
        let staged = Staged::copy(app.path(), "service/score.py", run.path().join("app")).unwrap();

        let (lines, constraints) = (["six".to_owned()], ["six==1.16.0".to_owned()]);
        let requirements = Requirements {
            lines: &lines,
            constraints: &constraints,
        };
        staged.write_requirements("extra/r.txt", requirements).unwrap();
        let written = |name| std::fs::read_to_string(run.path().join("app/service/extra").join(name)).unwrap();
        assert_eq!(written("r.txt"), "-c seatrial-constraints.txt\nsix\n");
        assert_eq!(written("seatrial-constraints.txt"), "six==1.16.0\n");
        assert_eq!(staged.make_mount_point("libs").unwrap(), "service/libs");
        staged.write_requirements("../beside.txt", requirements).unwrap();
        assert!(
            run.path().join("app/beside.txt").exists(),
            "the app root is not outside"
        );
        assert!(staged.write_requirements("../../outside.txt", requirements).is_err());
        assert!(staged.make_mount_point("/outside").is_err());
    }
}
