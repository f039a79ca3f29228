//! Events that come too late to change anything: another event of the same script has moved the same.

use std::collections::BTreeMap;

use super::Checker;
use crate::script::{Action, Event};
use crate::tree::Node;

/// What an event moves.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Moved<'a> {
    /// What becomes of it, as a participle.
    becomes: &'static str,
    project: &'a str,
    /// `None`: the whole project.
    version: Option<&'a str>,
    /// Of what is added.
    file: Option<&'a str>,
}

impl<'a> Moved<'a> {
    /// Nothing for faults and their ends.
    fn by(action: &'a Action) -> Option<Self> {
        let moved = |becomes, project, version, file| Moved {
            becomes,
            project,
            version,
            file,
        };
        match action {
            Action::Publish { project, version } => Some(moved("published", project, Some(version), None)),
            Action::Add { project, version, file } => Some(moved("added", project, Some(version), Some(file))),
            Action::Yank { project, version, .. } => Some(moved("yanked", project, Some(version), None)),
            Action::Delete { project, version } => Some(moved("deleted", project, version.as_deref(), None)),
            _ => None,
        }
    }

    /// Its name for a message.
    fn subject(&self) -> String {
        match (self.file, self.version) {
            (Some(file), _) => format!("`{file}`"),
            (None, Some(version)) => format!("`{}` {version}", self.project),
            (None, None) => format!("`{}`", self.project),
        }
    }
}

impl Checker<'_> {
    /// Checks every event against those before it in the list: nothing comes or is yanked twice, and what is gone stays
    /// as it is.
    pub(super) fn again(&mut self, list: &Node, events: &[Event]) {
        let mut done: BTreeMap<Moved<'_>, usize> = BTreeMap::new();
        let mut gone: BTreeMap<(&str, Option<&str>), usize> = BTreeMap::new();
        for (index, event) in events.iter().enumerate() {
            let Some(moved) = Moved::by(&event.action) else {
                continue;
            };
            let Moved { project, version, .. } = moved;
            let node = &list.item(index).child("do").items()[0];
            if let Some(line) = gone.get(&(project, None)).or_else(|| gone.get(&(project, version))) {
                let problem = self.key(node, format!("{} is gone by then", moved.subject()));
                self.push(problem.help(format!(
                    "the event on line {line} deletes it; write this one before that, or leave one of the two out"
                )));
            } else if let Some(line) = done.insert(moved, event.at.line) {
                let what = format!("{} is {} twice", moved.subject(), moved.becomes);
                let problem = self.key(node, what);
                self.push(problem.help(format!("the event on line {line} does that; leave this one out")));
            }
            if matches!(event.action, Action::Delete { .. }) {
                gone.entry((project, version)).or_insert(event.at.line);
            }
        }
        self.joins_what_is_held_back(list, events);
    }

    /// A release that an event publishes is held back with all its files, so none can join it.
    fn joins_what_is_held_back(&mut self, list: &Node, events: &[Event]) {
        let published: BTreeMap<(&str, &str), usize> = events
            .iter()
            .filter_map(|event| match &event.action {
                Action::Publish { project, version } => Some(((project.as_str(), version.as_str()), event.at.line)),
                _ => None,
            })
            .collect();
        for (index, event) in events.iter().enumerate() {
            if let Action::Add { project, version, .. } = &event.action
                && let Some(line) = published.get(&(project.as_str(), version.as_str()))
            {
                let node = list.item(index).child("do").child("add");
                let what = format!("a file joins `{project}` {version}, which is itself published by an event");
                let problem = self.key(node, what);
                self.push(problem.help(format!("leave this one or the event on line {line} out")));
            }
        }
    }
}
