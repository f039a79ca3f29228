//! The semantic checks: from a well-formed wire struct to checked meaning, all problems with their places.

mod action;
mod again;
mod budget;
mod contract;
mod expect;
mod extend;
mod image;
mod index;
mod name;
mod never;
mod path;
mod release;
mod replicas;
mod requirement;
mod sampling;
mod scenario;
mod script;
mod universe;

pub(crate) use contract::contract;
pub(crate) use image::image;
pub(crate) use scenario::{is_name, scenario};
pub(crate) use universe::universe;

use crate::diagnostic::{Problem, Problems};
use crate::source::Source;
use crate::tree::Node;

/// Collects the problems of one file.
pub(crate) struct Checker<'a> {
    source: &'a Source,
    problems: Problems,
}

impl<'a> Checker<'a> {
    fn new(source: &'a Source) -> Self {
        Self {
            source,
            problems: Problems::default(),
        }
    }

    /// A problem with a value, to be completed and pushed.
    fn value(&self, node: &Node, what: impl Into<String>) -> Problem {
        self.source.problem(node.span, what)
    }

    /// A problem with a key or a whole block.
    fn key(&self, node: &Node, what: impl Into<String>) -> Problem {
        self.source.problem(node.head(), what)
    }

    fn push(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// `value` when nothing was wrong.
    fn finish<T>(self, value: Option<T>) -> Result<T, Problems> {
        match value {
            Some(value) if self.problems.is_empty() => Ok(value),
            _ => Err(self.problems),
        }
    }

    /// Names of environment variables.
    fn variable(&mut self, place: crate::source::Span, name: &str) {
        let well_formed = !name.starts_with(|c: char| c.is_ascii_digit())
            && !name.is_empty()
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !well_formed {
            let what = format!("`{name}` cannot be the name of an environment variable");
            let problem = self.source.problem(place, what);
            self.push(problem.expected("expected letters, digits and `_`"));
        }
    }
}
