//! What an event does, and whether the universe has what it moves.

use super::Checker;
use super::script::Shelf;
use crate::duration::WrittenDuration;
use crate::script::Action;
use crate::tree::Node;
use crate::universe::{UniverseProject, UniverseRelease};
use crate::wire::{ActionEntry, ConnectionWord, ContentWord};

impl Checker<'_> {
    /// Checks one action against the universe that it moves.
    pub(super) fn action(&mut self, node: &Node, entry: ActionEntry, shelf: &Shelf<'_>) -> Action {
        match entry {
            ActionEntry::Publish { project, version } => {
                let found = self.shelved(node.child("publish"), &project, &version, shelf);
                let (project, version) = names(found, project, version);
                Action::Publish { project, version }
            }
            ActionEntry::Add { project, version, file } => {
                let node = node.child("add");
                let found = self.shelved(node, &project, &version, shelf);
                if let Some((name, release)) = &found {
                    self.file(node.child("file"), name, release, &file);
                }
                let (project, version) = names(found, project, version);
                Action::Add { project, version, file }
            }
            ActionEntry::Yank {
                project,
                version,
                reason,
            } => {
                let node = node.child("yank");
                let found = self.shelved(node, &project, &version, shelf);
                if let Some((name, release)) = &found
                    && release.yanked.is_some()
                {
                    let problem = self.value(node.child("version"), format!("`{name}` {version} is yanked already"));
                    self.push(problem.help("leave this event out, or yank another release"));
                }
                let (project, version) = names(found, project, version);
                Action::Yank {
                    project,
                    version,
                    reason,
                }
            }
            ActionEntry::Delete {
                project,
                version: Some(version),
            } => {
                let found = self.shelved(node.child("delete"), &project, &version, shelf);
                let (project, version) = names(found, project, version);
                Action::Delete {
                    project,
                    version: Some(version),
                }
            }
            ActionEntry::Delete { project, version: None } => {
                let found = self.shelved_project(node.child("delete"), &project, shelf);
                Action::Delete {
                    project: found.map_or(project, |(name, _)| name),
                    version: None,
                }
            }
            ActionEntry::End { event } => Action::End { event },
            ActionEntry::Answer { status, retry_after } => {
                if let Some(WrittenDuration(after)) = retry_after
                    && after.subsec_nanos() != 0
                {
                    let node = node.child("answer").child("retry_after");
                    let problem = self.value(node, "Retry-After is told in whole seconds");
                    self.push(problem.help("for example `3s`"));
                }
                Action::Answer {
                    status,
                    retry_after: retry_after.map(|after| after.0),
                }
            }
            ActionEntry::Delay(delay) => Action::Delay(delay.0),
            ActionEntry::Throttle(rate) => Action::Throttle(rate.0),
            ActionEntry::Truncate(after) => Action::Truncate(after.0),
            ActionEntry::Connection(ConnectionWord::Reset) => Action::Reset,
            ActionEntry::Connection(ConnectionWord::Hang) => Action::Hang,
            ActionEntry::Content(ContentWord::Corrupt) => Action::Corrupt,
            ActionEntry::Content(ContentWord::Stale) => Action::Stale,
        }
    }

    /// The project that an action names, with its normalised name; says so where the universe has none.
    fn shelved_project<'u>(
        &mut self,
        node: &Node,
        written: &str,
        shelf: &Shelf<'u>,
    ) -> Option<(String, &'u UniverseProject)> {
        let place = node.child("project").span;
        let name = self.project_name(place, written)?;
        if !shelf.complete {
            return None;
        }
        if shelf.projects.is_empty() {
            let what = format!("this index has no universe, so no `{name}` that could move");
            let problem = self.source.problem(place, what);
            self.push(problem.help("give `packages` or `projects`: what comes from upstream stays as it is"));
            return None;
        }
        let known = self.known_project(place, &name, shelf.projects)?;
        Some((name, known))
    }

    /// The release that an action names, with its project's normalised name; says so where the universe has none.
    fn shelved<'u>(
        &mut self,
        node: &Node,
        project: &str,
        version: &str,
        shelf: &Shelf<'u>,
    ) -> Option<(String, &'u UniverseRelease)> {
        let known = self.shelved_project(node, project, shelf);
        let Some((name, known)) = known else {
            self.version(node.child("version"), version);
            return None;
        };
        let release = self.known_release(node.child("version"), known, version)?;
        if shelf.as_of.is_some_and(|as_of| release.uploaded_at() > as_of) {
            let what = format!("`{name}` {version} was uploaded after `as_of`, so it is left out");
            let problem = self.value(node.child("version"), what);
            self.push(problem.help("choose a later `as_of`, or another release"));
        }
        Some((name, release))
    }

    /// A file of a release; says so where it has none of that name.
    pub(super) fn file(&mut self, node: &Node, project: &str, release: &UniverseRelease, file: &str) {
        let files = release.file_names(project);
        if !files.iter().any(|name| name == file) {
            let version = &release.version;
            let problem = self.value(node, format!("`{project}` {version} has no file `{file}`"));
            self.push(problem.choices(file, files.iter().map(String::as_str)));
        }
    }
}

/// A release as the universe names it; as written where it has none.
fn names(found: Option<(String, &UniverseRelease)>, project: String, version: String) -> (String, String) {
    found.map_or((project, version), |(name, release)| (name, release.version.clone()))
}
