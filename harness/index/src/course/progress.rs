//! One event of a script on its way: what it has counted, what has become of it, and how often a fault may still strike.

use tokio::time::Instant;

use super::Happened;
use crate::script::{Action, Event, Fault};

pub(super) struct Progress {
    pub happened: Happened,
    /// Requests seen of those that its trigger counts.
    pub counted: u64,
    /// Requests that hold one of a fault's times until there is an answer that tells whether it was changed.
    held: u64,
}

impl Progress {
    pub(super) fn new(event: Event) -> Progress {
        Progress {
            happened: Happened {
                event,
                at: None,
                ended: None,
                hits: 0,
            },
            counted: 0,
            held: 0,
        }
    }

    /// The fault, when it has begun, has not ended, and has a time left that no request holds.
    pub(super) fn in_force(&self) -> Option<&Fault> {
        let Happened { event, at, ended, hits } = &self.happened;
        match &event.action {
            Action::Fault(fault) if at.is_some() && ended.is_none() => {
                let is_left = fault.times.is_none_or(|times| hits + self.held < times);
                is_left.then_some(fault)
            }
            _ => None,
        }
    }

    /// The fault strikes a request; what comes of it will turn out.
    pub(super) fn strike(&mut self) {
        self.held += 1;
    }

    /// It has turned out whether the fault changed an answer. What did not counts for nothing.
    pub(super) fn settle(&mut self, now: Instant, changed: bool) {
        self.held -= 1;
        if !changed {
            return;
        }
        let happened = &mut self.happened;
        happened.hits += 1;
        if let Action::Fault(fault) = &happened.event.action
            && fault.times.is_some_and(|times| happened.hits >= times)
        {
            happened.ended.get_or_insert(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::script::{FaultKind, Only, Trigger};

    /// A fault that has begun and may strike so often.
    fn fault(times: u64) -> (Progress, Instant) {
        let fault = Fault {
            kind: FaultKind::Corrupt,
            only: Only::default(),
            lasts: None,
            times: Some(times),
        };
        let mut progress = Progress::new(Event {
            name: "fault".into(),
            when: Trigger::Start,
            action: Action::Fault(fault),
        });
        let now = Instant::now();
        progress.happened.at = Some(now);
        (progress, now)
    }

    #[test]
    fn a_time_is_held_until_it_turns_out_and_then_spent_or_given_back() {
        let (mut progress, zero) = fault(2);
        progress.strike();
        progress.strike();
        assert!(progress.in_force().is_none(), "both times are held");
        assert_eq!((progress.happened.hits, progress.happened.ended), (0, None));

        progress.settle(zero, false);
        assert!(progress.in_force().is_some(), "one was given back");
        progress.settle(zero, true);
        assert_eq!((progress.happened.hits, progress.happened.ended), (1, None));
        let later = zero + Duration::from_secs(1);
        progress.strike();
        progress.settle(later, true);
        assert!(progress.in_force().is_none());
        assert_eq!((progress.happened.hits, progress.happened.ended), (2, Some(later)));
    }

    #[test]
    fn what_turns_out_after_the_end_counts_and_the_end_stays() {
        let (mut progress, zero) = fault(1);
        progress.strike();
        progress.happened.ended = Some(zero);
        progress.settle(zero + Duration::from_secs(1), true);
        assert_eq!((progress.happened.hits, progress.happened.ended), (1, Some(zero)));
    }
}
