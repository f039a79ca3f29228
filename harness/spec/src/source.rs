//! One file as it was read, and places in it.

use std::path::PathBuf;

use crate::diagnostic::Problem;
use crate::scenario::At;

/// Largest file that is read, in bytes: a universe of 10,000 projects with some releases each.
pub(crate) const LARGEST_FILE: u64 = 4 * 1024 * 1024;

/// A stretch of one line: the marked part of a snippet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    /// Line, counted from 1.
    pub line: usize,
    /// Column in characters, counted from 1.
    pub column: usize,
    /// Width in characters, at least 1.
    pub width: usize,
}

/// The text of one file under the name that messages use.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// Relative to the project root where it lies below it.
    pub file: PathBuf,
    /// Without a byte order mark.
    pub text: String,
    /// Where each line begins, in bytes: a large file may have a problem on every line.
    starts: Vec<usize>,
}

impl Source {
    /// The text of `file`; a byte order mark is dropped, so that columns count from the first letter.
    pub fn new(file: impl Into<PathBuf>, text: &str) -> Self {
        let text = text.trim_start_matches('\u{feff}').to_owned();
        let ends = text.match_indices('\n').map(|(end, _)| end + 1);
        Self {
            file: file.into(),
            starts: std::iter::once(0).chain(ends).collect(),
            text,
        }
    }

    /// The line with this number (from 1); empty beyond the end.
    pub fn line(&self, number: usize) -> &str {
        let start = self.starts.get(number.saturating_sub(1));
        start
            .and_then(|start| self.text[*start..].lines().next())
            .unwrap_or_default()
    }

    /// The place of a span.
    pub fn at(&self, span: Span) -> At {
        At {
            file: self.file.clone(),
            line: span.line,
            column: span.column,
        }
    }

    /// A problem at a span, with its line as snippet.
    pub fn problem(&self, span: Span, what: impl Into<String>) -> Problem {
        Problem {
            at: Some(self.at(span)),
            width: span.width,
            line: Some(self.line(span.line).to_owned()),
            ..Problem::new(what)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_comes_without_its_end() {
        let source = Source::new("x.yaml", "\u{feff}one\r\n\ntwo");
        assert_eq!([1, 2, 3, 4].map(|number| source.line(number)), ["one", "", "two", ""]);
    }
}
