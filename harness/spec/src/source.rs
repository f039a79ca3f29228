//! One file as it was read, and places in it.

use std::path::PathBuf;

use crate::diagnostic::Problem;
use crate::scenario::At;

/// Largest file that is read, in bytes; a scenario is a page of text, not a data set.
pub(crate) const LARGEST_FILE: u64 = 1024 * 1024;

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
}

impl Source {
    /// The text of `file`; a byte order mark is dropped, so that columns count from the first letter.
    pub fn new(file: impl Into<PathBuf>, text: &str) -> Self {
        Self {
            file: file.into(),
            text: text.trim_start_matches('\u{feff}').to_owned(),
        }
    }

    /// The line with this number (from 1); empty beyond the end.
    pub fn line(&self, number: usize) -> &str {
        self.text.lines().nth(number.saturating_sub(1)).unwrap_or_default()
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
