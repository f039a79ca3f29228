//! The `expect` block, of a scenario or of one of its exceptions.

use std::collections::BTreeMap;

use super::Checker;
use crate::contract::Contract;
use crate::index::IndexSetup;
use crate::replicas::Replicas;
use crate::sampling::Sampling;
use crate::scenario::{At, Expect, Method, Origin, PackageExpect, ReadyExpect, RefusesExpect, ScoreExpect, UserExpect};
use crate::script::Action;
use crate::tree::{Kind, Node};
use crate::wire::{ExpectBlock, IndexUseBlock, PackageEntry, ReadyBlock, RefusesBlock};

/// What can be expected at all: what the cases of a scenario are made of.
pub(super) struct Setting<'a> {
    /// Contracts of the images.
    pub contracts: &'a [&'a Contract],
    /// The methods.
    pub via: &'a [Method],
    /// How often each case is booted, with which caches.
    pub sampling: &'a Sampling,
    /// The replicas of each case.
    pub replicas: &'a Replicas,
    /// The package index.
    pub index: &'a IndexSetup,
}

impl Checker<'_> {
    /// Checks one block against what its cases can show.
    pub(super) fn expect(&mut self, node: &Node, block: ExpectBlock, setting: &Setting<'_>) -> Expect {
        self.observable(node, setting.contracts);
        let ready = block
            .ready
            .map(|ready| self.ready(node.child("ready"), ready, setting.replicas.count));
        let refuses = block
            .refuses
            .map(|refuses| self.refuses(node.child("refuses"), refuses, setting));
        self.exclusive(node, ready.as_ref(), refuses.as_ref());
        let (index_asked, index_at_most) = block
            .index
            .map_or((None, None), |index| self.index_use(node.child("index"), &index));
        if matches!(node.child("score").get("json"), Some(Node { kind: Kind::Null, .. })) {
            let problem = self.key(
                node.child("score").child("json"),
                "`json` is empty, so nothing is compared",
            );
            self.push(problem.help("give it a value, or leave the key out"));
        }
        Expect {
            ready: ready.map(|ready| (ready, self.place(node, "ready"))),
            refuses: refuses.map(|refuses| (refuses, self.place(node, "refuses"))),
            packages: block
                .packages
                .map(|packages| self.packages(node.child("packages"), packages))
                .unwrap_or_default(),
            score: block.score.map(|score| {
                let score = ScoreExpect {
                    send: score.send,
                    status: score.status,
                    json: score.json,
                };
                (score, self.place(node, "score"))
            }),
            user: block
                .user
                .map(|user| (UserExpect { uid: user.uid }, self.place(node, "user"))),
            health: block.health.map(|states| {
                let states = states.into_iter().map(|state| state.0).collect();
                (states, self.place(node, "health"))
            }),
            log: self.log(node.child("log"), block.log.unwrap_or_default()),
            index_asked: index_asked.map(|asked| (asked, self.place(node, "index"))),
            index_at_most: index_at_most.map(|most| (most, self.place(node, "index"))),
            replicas: block.replicas.map(|replicas| {
                let node = node.child("replicas");
                (self.alike(node, replicas, setting), self.source.at(node.head()))
            }),
            budget: block
                .budget
                .map(|budget| self.budget(node.child("budget"), budget, setting))
                .unwrap_or_default(),
        }
    }

    fn place(&self, node: &Node, key: &str) -> At {
        self.source.at(node.child(key).head())
    }

    fn ready(&mut self, node: &Node, block: ReadyBlock, count: usize) -> ReadyExpect {
        if let Some(least) = block.at_least {
            if least > count {
                let what = format!("{least} replicas are expected of {count}");
                let problem = self.value(node.child("at_least"), what);
                self.push(problem.expected(format!("expected 1 to {count}")));
            }
            if let Some(given) = node.get("replicas") {
                let problem = self.key(given, "`replicas` and `at_least` exclude one another");
                self.push(problem.help("say which replicas, or how many"));
            }
        }
        let replicas = block.replicas.unwrap_or_default();
        ReadyExpect {
            within: block.within.0,
            at_least: block.at_least,
            replicas: self.replica_numbers(node.child("replicas"), replicas, count),
        }
    }

    fn refuses(&mut self, node: &Node, block: RefusesBlock, setting: &Setting<'_>) -> RefusesExpect {
        let replicas = block.replicas.unwrap_or_default();
        if let Some(since) = &block.since {
            let not = "stands in nobody's way: it is no fault";
            self.event_that(node.child("since"), since, setting, Action::is_fault, not);
        }
        RefusesExpect {
            within: block.within.0,
            inner: block.inner.map(i64::from),
            container: block.container.map(i64::from),
            log: block.log,
            replicas: self.replica_numbers(node.child("replicas"), replicas, setting.replicas.count),
            since: block.since,
        }
    }

    /// A container that refuses to boot shows nothing that needs a server; beside it others may serve.
    fn exclusive(&mut self, node: &Node, ready: Option<&ReadyExpect>, refuses: Option<&RefusesExpect>) {
        let Some(refuses) = refuses else { return };
        let mut keys = vec!["packages", "score", "user", "replicas", "budget"];
        match ready {
            Some(ready) if ready.stands_beside(refuses) => return,
            Some(ready) if !ready.replicas.is_empty() && !refuses.replicas.is_empty() => {
                let both = |(_, replica): &(usize, &usize)| ready.replicas.contains(replica);
                if let Some((index, replica)) = refuses.replicas.iter().enumerate().find(both) {
                    let item = node.child("refuses").child("replicas").item(index);
                    let problem = self.value(item, format!("replica {replica} is to be ready and to refuse"));
                    self.push(problem.help("name it in one of the two"));
                }
                return;
            }
            Some(_) => keys.insert(0, "ready"),
            None => {}
        }
        for key in keys {
            if let Some(given) = node.get(key) {
                let problem = self.key(given, format!("`{key}` and `refuses` exclude one another"));
                self.push(problem.help(match key {
                    "ready" => "keep one of the two, or name the `replicas` of each",
                    _ => "a container that refuses to boot never serves; keep one of the two",
                }));
            }
        }
    }

    /// Whether the index is asked, and how often at most.
    fn index_use(&mut self, node: &Node, block: &IndexUseBlock) -> (Option<bool>, Option<u64>) {
        if let (Some(false), Some(given)) = (block.asked, node.get("at_most")) {
            let problem = self.key(given, "nothing is left to count: the index is not asked");
            self.push(problem.help("leave `at_most` out, or `asked: false`"));
        }
        (block.asked, block.at_most)
    }

    /// What a contract does not describe cannot be seen.
    fn observable(&mut self, node: &Node, contracts: &[&Contract]) {
        for contract in contracts {
            let cannot = |lacks: bool, key: &str, what: &str| {
                let given = node.get(key).filter(|_| lacks)?;
                Some(self.key(
                    given,
                    format!(
                        "`{key}` cannot be seen: the contract `{}` names no {what}",
                        contract.name
                    ),
                ))
            };
            let packages = cannot(contract.python.is_empty(), "packages", "`python`");
            let blind = contract.python.is_empty() && contract.reader.is_empty();
            let replicas = cannot(blind, "replicas", "`python` and no `reader`");
            let user = cannot(contract.server_process.is_none(), "user", "`server` process");
            let inner = node
                .get("refuses")
                .and_then(|refuses| refuses.get("inner"))
                .filter(|_| contract.marks.inner_exit.is_none())
                .map(|given| {
                    let name = &contract.name;
                    self.key(
                        given,
                        format!("`inner` cannot be seen: the contract `{name}` has no mark `inner_exit`"),
                    )
                });
            for problem in [packages, replicas, user, inner].into_iter().flatten() {
                self.push(problem);
            }
        }
    }

    /// Every package in file order, under its normalised name.
    fn packages(&mut self, node: &Node, mut entries: BTreeMap<String, PackageEntry>) -> Vec<(PackageExpect, At)> {
        let mut packages: Vec<(PackageExpect, At)> = Vec::new();
        for entry in node.items() {
            let written = entry.key.as_ref().map_or("", |key| key.text.as_str());
            let Some(package) = entries.remove(written) else {
                continue;
            };
            let Some(project) = self.project_name(entry.head(), written) else {
                continue;
            };
            if packages.iter().any(|(earlier, _)| earlier.project == project) {
                self.named_twice(entry.head(), written, &project);
            }
            let at = self.source.at(entry.head());
            packages.push((self.package(entry, project, package), at));
        }
        packages
    }

    fn package(&mut self, node: &Node, project: String, entry: PackageEntry) -> PackageExpect {
        if let Some(version) = &entry.version {
            self.version(node.child("version"), version);
        }
        if entry.absent == Some(false) {
            let problem = self.value(node.child("absent"), "`absent: false` expects nothing");
            self.push(problem.help("leave it out, or say what the package must be"));
        }
        if entry.absent == Some(true) {
            for key in ["version", "origin", "copies"] {
                if let Some(given) = node.get(key) {
                    let problem = self.key(given, format!("an absent package has no `{key}`"));
                    self.push(problem.help("keep one of the two"));
                }
            }
        }
        if node.items().len() == 1
            && let Some(import) = node.get("import")
        {
            let problem = self.key(import, "`import` alone expects nothing");
            self.push(problem.help("add `version`, `origin`, `copies` or `absent`"));
        }
        PackageExpect {
            project,
            import: entry.import,
            version: entry.version,
            origin: entry.origin.map(Origin::from),
            copies: entry.copies.map(usize::from),
            absent: entry.absent.unwrap_or_default(),
        }
    }

    fn log(&mut self, node: &Node, texts: Vec<String>) -> Vec<(String, At)> {
        let mut lines = Vec::new();
        for (index, text) in texts.into_iter().enumerate() {
            let item = node.item(index);
            if text.trim().is_empty() {
                let problem = self.value(item, "every log holds an empty text");
                self.push(problem.help("leave it out"));
            }
            lines.push((text, self.source.at(item.span)));
        }
        lines
    }
}
