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
    /// Every case has ended.
    RunFinished,
}

/// Listens to a run.
pub trait Reporter: Send + Sync {
    /// Called for every event, in order.
    fn on_event(&self, event: &Event<'_>);
}
