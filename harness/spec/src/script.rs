//! The checked meaning of an index's script: what happens to it, when, and to which requests.

use std::time::Duration;

use crate::scenario::{At, Method};
use crate::wire::WhatWord;

/// One event of a script.
#[derive(Clone, Debug)]
pub struct Event {
    /// Unique in the scenario: as written, else by its place in the list from 1, `event-N` (`extra-event-N` in the
    /// script of the second index).
    pub name: String,
    /// When it happens.
    pub when: Trigger,
    /// What happens.
    pub action: Action,
    /// Which requests it is for; only a fault is for less than all.
    pub only: Only,
    /// A fault ends that long after it began.
    pub lasts: Option<Duration>,
    /// A fault ends after it has changed so many answers.
    pub times: Option<u64>,
    /// Where it stands.
    pub at: At,
}

/// When an event happens. Replicas count from 0; of several, the last one to get there decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// From the start.
    Start,
    /// That long after the first replica's create request.
    After(Duration),
    /// When this request arrives, which is the first to see the change.
    Request {
        /// Which one, counted from 1.
        number: u64,
        /// Only requests for the page and the files of this project count; normalised.
        project: Option<String>,
    },
    /// When so many bytes of bodies have been sent.
    Served(u64),
    /// When these replicas have been started.
    Started(Vec<usize>),
    /// When these replicas have begun to install.
    Installing(Vec<usize>),
    /// When these replicas are ready.
    Ready(Vec<usize>),
}

impl Trigger {
    /// Whether it can come in a case of this method: what waits for requests or for an installation waits in vain where no
    /// boot sends or does any.
    pub fn can_come(&self, method: Method) -> bool {
        let needs_dynamic = matches!(self, Self::Request { .. } | Self::Served(_) | Self::Installing(_));
        !needs_dynamic || method == Method::Dynamic
    }
}

/// What happens. Projects are normalised and lie in the universe of the same index, versions are as it writes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// A release appears, which was held back from the start.
    Publish {
        /// Its project.
        project: String,
        /// Its version.
        version: String,
    },
    /// A file joins its release; it was held back from the start.
    Add {
        /// The release's project.
        project: String,
        /// The release's version.
        version: String,
        /// Name of the file.
        file: String,
    },
    /// A release is yanked.
    Yank {
        /// Its project.
        project: String,
        /// Its version.
        version: String,
        /// Why; may be empty.
        reason: String,
    },
    /// A release or a project is gone.
    Delete {
        /// The project.
        project: String,
        /// The release's version; `None`: all of the project.
        version: Option<String>,
    },
    /// A fault of the same script ends.
    End {
        /// Name of the event that began it.
        event: String,
    },
    /// Fault: a status instead of the answer.
    Answer {
        /// 400 to 599.
        status: u16,
        /// `Retry-After` of the answer, whole seconds.
        retry_after: Option<Duration>,
    },
    /// Fault: the answer comes that much later.
    Delay(Duration),
    /// Fault: so many bytes of the body a second.
    Throttle(u64),
    /// Fault: the connection ends after so many bytes of the body, at least one.
    Truncate(u64),
    /// Fault: the connection is reset.
    Reset,
    /// Fault: the connection is held and nothing is ever answered.
    Hang,
    /// Fault: one byte of the body is changed.
    Corrupt,
    /// Fault: the page is the one of the start of the case.
    Stale,
}

impl Action {
    /// Whether it changes answers for a time; all else changes what the index has, once, or ends a fault.
    #[must_use]
    pub fn is_fault(&self) -> bool {
        match self {
            Self::Publish { .. } | Self::Add { .. } | Self::Yank { .. } | Self::Delete { .. } | Self::End { .. } => {
                false
            }
            Self::Answer { .. }
            | Self::Delay(_)
            | Self::Throttle(_)
            | Self::Truncate(_)
            | Self::Reset
            | Self::Hang
            | Self::Corrupt
            | Self::Stale => true,
        }
    }

    /// Whether it can be why replicas differ: it changes what the index has, or what they are sent and go by.
    pub(crate) fn can_explain(&self) -> bool {
        match self {
            Self::Publish { .. } | Self::Add { .. } | Self::Yank { .. } | Self::Delete { .. } => true,
            Self::Truncate(_) | Self::Corrupt | Self::Stale => true,
            // Word that there is no such page; all other failures are asked again, or end the boot.
            Self::Answer { status, .. } => matches!(status, 404 | 410),
            Self::End { .. } | Self::Delay(_) | Self::Throttle(_) | Self::Reset | Self::Hang => false,
        }
    }
}

/// Which requests a fault is for; all that is given must match.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Only {
    /// Requests for the pages and files of these projects, normalised; empty: of all.
    pub projects: Vec<String>,
    /// Requests for these files and their metadata, by file name; empty: for all, pages included.
    pub files: Vec<String>,
    /// Requests of this kind; `None`: of every kind.
    pub what: Option<What>,
    /// Requests of these replicas; empty: of all.
    pub replicas: Vec<usize>,
    /// So many hundredths of the requests, 1 to 100; `None`: all.
    pub share: Option<u8>,
}

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// The page of a project.
    Pages,
    /// A wheel or an sdist.
    Files,
    /// The metadata beside a wheel.
    Metadata,
}

impl From<WhatWord> for What {
    fn from(word: WhatWord) -> Self {
        match word {
            WhatWord::Pages => Self::Pages,
            WhatWord::Files => Self::Files,
            WhatWord::Metadata => Self::Metadata,
        }
    }
}
