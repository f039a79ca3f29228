//! Lays out one case as its contract wants it: app folder, requirements file, mounts, environment.

use std::collections::BTreeMap;

use seatrial_engine::Mount;
use seatrial_spec::{Case, Contract, Method};

use super::prepare::Ready;
use crate::cache;
use crate::session::Session;
use crate::stage::Staged;

/// The app folder of a case and what is mounted where.
pub struct Layout {
    /// The app folder on the host.
    pub staged: Staged,
    /// Path of the requirements file, relative to the entry script's directory.
    requirements: Option<String>,
    /// Path of the tree's mount point relative to the entry script's directory, and to the app root.
    tree: Option<(String, String)>,
}

impl Layout {
    /// Copies the app and puts beside its entry script what the method needs.
    pub fn make(session: &Session, case: &Case, ready: &Ready) -> anyhow::Result<Layout> {
        let contract = &ready.image.contract;
        let scenario = &case.scenario;
        let entry = scenario.entry.as_deref().unwrap_or(&contract.entry_default);
        let folder = session
            .folder
            .path()
            .join(format!("app-{}", cache::digest([case.id.as_bytes()])));
        let staged = Staged::copy(&scenario.app, entry, folder)?;
        let (mut requirements, mut tree) = (None, None);
        if let (Method::Dynamic, Some(method)) = (case.method, &contract.dynamic) {
            let path = scenario.extend.requirements_file.as_ref().unwrap_or(&method.path);
            staged.write_requirements(path, &scenario.extend.requirements)?;
            requirements = Some(path.clone());
        }
        if let (Method::Preinstalled, Some(method)) = (case.method, &contract.preinstalled) {
            let path = scenario.extend.directory.as_ref().unwrap_or(&method.path);
            tree = Some((path.clone(), staged.make_mount_point(path)?));
        }
        Ok(Layout {
            staged,
            requirements,
            tree,
        })
    }

    /// What the contract's variables must say; the scenario's own `env` comes last and wins.
    pub fn environment(
        &self,
        case: &Case,
        contract: &Contract,
        index_url: &str,
        index_host: &str,
    ) -> BTreeMap<String, String> {
        let mut env: BTreeMap<String, String> = contract
            .index_env
            .iter()
            .map(|(name, value)| {
                (
                    name.clone(),
                    value.replace("{index}", index_url).replace("{index_host}", index_host),
                )
            })
            .collect();
        if let Some(entry) = &case.scenario.entry {
            env.insert(contract.entry_variable.clone(), entry.clone());
        }
        if let (Some(path), Some(method)) = (&self.requirements, &contract.dynamic) {
            env.insert(method.variable.clone(), path.clone());
        }
        if let (Some((path, _)), Some(method)) = (&self.tree, &contract.preinstalled) {
            env.insert(method.variable.clone(), path.clone());
        }
        env.extend(case.scenario.env.clone());
        env
    }

    /// The app folder, and the tree on its mount point.
    pub fn mounts(&self, contract: &Contract, ready: &Ready) -> Vec<Mount> {
        let app = Mount {
            source: self.staged.folder.clone(),
            target: contract.app_root.clone(),
            read_only: false,
        };
        let tree = ready.tree.clone().zip(self.mount_point(contract));
        let tree = tree.map(|(source, target)| Mount {
            source,
            target,
            read_only: true,
        });
        [app].into_iter().chain(tree).collect()
    }

    /// Where the tree is mounted, in the container.
    pub fn mount_point(&self, contract: &Contract) -> Option<String> {
        self.tree
            .as_ref()
            .map(|(_, below_root)| format!("{}/{below_root}", contract.app_root))
    }
}
