//! What several files name: projects, versions, instants.

use std::str::FromStr;

use jiff::Timestamp;
use pep508_rs::PackageName;
use pep508_rs::pep440_rs::Version;

use super::Checker;
use crate::instant::instant;
use crate::source::Span;
use crate::tree::Node;

impl Checker<'_> {
    /// The normal form (PEP 503) of a project's name; says so where it cannot be one.
    pub(super) fn project_name(&mut self, place: Span, written: &str) -> Option<String> {
        let name = PackageName::from_str(written).ok().map(|name| name.to_string());
        if name.is_none() {
            let what = format!("`{written}` cannot be the name of a project");
            let problem = self.source.problem(place, what);
            self.push(problem.expected("expected letters, digits, `-`, `_` and `.`"));
        }
        name
    }

    /// Two spellings of one normal form.
    pub(super) fn named_twice(&mut self, place: Span, written: &str, project: &str) {
        let what = format!("`{written}` is given twice: both names mean `{project}`");
        let problem = self.source.problem(place, what);
        self.push(problem.help("keep one of the two"));
    }

    /// A version of PEP 440; says so where it is none.
    pub(super) fn version(&mut self, node: &Node, written: &str) -> Option<Version> {
        // PEP 440 lets parsers strip blanks around a version; here they would get into names of files.
        let version = Version::from_str(written).ok().filter(|_| written.trim() == written);
        if version.is_none() {
            let problem = self.value(node, format!("`{written}` is not a version"));
            self.push(problem.expected("expected one exact version, for example `1.25.2`"));
        }
        version
    }

    /// An instant by RFC 3339; says so where it is none.
    pub(super) fn instant(&mut self, node: &Node, written: &str) -> Option<Timestamp> {
        let instant = instant(written);
        if instant.is_none() {
            let problem = self.value(node, format!("`{written}` is not an instant"));
            self.push(problem.expected("expected date, time and zone (RFC 3339), for example `2024-05-01T00:00:00Z`"));
        }
        instant
    }
}
