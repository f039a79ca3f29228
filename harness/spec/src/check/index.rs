//! The `index` block: what each index has and how it moves.

use std::collections::BTreeMap;

use super::Checker;
use super::script::{Names, Shelf, Stage};
use super::universe::Projects;
use crate::contract::{Contract, EXTRA_INDEX};
use crate::fixtures::Fixtures;
use crate::index::{Behind, IndexSetup, IndexSide};
use crate::tree::Node;
use crate::wire::{IndexBlock, SideBlock, UpstreamWord};

impl Checker<'_> {
    /// Checks the block; left out, the index is what upstream has.
    pub(super) fn index(
        &mut self,
        root: &Node,
        block: Option<IndexBlock>,
        stage: &Stage<'_>,
        fixtures: &Fixtures,
    ) -> IndexSetup {
        let Some(block) = block else {
            return IndexSetup::default();
        };
        let node = root.child("index");
        self.leads_to_the_index(node, stage.contracts);
        let mut names = Names::default();
        let (main, extra) = block.sides();
        IndexSetup {
            main: self.side(node, main, "event", stage, &mut names, fixtures),
            extra: extra.map(|extra| self.side(node.child("extra"), extra, "extra-event", stage, &mut names, fixtures)),
        }
    }

    /// What a contract gives pip no address of cannot be seen.
    fn leads_to_the_index(&mut self, node: &Node, contracts: &[&Contract]) {
        for contract in contracts {
            let name = &contract.name;
            if contract.index_env.is_empty() {
                let what = format!("`index` cannot be seen: the contract `{name}` has no `methods.dynamic.index`");
                let problem = self.key(node, what);
                self.push(problem.help("leave it out, or name an image whose pip can be led to the index"));
            } else if let Some(extra) = node.get("extra").filter(|_| !contract.takes_extra_index()) {
                let what = format!("`extra` cannot be seen: the contract `{name}` has no place for a second index");
                let problem = self.key(extra, what);
                self.push(problem.expected(format!("expected `{EXTRA_INDEX}` in its `methods.dynamic.index`")));
            }
        }
    }

    /// One index; events without a name are called by `unnamed` and their place.
    fn side(
        &mut self,
        node: &Node,
        block: SideBlock,
        unnamed: &str,
        stage: &Stage<'_>,
        names: &mut Names,
        fixtures: &Fixtures,
    ) -> IndexSide {
        let as_of = block
            .as_of
            .and_then(|written| self.instant(node.child("as_of"), &written));
        let inline = block
            .projects
            .map(|projects| self.projects(node.child("projects"), projects));
        let has_universe = block.packages.is_some() || inline.is_some();
        let packages = block.packages.unwrap_or_default();
        let (projects, complete) = self.laid_together(node, &packages, inline.unwrap_or_default(), fixtures);
        let upstream = match (block.upstream, as_of) {
            // With a universe that cannot be looked into, anything may be there.
            _ if !complete => Behind::Live,
            (Some(UpstreamWord::None), _) => Behind::Nothing,
            (_, Some(as_of)) => Behind::AsOf(as_of.to_string()),
            (None, None) if has_universe => Behind::Nothing,
            (Some(UpstreamWord::Live) | None, None) => Behind::Live,
        };
        let shelf = Shelf {
            projects: &projects,
            complete,
            as_of,
            all: upstream == Behind::Nothing,
        };
        let script = self.script(node.child("script"), block.script, unnamed, &shelf, stage, names);
        let mut side = IndexSide {
            projects: projects.into_values().collect(),
            upstream,
            script,
        };
        if let Some(as_of) = as_of {
            side.leave_out_later(as_of);
        }
        side
    }

    /// The universes in one, inline projects over them, and whether all of them could be looked into.
    fn laid_together(
        &mut self,
        node: &Node,
        packages: &[String],
        inline: Projects,
        fixtures: &Fixtures,
    ) -> (Projects, bool) {
        let mut projects = Projects::new();
        let mut owners: BTreeMap<String, &str> = BTreeMap::new();
        let mut complete = true;
        for (index, name) in packages.iter().enumerate() {
            let node = node.child("packages").item(index);
            let Some(universe) = fixtures.universes.get(name) else {
                complete = false;
                // One with problems of its own has been reported.
                if !fixtures.universe_names.contains(name) {
                    let problem = self.value(node, format!("unknown universe `{name}`"));
                    self.push(problem.choices(name, fixtures.universe_names.iter().map(String::as_str)));
                }
                continue;
            };
            for checked in &universe.projects {
                let project = checked.normalised();
                if inline.contains_key(&project) {
                    continue;
                }
                if let Some(owner) = owners.insert(project.clone(), name) {
                    let what = format!("`{owner}` and `{name}` both have a project `{project}`");
                    let problem = self.value(node, what);
                    self.push(problem.help(format!("leave one of the two out, or give `{project}` in `projects`")));
                }
                projects.insert(project, checked.clone());
            }
        }
        projects.extend(inline);
        (projects, complete)
    }
}
