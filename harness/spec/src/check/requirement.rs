//! One requirement line as pip reads it: a specifier, a path, an address, or an option.

use std::str::FromStr;

use pep508_rs::{Requirement, VerbatimUrl, VersionOrUrl};

use super::Checker;
use crate::source::Span;
use crate::tree::Node;

/// Options that pip knows on a line of their own, in a requirements file.
const FILE_OPTIONS: [&str; 17] = [
    "-i",
    "--index-url",
    "--extra-index-url",
    "--no-index",
    "-c",
    "--constraint",
    "-r",
    "--requirement",
    "-e",
    "--editable",
    "-f",
    "--find-links",
    "--no-binary",
    "--only-binary",
    "--prefer-binary",
    "--require-hashes",
    "--pre",
];

/// Options that pip knows after a requirement.
const LINE_OPTIONS: [&str; 3] = ["--hash", "--config-settings", "--global-option"];

/// What marks a path to an archive even without a `/`.
const ARCHIVES: [&str; 4] = [".whl", ".zip", ".tar.gz", ".tar.bz2"];

impl Checker<'_> {
    /// Checks every line of a list of requirements.
    pub(super) fn requirements(&mut self, list: &Node, lines: &[String]) {
        for (index, line) in lines.iter().enumerate() {
            self.requirement(list.item(index), line);
        }
    }

    /// Checks a list of what packages require: specifiers, without options, paths and addresses.
    pub(super) fn specifiers(&mut self, list: &Node, lines: &[String]) {
        for (index, line) in lines.iter().enumerate() {
            self.specifier(list.item(index), line);
        }
    }

    /// Checks every line of a constraints file: specifiers without extras, which pip refuses there.
    pub(super) fn constraints(&mut self, list: &Node, lines: &[String]) {
        for (index, line) in lines.iter().enumerate() {
            let node = list.item(index);
            if let Some(specifier) = self.specifier(node, line)
                && !specifier.extras.is_empty()
            {
                let problem = self.value(node, format!("the constraint `{line}` asks for extras"));
                self.push(problem.help("name the extras in `requirements`"));
            }
        }
    }

    fn specifier(&mut self, node: &Node, line: &str) -> Option<Requirement<VerbatimUrl>> {
        if !self.one_requirement(node, line) {
            return None;
        }
        let specifier = if is_location(line) {
            None
        } else {
            let parsed = self.parsed(node, line, "for example `numpy==1.25.2`, `requests>=2.31,<3`")?;
            Some(parsed).filter(|parsed| !matches!(parsed.version_or_url, Some(VersionOrUrl::Url(_))))
        };
        if specifier.is_none() {
            let problem = self.value(node, format!("`{line}` is a path or an address"));
            self.push(problem.expected("expected a specifier, for example `numpy==1.25.2`"));
        }
        specifier
    }

    /// Whether a line can hold a requirement at all.
    fn one_requirement(&mut self, node: &Node, line: &str) -> bool {
        if line.trim().is_empty() || line.trim_start().starts_with('#') {
            let problem = self.value(node, "this line names no requirement");
            self.push(problem.help("leave it out"));
            return false;
        }
        if line.contains(['\n', '\r']) {
            let problem = self.value(node, "a requirement holds a line break");
            self.push(problem.help("write one list item per requirement"));
            return false;
        }
        true
    }

    fn requirement(&mut self, node: &Node, line: &str) {
        if !self.one_requirement(node, line) {
            return;
        }
        let (line, options) = split_options(line);
        if line.starts_with('-') {
            return self.option(node, line, &FILE_OPTIONS);
        }
        for option in options {
            self.option(node, option, &LINE_OPTIONS);
        }
        if !is_location(line) {
            self.parsed(
                node,
                line,
                "for example `numpy==1.25.2`, `requests>=2.31,<3`, `./local.whl`",
            );
        }
    }

    /// A requirement by PEP 508; says what is wrong with one that cannot be read.
    fn parsed(&mut self, node: &Node, line: &str, help: &str) -> Option<Requirement<VerbatimUrl>> {
        let error = match Requirement::from_str(line) {
            Ok(requirement) => return Some(requirement),
            Err(error) => error,
        };
        let span = within(node.span, line, error.start, error.len);
        let mut message = error.message.to_string();
        // pep508_rs draws its own marker below some messages; ours stands at the same place.
        message.truncate(message.find('\n').unwrap_or(message.len()));
        let problem = self
            .source
            .problem(span, format!("bad requirement `{line}`: {message}"));
        self.push(problem.help(help));
        None
    }

    fn option(&mut self, node: &Node, option: &str, known: &[&str]) {
        let name = option.split(['=', ' ']).next().unwrap_or(option);
        if !known.contains(&name) {
            let problem = self.value(node, format!("pip knows no option `{name}` here"));
            self.push(problem.choices(name, known.iter().copied()));
        }
    }
}

/// The requirement without its comment, and the options after it.
fn split_options(line: &str) -> (&str, Vec<&str>) {
    let line = line.split(" #").next().unwrap_or(line).trim();
    if line.starts_with('-') {
        return (line, Vec::new());
    }
    let Some(end) = line.find(" --") else {
        return (line, Vec::new());
    };
    let options = line[end..].split_whitespace().filter(|word| word.starts_with("--"));
    (line[..end].trim(), options.collect())
}

/// Whether pip takes this for a path or an address and not for a project's name.
fn is_location(line: &str) -> bool {
    let path = line.split(['[', ';', ' ']).next().unwrap_or(line);
    line.starts_with(['.', '/'])
        || line
            .split_once("://")
            .is_some_and(|(scheme, _)| !scheme.contains(['@', ' ']))
        || ARCHIVES.iter().any(|end| path.ends_with(end))
}

/// The bad part of a requirement, where the item is written on one line as it is.
fn within(item: Span, line: &str, start: usize, len: usize) -> Span {
    let letters = line.chars().count();
    if item.width < letters {
        return item;
    }
    // A quoted item is wider than its text: the opening quote comes first.
    let quote = usize::from(item.width > letters);
    Span {
        column: item.column + quote + start.min(letters.saturating_sub(1)),
        width: len.clamp(1, letters.saturating_sub(start).max(1)),
        ..item
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;
    use crate::tree::Kind;

    fn problems(line: &str) -> Vec<String> {
        let source = Source::new("x.yaml", line);
        let mut checker = Checker::new(&source);
        let width = line.chars().count().max(1);
        let node = Node {
            key: None,
            span: Span {
                line: 1,
                column: 1,
                width,
            },
            kind: Kind::Text(line.to_owned()),
        };
        checker.requirement(&node, line);
        checker.problems.into_iter().map(|problem| problem.what).collect()
    }

    #[test]
    fn what_pip_reads_is_accepted() {
        for line in [
            "numpy==1.25.2",
            "requests[socks]>=2.31,<3 ; python_version >= '3.9'",
            "six==1.16.0 --hash=sha256:abc --hash=sha256:def",
            "./harbor-1.0-py3-none-any.whl",
            "harbor-1.0-py3-none-any.whl",
            "harbor @ file:///var/azureml-app/harbor-1.0-py3-none-any.whl",
            "git+ssh://git@example.org/harbor.git@v1",
            "-e ./package",
            "--no-index",
            "six  # why",
        ] {
            assert_eq!(problems(line), [""; 0], "{line}");
        }
    }

    #[test]
    fn junk_is_refused() {
        for line in [
            "",
            "# only a comment",
            "numpy=1.25.2",
            "numpy 1.25",
            "==1.0",
            "--no-indes",
            "six --hsah=1",
        ] {
            assert_eq!(problems(line).len(), 1, "{line}");
        }
    }
}
