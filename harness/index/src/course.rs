//! Plays a script: which events have happened, which faults are in force, what each request is therefore to see.
//!
//! No clock and no connection in here: every step is told the time. Events that depend on time alone take effect at the
//! instant they were due, however late somebody asks.

mod faults;
mod lots;
mod progress;

use std::collections::HashSet;
use std::time::Duration;

use tokio::time::Instant;

use self::lots::Lots;
use self::progress::Progress;
use crate::log::Asked;
use crate::script::{Action, Event, FaultKind, Script, Stage, Trigger};

/// What has become of one event.
#[derive(Clone, Debug)]
pub struct Happened {
    /// The event.
    pub event: Event,
    /// When it happened; `None`: it has not.
    pub at: Option<Instant>,
    /// When a fault ended; `None`: it has not, or is none.
    pub ended: Option<Instant>,
    /// Answers that a fault has changed.
    pub hits: u64,
}

/// What one request is to see.
#[derive(Clone, Debug)]
pub(crate) struct Admitted {
    /// When it arrived.
    pub at: Instant,
    /// So many events had happened when it arrived.
    pub after: usize,
    /// The faults that strike it, by the name of their events, in the order in which they began. Of each,
    /// [`Course::settle`] must be told once whether it changed the answer.
    pub faults: Vec<(String, FaultKind)>,
    /// Their places in the script.
    pub places: Vec<usize>,
}

/// A script being played.
pub(crate) struct Course {
    events: Vec<Progress>,
    begun: Option<Instant>,
    /// Events in the order in which they happened.
    order: Vec<usize>,
    /// So many of them were so from the start.
    at_start: usize,
    /// Bytes of bodies handed out.
    served: u64,
    reached: HashSet<(usize, Stage)>,
    lots: Lots,
}

impl Course {
    pub(crate) fn new(script: Script, seed: u64) -> Course {
        Course {
            events: script.0.into_iter().map(Progress::new).collect(),
            begun: None,
            order: Vec::new(),
            at_start: 0,
            served: 0,
            reached: HashSet::new(),
            lots: Lots::new(seed),
        }
    }

    /// Starts the clock; a second time changes nothing.
    pub(crate) fn begin(&mut self, now: Instant) {
        if self.begun.is_none() {
            self.begun = Some(now);
            self.fire(now, |trigger, _| *trigger == Trigger::Start);
            self.at_start = self.order.len();
        }
    }

    /// A request has arrived.
    pub(crate) fn arrives(&mut self, now: Instant, replica: Option<usize>, asked: &Asked) -> Admitted {
        self.begin(now);
        if let Some(replica) = replica {
            self.reaches(now, replica, Stage::Installing);
        }
        self.advance(now);
        let project = asked.project();
        for progress in &mut self.events {
            if let Trigger::Request { project: wanted, .. } = &progress.happened.event.when
                && wanted.as_ref().is_none_or(|wanted| Some(wanted) == project.as_ref())
            {
                progress.counted += 1;
            }
        }
        self.fire(
            now,
            |trigger, counted| matches!(trigger, Trigger::Request { number, .. } if counted >= *number),
        );
        let (faults, places) = self.faults_for(replica, asked);
        Admitted {
            at: now,
            after: self.order.len(),
            faults,
            places,
        }
    }

    /// Bytes of a body were handed out.
    pub(crate) fn serves(&mut self, now: Instant, bytes: u64) {
        self.advance(now);
        self.served += bytes;
        let served = self.served;
        self.fire(
            now,
            |trigger, _| matches!(trigger, Trigger::Served(limit) if served >= *limit),
        );
    }

    /// The boot of a replica has got this far.
    pub(crate) fn reaches(&mut self, now: Instant, replica: usize, stage: Stage) {
        self.begin(now);
        if !self.reached.insert((replica, stage)) {
            return;
        }
        self.advance(now);
        let reached = self.reached.clone();
        self.fire(now, |trigger, _| match trigger {
            Trigger::Reached { stage, replicas } => {
                replicas.iter().all(|replica| reached.contains(&(*replica, *stage)))
            }
            _ => false,
        });
    }

    /// So many events were so from the start.
    pub(crate) fn at_start(&self) -> usize {
        self.at_start
    }

    /// The actions of the first `after` events that happened, in their order.
    pub(crate) fn actions(&self, after: usize) -> impl Iterator<Item = &Action> {
        let happened = &self.order[..after.min(self.order.len())];
        happened.iter().map(|&at| &self.events[at].happened.event.action)
    }

    /// Every action of the script, whether it has happened or not.
    pub(crate) fn all_actions(&self) -> impl Iterator<Item = &Action> {
        self.events.iter().map(|progress| &progress.happened.event.action)
    }

    /// Every event: those that happened in their order, then the others as they were written.
    pub(crate) fn timeline(&mut self, now: Instant) -> Vec<Happened> {
        self.advance(now);
        let rest = (0..self.events.len()).filter(|at| !self.order.contains(at));
        let all = self.order.iter().copied().chain(rest);
        all.map(|at| self.events[at].happened.clone()).collect()
    }

    /// Brings everything that time alone decides up to now, in the order in which it was due.
    fn advance(&mut self, now: Instant) {
        while let Some((due, what)) = self.next_due().filter(|(due, _)| *due <= now) {
            match what {
                Due::Event(at) => self.happen(at, due),
                Due::EndOf(at) => self.events[at].happened.ended = Some(due),
            }
        }
    }

    fn next_due(&self) -> Option<(Instant, Due)> {
        let begun = self.begun?;
        let due = self.events.iter().enumerate().filter_map(|(at, progress)| {
            let happened = &progress.happened;
            match (happened.at, &happened.event.when) {
                // What is due after the end of time never is.
                (None, Trigger::After(time)) => Some((begun.checked_add(*time)?, Due::Event(at))),
                (Some(began), _) if happened.ended.is_none() => {
                    Some((began.checked_add(lasts(happened)?)?, Due::EndOf(at)))
                }
                _ => None,
            }
        });
        due.min_by_key(|(due, _)| *due)
    }

    /// Lets every event happen that waited for what has just come true. The condition is told the requests counted.
    fn fire(&mut self, now: Instant, is_met: impl Fn(&Trigger, u64) -> bool) {
        for at in 0..self.events.len() {
            let progress = &self.events[at];
            if progress.happened.at.is_none() && is_met(&progress.happened.event.when, progress.counted) {
                self.happen(at, now);
            }
        }
    }

    fn happen(&mut self, at: usize, now: Instant) {
        let happened = &mut self.events[at].happened;
        happened.at = Some(now);
        self.order.push(at);
        if let Action::End(name) = &happened.event.action {
            let name = name.clone();
            let ended = self.events.iter_mut().map(|progress| &mut progress.happened);
            for fault in ended.filter(|other| other.event.name == name && other.at.is_some() && other.ended.is_none()) {
                fault.ended = Some(now);
            }
        }
    }
}

/// What time alone decides.
enum Due {
    Event(usize),
    EndOf(usize),
}

fn lasts(happened: &Happened) -> Option<Duration> {
    match &happened.event.action {
        Action::Fault(fault) => fault.lasts,
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::{Fault, Only};

    pub(super) const S: Duration = Duration::from_secs(1);

    pub(super) fn event(name: &str, when: Trigger, action: Action) -> Event {
        Event {
            name: name.into(),
            when,
            action,
        }
    }

    fn publish() -> Action {
        Action::Publish {
            project: "acme".into(),
            version: "2.0.0".into(),
        }
    }

    pub(super) fn fault(kind: FaultKind) -> Fault {
        Fault {
            kind,
            only: Only::default(),
            lasts: None,
            times: None,
        }
    }

    pub(super) fn page(project: &str) -> Asked {
        Asked::Project(project.into())
    }

    /// A course that began now.
    pub(super) fn begun(events: Vec<Event>) -> (Course, Instant) {
        let mut course = Course::new(Script(events), 7);
        let zero = Instant::now();
        course.begin(zero);
        (course, zero)
    }

    fn instants(course: &mut Course, zero: Instant, now: Instant) -> Vec<(String, Option<u64>, Option<u64>)> {
        let since = |at: Instant| (at - zero).as_millis() as u64;
        let told = course.timeline(now).into_iter();
        told.map(|it| (it.event.name, it.at.map(since), it.ended.map(since)))
            .collect()
    }

    #[test]
    fn time_takes_effect_when_it_was_due_and_in_that_order() {
        let outage = Fault {
            lasts: Some(2 * S),
            ..fault(FaultKind::Hang)
        };
        let (mut course, zero) = begun(vec![
            event("late", Trigger::After(5 * S), publish()),
            event("outage", Trigger::After(S), Action::Fault(outage)),
            event("never", Trigger::Served(1), publish()),
        ]);
        assert_eq!(course.arrives(zero + S / 2, None, &page("acme")).after, 0);
        assert_eq!(course.arrives(zero + 2 * S, None, &page("acme")).faults.len(), 1);
        assert_eq!(course.arrives(zero + 3 * S, None, &page("acme")).faults.len(), 0);
        assert_eq!(course.arrives(zero + 9 * S, None, &page("acme")).after, 2);
        assert_eq!(
            instants(&mut course, zero, zero + 9 * S),
            [
                ("outage".into(), Some(1000), Some(3000)),
                ("late".into(), Some(5000), None),
                ("never".into(), None, None)
            ]
        );
    }

    #[test]
    fn the_nth_request_of_a_project_is_the_first_to_see_the_change() {
        let third = Trigger::Request {
            number: 3,
            project: Some("acme".into()),
        };
        let (mut course, zero) = begun(vec![event("release", third, publish())]);
        let mut ask = |asked: Asked| course.arrives(zero, Some(0), &asked).after;
        assert_eq!(ask(page("acme")), 0);
        assert_eq!(ask(page("other")), 0);
        assert_eq!(ask(Asked::File("acme-1.0-py3-none-any.whl".into())), 0);
        assert_eq!(ask(page("Acme")), 1, "the name in any spelling");
        assert_eq!(ask(page("acme")), 1);
    }

    #[test]
    fn all_replicas_named_must_have_got_there() {
        let ready = |replicas: &[usize]| Trigger::Reached {
            stage: Stage::Ready,
            replicas: replicas.to_vec(),
        };
        let installing = Trigger::Reached {
            stage: Stage::Installing,
            replicas: vec![2],
        };
        let (mut course, zero) = begun(vec![
            event("both", ready(&[0, 1]), publish()),
            event("asked", installing, publish()),
        ]);
        course.reaches(zero, 0, Stage::Ready);
        course.reaches(zero, 0, Stage::Ready);
        course.reaches(zero, 1, Stage::Started);
        assert_eq!(course.order, [] as [usize; 0]);
        course.reaches(zero + S, 1, Stage::Ready);
        assert_eq!(course.order, [0]);
        assert_eq!(
            course.arrives(zero + S, Some(2), &page("acme")).after,
            2,
            "a request says that it installs"
        );
    }

    #[test]
    fn what_was_so_from_the_start_is_counted_and_what_is_due_after_the_end_of_time_never_is() {
        let (mut course, zero) = begun(vec![
            event("never", Trigger::After(Duration::MAX), publish()),
            event("start", Trigger::Start, publish()),
        ]);
        course.reaches(zero, 0, Stage::Ready);
        assert_eq!(
            (course.at_start(), course.arrives(zero + S, None, &page("acme")).after),
            (1, 1)
        );
    }
}
