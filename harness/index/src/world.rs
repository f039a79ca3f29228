//! A world is what the clients of one case see: a universe, what stands behind it, and the script that moves both.
//!
//! The universe wins: what it has under a name hides whatever the upstream has under it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::{fmt, io};

use jiff::Timestamp;
use tokio::fs::File;
use tokio::time::Instant;

use crate::catalogue::Catalogue;
use crate::course::{Admitted, Course, Happened};
use crate::deliver::{Content, Found};
use crate::error::{IndexError, Refusal};
use crate::log::Asked;
use crate::script::{Action, FaultKind, Script, Stage};
use crate::simple::Page;
use crate::universe::{Body, Made, Universe};
use crate::visible;

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
    /// The index's source as it was at this moment, RFC 3339: files uploaded later are left out.
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
    /// Pages as clients were shown them, by project and by how many events that concern it had happened.
    pages: Mutex<HashMap<(String, usize), Arc<Page>>>,
}

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
            universe: config.universe,
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
            file.made(catalogue.cache()).await?;
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

    pub(crate) fn arrives(&self, replica: Option<usize>, asked: &Asked) -> Admitted {
        // Behind the lock, so that requests and events are in one order by their times and by what they saw.
        let mut course = self.course();
        course.arrives(Instant::now(), replica, asked)
    }

    pub(crate) fn serves(&self, bytes: u64) {
        self.course().serves(Instant::now(), bytes);
    }

    /// The world as a request sees it: after so many events, spoilt by these faults.
    pub(crate) fn sight(&self, after: usize, faults: &[(String, FaultKind)]) -> Sight {
        Sight {
            world: self.clone(),
            after,
            stale: faults.iter().any(|(_, kind)| *kind == FaultKind::Stale),
        }
    }

    fn course(&self) -> MutexGuard<'_, Course> {
        self.0.course.lock().expect("nothing panics while holding this lock")
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

/// The world as one request sees it.
#[derive(Clone)]
pub(crate) struct Sight {
    world: World,
    after: usize,
    stale: bool,
}

impl Sight {
    /// Names of all projects, where there is a universe to list; what stands behind it cannot be listed.
    pub(crate) fn projects(&self) -> Option<Vec<String>> {
        let universe = &self.world.0.universe;
        (!universe.is_empty()).then(|| {
            let names = universe.names();
            let seen = names.filter(|project| self.is_there(project));
            seen.map(str::to_owned).collect()
        })
    }

    /// The page of a project, its name in normal form.
    pub(crate) async fn page(&self, project: &str) -> Result<Arc<Page>, Refusal> {
        let Inner {
            universe,
            behind,
            catalogue,
            ..
        } = &*self.world.0;
        let Some(shelf) = universe.project(project) else {
            return match behind {
                Behind::Nothing => Err(Refusal::NoSuchProject(project.to_owned())),
                Behind::Source => catalogue.page(project).await,
                Behind::AsOf(_) => self.page_as_of(project).await,
            };
        };
        let (script, happened) = self.actions(project);
        let key = (project.to_owned(), happened.len());
        if let Some(page) = self.pages().get(&key) {
            return Ok(Arc::clone(page));
        }
        let seen = visible::files(shelf, &script, &happened);
        if seen.is_empty() {
            return Err(Refusal::NoSuchProject(project.to_owned()));
        }
        let page = visible::page(project, &seen, catalogue.cache())
            .await
            .map_err(Refusal::cache)?;
        Ok(Arc::clone(self.pages().entry(key).or_insert_with(|| Arc::new(page))))
    }

    /// A file by the two parts of its link.
    pub(crate) async fn file(&self, key: &str, filename: &str) -> Result<Found, Refusal> {
        let Inner {
            universe, catalogue, ..
        } = &*self.world.0;
        let missing = || Refusal::NotAnnounced(filename.to_owned());
        let project = crate::names::project_of(filename).unwrap_or_default();
        let Some(shelf) = universe.project(&project) else {
            return match self.world.0.behind {
                Behind::Nothing => Err(missing()),
                Behind::Source | Behind::AsOf(_) => catalogue.file(key, filename, self.world.0.as_of).await,
            };
        };
        let (script, happened) = self.actions(&project);
        let (wheel, is_metadata) = match filename.strip_suffix(".metadata") {
            Some(wheel) => (wheel, true),
            None => (filename, false),
        };
        let seen = visible::files(shelf, &script, &happened);
        let visible = seen
            .iter()
            .find(|visible| visible.file.filename() == wheel)
            .ok_or_else(missing)?;
        let made = visible.file.made(catalogue.cache()).await.map_err(Refusal::cache)?;
        if made.digest.as_str() != key {
            return Err(missing());
        }
        match (is_metadata, &made.metadata) {
            (false, _) => found(made).await.map_err(Refusal::cache),
            (true, Some(metadata)) => Ok(Found {
                digest: metadata.digest.clone(),
                size: metadata.text.len() as u64,
                content: Content::Memory(metadata.text.clone()),
            }),
            (true, None) => Err(missing()),
        }
    }

    /// The page of an upstream project without what was uploaded later.
    async fn page_as_of(&self, project: &str) -> Result<Arc<Page>, Refusal> {
        let key = (project.to_owned(), 0);
        if let Some(page) = self.pages().get(&key) {
            return Ok(Arc::clone(page));
        }
        let page = self.world.0.catalogue.page(project).await?;
        let as_of = self.world.0.as_of.unwrap_or(Timestamp::MAX);
        let mut files = Vec::new();
        for file in &page.files {
            let uploaded = file.uploaded();
            if uploaded.ok_or_else(|| Refusal::NoUploadTimes(project.to_owned()))? <= as_of {
                files.push(file.clone());
            }
        }
        if files.is_empty() {
            return Err(Refusal::NoSuchProject(project.to_owned()));
        }
        // Upstream's list of versions is that of today, so none is promised.
        let page = Page::new(project, None, files);
        Ok(Arc::clone(self.pages().entry(key).or_insert_with(|| Arc::new(page))))
    }

    /// The actions of the script that concern a project: all of them, and those that this request sees.
    fn actions(&self, project: &str) -> (Vec<Action>, Vec<Action>) {
        let course = self.world.course();
        let of_it = |action: &&Action| action.project() == Some(project);
        let after = if self.stale { course.at_start() } else { self.after };
        let all = course.all_actions().filter(of_it).cloned().collect();
        (all, course.actions(after).filter(of_it).cloned().collect())
    }

    fn is_there(&self, project: &str) -> bool {
        let (script, happened) = self.actions(project);
        let shelf = self.world.0.universe.project(project);
        shelf.is_some_and(|shelf| !visible::files(shelf, &script, &happened).is_empty())
    }

    fn pages(&self) -> MutexGuard<'_, HashMap<(String, usize), Arc<Page>>> {
        self.world
            .0
            .pages
            .lock()
            .expect("nothing panics while holding this lock")
    }
}

async fn found(made: &Made) -> io::Result<Found> {
    Ok(Found {
        digest: made.digest.clone(),
        size: made.size,
        content: match &made.body {
            Body::Memory(bytes) => Content::Memory(bytes.clone()),
            Body::Cached(cached) => Content::Disk(File::open(&cached.path).await?),
        },
    })
}
