//! The world as one request sees it: after so many events, struck by these faults, of which it learns what they did.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use jiff::Timestamp;
use tokio::fs::File;
use tokio::time::Instant;

use crate::course::Admitted;
use crate::deliver::{Content, Found};
use crate::error::Refusal;
use crate::names;
use crate::script::{Action, FaultKind};
use crate::simple::Page;
use crate::universe::{Body, Made, Shelf};
use crate::visible::{self, Visible};
use crate::world::{Behind, World};

/// What one request sees. Cheap to clone; clones share it, and when the last is gone, what its faults did is settled.
#[derive(Clone)]
pub(crate) struct Sight(Arc<Seen>);

struct Seen {
    world: World,
    admitted: Admitted,
    /// For each fault whether it has changed the answer; `None`: that has not turned out.
    changed: Mutex<Vec<Option<bool>>>,
}

impl Sight {
    pub(crate) fn new(world: World, admitted: Admitted) -> Sight {
        let changed = Mutex::new(vec![None; admitted.faults.len()]);
        Sight(Arc::new(Seen {
            world,
            admitted,
            changed,
        }))
    }

    pub(crate) fn world(&self) -> &World {
        &self.0.world
    }

    /// When the request arrived.
    pub(crate) fn at(&self) -> Instant {
        self.0.admitted.at
    }

    /// So many events had happened then.
    pub(crate) fn after(&self) -> usize {
        self.0.admitted.after
    }

    /// The faults that strike it, by the name of their events, in the order in which they began.
    pub(crate) fn faults(&self) -> &[(String, FaultKind)] {
        &self.0.admitted.faults
    }

    /// Names of the faults that have changed the answer.
    pub(crate) fn changed_by(&self) -> Vec<String> {
        let changed = self.0.changed();
        let faults = self.faults().iter().zip(&*changed);
        faults
            .filter(|(_, changed)| **changed == Some(true))
            .map(|((name, _), _)| name.clone())
            .collect()
    }

    /// The fault at this place has changed the answer.
    pub(crate) fn note_change_by(&self, fault: usize) {
        self.0.settle(|at| at == fault, true);
    }

    /// The answer is made: what has not changed it by now does not.
    pub(crate) fn settle(&self) {
        self.0.settle(|_| true, false);
    }

    /// Names of all projects, where there is a universe to list; what stands behind it cannot be listed.
    pub(crate) fn projects(&self) -> Option<Vec<String>> {
        let universe = self.world().universe();
        (!universe.is_empty()).then(|| {
            let names = universe.names();
            let seen = names.filter(|project| self.is_there(project));
            seen.map(str::to_owned).collect()
        })
    }

    /// The page of a project, its name in normal form.
    pub(crate) async fn page(&self, project: &str) -> Result<Arc<Page>, Refusal> {
        let world = self.world();
        let Some(shelf) = world.universe().project(project) else {
            return match world.behind() {
                Behind::Nothing => Err(Refusal::NoSuchProject(project.to_owned())),
                Behind::Source => world.catalogue().page(project).await,
                Behind::AsOf(_) => self.page_as_of(project).await,
            };
        };
        let (seen, after) = self.shown(project, shelf);
        let key = (project.to_owned(), after);
        if let Some(page) = world.pages().get(&key) {
            return Ok(Arc::clone(page));
        }
        if seen.is_empty() {
            return Err(Refusal::NoSuchProject(project.to_owned()));
        }
        let page = visible::page(project, &seen, world.catalogue().cache()).await?;
        Ok(Arc::clone(world.pages().entry(key).or_insert_with(|| Arc::new(page))))
    }

    /// A file by the two parts of its link.
    pub(crate) async fn file(&self, key: &str, filename: &str) -> Result<Found, Refusal> {
        let world = self.world();
        let missing = || Refusal::NotAnnounced(filename.to_owned());
        let project = names::project_of(filename).unwrap_or_default();
        let Some(shelf) = world.universe().project(&project) else {
            return match world.behind() {
                Behind::Nothing => Err(missing()),
                Behind::Source | Behind::AsOf(_) => world.catalogue().file(key, filename, world.as_of()).await,
            };
        };
        let (wheel, is_metadata) = match filename.strip_suffix(".metadata") {
            Some(wheel) => (wheel, true),
            None => (filename, false),
        };
        let (seen, _) = self.seen(&project, shelf, self.after());
        let visible = seen
            .iter()
            .find(|visible| visible.file.filename() == wheel)
            .ok_or_else(missing)?;
        let made = visible.file.made(world.catalogue().cache()).await?;
        if made.digest.as_str() != key {
            return Err(missing());
        }
        match (is_metadata, &made.metadata) {
            (false, _) => found(&made).await.map_err(|error| Refusal::not_made(filename, error)),
            (true, Some(metadata)) => Ok(Found {
                digest: metadata.digest.clone(),
                size: metadata.text.len() as u64,
                heart: None,
                content: Content::Memory(metadata.text.clone()),
            }),
            (true, None) => Err(missing()),
        }
    }

    /// What the page of a project of the universe is to show, and after how many of the events that concern it.
    fn shown<'a>(&self, project: &str, shelf: &'a Shelf) -> (Vec<Visible<'a>>, usize) {
        let now = self.seen(project, shelf, self.after());
        let is_stale = |(_, kind): &(String, FaultKind)| *kind == FaultKind::Stale;
        let Some(fault) = self.faults().iter().position(is_stale) else {
            return now;
        };
        let at_start = self.world().course().at_start();
        let stale = self.seen(project, shelf, at_start);
        if !visible::same(&stale.0, &now.0) {
            self.note_change_by(fault);
        }
        stale
    }

    /// The page of an upstream project without what was uploaded later.
    async fn page_as_of(&self, project: &str) -> Result<Arc<Page>, Refusal> {
        let world = self.world();
        let key = (project.to_owned(), 0);
        if let Some(page) = world.pages().get(&key) {
            return Ok(Arc::clone(page));
        }
        let page = world.catalogue().page(project).await?;
        let as_of = world.as_of().unwrap_or(Timestamp::MAX);
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
        Ok(Arc::clone(world.pages().entry(key).or_insert_with(|| Arc::new(page))))
    }

    /// The files of a project of the universe that can be seen once `after` events have happened, and how many of those
    /// concern it.
    fn seen<'a>(&self, project: &str, shelf: &'a Shelf, after: usize) -> (Vec<Visible<'a>>, usize) {
        let course = self.world().course();
        let of_it = |action: &&Action| action.project() == Some(project);
        let script: Vec<Action> = course.all_actions().filter(of_it).cloned().collect();
        let happened: Vec<Action> = course.actions(after).filter(of_it).cloned().collect();
        drop(course);
        (visible::files(shelf, &script, &happened), happened.len())
    }

    fn is_there(&self, project: &str) -> bool {
        let shelf = self.world().universe().project(project);
        shelf.is_some_and(|shelf| !self.seen(project, shelf, self.after()).0.is_empty())
    }
}

impl Seen {
    /// Tells the course of those faults at places that are meant of which it is not known yet what they did.
    fn settle(&self, is_meant: impl Fn(usize) -> bool, did_change: bool) {
        let mut changed = self.changed();
        for (at, place) in self.admitted.places.iter().enumerate() {
            if is_meant(at) && changed[at].is_none() {
                changed[at] = Some(did_change);
                self.world.course().settle(Instant::now(), *place, did_change);
            }
        }
    }

    fn changed(&self) -> MutexGuard<'_, Vec<Option<bool>>> {
        self.changed.lock().expect("nothing panics while holding this lock")
    }
}

impl Drop for Seen {
    fn drop(&mut self) {
        self.settle(|_| true, false);
    }
}

async fn found(made: &Made) -> io::Result<Found> {
    Ok(Found {
        digest: made.digest.clone(),
        size: made.size,
        heart: Some(made.heart),
        content: match &made.body {
            Body::Memory(bytes) => Content::Memory(bytes.clone()),
            Body::Cached(cached) => Content::Disk(File::open(&cached.path).await?),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::Asked;
    use crate::script::{Event, Fault, Only, Script, Trigger};
    use crate::world::WorldConfig;

    #[test]
    fn a_request_that_ends_without_an_answer_gives_back_what_it_held() {
        let once = Fault {
            kind: FaultKind::Corrupt,
            only: Only::default(),
            lasts: None,
            times: Some(1),
        };
        let script = Script(vec![Event {
            name: "once".into(),
            when: Trigger::Start,
            action: Action::Fault(once),
        }]);
        let config = WorldConfig {
            script,
            ..WorldConfig::default()
        };
        let world = World::new(World::nowhere().catalogue().clone(), config).unwrap();
        let arrives = || world.arrives(None, &Asked::Project("acme".into()));

        let gives_up = arrives();
        assert_eq!(gives_up.faults().len(), 1);
        assert_eq!(arrives().faults().len(), 0, "the only time is held");
        drop(gives_up.clone());
        assert_eq!(arrives().faults().len(), 0, "half of it is still there");
        drop(gives_up);

        let changed = arrives();
        changed.note_change_by(0);
        changed.settle();
        assert_eq!(changed.changed_by(), ["once"]);
        drop(changed);
        assert_eq!((arrives().faults().len(), world.timeline()[0].hits), (0, 1));
    }
}
