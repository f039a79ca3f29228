//! From the `index` block of a scenario to worlds of the package index: the one place where their vocabularies meet.

use seatrial_index as index;
use seatrial_index::{Index, IndexError, World, WorldConfig};
use seatrial_spec::{
    Action, Behind, Case, Event, FileKind, IndexSetup, IndexSide, Trigger, UniverseProject, UniverseRelease, What,
};
use sha2::{Digest as _, Sha256};

/// What the index of a case has before anything happens to it, and the script that moves it.
#[derive(Clone, Debug)]
pub struct Worlds {
    main: WorldConfig,
    extra: Option<WorldConfig>,
}

/// Where clients find the index: the address of each, where there is a second one.
#[derive(Clone, Debug)]
pub struct IndexUrls {
    pub main: String,
    pub extra: Option<String>,
}

/// The worlds of one case while it runs.
#[derive(Clone, Debug)]
pub struct Opened {
    pub main: World,
    pub extra: Option<World>,
}

impl Worlds {
    /// The worlds of a case; whatever their scripts leave to chance follows from the run's seed and the case's id.
    pub fn of_case(case: &Case, seed: u64) -> Worlds {
        let digest = Sha256::digest(format!("{seed} {}", case.id));
        let seed = u64::from_le_bytes(digest[..8].try_into().expect("a sha256 has 32 bytes"));
        Worlds::of(&case.scenario.index, seed)
    }

    /// The worlds of an index block.
    pub fn of(setup: &IndexSetup, seed: u64) -> Worlds {
        Worlds {
            main: config(&setup.main, seed),
            extra: setup.extra.as_ref().map(|side| config(side, seed.rotate_left(1))),
        }
    }

    /// Seed of the scripts.
    pub fn seed(&self) -> u64 {
        self.main.seed
    }

    /// Whether something stands behind any of them.
    pub fn need_upstream(&self) -> bool {
        let needs = |config: &WorldConfig| config.behind != index::Behind::Nothing;
        needs(&self.main) || self.extra.as_ref().is_some_and(needs)
    }

    /// Opens them, ready to be begun.
    pub fn open(&self, index: &Index) -> Result<Opened, IndexError> {
        self.opened(index, |config| config.clone())
    }

    /// Opens them as they are before anything happens, for what is built beforehand.
    pub fn open_still(&self, index: &Index) -> Result<Opened, IndexError> {
        self.opened(index, |config| WorldConfig {
            script: config.script.held_back(),
            ..config.clone()
        })
    }

    fn opened(&self, index: &Index, of: impl Fn(&WorldConfig) -> WorldConfig) -> Result<Opened, IndexError> {
        Ok(Opened {
            main: index.world(of(&self.main))?,
            extra: self.extra.as_ref().map(|config| index.world(of(config))).transpose()?,
        })
    }

    /// Text that differs when what is built from them would, `behind` being that of what stands behind the index; empty for
    /// the upstream as it is. How universes are made may change with seatrial's version, so that is part of it.
    pub fn identity(&self, behind: &str) -> String {
        let plain = |config: &WorldConfig| config.universe.is_empty() && config.behind == index::Behind::Source;
        if plain(&self.main) && self.extra.is_none() {
            return behind.to_owned();
        }
        let alone = |config: &WorldConfig| config.behind == index::Behind::Nothing;
        let behind = match alone(&self.main) && self.extra.as_ref().is_none_or(alone) {
            true => "",
            false => behind,
        };
        let side = |config: &WorldConfig| {
            let held = config.script.held_back();
            format!("{} {:?} {held:?}", config.universe.digest(), config.behind)
        };
        let extra = self.extra.as_ref().map(side).unwrap_or_default();
        format!(
            "{} | {behind} | {} | {extra}",
            env!("CARGO_PKG_VERSION"),
            side(&self.main)
        )
    }
}

impl Opened {
    /// The worlds with the names that records give them.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, &World)> {
        let extra = self.extra.iter().map(|world| ("extra", world));
        std::iter::once(("main", &self.main)).chain(extra)
    }

    /// Starts the clocks of the scripts.
    pub fn begin(&self) {
        self.named().for_each(|(_, world)| world.begin());
    }

    /// Tells how far the boot of a replica has got.
    pub fn reached(&self, replica: usize, stage: index::Stage) {
        self.named().for_each(|(_, world)| world.reached(replica, stage));
    }
}

fn config(side: &IndexSide, seed: u64) -> WorldConfig {
    WorldConfig {
        universe: universe(&side.projects),
        behind: match &side.upstream {
            Behind::Nothing => index::Behind::Nothing,
            Behind::Live => index::Behind::Source,
            Behind::AsOf(moment) => index::Behind::AsOf(moment.clone()),
        },
        script: index::Script(side.script.iter().map(event).collect()),
        seed,
    }
}

/// Made-up projects as the index makes them.
pub fn universe(projects: &[UniverseProject]) -> index::Universe {
    let project = |project: &UniverseProject| index::Project {
        name: project.name.clone(),
        releases: project.releases.iter().map(release).collect(),
    };
    index::Universe::new(projects.iter().map(project).collect())
}

fn release(release: &UniverseRelease) -> index::Release {
    index::Release {
        version: release.version.clone(),
        requires: release.requires.clone(),
        extras: release.extras.clone(),
        requires_python: release.requires_python.clone(),
        uploaded: release.uploaded.clone(),
        yanked: release.yanked.clone(),
        files: release.files.iter().map(kind).collect(),
        contents: index::Contents {
            modules: release.modules.clone(),
            raises: release.raises.clone(),
            import_cost: release.import_cost,
            size: release.size,
            count: release.count,
            scripts: release.scripts.clone(),
        },
    }
}

fn kind(file: &FileKind) -> index::Kind {
    match file {
        FileKind::Wheel { tag, build } => index::Kind::Wheel {
            tag: tag.clone(),
            build: *build,
        },
        FileKind::Sdist => index::Kind::Sdist,
    }
}

fn event(event: &Event) -> index::Event {
    index::Event {
        name: event.name.clone(),
        when: trigger(&event.when),
        action: action(event),
    }
}

fn trigger(when: &Trigger) -> index::Trigger {
    let reached = |stage, replicas: &[usize]| index::Trigger::Reached {
        stage,
        replicas: replicas.to_vec(),
    };
    match when {
        Trigger::Start => index::Trigger::Start,
        Trigger::After(time) => index::Trigger::After(*time),
        Trigger::Request { number, project } => index::Trigger::Request {
            number: *number,
            project: project.clone(),
        },
        Trigger::Served(bytes) => index::Trigger::Served(*bytes),
        Trigger::Started(replicas) => reached(index::Stage::Started, replicas),
        Trigger::Installing(replicas) => reached(index::Stage::Installing, replicas),
        Trigger::Ready(replicas) => reached(index::Stage::Ready, replicas),
    }
}

fn action(event: &Event) -> index::Action {
    let fault = |kind| {
        index::Action::Fault(index::Fault {
            kind,
            only: only(event),
            lasts: event.lasts,
            times: event.times,
        })
    };
    match event.action.clone() {
        Action::Publish { project, version } => index::Action::Publish { project, version },
        Action::Add { project, version, file } => index::Action::Add { project, version, file },
        Action::Yank {
            project,
            version,
            reason,
        } => index::Action::Yank {
            project,
            version,
            reason,
        },
        Action::Delete { project, version } => index::Action::Delete { project, version },
        Action::End { event } => index::Action::End(event),
        Action::Answer { status, retry_after } => fault(index::FaultKind::Answer { status, retry_after }),
        Action::Delay(by) => fault(index::FaultKind::Delay(by)),
        Action::Throttle(rate) => fault(index::FaultKind::Throttle(rate)),
        Action::Truncate(after) => fault(index::FaultKind::Truncate(after)),
        Action::Reset => fault(index::FaultKind::Reset),
        Action::Hang => fault(index::FaultKind::Hang),
        Action::Corrupt => fault(index::FaultKind::Corrupt),
        Action::Stale => fault(index::FaultKind::Stale),
    }
}

fn only(event: &Event) -> index::Only {
    index::Only {
        projects: event.only.projects.clone(),
        what: event.only.what.map(|what| match what {
            What::Pages => index::What::Pages,
            What::Files => index::What::Files,
            What::Metadata => index::What::Metadata,
        }),
        files: event.only.files.clone(),
        replicas: event.only.replicas.clone(),
        share: event.only.share,
    }
}

#[cfg(test)]
mod tests {
    use seatrial_spec::{IndexSetup, IndexSide};

    use super::*;

    #[test]
    fn what_is_built_from_a_lock_is_not_what_is_built_from_upstream_or_another_lock() {
        let upstream = Worlds::of(&IndexSetup::default(), 1);
        assert_eq!(upstream.identity(""), "");
        assert_ne!(upstream.identity("lock a"), upstream.identity("lock b"));

        let closed = IndexSetup {
            main: IndexSide {
                upstream: Behind::Nothing,
                ..IndexSide::default()
            },
            extra: None,
        };
        let closed = Worlds::of(&closed, 1);
        assert_eq!(
            closed.identity("lock a"),
            closed.identity(""),
            "nothing of it comes from a lock"
        );
    }
}
