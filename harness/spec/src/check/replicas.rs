//! Replicas: how they start and start again, and what is expected of them together.

use super::Checker;
use super::expect::Setting;
use crate::index::Behind;
use crate::replicas::{Replicas, ReplicasExpect, Restart, Start};
use crate::script::Action;
use crate::tree::Node;
use crate::universe::UniverseProject;
use crate::wire::{ReplicaList, ReplicasEntry, RestartEntry, RestartWord, StartEntry};

impl Checker<'_> {
    /// Checks how many replicas there are and how they start.
    pub(super) fn replicas(
        &mut self,
        root: &Node,
        count: usize,
        start: Option<StartEntry>,
        restart: Vec<RestartEntry>,
    ) -> Replicas {
        let node = root.child("start");
        if start.is_some() && count == 1 {
            let problem = self.key(node, "`start` has no effect: there is one replica");
            self.push(problem.help("leave it out, or give `replicas`"));
        }
        let start = match start {
            None => Start::Together,
            Some(StartEntry::Staggered(apart)) => Start::Staggered(apart.0),
            Some(StartEntry::Waves { of, every }) => {
                if of >= count && count > 1 {
                    let of = node.child("waves").child("of");
                    let problem = self.value(
                        of,
                        format!("`waves` has no effect: one wave holds all {count} replicas"),
                    );
                    self.push(problem.help("make the waves smaller, or leave `start` out"));
                }
                let every = every.map(|every| every.0);
                Start::Waves { of, every }
            }
        };
        let list = root.child("restart");
        let restarts = restart
            .into_iter()
            .enumerate()
            .map(|(index, entry)| {
                let node = list.item(index);
                self.replica_number(node.child("replica"), entry.replica, count);
                Restart {
                    replica: entry.replica,
                    recreated: matches!(entry.how, RestartWord::Recreated),
                    at: self.source.at(node.head()),
                }
            })
            .collect();
        Replicas { count, start, restarts }
    }

    /// A list of replicas, each of which must exist.
    pub(super) fn replica_numbers(&mut self, list: &Node, numbers: ReplicaList, count: usize) -> Vec<usize> {
        for (index, number) in numbers.0.iter().enumerate() {
            self.replica_number(list.item(index), *number, count);
        }
        numbers.0
    }

    fn replica_number(&mut self, node: &Node, number: usize, count: usize) {
        if number >= count {
            let problem = self.value(node, format!("there is no replica {number}"));
            self.push(match count {
                1 => problem
                    .expected("expected 0, the only one")
                    .help("give `replicas` for more"),
                _ => problem.expected(format!("expected 0 to {}", count - 1)),
            });
        }
    }

    /// What is expected of all replicas together.
    pub(super) fn alike(&mut self, node: &Node, entry: ReplicasEntry, setting: &Setting<'_>) -> ReplicasExpect {
        let Replicas { count, restarts, .. } = setting.replicas;
        if *count == 1 && restarts.is_empty() {
            let problem = self.key(node, "`replicas` compares nothing: there is one replica");
            self.push(problem.help("give the scenario `replicas: 2` or more, or a `restart`"));
        }
        match entry {
            ReplicasEntry::Identical(identical) => {
                if !identical {
                    let problem = self.value(node.child("identical"), "`identical: false` expects nothing");
                    self.push(problem.help("say how they differ: `drift: { in: [acme] }`"));
                }
                ReplicasExpect::Identical
            }
            ReplicasEntry::Drift { projects, odd, since } => {
                let node = node.child("drift");
                let projects = self.drifting(node.child("in"), &projects, setting);
                if odd.0.len() >= *count && restarts.is_empty() {
                    let problem = self.key(node.child("odd"), "not every replica can be odd");
                    self.push(problem.help("name those outside the largest group of equal ones"));
                }
                let odd = self.replica_numbers(node.child("odd"), odd, *count);
                if let Some(since) = &since {
                    let not = "cannot be why replicas differ: it changes nothing that they go by";
                    self.event_that(node.child("since"), since, setting, Action::can_explain, not);
                }
                ReplicasExpect::Drift { projects, odd, since }
            }
        }
    }

    /// Projects that can differ: where no index has anything behind it, those of the universes.
    fn drifting(&mut self, list: &Node, written: &[String], setting: &Setting<'_>) -> Vec<String> {
        let sides = || setting.index.sides();
        let closed = sides().all(|side| side.upstream == Behind::Nothing);
        let known: Vec<String> = sides()
            .flat_map(|side| &side.projects)
            .map(UniverseProject::normalised)
            .collect();
        let mut projects = Vec::new();
        for (index, written) in written.iter().enumerate() {
            let node = list.item(index);
            let Some(project) = self.project_name(node.span, written) else {
                continue;
            };
            if projects.contains(&project) {
                self.named_twice(node.span, written, &project);
            }
            if closed && !known.contains(&project) {
                let what = format!("no index has a project `{project}`, so none can differ in it");
                let problem = self.value(node, what);
                self.push(problem.choices(&project, known.iter().map(String::as_str)));
            }
            projects.push(project);
        }
        projects
    }

    /// An event of this kind by its name; of one of another kind it is said what it is `not`.
    pub(super) fn event_that(
        &mut self,
        node: &Node,
        name: &str,
        setting: &Setting<'_>,
        is: fn(&Action) -> bool,
        not: &str,
    ) {
        let events = || setting.index.sides().flat_map(|side| &side.script);
        let what = match events().find(|event| event.name == name) {
            Some(event) if is(&event.action) => return,
            Some(_) => format!("`{name}` {not}"),
            None => format!("no script has an event `{name}`"),
        };
        let problem = self.value(node, what);
        let choices = events().filter(|event| is(&event.action));
        self.push(problem.choices(name, choices.map(|event| event.name.as_str())));
    }
}
