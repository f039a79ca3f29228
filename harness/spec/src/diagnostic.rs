//! Problems in files: what is wrong, where, what was expected and what to do next.

use std::fmt;
use std::path::Path;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use serde::{Serialize, Serializer};

use crate::scenario::At;

/// Words of a choice that a message lists; a universe may have thousands of projects.
const MOST_LISTED: usize = 20;

/// One thing that does not hold in one file (or in what was asked for, when it has no place).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where it stands.
    pub at: Option<At>,
    /// Characters marked from `at` on.
    pub width: usize,
    /// The line that `at` points at, as it stands in the file.
    pub line: Option<String>,
    /// What is wrong.
    pub what: String,
    /// What would have been right; shown beside the marker.
    pub expected: Option<String>,
    /// What to do next.
    pub help: Option<String>,
}

impl Problem {
    /// A problem without a place.
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self {
            at: None,
            width: 1,
            line: None,
            what: printable(what.into()),
            expected: None,
            help: None,
        }
    }

    /// A problem with a file as a whole.
    pub(crate) fn of_file(file: &Path, what: impl Into<String>) -> Self {
        Self {
            at: Some(At {
                file: file.to_owned(),
                line: 1,
                column: 1,
            }),
            ..Self::new(what)
        }
    }

    /// Adds what would have been right.
    pub(crate) fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(printable(expected.into()));
        self
    }

    /// Adds what to do next.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(printable(help.into()));
        self
    }

    /// Adds `did you mean` when one of the words is near, and what is expected: one of the words.
    pub(crate) fn choices<'a>(mut self, written: &str, words: impl IntoIterator<Item = &'a str>) -> Self {
        let words: Vec<&str> = words.into_iter().collect();
        if let Some(near) = nearest(written, &words) {
            self = self.help(format!("did you mean `{near}`?"));
        }
        match words.as_slice() {
            [] => self,
            [only] => self.expected(format!("expected `{only}`")),
            words => match words.split_at_checked(MOST_LISTED) {
                Some((first, rest)) if !rest.is_empty() => {
                    self.expected(format!("expected one of {} or {} more", quoted(first), rest.len()))
                }
                _ => self.expected(format!("expected one of {}", quoted(words))),
            },
        }
    }

    /// The text for people; with colours for a terminal when asked.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        let group = Group::with_title(Level::ERROR.primary_title(&self.what));
        let group = match (&self.at, &self.line) {
            (Some(at), Some(line)) if !line.trim().is_empty() => {
                let mark = AnnotationKind::Primary
                    .span(marked(line, at.column, self.width))
                    .label(self.expected.as_deref());
                group.element(
                    Snippet::source(line.as_str())
                        .line_start(at.line)
                        .path(at.file.display().to_string())
                        .annotation(mark),
                )
            }
            (Some(at), _) => self.note(
                group.element(
                    Origin::path(at.file.display().to_string())
                        .line(at.line)
                        .char_column(at.column),
                ),
            ),
            (None, _) => self.note(group),
        };
        let group = match &self.help {
            Some(help) => group.element(Level::HELP.message(help)),
            None => group,
        };
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        renderer.render(&[group])
    }

    /// `expected` as a note, for problems without a marker to stand beside.
    fn note<'a>(&'a self, group: Group<'a>) -> Group<'a> {
        match &self.expected {
            Some(expected) => group.element(Level::NOTE.message(expected)),
            None => group,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

/// For `--format json`: one flat object, `null` where there is nothing to say.
impl Serialize for Problem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Flat<'a> {
            file: Option<String>,
            line: Option<usize>,
            column: Option<usize>,
            message: &'a str,
            expected: Option<&'a str>,
            help: Option<&'a str>,
            snippet: Option<&'a str>,
        }
        let at = self.at.as_ref();
        Flat {
            file: at.map(|at| at.file.display().to_string()),
            line: at.map(|at| at.line),
            column: at.map(|at| at.column),
            message: &self.what,
            expected: self.expected.as_deref(),
            help: self.help.as_deref(),
            snippet: self.line.as_deref(),
        }
        .serialize(serializer)
    }
}

/// Every problem that was found, in the order of files and lines.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// No problem was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// One after another.
    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.0.iter()
    }

    /// The text for people: each problem, then a line that counts them; with colours when asked.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        let mut text = String::new();
        for problem in &self.0 {
            text.push_str(&problem.render(colour));
            text.push_str("\n\n");
        }
        let mut files: Vec<_> = self.0.iter().filter_map(|p| p.at.as_ref()).collect();
        files.sort_by_key(|at| &at.file);
        files.dedup_by_key(|at| &at.file);
        text.push_str(&count(self.len(), "problem"));
        if !files.is_empty() {
            text.push_str(&format!(" in {}", count(files.len(), "file")));
        }
        text
    }

    pub(crate) fn push(&mut self, problem: Problem) {
        self.0.push(problem);
    }

    pub(crate) fn extend(&mut self, problems: impl IntoIterator<Item = Problem>) {
        self.0.extend(problems);
    }

    /// In the order of files, lines and columns; what has no place comes first.
    pub(crate) fn sorted(mut self) -> Self {
        self.0.sort_by(|a, b| a.at.cmp(&b.at));
        self
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Problems {}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

impl IntoIterator for Problems {
    type Item = Problem;
    type IntoIter = std::vec::IntoIter<Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Problems {
    type Item = &'a Problem;
    type IntoIter = std::slice::Iter<'a, Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

/// Words in backticks with commas between.
pub(crate) fn quoted<S: AsRef<str>>(words: &[S]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("`{}`", word.as_ref())).collect();
    words.join(", ")
}

/// The word that was probably meant: at most a third of its letters away.
fn nearest<'a>(written: &str, words: &[&'a str]) -> Option<&'a str> {
    words
        .iter()
        .map(|word| (strsim::damerau_levenshtein(written, word), *word))
        .filter(|(distance, word)| *distance <= (word.chars().count() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// Byte range of the marked characters, kept inside the line.
fn marked(line: &str, column: usize, width: usize) -> std::ops::Range<usize> {
    let byte = |chars: usize| line.char_indices().nth(chars).map_or(line.len(), |(byte, _)| byte);
    let start = byte(column.saturating_sub(1));
    start..byte(column.saturating_sub(1) + width.max(1)).max(start)
}

fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// Messages quote files, so control characters are made visible instead of being sent to a terminal.
fn printable(text: String) -> String {
    if text.chars().any(char::is_control) {
        text.chars()
            .map(|c| {
                if c.is_control() {
                    c.escape_default().to_string()
                } else {
                    c.to_string()
                }
            })
            .collect()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_offered_and_a_far_one_is_not() {
        assert_eq!(nearest("dynmaic", &["none", "dynamic", "dockerfile"]), Some("dynamic"));
        assert_eq!(nearest("wheel", &["none", "dynamic"]), None);
    }

    #[test]
    fn a_long_choice_is_cut_short() {
        let words: Vec<String> = (0..1000).map(|number| format!("project-{number}")).collect();
        let problem = Problem::new("x").choices("projcet-999", words.iter().map(String::as_str));
        let expected = problem.expected.unwrap();
        assert!(expected.ends_with("`project-19` or 980 more"), "{expected}");
        assert_eq!(problem.help.unwrap(), "did you mean `project-999`?");
    }

    #[test]
    fn a_marker_beyond_the_line_stays_inside() {
        assert_eq!(marked("äb", 2, 9), 2..3);
        assert_eq!(marked("ab", 9, 1), 2..2);
    }

    #[test]
    fn a_problem_is_one_flat_object_for_machines() {
        let problem = Problem {
            at: Some(At {
                file: "a.yaml".into(),
                line: 2,
                column: 3,
            }),
            ..Problem::new("unknown key `x`").help("did you mean `y`?")
        };
        let expected = serde_json::json!([{
            "file": "a.yaml", "line": 2, "column": 3, "message": "unknown key `x`", "expected": null,
            "help": "did you mean `y`?", "snippet": null,
        }]);
        assert_eq!(serde_json::to_value(Problems::from(problem)).unwrap(), expected);
    }

    #[test]
    fn control_characters_never_reach_the_terminal() {
        assert_eq!(Problem::new("bad \u{1b}[2J").what, "bad \\u{1b}[2J");
    }
}
