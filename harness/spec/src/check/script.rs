//! The script of an index: its events, when each happens and to which requests.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::universe::Projects;
use super::{Checker, is_name};
use crate::contract::Contract;
use crate::scenario::Method;
use crate::script::{Action, Event, Only, Trigger, What};
use crate::tree::Node;
use crate::universe::UniverseProject;
use crate::wire::{EventEntry, OnlyBlock, TriggerEntry};

/// Where a script plays: what its triggers can see.
pub(super) struct Stage<'a> {
    /// Replicas of each case.
    pub replicas: usize,
    /// Extension methods of the cases.
    pub via: &'a [Method],
    /// Contracts of the images.
    pub contracts: &'a [&'a Contract],
}

impl Stage<'_> {
    /// Whether any case asks the index while it boots.
    fn installs(&self) -> bool {
        self.via.contains(&Method::Dynamic)
    }
}

/// What a script moves: the universe of its index.
pub(super) struct Shelf<'a> {
    /// Its projects.
    pub projects: &'a Projects,
    /// Whether these are all: a universe may have problems of its own.
    pub complete: bool,
    /// Releases uploaded later than this will be left out.
    pub as_of: Option<Timestamp>,
    /// Whether nothing stands behind it.
    pub all: bool,
}

/// Events of a scenario by name, each with its line.
pub(super) type Names = BTreeMap<String, usize>;

impl Checker<'_> {
    /// Checks one script; events without a name are called by `unnamed` and their place.
    pub(super) fn script(
        &mut self,
        list: &Node,
        entries: Vec<EventEntry>,
        unnamed: &str,
        shelf: &Shelf<'_>,
        stage: &Stage<'_>,
        names: &mut Names,
    ) -> Vec<Event> {
        let mut events = Vec::new();
        for (index, mut entry) in entries.into_iter().enumerate() {
            let node = list.item(index);
            let written = entry.name.take();
            let name = written.unwrap_or_else(|| format!("{unnamed}-{}", index + 1));
            self.event_name(node, &name, names);
            events.push(self.event(node, name, entry, shelf, stage));
        }
        self.ends(list, &events);
        self.again(list, &events);
        if shelf.all {
            self.known_files(list, &events, shelf.projects);
        }
        events
    }

    fn event_name(&mut self, node: &Node, name: &str, names: &mut Names) {
        let place = node.child("name");
        if !is_name(name) {
            let problem = self.value(place, format!("`{name}` cannot be the name of an event"));
            self.push(problem.expected("expected lower-case letters, digits and `-`"));
        }
        match names.get(name) {
            None => {
                names.insert(name.to_owned(), place.span.line);
            }
            Some(line) => {
                let problem = self.value(place, format!("two events are named `{name}`"));
                self.push(problem.help(format!(
                    "the first is on line {line}; give one of the two another `name`"
                )));
            }
        }
    }

    fn event(&mut self, node: &Node, name: String, entry: EventEntry, shelf: &Shelf<'_>, stage: &Stage<'_>) -> Event {
        let action = self.action(node.child("do"), entry.action, shelf);
        if action.is_fault() && !stage.installs() {
            let fault = &node.child("do").items()[0];
            let problem = self.key(
                fault,
                format!(
                    "{} changes nothing: no case asks the index while it boots",
                    fault.name()
                ),
            );
            self.push(problem.help("only `dynamic` does: add it to `via`, or leave the event out"));
        }
        if !action.is_fault() {
            for key in ["only", "for", "times"] {
                if let Some(given) = node.get(key) {
                    let problem = self.key(given, format!("`{key}` belongs to faults, and this event is none"));
                    self.push(problem.help("leave it out"));
                }
            }
        }
        if entry.when.is_none() && matches!(action, Action::End { .. }) {
            let problem = self.key(
                node.child("do"),
                "this fault ends at the start, before it changes anything",
            );
            self.push(problem.help("say when it ends: `when: { after: 10s }`"));
        }
        let when = entry.when.map_or(Trigger::Start, |when| {
            self.trigger(node.child("when"), when, shelf, stage)
        });
        let only = entry.only.map(|only| self.only(node.child("only"), only, shelf, stage));
        let only = only.unwrap_or_default();
        if action == Action::Stale {
            let block = node.child("only");
            if matches!(only.what, Some(What::Files | What::Metadata)) {
                let problem = self.value(block.child("what"), "only pages can be stale");
                self.push(problem.help("write `what: pages`, or leave it out"));
            }
            if let Some(files) = block.get("files") {
                let problem = self.key(files, "only pages can be stale");
                self.push(problem.help("name `projects`"));
            }
        }
        Event {
            name,
            when,
            action,
            only,
            lasts: entry.lasts.map(|lasts| lasts.0),
            times: entry.times,
            at: self.source.at(node.head()),
        }
    }

    fn trigger(&mut self, node: &Node, entry: TriggerEntry, shelf: &Shelf<'_>, stage: &Stage<'_>) -> Trigger {
        let installs = stage.installs();
        match entry {
            TriggerEntry::After(delay) => Trigger::After(delay.0),
            TriggerEntry::Request { number, project } => {
                let node = node.child("request");
                if !installs {
                    self.needs_dynamic(node, "asks the index");
                }
                let project = project.and_then(|written| {
                    let asked = node.child("project");
                    self.asked_for(asked, &written, shelf)
                });
                Trigger::Request { number, project }
            }
            TriggerEntry::Served(bytes) => {
                if !installs {
                    self.needs_dynamic(node.child("served"), "asks the index");
                }
                Trigger::Served(bytes.0)
            }
            TriggerEntry::Started(list) => {
                Trigger::Started(self.replica_numbers(node.child("started"), list, stage.replicas))
            }
            TriggerEntry::Installing(list) => {
                let node = node.child("installing");
                if !installs {
                    self.needs_dynamic(node, "installs");
                }
                self.install_is_seen(node, stage.contracts);
                Trigger::Installing(self.replica_numbers(node, list, stage.replicas))
            }
            TriggerEntry::Ready(list) => {
                Trigger::Ready(self.replica_numbers(node.child("ready"), list, stage.replicas))
            }
        }
    }

    /// A trigger that only a dynamic installation sets off.
    fn needs_dynamic(&mut self, node: &Node, does: &str) {
        let problem = self.key(
            node,
            format!("{} never comes: no case {does} while it boots", node.name()),
        );
        self.push(problem.help("only `dynamic` does: add it to `via`, or give another `when`"));
    }

    fn install_is_seen(&mut self, node: &Node, contracts: &[&Contract]) {
        for contract in contracts
            .iter()
            .filter(|contract| contract.marks.install_begin.is_none())
        {
            let name = &contract.name;
            let what = format!("`installing` cannot be seen: the contract `{name}` has no mark `install_begin`");
            let problem = self.key(node, what);
            self.push(problem.help("give another `when`: `started`, `request`"));
        }
    }

    fn only(&mut self, node: &Node, block: OnlyBlock, shelf: &Shelf<'_>, stage: &Stage<'_>) -> Only {
        let list = node.child("projects");
        let projects = block.projects.unwrap_or_default();
        let projects = projects
            .iter()
            .enumerate()
            .filter_map(|(index, written)| self.asked_for(list.item(index), written, shelf))
            .collect();
        let files = block.files.unwrap_or_default();
        if !files.is_empty() && block.what.map(What::from) == Some(What::Pages) {
            let problem = self.value(node.child("what"), "no page is among `files`");
            self.push(problem.help("write `files` or `metadata`, or leave it out"));
        }
        let replicas = block.replicas.unwrap_or_default();
        Only {
            projects,
            files,
            what: block.what.map(What::from),
            replicas: self.replica_numbers(node.child("replicas"), replicas, stage.replicas),
            share: block.share.map(|share| share.0),
        }
    }

    /// A project that the index can be asked for with success, normalised; with something behind the universe, any.
    fn asked_for(&mut self, node: &Node, written: &str, shelf: &Shelf<'_>) -> Option<String> {
        let name = self.project_name(node.span, written)?;
        if shelf.all {
            self.known_project(node.span, &name, shelf.projects)?;
        }
        Some(name)
    }

    /// Files that a fault is for must be in the universe, or be added to it.
    fn known_files(&mut self, list: &Node, events: &[Event], projects: &Projects) {
        let files = |project: &UniverseProject| {
            let names = project.releases.iter().map(|release| release.file_names(&project.name));
            names.flatten().collect::<Vec<_>>()
        };
        let added = events.iter().filter_map(|event| match &event.action {
            Action::Add { file, .. } => Some(file.clone()),
            _ => None,
        });
        let known: Vec<String> = projects.values().flat_map(files).chain(added).collect();
        for (index, event) in events.iter().enumerate() {
            let nodes = list.item(index).child("only").child("files");
            for (index, name) in event.only.files.iter().enumerate() {
                if !known.contains(name) {
                    let problem = self.value(nodes.item(index), format!("the index has no file `{name}`"));
                    self.push(problem.choices(name, known.iter().map(String::as_str)));
                }
            }
        }
    }

    /// What ends must be a fault of the same script, which has begun by then.
    fn ends(&mut self, list: &Node, events: &[Event]) {
        for (index, event) in events.iter().enumerate() {
            let Action::End { event: ended } = &event.action else {
                continue;
            };
            let node = list.item(index).child("do").child("end").child("event");
            let mut faults = events.iter().filter(|event| event.action.is_fault());
            if let Some(fault) = faults.find(|fault| fault.name == *ended) {
                self.ends_in_time(list.item(index).child("when"), event, fault);
                continue;
            }
            let what = if events.iter().any(|event| event.name == *ended) {
                format!("`{ended}` is no fault, so it never ends")
            } else {
                format!("this script has no event `{ended}`")
            };
            let problem = self.value(node, what);
            let faults = events.iter().filter(|event| event.action.is_fault());
            self.push(problem.choices(ended, faults.map(|fault| fault.name.as_str())));
        }
    }

    /// Where both wait for time alone, the end must come after the beginning.
    fn ends_in_time(&mut self, when: &Node, end: &Event, fault: &Event) {
        if let (Trigger::After(end), Trigger::After(begin)) = (&end.when, &fault.when)
            && end <= begin
        {
            let name = &fault.name;
            let what = format!("`{name}` begins only after {begin:?}, so this ends nothing");
            let problem = self.value(when.child("after"), what);
            self.push(problem.expected(format!("expected more than {begin:?}")));
        }
    }
}
