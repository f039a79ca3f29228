//! What each life of a replica was last sent of each project, with its place on the case's clock.

use std::collections::BTreeMap;

use crate::index::{Asked, EventKind, IndexCourse, IndexRequest};
use crate::observation::Observation;
use crate::replica::{Beginning, ReplicaLife};
use crate::run::CaseRecord;

/// An answer that a replica worked with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sent<'a> {
    pub(super) request: &'a IndexRequest,
    /// Zero of the request's clock on that of the case.
    launched_ns: u64,
}

impl Sent<'_> {
    /// When it was asked for, on the case's clock.
    pub(super) fn asked_ns(&self) -> u64 {
        self.launched_ns.saturating_add(self.request.at_ns)
    }
}

/// The last answers to one life about one project, from one index.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct View<'a> {
    pub(super) page: Option<Sent<'a>>,
    pub(super) file: Option<Sent<'a>>,
}

impl<'a> View<'a> {
    /// What it knew of the project: the page, else the file.
    pub(super) fn known(&self) -> Option<Sent<'a>> {
        self.page.or(self.file)
    }
}

/// Views of one life, by index and project.
type OfLife<'a> = BTreeMap<(&'a str, &'a str), View<'a>>;

/// The views of every life of a case.
pub(super) struct Views<'a> {
    lives: BTreeMap<ReplicaLife, (&'a Observation, OfLife<'a>)>,
}

impl<'a> Views<'a> {
    pub(super) fn of(case: &'a CaseRecord) -> Self {
        let course = case.course.as_ref();
        let lives = case.observations.iter();
        Self {
            lives: lives.map(|seen| (seen.who(), (seen, of_life(seen, course)))).collect(),
        }
    }

    /// What this very life was sent of a project.
    pub(super) fn own(&self, who: ReplicaLife, index: &str, project: &str) -> Option<View<'a>> {
        self.lives.get(&who)?.1.get(&(index, project)).copied()
    }

    /// What the life goes by: its own view; for a restarted one that asked no index, that of the life before it, whose
    /// files it still has.
    pub(super) fn view(&self, who: ReplicaLife, index: &str, project: &str) -> Option<View<'a>> {
        self.own(self.source(who, project), index, project)
    }

    /// The life whose requests brought what this one has of a project.
    pub(super) fn source(&self, who: ReplicaLife, project: &str) -> ReplicaLife {
        let mut source = who;
        while source.began == Beginning::Restarted && !self.asked(source, project) {
            let before = self
                .lives
                .keys()
                .rfind(|one| one.replica == who.replica && one.life < source.life);
            match before {
                Some(before) => source = *before,
                None => break,
            }
        }
        source
    }

    fn asked(&self, who: ReplicaLife, project: &str) -> bool {
        let views = self.lives.get(&who).map(|(_, views)| views);
        views.is_some_and(|views| views.keys().any(|(_, of)| *of == project))
    }

    /// Every page that a life was last sent: life, index, project, and the digest of the answer; `None` for word that
    /// there is no such page. Pages whose digest is not known are left out.
    pub(super) fn pages(&self) -> impl Iterator<Item = (ReplicaLife, &'a str, &'a str, Option<&'a str>)> {
        self.lives.iter().flat_map(|(who, (_, views))| {
            views.iter().filter_map(|((index, project), view)| {
                let request = view.page?.request;
                let answer = match request.says_absent() {
                    true => None,
                    false => Some(request.answer.as_deref()?),
                };
                Some((*who, *index, *project, answer))
            })
        })
    }

    /// The observation of a life.
    pub(super) fn observation(&self, who: ReplicaLife) -> Option<&'a Observation> {
        self.lives.get(&who).map(|(seen, _)| *seen)
    }
}

/// A client works with what it was sent, with word that the index has no such project, and, when it does not look closely,
/// with a body that a fault cut off.
fn is_an_answer(request: &IndexRequest, course: Option<&IndexCourse>) -> bool {
    let absent = matches!(request.what, Asked::Page { .. }) && request.says_absent();
    let mut events = course.iter().flat_map(|course| course.of(&request.index));
    request.method == "GET"
        && (request.status < 400 || absent)
        && (request.complete || events.any(|event| event.kind == EventKind::Truncated && event.altered(request)))
}

fn of_life<'a>(seen: &'a Observation, course: Option<&IndexCourse>) -> OfLife<'a> {
    let mut views = OfLife::new();
    let log = seen.index.iter().flat_map(|index| &index.log);
    for request in log.filter(|request| is_an_answer(request, course)) {
        let sent = Some(Sent {
            request,
            launched_ns: seen.launched_ns,
        });
        let index = request.index.as_str();
        match &request.what {
            Asked::Page { project } => views.entry((index, project.as_str())).or_default().page = sent,
            Asked::File {
                project: Some(project), ..
            } => views.entry((index, project.as_str())).or_default().file = sent,
            Asked::File { project: None, .. } | Asked::Metadata { .. } | Asked::Other { .. } => {}
        }
    }
    views
}
