//! Names from outside: project names and file names, checked and normalised before anything is done with them.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// Everything but the characters that never need escaping in a path.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// File names longer than this exist on no file system that pip runs on.
const MAX_FILE_NAME: usize = 255;

/// The normal form of a project name (PEP 503), or `None` when the name is not one.
pub(crate) fn normalise(project: &str) -> Option<String> {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let legal = |c: char| c.is_ascii_alphanumeric() || is_separator(c);
    if project.len() > MAX_FILE_NAME
        || !edge(project.chars().next())
        || !edge(project.chars().next_back())
        || !project.chars().all(legal)
    {
        return None;
    }
    let words: Vec<&str> = project.split(is_separator).filter(|word| !word.is_empty()).collect();
    Some(words.join("-").to_ascii_lowercase())
}

fn is_separator(c: char) -> bool {
    matches!(c, '-' | '_' | '.')
}

/// Whether a name is a plain file name: no separator of any system, no control character, not hidden, not `..`.
pub(crate) fn is_plain_file_name(name: &str) -> bool {
    (1..=MAX_FILE_NAME).contains(&name.len())
        && !name.starts_with('.')
        && !name.chars().any(|c| c.is_control() || matches!(c, '/' | '\\'))
}

/// Whether a file name is that of a wheel or a source distribution.
pub(crate) fn is_distribution(name: &str) -> bool {
    [".whl", ".tar.gz", ".zip", ".tar.bz2", ".tar.xz", ".tgz", ".egg"]
        .iter()
        .any(|ending| name.ends_with(ending))
}

/// A name as one segment of a URL path.
pub(crate) fn escape(name: &str) -> String {
    utf8_percent_encode(name, ESCAPED).to_string()
}

/// One segment of a URL path as a name; invalid UTF-8 is replaced.
pub(crate) fn unescape(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn project_names_take_their_normal_form() {
        for (written, normal) in [
            ("six", "six"),
            ("Flask", "flask"),
            ("ruamel.yaml", "ruamel-yaml"),
            ("A_-._b", "a-b"),
            ("7", "7"),
        ] {
            assert_eq!(normalise(written).as_deref(), Some(normal));
        }
    }

    #[test]
    fn what_is_no_project_name_is_refused() {
        for written in ["", "..", "-six", "six-", "a/b", "../six", "a b", "s\u{131}x", "a\0"] {
            assert_eq!(normalise(written), None, "{written:?}");
        }
    }

    #[test]
    fn file_names_cannot_leave_their_folder() {
        assert!(is_plain_file_name("torch-2.1.0+cpu-cp311-cp311-linux_x86_64.whl"));
        for name in [
            "",
            ".",
            "..",
            "../a.whl",
            "a/b.whl",
            "a\\b.whl",
            ".hidden.whl",
            "a\n.whl",
        ] {
            assert!(!is_plain_file_name(name), "{name:?}");
        }
    }

    #[test]
    fn escaping_is_undone_by_unescaping() {
        let name = "a+b c#1%2f\u{e9}.whl";
        assert_eq!(escape("a+b"), "a%2Bb");
        assert_eq!(unescape(&escape(name)), name);
    }
}
