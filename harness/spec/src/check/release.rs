//! One release of a universe's project: what it needs, which files it has and what is in them.

use std::collections::BTreeMap;
use std::str::FromStr;

use pep508_rs::ExtraName;
use pep508_rs::pep440_rs::VersionSpecifiers;

use super::Checker;
use crate::tree::Node;
use crate::universe::{FileKind, UniverseRelease, underscored};
use crate::wire::ReleaseEntry;

impl Checker<'_> {
    /// Checks all but the version, which its project has looked at.
    pub(super) fn release(&mut self, node: &Node, project: &str, entry: ReleaseEntry) -> UniverseRelease {
        let uploaded = entry.uploaded.and_then(|text| {
            let instant = self.instant(node.child("uploaded"), &text);
            instant.map(|instant| instant.to_string())
        });
        self.specifiers(node.child("requires"), &entry.requires);
        if let Some(written) = &entry.requires_python
            && (VersionSpecifiers::from_str(written).is_err() || written.contains(['\n', '\r']))
        {
            let problem = self.value(
                node.child("requires_python"),
                format!("`{written}` does not say which Pythons"),
            );
            self.push(problem.expected("expected version specifiers, for example `>=3.8,<4`"));
        }
        let extras = self.extras(node.child("extras"), entry.extras);
        let modules = self.modules(node, project, entry.modules);
        self.scripts(node.child("scripts"), &entry.scripts, &modules);
        UniverseRelease {
            version: entry.version,
            uploaded,
            requires: entry.requires,
            extras,
            requires_python: entry.requires_python,
            yanked: entry.yanked,
            files: self.release_files(node.child("files"), entry.files),
            modules,
            raises: entry.raises,
            import_cost: entry.import_cost.map(|cost| cost.0),
            size: entry.size.map_or(0, |size| size.0),
            count: entry.count.unwrap_or_default(),
            scripts: entry.scripts,
        }
    }

    /// Extras under their normalised names.
    fn extras(&mut self, node: &Node, mut written: BTreeMap<String, Vec<String>>) -> BTreeMap<String, Vec<String>> {
        let mut extras = BTreeMap::new();
        for node in node.items() {
            let name = node.key.as_ref().map_or("", |key| key.text.as_str());
            let Some(requires) = written.remove(name) else {
                continue;
            };
            self.specifiers(node, &requires);
            let Ok(extra) = ExtraName::from_str(name) else {
                let problem = self.key(node, format!("`{name}` cannot be the name of an extra"));
                self.push(problem.expected("expected letters, digits, `-`, `_` and `.`"));
                continue;
            };
            let extra = extra.to_string();
            if extras.contains_key(&extra) {
                self.named_twice(node.head(), name, &extra);
            }
            extras.insert(extra, requires);
        }
        extras
    }

    /// The files; left out, one wheel for every Python.
    fn release_files(&mut self, list: &Node, written: Option<Vec<String>>) -> Vec<FileKind> {
        let Some(written) = written else {
            return vec![FileKind::Wheel {
                tag: "py3-none-any".to_owned(),
                build: None,
            }];
        };
        let mut files = Vec::new();
        for (index, word) in written.iter().enumerate() {
            let node = list.item(index);
            let Some(file) = file_kind(word) else {
                let problem = self.value(node, format!("`{word}` is not the tag of a wheel"));
                self.push(
                    problem.expected("expected `sdist`, `py3-none-any`, `1-cp311-cp311-linux_x86_64` or the like"),
                );
                continue;
            };
            if files.contains(&file) {
                let problem = self.value(node, format!("the file `{word}` is given twice"));
                self.push(problem.help("leave one of the two out"));
            }
            files.push(file);
        }
        files
    }

    /// The modules; left out, one named after the project.
    fn modules(&mut self, node: &Node, project: &str, written: Option<Vec<String>>) -> Vec<String> {
        let Some(modules) = written else {
            let module = underscored(project);
            if !is_identifier(&module) {
                let problem = self.key(node, format!("`{module}` cannot be the name of a module"));
                self.push(problem.help("name the modules of this release with `modules`"));
            }
            return vec![module];
        };
        for (index, module) in modules.iter().enumerate() {
            if !is_identifier(module) {
                let node = node.child("modules").item(index);
                let problem = self.value(node, format!("`{module}` cannot be the name of a module"));
                self.push(problem.expected("expected a top-level module: letters, digits and `_`"));
            }
        }
        modules
    }

    /// Entry points, which lead to the `main` that every top-level module of a release has.
    fn scripts(&mut self, node: &Node, scripts: &BTreeMap<String, String>, modules: &[String]) {
        for (command, target) in scripts {
            let node = node.child(command);
            let letters = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            if !command.starts_with(|c: char| c.is_ascii_alphanumeric()) || !command.chars().all(letters) {
                let problem = self.key(node, format!("`{command}` cannot be the name of a command"));
                self.push(problem.expected("expected letters, digits, `-`, `_` and `.`"));
            }
            let Some(module) = target.strip_suffix(":main").filter(|module| is_identifier(module)) else {
                let problem = self.value(node, format!("`{target}` is not an entry point of made-up packages"));
                self.push(problem.expected("expected `module:main`, a top-level module of the release"));
                continue;
            };
            if !modules.iter().any(|own| own == module) {
                let problem = self.value(node, format!("this release has no module `{module}`"));
                self.push(problem.choices(module, modules.iter().map(String::as_str)));
            }
        }
    }
}

/// `sdist`, or a wheel by its tag with an optional build number in front.
fn file_kind(word: &str) -> Option<FileKind> {
    if word == "sdist" {
        return Some(FileKind::Sdist);
    }
    // By its letters `.whl` could be one more platform; it is the end of a file's name.
    if word.ends_with(".whl") {
        return None;
    }
    let (build, tag) = match word.split('-').collect::<Vec<_>>()[..] {
        [build, python, abi, platform] => (Some(build), [python, abi, platform]),
        [python, abi, platform] => (None, [python, abi, platform]),
        _ => return None,
    };
    let one = |tag: &str| {
        let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        !tag.is_empty() && tag.chars().all(letters)
    };
    // A part may stand for several tags at once (PEP 425): `py2.py3`.
    let well_formed = tag.iter().all(|part| part.split('.').all(one));
    let build = match build {
        Some(digits) if digits.starts_with(|c: char| c.is_ascii_digit()) => Some(digits.parse().ok()?),
        Some(_) => return None,
        None => None,
    };
    well_formed.then(|| FileKind::Wheel {
        tag: tag.join("-"),
        build,
    })
}

/// Words that Python keeps for itself, so that no module of their name can be imported (language reference, 2.3.1).
const KEYWORDS: [&str; 35] = [
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del",
    "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal",
    "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
];

/// Whether Python takes a word for a name; only ASCII, as names of files have it everywhere.
fn is_identifier(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !KEYWORDS.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wheel(tag: &str, build: Option<u32>) -> Option<FileKind> {
        let tag = tag.to_owned();
        Some(FileKind::Wheel { tag, build })
    }

    #[test]
    fn a_tag_has_three_parts_and_a_build_number_is_a_number() {
        assert_eq!(file_kind("sdist"), Some(FileKind::Sdist));
        assert_eq!(file_kind("py2.py3-none-any"), wheel("py2.py3-none-any", None));
        assert_eq!(
            file_kind("1-cp311-cp311-manylinux_2_17_x86_64"),
            wheel("cp311-cp311-manylinux_2_17_x86_64", Some(1))
        );
        for junk in [
            "",
            "wheel",
            "py3-any",
            "py3--any",
            "py3-none-any.",
            "b1-py3-none-any",
            "+1-py3-none-any",
            "../a-none-any",
            "Py3-none-any",
            "py3-none-any.whl",
            "py3-none-Linux_x86_64",
            "py3-none-a~ny",
            "py3-none-any ",
            "py3-none-\u{e4}ny",
            "1-2-py3-none-any",
        ] {
            assert_eq!(file_kind(junk), None, "{junk}");
        }
    }

    #[test]
    fn a_module_is_a_name_and_no_path() {
        assert!(is_identifier("_acme2"));
        assert!(is_identifier("match"), "a keyword only in some places");
        for junk in ["", "2acme", "a.b", "..", "a/b", "a-b", "a b", "class", "None", "async"] {
            assert!(!is_identifier(junk), "{junk}");
        }
    }
}
