//! Which faults strike a request, and what is counted once it has turned out what they did.

use tokio::time::Instant;

use super::{Course, lots};
use crate::log::Asked;
use crate::script::{Action, FaultKind};

impl Course {
    /// It has turned out whether the fault at this place of the script changed the answer to a request that it struck.
    pub(crate) fn settle(&mut self, now: Instant, place: usize, changed: bool) {
        self.advance(now);
        self.events[place].settle(now, changed);
    }

    /// The faults that strike a request, each held until it turns out what it did, and their places in the script.
    pub(super) fn faults_for(
        &mut self,
        replica: Option<usize>,
        asked: &Asked,
    ) -> (Vec<(String, FaultKind)>, Vec<usize>) {
        // Counted for every request, also while no fault draws: a lot is not to depend on when one began.
        let nth = if self.draws_lots() {
            self.lots.count(replica, asked)
        } else {
            0
        };
        let mut struck: Vec<(usize, FaultKind)> = Vec::new();
        for &at in &self.order {
            let progress = &self.events[at];
            let Some(fault) = progress.in_force() else {
                continue;
            };
            let is_spared = |share| self.lots.draw(&progress.happened.event.name, replica, asked, nth) >= share;
            if !lots::concerns(fault, replica, asked) || fault.only.share.is_some_and(is_spared) {
                continue;
            }
            let takes_the_place = fault.kind.takes_the_place();
            if takes_the_place {
                // There is no body to spoil then.
                struck.retain(|(_, kind)| matches!(kind, FaultKind::Delay(_)));
            }
            struck.push((at, fault.kind.clone()));
            if takes_the_place {
                break;
            }
        }
        let strike = |(at, kind): (usize, FaultKind)| {
            let progress = &mut self.events[at];
            progress.strike();
            ((progress.happened.event.name.clone(), kind), at)
        };
        struck.into_iter().map(strike).unzip()
    }

    fn draws_lots(&self) -> bool {
        let draws = |action: &Action| matches!(action, Action::Fault(fault) if fault.only.share.is_some());
        self.all_actions().any(draws)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Admitted;
    use super::super::tests::{S, begun, event, fault, page};
    use super::*;
    use crate::script::{Fault, Trigger};

    #[test]
    fn a_fault_ends_by_its_count_by_its_end_or_not_at_all() {
        let thrice = Fault {
            times: Some(3),
            ..fault(FaultKind::Reset)
        };
        let served = Trigger::Served(100);
        let (mut course, zero) = begun(vec![
            event("slow", Trigger::Start, Action::Fault(fault(FaultKind::Delay(S)))),
            event("thrice", Trigger::Start, Action::Fault(thrice)),
            event("end", served, Action::End("slow".into())),
        ]);
        let names = |admitted: Admitted| admitted.faults.into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        for _ in 0..3 {
            assert_eq!(names(course.arrives(zero, None, &page("acme"))), ["slow", "thrice"]);
            course.settle(zero, 0, true);
            course.settle(zero, 1, true);
        }
        assert_eq!(names(course.arrives(zero, None, &page("acme"))), ["slow"]);
        course.settle(zero, 0, true);
        course.serves(zero, 99);
        course.serves(zero + S, 1);
        assert!(names(course.arrives(zero + S, None, &page("acme"))).is_empty());
        let hits: Vec<u64> = course.timeline(zero + S).iter().map(|it| it.hits).collect();
        assert_eq!(hits, [4, 3, 0]);
    }

    #[test]
    fn what_has_no_answer_to_change_does_not_strike() {
        let (mut course, zero) = begun(vec![
            event("cut", Trigger::Start, Action::Fault(fault(FaultKind::Truncate(1)))),
            event("slow", Trigger::Start, Action::Fault(fault(FaultKind::Delay(S)))),
            event("hang", Trigger::Start, Action::Fault(fault(FaultKind::Hang))),
            event("reset", Trigger::Start, Action::Fault(fault(FaultKind::Reset))),
        ]);
        let names: Vec<_> = course
            .arrives(zero, None, &page("acme"))
            .faults
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        assert_eq!(names, ["slow", "hang"]);
    }

    #[test]
    fn a_fault_that_changed_nothing_still_has_its_times() {
        let once = Fault {
            times: Some(1),
            ..fault(FaultKind::Corrupt)
        };
        let (mut course, zero) = begun(vec![event("once", Trigger::Start, Action::Fault(once))]);
        let strikes = |course: &mut Course| !course.arrives(zero, None, &page("acme")).faults.is_empty();
        assert!(strikes(&mut course));
        assert!(!strikes(&mut course), "the only time is held");
        course.settle(zero, 0, false);
        assert!(strikes(&mut course));
        course.settle(zero + S, 0, true);
        assert!(!strikes(&mut course));
        let told = &course.timeline(zero + S)[0];
        assert_eq!((told.hits, told.ended), (1, Some(zero + S)));
    }

    #[test]
    fn a_lot_depends_neither_on_other_faults_nor_on_when_one_began() {
        let hits = |events: &[(&str, Trigger)]| {
            let mut half = fault(FaultKind::Delay(S));
            half.only.share = Some(50);
            let event = |(name, when): &(&str, Trigger)| event(name, when.clone(), Action::Fault(half.clone()));
            let (mut course, zero) = begun(events.iter().map(event).collect());
            let hit = |second| {
                let admitted = course.arrives(zero + second * S, Some(0), &page("acme"));
                admitted.faults.iter().any(|(name, _)| name == "half")
            };
            (0..40).map(hit).collect::<Vec<bool>>()
        };
        let alone = hits(&[("half", Trigger::Start)]);
        assert_eq!(hits(&[("other", Trigger::Start), ("half", Trigger::Start)]), alone);
        let late = hits(&[("half", Trigger::After(20 * S))]);
        assert_eq!((&late[..20], &late[20..]), (&[false; 20][..], &alone[20..]));
        assert!(alone[20..].contains(&true) && alone[20..].contains(&false));
    }
}
