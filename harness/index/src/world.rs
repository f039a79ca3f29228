//! A world is what the clients of one case see: a universe, what stands behind it, and the script that moves the universe
//! and spoils answers from both.
//!
//! The universe wins: what it has under a name hides whatever the upstream has under it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::{fmt, io};

use jiff::Timestamp;
use tokio::time::Instant;

use crate::catalogue::Catalogue;
use crate::course::{Course, Happened};
use crate::error::IndexError;
use crate::log::Asked;
use crate::script::{Script, Stage};
use crate::sight::Sight;
use crate::simple::Page;
use crate::universe::Universe;

/// Files that [`World::make_ready`] makes at most.
const MADE_BEFOREHAND: usize = 1_000;

/// What a world is made of. By default it is the upstream, and nothing ever happens in it.
#[derive(Clone, Debug, Default)]
pub struct WorldConfig {
    /// The made-up projects.
    pub universe: Universe,
    /// What stands behind them.
    pub behind: Behind,
    /// What happens.
    pub script: Script,
    /// Seed of everything that the script leaves to chance.
    pub seed: u64,
}

/// What stands behind a universe.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Behind {
    /// Nothing: the universe is all there is.
    Nothing,
    /// The index's source.
    #[default]
    Source,
    /// The index's source without the files uploaded after this moment, RFC 3339. Upload times are all that is known of the
    /// past: what is yanked today is shown as yanked, and what was deleted since stays gone.
    AsOf(String),
}

/// A world. Cheap to clone; clones share it.
#[derive(Clone)]
pub struct World(Arc<Inner>);

struct Inner {
    universe: Universe,
    behind: Behind,
    as_of: Option<Timestamp>,
    catalogue: Catalogue,
    course: Mutex<Course>,
    pages: Mutex<Pages>,
}

/// Pages as clients were shown them, by project and by how many events that concern it had happened.
pub(crate) type Pages = HashMap<(String, usize), Arc<Page>>;

impl World {
    pub(crate) fn new(catalogue: Catalogue, config: WorldConfig) -> Result<World, IndexError> {
        let as_of = match &config.behind {
            Behind::AsOf(text) => Some(text.parse().map_err(|error: jiff::Error| IndexError::AsOf {
                text: text.clone(),
                reason: error.to_string(),
            })?),
            Behind::Nothing | Behind::Source => None,
        };
        Ok(World(Arc::new(Inner {
            universe: catalogue.universes().shared(config.universe),
            behind: config.behind,
            as_of,
            catalogue,
            course: Mutex::new(Course::new(config.script, config.seed)),
            pages: Mutex::default(),
        })))
    }

    /// Starts the clock of the script. The first request, or replica that gets anywhere, does so at the latest.
    pub fn begin(&self) {
        self.course().begin(Instant::now());
    }

    /// Tells that the boot of a replica has got this far, which may set an event off.
    pub fn reached(&self, replica: usize, stage: Stage) {
        self.course().reaches(Instant::now(), replica, stage);
    }

    /// Makes every file of the universe now, so that no client waits for it; of a universe of more than a thousand files
    /// none. Returns whether all that can be asked for is at hand then, which it never is where something stands behind.
    ///
    /// # Errors
    /// When a file cannot be made.
    pub async fn make_ready(&self) -> io::Result<bool> {
        let Inner {
            universe,
            behind,
            catalogue,
            ..
        } = &*self.0;
        if universe.files().count() > MADE_BEFOREHAND {
            return Ok(false);
        }
        for file in universe.files() {
            let made = file.made(catalogue.cache()).await;
            made.map_err(|refusal| io::Error::other(refusal.to_string()))?;
        }
        Ok(*behind == Behind::Nothing)
    }

    /// Every event with what has become of it: those that happened in their order, then the others as they were written.
    #[must_use]
    pub fn timeline(&self) -> Vec<Happened> {
        self.course().timeline(Instant::now())
    }

    /// A world with nothing in it, for tests.
    #[cfg(test)]
    pub(crate) fn nowhere() -> World {
        let folder = std::env::temp_dir().join("nowhere");
        let supply = crate::supply::Supply::Nothing;
        let (_, stopping) = tokio::sync::watch::channel(false);
        let cache = crate::cache::Cache::at(&folder);
        World::new(Catalogue::new(supply, cache, stopping), WorldConfig::default()).expect("it is as of no moment")
    }

    /// A request arrives, and sees the world as it is now.
    pub(crate) fn arrives(&self, replica: Option<usize>, asked: &Asked) -> Sight {
        // Behind the lock, so that requests and events are in one order by their times and by what they saw.
        let admitted = self.course().arrives(Instant::now(), replica, asked);
        Sight::new(self.clone(), admitted)
    }

    pub(crate) fn serves(&self, bytes: u64) {
        self.course().serves(Instant::now(), bytes);
    }

    pub(crate) fn universe(&self) -> &Universe {
        &self.0.universe
    }

    pub(crate) fn behind(&self) -> &Behind {
        &self.0.behind
    }

    /// The moment as of which what stands behind is shown; `None`: as it is.
    pub(crate) fn as_of(&self) -> Option<Timestamp> {
        self.0.as_of
    }

    pub(crate) fn catalogue(&self) -> &Catalogue {
        &self.0.catalogue
    }

    pub(crate) fn course(&self) -> MutexGuard<'_, Course> {
        self.0.course.lock().expect("nothing panics while holding this lock")
    }

    pub(crate) fn pages(&self) -> MutexGuard<'_, Pages> {
        self.0.pages.lock().expect("nothing panics while holding this lock")
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World")
            .field("universe", &self.0.universe)
            .field("behind", &self.0.behind)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::{Action, Event, Trigger};
    use crate::universe::Project;

    #[test]
    fn a_still_world_tells_that_what_it_holds_back_never_comes() {
        let (project, version) = ("acme".to_owned(), "2.0".to_owned());
        let script = Script(vec![Event {
            name: "release".into(),
            when: Trigger::Start,
            action: Action::Publish { project, version },
        }]);
        let mut course = Course::new(script.held_back(), 0);
        let now = Instant::now();
        course.begin(now);
        course.reaches(now, usize::MAX, Stage::Ready);
        let [told] = &course.timeline(now)[..] else {
            panic!("one event");
        };
        assert_eq!((told.at, told.event.when.to_string()), (None, "never".into()));
    }

    #[test]
    fn worlds_of_equal_universes_share_the_files_already_made() {
        let catalogue = World::nowhere().0.catalogue.clone();
        let world = |name: &str| {
            let universe = Universe::new(vec![Project {
                name: name.into(),
                releases: vec![],
            }]);
            let config = WorldConfig {
                universe,
                ..WorldConfig::default()
            };
            World::new(catalogue.clone(), config).unwrap()
        };
        let (one, same, other) = (world("acme"), world("acme"), world("bolt"));
        let shelf = |world: &World, name| std::ptr::from_ref(world.universe().project(name).unwrap());
        assert_eq!(shelf(&one, "acme"), shelf(&same, "acme"));
        assert_ne!(shelf(&one, "acme"), shelf(&other, "bolt"));
    }
}
