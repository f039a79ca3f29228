//! What an index is told to do while its clients look: events, what sets each off, and what it does.
//!
//! A [`Script`] is data that the caller has checked; `course` plays it.

mod words;

use std::time::Duration;

/// The events of one index, in the order in which they were written.
#[derive(Clone, Debug, Default)]
pub struct Script(pub Vec<Event>);

impl Script {
    /// The script of a world in which nothing happens: what this one publishes and adds stays held back for ever.
    #[must_use]
    pub fn held_back(&self) -> Script {
        let held = self
            .0
            .iter()
            .filter(|event| matches!(event.action, Action::Publish { .. } | Action::Add { .. }));
        let still = held.map(|event| Event {
            when: Trigger::Never,
            ..event.clone()
        });
        Script(still.collect())
    }
}

/// One event.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Unique within the script; how [`Action::End`] and the timeline call it.
    pub name: String,
    /// What sets it off.
    pub when: Trigger,
    /// What it does.
    pub action: Action,
}

/// What sets an event off. All times count from [`crate::World::begin`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// It is so from the start.
    Start,
    /// After this long.
    After(Duration),
    /// The arrival of the n-th request, which is the first to see the change.
    Request {
        /// From 1.
        number: u64,
        /// Only requests for the page or a file of this project count, its name in normal form.
        project: Option<String>,
    },
    /// So many bytes of bodies were handed out, to all clients together.
    Served(u64),
    /// All these replicas have got as far as this.
    Reached {
        /// How far.
        stage: Stage,
        /// Numbers of the replicas.
        replicas: Vec<usize>,
    },
    /// Nothing: what it would publish or add stays held back.
    Never,
}

/// How far the boot of a replica has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// The engine has started it.
    Started,
    /// Its installation has begun; its first request says so at the latest.
    Installing,
    /// It answers 200.
    Ready,
}

/// What an event does. Projects are named in normal form, versions and files as the universe writes them.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Makes a release appear, which was held back until then.
    Publish {
        /// Project.
        project: String,
        /// Version.
        version: String,
    },
    /// Adds a file to a release, which was held back until then.
    Add {
        /// Project.
        project: String,
        /// Version.
        version: String,
        /// File name.
        file: String,
    },
    /// Marks a release as yanked.
    Yank {
        /// Project.
        project: String,
        /// Version.
        version: String,
        /// May be empty.
        reason: String,
    },
    /// Takes a release, or a whole project, away; links to its files lead nowhere from then on.
    Delete {
        /// Project.
        project: String,
        /// Version; `None`: all of them.
        version: Option<String>,
    },
    /// Begins to spoil answers.
    Fault(Fault),
    /// Ends a fault, by the name of the event that began it.
    End(String),
}

/// How answers are spoilt, which, and for how long.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// How.
    pub kind: FaultKind,
    /// Which requests.
    pub only: Only,
    /// It ends that long after it began.
    pub lasts: Option<Duration>,
    /// It ends after it has changed so many answers. Whether a body is cut off or changed, or a page stale, is known only
    /// once there is an answer; until then the request holds one of the times, and others that find none left are spared.
    pub times: Option<u64>,
}

/// How an answer is spoilt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// This status in place of the answer.
    Answer {
        /// 400 to 599.
        status: u16,
        /// `Retry-After`, sent in whole seconds.
        retry_after: Option<Duration>,
    },
    /// The answer waits that long.
    Delay(Duration),
    /// Its body is sent with so many bytes per second.
    Throttle(u64),
    /// Its body breaks off after so many bytes; its head promises the whole.
    Truncate(u64),
    /// The connection is reset in place of an answer.
    Reset,
    /// The connection stays open and silent until the client gives up.
    Hang,
    /// One bit of its body is turned over, length and head stay: of a universe's file in the middle of its largest module or
    /// what lies beside it, of any other body in the middle.
    Corrupt,
    /// A project page as it was at the start.
    Stale,
}

impl FaultKind {
    /// Whether it takes the place of the answer, so that no later fault meets one.
    pub(crate) fn takes_the_place(&self) -> bool {
        matches!(self, FaultKind::Answer { .. } | FaultKind::Reset | FaultKind::Hang)
    }
}

/// Which requests a fault concerns: all that match every part. By default, all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Only {
    /// Projects in normal form; empty: any.
    pub projects: Vec<String>,
    /// Files by name, each with the metadata beside it; empty: any, and pages too.
    pub files: Vec<String>,
    /// Pages, files or metadata; `None`: any.
    pub what: Option<What>,
    /// Replicas by number; empty: any client.
    pub replicas: Vec<usize>,
    /// Share of the requests, in percent, drawn from the seed; `None`: all.
    pub share: Option<u8>,
}

/// A kind of thing that an index serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Project pages.
    Pages,
    /// Wheels and source distributions.
    Files,
    /// Metadata beside wheels.
    Metadata,
}

impl Action {
    /// The one project it is about; `None` when it is about several, or about how answers are sent.
    #[must_use]
    pub fn project(&self) -> Option<&str> {
        match self {
            Action::Publish { project, .. }
            | Action::Add { project, .. }
            | Action::Yank { project, .. }
            | Action::Delete { project, .. } => Some(project),
            Action::Fault(fault) => match fault.only.projects.as_slice() {
                [only] => Some(only),
                _ => None,
            },
            Action::End(_) => None,
        }
    }
}
