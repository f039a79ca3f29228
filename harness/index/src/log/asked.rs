//! What a request asks for, as the log keeps it: read from the path, fit for a terminal, of bounded length.

use crate::names;

/// What the name of a wheel's metadata ends in (PEP 658).
const METADATA: &str = ".metadata";

/// What a request asked for, control characters percent-encoded.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Asked {
    /// The page of a project, its name as the client wrote it, cut at 255 characters.
    Project(String),
    /// A wheel or source distribution, by file name, cut at 255 characters: no file has a longer one.
    File(String),
    /// The metadata beside a wheel, by file name: the wheel's, cut at 255 characters, and `.metadata`.
    Metadata(String),
    /// Anything else: the path behind the token as the client wrote it, cut at 255 characters.
    Other(String),
}

impl Asked {
    /// Reads the path behind the token, still percent-encoded where the client did so.
    pub(crate) fn from_path(path: &str) -> Asked {
        let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        match segments[..] {
            ["simple", project] | ["simple", project, ""] if !project.is_empty() => {
                Asked::Project(kept(&names::unescape(project)))
            }
            ["files", _, filename] => {
                let filename = names::unescape(filename);
                match filename.strip_suffix(METADATA) {
                    Some(wheel) => Asked::Metadata(kept(wheel) + METADATA),
                    None => Asked::File(kept(&filename)),
                }
            }
            _ => Asked::Other(kept(path)),
        }
    }

    /// The project it is about, in normal form; `None` when that cannot be told.
    #[must_use]
    pub fn project(&self) -> Option<String> {
        match self {
            Asked::Project(name) => names::normalise(name),
            Asked::File(name) | Asked::Metadata(name) => names::project_of(name),
            Asked::Other(_) => None,
        }
    }
}

/// A text from a client as it is kept.
pub(super) fn kept(text: &str) -> String {
    names::printable(text).chars().take(names::MAX_FILE_NAME).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_tell_what_was_asked() {
        let project = |name: &str| Asked::Project(name.into());
        assert_eq!(Asked::from_path("/simple/Flask/"), project("Flask"));
        assert_eq!(Asked::from_path("/simple/flask"), project("flask"));
        assert_eq!(Asked::from_path("/files/k/a%2B1.whl"), Asked::File("a+1.whl".into()));
        assert_eq!(
            Asked::from_path("/files/k/a.whl.metadata"),
            Asked::Metadata("a.whl.metadata".into())
        );
        assert_eq!(Asked::from_path("/simple/"), Asked::Other("/simple/".into()));
    }

    #[test]
    fn control_characters_are_escaped_however_they_were_written() {
        for control in ["%1B", "%1b", "\u{1b}"] {
            let file = Asked::File("%1B[2J\u{e9}.whl".into());
            assert_eq!(Asked::from_path(&format!("/files/k/{control}[2J\u{e9}.whl")), file);
        }
        for (path, asked) in [
            ("/simple/a\u{9b}2J/", Asked::Project("a%C2%9B2J".into())),
            ("/files/k/\u{9b}.metadata", Asked::Metadata("%C2%9B.metadata".into())),
            ("/a/\u{9b}/%9b", Asked::Other("/a/%C2%9B/%9b".into())),
        ] {
            assert_eq!(Asked::from_path(path), asked);
        }
    }

    #[test]
    fn a_name_is_told_for_what_it_is_before_it_is_cut() {
        let long = format!("acme-1.0-py3-none-{}.whl", "any.".repeat(58));
        assert_eq!(long.len(), 254);
        let metadata = Asked::from_path(&format!("/files/k/{long}.metadata"));
        assert_eq!(metadata, Asked::Metadata(format!("{long}.metadata")));
        assert_eq!(metadata.project().as_deref(), Some("acme"));

        let too_long = "x".repeat(9_999);
        let cut = &too_long[..255];
        for (path, asked) in [
            (format!("/simple/{too_long}/"), Asked::Project(cut.into())),
            (format!("/files/k/{too_long}"), Asked::File(cut.into())),
            (
                format!("/files/k/{too_long}.metadata"),
                Asked::Metadata(format!("{cut}.metadata")),
            ),
            (too_long.clone(), Asked::Other(cut.into())),
        ] {
            assert_eq!(Asked::from_path(&path), asked);
        }
    }
}
