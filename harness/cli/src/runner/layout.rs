//! Lays out one replica as its contract wants it: app folder, requirements file, mounts, environment. Every replica has
//! an app folder of its own, as replicas on different hosts have.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use seatrial_engine::Mount;
use seatrial_spec::{Caches, Case, Contract, Method, PipCache};

use super::prepare::Ready;
use crate::cache;
use crate::requirements::Requirements;
use crate::stage::{Staged, open_to_writers};
use crate::worlds::IndexUrls;

/// The app folder of a replica and what is mounted where.
pub struct Layout {
    /// The app folder on the host.
    staged: Staged,
    /// Path of the requirements file, relative to the entry script's directory.
    requirements: Option<String>,
    /// Path of the tree's mount point relative to the entry script's directory, and to the app root.
    tree: Option<(String, String)>,
    /// pip's cache on the host, which outlives the boots of the case.
    pip_cache: Option<(PathBuf, PipCache)>,
}

/// Where things lie inside the containers of a case.
#[derive(Clone, Debug)]
pub struct Places {
    /// Directory of the entry script, relative to the app root.
    pub entry_dir: String,
    /// Where the tree is mounted.
    pub mount: Option<String>,
}

impl Layout {
    /// Copies the app into a folder of its own in `folder`, and puts beside its entry script what the method needs. It is
    /// named after iteration, replica and life.
    pub fn make(
        folder: &Path,
        case: &Case,
        ready: &Ready,
        (iteration, replica, life): (usize, usize, usize),
    ) -> anyhow::Result<Layout> {
        let contract = &ready.image.contract;
        let scenario = &case.scenario;
        let entry = scenario.entry.as_deref().unwrap_or(&contract.entry_default);
        let id = cache::digest([case.id.as_bytes()]);
        let warm = case.caches == Caches::Warm && case.method == Method::Dynamic;
        let pip_cache = match contract.pip_cache.as_ref().filter(|_| warm) {
            Some(cache) => {
                let kept = folder.join(format!("pip-{id}-{replica}"));
                open_to_writers(&kept)?;
                Some((kept, cache.clone()))
            }
            None => None,
        };
        let folder = folder.join(format!("app-{id}-{iteration}-{replica}-{life}"));
        let staged = Staged::copy(&scenario.app, entry, folder)?;
        let (mut requirements, mut tree) = (None, None);
        if let (Method::Dynamic, Some(method)) = (case.method, &contract.dynamic) {
            let path = scenario.extend.requirements_file.as_ref().unwrap_or(&method.path);
            staged.write_requirements(path, Requirements::of(&scenario.extend))?;
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
            pip_cache,
        })
    }

    /// What the contract's variables must say; the scenario's own `env` comes last and wins. A variable for a second
    /// index is set only where there is one.
    pub fn environment(
        &self,
        case: &Case,
        contract: &Contract,
        index: &IndexUrls,
        index_host: &str,
    ) -> BTreeMap<String, String> {
        let fill = |value: &String| {
            let value = value
                .replace("{index}", &index.main)
                .replace("{index_host}", index_host);
            match &index.extra {
                Some(extra) => Some(value.replace("{extra_index}", extra)),
                None => (!value.contains("{extra_index}")).then_some(value),
            }
        };
        let mut env: BTreeMap<String, String> = contract
            .index_env
            .iter()
            .filter_map(|(name, value)| Some((name.clone(), fill(value)?)))
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
        if let Some((_, cache)) = &self.pip_cache {
            env.insert(cache.variable.clone(), cache.path.clone());
        }
        env.extend(case.scenario.env.clone());
        env
    }

    /// The app folder, the tree on its mount point, and pip's cache.
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
        let cache = self.pip_cache.clone().map(|(source, cache)| Mount {
            source,
            target: cache.path,
            read_only: false,
        });
        [app].into_iter().chain(tree).chain(cache).collect()
    }

    /// Removes the app folder. What a container has left in it as another user may have to stay.
    pub fn remove(&self) {
        let folder = &self.staged.folder;
        if let Err(error) = std::fs::remove_dir_all(folder) {
            tracing::debug!("{} stays for the clean-up: {error}", folder.display());
        }
    }

    /// Where things lie inside, which is the same for every replica of a case.
    pub fn places(&self, contract: &Contract) -> Places {
        Places {
            entry_dir: self.staged.entry_dir.to_string_lossy().into_owned(),
            mount: self.mount_point(contract),
        }
    }

    /// Where the tree is mounted, in the container.
    fn mount_point(&self, contract: &Contract) -> Option<String> {
        self.tree
            .as_ref()
            .map(|(_, below_root)| format!("{}/{below_root}", contract.app_root))
    }
}
