//! The only I/O of this crate: listing folders and reading files.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::diagnostic::{Problem, Problems};
use crate::source::{LARGEST_FILE, Source};

/// Reads a file; messages name it relative to the root.
pub(crate) fn read(root: &Path, path: &Path) -> Result<Source, Problems> {
    let shown = path.strip_prefix(root).unwrap_or(path);
    let fail = |what: String| Problems::from(Problem::of_file(shown, what));
    let size = fs::metadata(path)
        .map_err(|error| fail(format!("cannot be read: {error}")))?
        .len();
    if size > LARGEST_FILE {
        return Err(fail(format!(
            "holds {size} bytes; {LARGEST_FILE} is the most that is read"
        )));
    }
    let bytes = fs::read(path).map_err(|error| fail(format!("cannot be read: {error}")))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let line = 1 + error.as_bytes()[..error.utf8_error().valid_up_to()]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count();
        fail(format!("is not UTF-8 text (line {line})"))
    })?;
    Ok(Source::new(shown, &text))
}

/// What a folder holds, sorted by name, hidden entries left out.
pub(crate) fn list(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if !entry.file_name().to_string_lossy().starts_with('.') {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}

/// Every YAML file below a folder, in order; links to folders are not followed.
pub(crate) fn yaml_below(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in list(folder)? {
        if path.is_dir() && !path.is_symlink() {
            files.extend(yaml_below(&path)?);
        } else if matches!(path.extension().and_then(|end| end.to_str()), Some("yaml" | "yml")) {
            files.push(path);
        }
    }
    Ok(files)
}
