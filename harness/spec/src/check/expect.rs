//! The `expect` block, of a scenario or of one of its exceptions.

use std::collections::BTreeMap;
use std::str::FromStr;

use pep508_rs::PackageName;
use pep508_rs::pep440_rs::Version;

use super::Checker;
use crate::contract::Contract;
use crate::scenario::{At, Expect, Origin, PackageExpect, ReadyExpect, RefusesExpect, ScoreExpect, UserExpect};
use crate::tree::{Kind, Node};
use crate::wire::{ExpectBlock, PackageEntry};

impl Checker<'_> {
    /// Checks one block against what the contracts of the images can show.
    pub(super) fn expect(&mut self, node: &Node, block: ExpectBlock, contracts: &[&Contract]) -> Expect {
        self.exclusive(node);
        self.observable(node, contracts);
        if matches!(node.child("score").get("json"), Some(Node { kind: Kind::Null, .. })) {
            let problem = self.key(
                node.child("score").child("json"),
                "`json` is empty, so nothing is compared",
            );
            self.push(problem.help("give it a value, or leave the key out"));
        }
        Expect {
            ready: block.ready.map(|ready| {
                let ready = ReadyExpect { within: ready.within.0 };
                (ready, self.place(node, "ready"))
            }),
            refuses: block.refuses.map(|refuses| {
                let refuses = RefusesExpect {
                    within: refuses.within.0,
                    inner: refuses.inner.map(i64::from),
                    container: refuses.container.map(i64::from),
                    log: refuses.log,
                };
                (refuses, self.place(node, "refuses"))
            }),
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
            index_asked: block.index.map(|index| (index.asked, self.place(node, "index"))),
        }
    }

    fn place(&self, node: &Node, key: &str) -> At {
        self.source.at(node.child(key).head())
    }

    /// A container that refuses to boot shows nothing that needs a server.
    fn exclusive(&mut self, node: &Node) {
        if node.get("refuses").is_none() {
            return;
        }
        for key in ["ready", "packages", "score", "user"] {
            if let Some(given) = node.get(key) {
                let problem = self.key(given, format!("`{key}` and `refuses` exclude one another"));
                self.push(problem.help("a container that refuses to boot never serves; keep one of the two"));
            }
        }
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
            for problem in [packages, user, inner].into_iter().flatten() {
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
            let Ok(name) = PackageName::from_str(written) else {
                let problem = self.key(entry, format!("`{written}` cannot be the name of a project"));
                self.push(problem.expected("expected letters, digits, `-`, `_` and `.`"));
                continue;
            };
            let project = name.to_string();
            if packages.iter().any(|(earlier, _)| earlier.project == project) {
                let problem = self.key(
                    entry,
                    format!("`{written}` is given twice: both names mean `{project}`"),
                );
                self.push(problem);
            }
            let at = self.source.at(entry.head());
            packages.push((self.package(entry, project, package), at));
        }
        packages
    }

    fn package(&mut self, node: &Node, project: String, entry: PackageEntry) -> PackageExpect {
        if let Some(version) = &entry.version
            && Version::from_str(version).is_err()
        {
            let problem = self.value(node.child("version"), format!("`{version}` is not a version"));
            self.push(problem.expected("expected one exact version, for example `1.25.2`"));
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
