//! What happens during a run, told as it happens.

use std::time::Duration;

use seatrial_record::{CaseRecord, HealthState};

/// Something happened.
pub enum Event<'a> {
    /// The plan stands; getting ready begins.
    RunStarted {
        /// Number of cases.
        cases: usize,
    },
    /// Something is built, pulled or read before the timed part.
    Preparing {
        /// In words.
        what: &'a str,
    },
    /// A case begins.
    CaseStarted {
        /// Its id.
        id: &'a str,
    },
    /// One of several boots of a case begins.
    BootStarted {
        /// Its id.
        id: &'a str,
        /// Number among those that count, or among those that only warm up, from 1.
        number: usize,
        /// How many there will be of these.
        of: usize,
        /// Whether it only warms up.
        warm_up: bool,
    },
    /// A timed boot begins although something else uses the processors; told once.
    Unquiet {
        /// How much of all processors others use, 0 to 1.
        share: f64,
        /// How long the boot was held back.
        waited: Duration,
    },
    /// The health of a replica changed.
    Health {
        /// The case.
        id: &'a str,
        /// Number of the replica, where there are several.
        replica: Option<usize>,
        /// The new state.
        state: HealthState,
        /// Age of the boot.
        after: Duration,
    },
    /// A case has ended and was judged.
    CaseFinished {
        /// All that is known of it.
        case: &'a CaseRecord,
        /// How many have ended, this one included.
        done: usize,
    },
    /// Both sides of a case have been booted once more.
    PairMade {
        /// Its name.
        name: &'a str,
        /// Pairs that count so far; 0 after the warm-up.
        number: usize,
        /// Pairs that are made at most.
        most: usize,
        /// Whether so many are made whatever they show.
        all_made: bool,
        /// New / old so far, where it is asked for.
        ratio: Option<f64>,
        /// What it came to, when it needs no more pairs.
        ended: Option<&'a str>,
    },
    /// Every case has ended.
    RunFinished,
}

/// Listens to a run.
pub trait Reporter: Send + Sync {
    /// Called for every event, in order.
    fn on_event(&self, event: &Event<'_>);
}
