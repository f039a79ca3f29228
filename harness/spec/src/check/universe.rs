//! From a universe file to a [`Universe`], and projects as scenarios give them inline.

use std::collections::BTreeMap;

use pep508_rs::pep440_rs::Version;

use super::Checker;
use crate::diagnostic::Problems;
use crate::source::{Source, Span};
use crate::tree::Node;
use crate::universe::{Expected, Resolution, Universe, UniverseProject, UniverseRelease};
use crate::wire::{self, ExpectedEntry, PackagesFile, ProjectEntries, ReleaseEntry};

/// Projects by their normalised names.
pub(super) type Projects = BTreeMap<String, UniverseProject>;

/// Reads and checks one universe file; its name comes from the file name.
pub(crate) fn universe(name: &str, source: &Source) -> Result<Universe, Problems> {
    let (root, file) = wire::read::<PackagesFile>(source)?;
    let mut checker = Checker::new(source);
    let projects = checker.projects(root.child("projects"), file.projects);
    let expected = root.child("expected");
    let expected = file
        .expected
        .into_iter()
        .enumerate()
        .map(|(index, entry)| checker.expected(expected.item(index), entry, &projects))
        .collect();
    checker.finish(Some(Universe {
        name: name.to_owned(),
        file: source.file.clone(),
        projects: projects.into_values().collect(),
        expected,
    }))
}

impl Checker<'_> {
    /// Checks projects and their releases.
    pub(super) fn projects(&mut self, node: &Node, mut entries: ProjectEntries) -> Projects {
        let mut projects = Projects::new();
        for node in node.items() {
            let written = node.key.as_ref().map_or("", |key| key.text.as_str());
            let Some(releases) = entries.remove(written) else {
                continue;
            };
            let Some(name) = self.project_name(node.head(), written) else {
                continue;
            };
            if projects.contains_key(&name) {
                self.named_twice(node.head(), written, &name);
            }
            let project = UniverseProject {
                name: written.to_owned(),
                releases: self.releases(node, &name, releases),
            };
            projects.insert(name, project);
        }
        projects
    }

    fn releases(&mut self, list: &Node, project: &str, entries: Vec<ReleaseEntry>) -> Vec<UniverseRelease> {
        if entries.is_empty() {
            let problem = self.key(list, format!("`{project}` has no release"));
            self.push(problem.help("give it one, or leave the project out"));
        }
        let mut seen: BTreeMap<Version, String> = BTreeMap::new();
        let mut releases = Vec::new();
        for (index, entry) in entries.into_iter().enumerate() {
            let node = list.item(index);
            let place = node.child("version");
            if let Some(version) = self.version(place, &entry.version)
                && let Some(earlier) = seen.insert(version, entry.version.clone())
            {
                let what = format!("`{}` is given twice: it is the version `{earlier}`", entry.version);
                let problem = self.value(place, what);
                self.push(problem.help("keep one of the two"));
            }
            releases.push(self.release(node, project, entry));
        }
        releases
    }

    /// One resolution; what it installs must be there.
    fn expected(&mut self, node: &Node, entry: ExpectedEntry, projects: &Projects) -> Expected {
        self.specifiers(node.child("requires"), &entry.requires);
        let resolution = match (entry.resolves, entry.fails) {
            (Some(resolves), None) => Resolution::Resolves(self.resolves(node.child("resolves"), resolves, projects)),
            (None, Some(text)) => Resolution::Fails(text),
            (Some(_), Some(text)) => {
                let problem = self.key(node.child("fails"), "`resolves` and `fails` exclude one another");
                self.push(problem.help("keep one of the two"));
                Resolution::Fails(text)
            }
            (None, None) => {
                let problem = self.key(node, "neither `resolves` nor `fails` is expected");
                self.push(problem.help("say what gets installed: `resolves: { acme: 1.0.0 }`, or how it `fails`"));
                Resolution::Resolves(BTreeMap::new())
            }
        };
        let files = match (&resolution, node.get("files")) {
            (Resolution::Resolves(resolves), Some(files)) => {
                self.expected_files(files, entry.files, resolves, projects)
            }
            (Resolution::Fails(_), Some(files)) => {
                let problem = self.key(files, "`files` and `fails` exclude one another");
                self.push(problem.help("nothing gets installed; keep one of the two"));
                BTreeMap::new()
            }
            (_, None) => BTreeMap::new(),
        };
        Expected {
            requires: entry.requires,
            resolution,
            files,
            why: entry.why,
            at: self.source.at(node.head()),
        }
    }

    /// What gets installed, by normalised names.
    fn resolves(
        &mut self,
        node: &Node,
        mut written: BTreeMap<String, String>,
        projects: &Projects,
    ) -> BTreeMap<String, String> {
        let mut resolves = BTreeMap::new();
        for node in node.items() {
            let project = node.key.as_ref().map_or("", |key| key.text.as_str());
            let (Some(version), Some(name)) = (written.remove(project), self.project_name(node.head(), project)) else {
                continue;
            };
            let known = self.known_project(node.head(), &name, projects);
            let Some(release) = known.and_then(|known| self.known_release(node, known, &version)) else {
                continue;
            };
            if resolves.contains_key(&name) {
                self.named_twice(node.head(), project, &name);
            }
            resolves.insert(name, release.version.clone());
        }
        resolves
    }

    /// Files of releases that get installed, by normalised names.
    fn expected_files(
        &mut self,
        node: &Node,
        mut written: BTreeMap<String, String>,
        resolves: &BTreeMap<String, String>,
        projects: &Projects,
    ) -> BTreeMap<String, String> {
        let mut files = BTreeMap::new();
        for node in node.items() {
            let project = node.key.as_ref().map_or("", |key| key.text.as_str());
            let (Some(file), Some(name)) = (written.remove(project), self.project_name(node.head(), project)) else {
                continue;
            };
            let Some(version) = resolves.get(&name) else {
                let problem = self.key(node, format!("`{name}` is not among what gets installed"));
                self.push(problem.choices(&name, resolves.keys().map(String::as_str)));
                continue;
            };
            let mut releases = projects.get(&name).into_iter().flat_map(|project| &project.releases);
            if let Some(release) = releases.find(|release| release.version == *version) {
                self.file(node, &name, release, &file);
            }
            if files.contains_key(&name) {
                self.named_twice(node.head(), project, &name);
            }
            files.insert(name, file);
        }
        files
    }

    /// The project of this normalised name; says so where the universe has none.
    pub(super) fn known_project<'u>(
        &mut self,
        place: Span,
        name: &str,
        projects: &'u Projects,
    ) -> Option<&'u UniverseProject> {
        let known = projects.get(name);
        if known.is_none() {
            let problem = self
                .source
                .problem(place, format!("the universe has no project `{name}`"));
            self.push(problem.choices(name, projects.keys().map(String::as_str)));
        }
        known
    }

    /// The release of this version, however it is written; says so where the project has none.
    pub(super) fn known_release<'u>(
        &mut self,
        node: &Node,
        project: &'u UniverseProject,
        written: &str,
    ) -> Option<&'u UniverseRelease> {
        let version = self.version(node, written)?;
        let is_it = |release: &&UniverseRelease| release.version.parse().is_ok_and(|own: Version| own == version);
        let known = project.releases.iter().find(is_it);
        if known.is_none() {
            let problem = self.value(node, format!("`{}` has no release `{written}`", project.name));
            let versions = project.releases.iter().map(|release| release.version.as_str());
            self.push(problem.choices(written, versions));
        }
        known
    }
}
