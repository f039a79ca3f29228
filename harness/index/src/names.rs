//! Names from outside: project names and file names, checked and normalised before anything is done with them.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// Everything but the characters that never need escaping in a path.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Bytes; file names longer than this exist on no file system that pip runs on.
pub(crate) const MAX_FILE_NAME: usize = 255;

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

/// The project that a distribution's file name belongs to, in normal form: what stands before the version (PEP 427, 625).
///
/// An old source distribution may have a `-` in its project name; its version begins at the last one.
pub(crate) fn project_of(filename: &str) -> Option<String> {
    let filename = filename.strip_suffix(".metadata").unwrap_or(filename);
    let project = if filename.ends_with(".whl") {
        filename.split_once('-')?.0
    } else {
        filename.rsplit_once('-')?.0
    };
    normalise(project)
}

/// A name as one segment of a URL path.
pub(crate) fn escape(name: &str) -> String {
    utf8_percent_encode(name, ESCAPED).to_string()
}

/// A text with its control characters escaped, which nobody who reads a log wants on a terminal.
pub(crate) fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            printable += &escape(c.encode_utf8(&mut [0; 4]));
        } else {
            printable.push(c);
        }
    }
    printable
}

/// One segment of a URL path as a name; invalid UTF-8 is replaced.
pub(crate) fn unescape(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// `re.sub(r"[-_.]+", "-", name).lower()`, as PEP 503 has it.
    fn pep_503(name: &str) -> String {
        name.chars().fold(String::new(), |normal, c| match c {
            '-' | '_' | '.' if normal.ends_with('-') => normal,
            '-' | '_' | '.' => normal + "-",
            c => normal + c.to_lowercase().to_string().as_str(),
        })
    }

    proptest! {
        #[test]
        fn names_are_normalised_as_pep_503_says(name in "[A-Za-z0-9]([A-Za-z0-9._-]{0,30}[A-Za-z0-9])?") {
            let normal = normalise(&name);
            prop_assert_eq!(normal.as_ref(), Some(&pep_503(&name)));
            prop_assert_eq!(normalise(&pep_503(&name)), normal);
        }

        #[test]
        fn a_name_is_legal_as_pep_508_says_or_none_at_all(name in r"[A-Za-z0-9._ /\u{e9}\u{130}\u{212a}-]{0,6}") {
            let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
            let legal = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
            let is_legal = edge(name.chars().next()) && edge(name.chars().last()) && name.chars().all(legal);
            prop_assert_eq!(normalise(&name).is_some(), is_legal);
        }

        #[test]
        fn whatever_a_project_is_called_its_files_tell(
            project in "[A-Za-z0-9]([A-Za-z0-9._]{0,12}[A-Za-z0-9])?",
            version in r"[0-9]{1,2}(\.[0-9]{1,2}){0,2}((a|rc)[0-9])?(\+[a-z0-9.]{1,4})?",
            build in r"(-[0-9]{1,3})?",
        ) {
            let stem = format!("{project}-{version}");
            for file in [format!("{stem}{build}-py3-none-any.whl"), format!("{stem}.tar.gz"), format!("{stem}.zip")] {
                prop_assert_eq!(project_of(&file), normalise(&project), "{}", &file);
                prop_assert_eq!(project_of(&(file + ".metadata")), normalise(&project));
            }
        }
    }

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
    fn a_file_name_tells_its_project() {
        for (filename, project) in [
            ("ruamel.yaml-0.18-cp311-cp311-linux_x86_64.whl", Some("ruamel-yaml")),
            ("acme_tools-1.0-1-py3-none-any.whl.metadata", Some("acme-tools")),
            ("acme-tools-1.0.tar.gz", Some("acme-tools")),
            ("nothing.whl", None),
            ("-1.0.tar.gz", None),
        ] {
            assert_eq!(project_of(filename).as_deref(), project, "{filename}");
        }
    }

    #[test]
    fn escaping_is_undone_by_unescaping() {
        let name = "a+b c#1%2f\u{e9}.whl";
        assert_eq!(escape("a+b"), "a%2Bb");
        assert_eq!(unescape(&escape(name)), name);
    }
}
