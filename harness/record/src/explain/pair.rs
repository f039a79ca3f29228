//! Two lives and what one index sent each of them of a project: the event behind what differs.

use super::cause::{Answer, Cause};
use super::views::{Sent, View};
use crate::differences::Difference;
use crate::index::{EventKind, IndexEvent};
use crate::replica::ReplicaLife;

/// Faults that put something else in the place of a page: what the index held by then no longer matters.
const REPLACING: [EventKind; 2] = [EventKind::Stale, EventKind::Answered];

/// Faults that change the bytes of an answer on their way.
const DAMAGING: [EventKind; 2] = [EventKind::Truncated, EventKind::Corrupted];

/// A life and what it goes by.
pub(super) struct Side<'a> {
    pub(super) who: ReplicaLife,
    pub(super) view: View<'a>,
}

impl Side<'_> {
    /// The versions of the project that it holds.
    fn holds<'d>(&self, difference: &'d Difference) -> &'d [String] {
        difference.kind_of(self.who).map_or(&[], |kind| &kind.versions)
    }
}

/// Both sides of one project on one index, and the events of that index that happened.
pub(super) struct Pair<'a> {
    pub(super) reference: Side<'a>,
    pub(super) odd: Side<'a>,
    pub(super) events: Vec<&'a IndexEvent>,
}

/// The answers to the reference and to the odd one.
type Both<'a> = Option<(Sent<'a>, Sent<'a>)>;

impl<'a> Pair<'a> {
    /// The event behind what differs. Where both have the same versions the file that was sent is looked at first: a
    /// page may have moved without harm. A page in the place of the index's own goes before what happened to that one,
    /// and bytes lost on their way, which often do no harm, come last.
    pub(super) fn cause(&self, difference: &Difference) -> Option<Cause<'a>> {
        let of_page = || {
            self.spoilt(self.pages().filter(differ), Answer::Page, REPLACING)
                .or_else(|| self.moved(difference))
                .or_else(|| self.spoilt(self.pages(), Answer::Page, DAMAGING))
        };
        match difference.same_versions() {
            true if self.alike(true) => None,
            true => self.spoilt(self.same_file(), Answer::File, DAMAGING).or_else(of_page),
            false => of_page(),
        }
    }

    fn both(&self, part: fn(&View<'a>) -> Option<Sent<'a>>) -> Both<'a> {
        part(&self.reference.view).zip(part(&self.odd.view))
    }

    fn pages(&self) -> Both<'a> {
        self.both(|view| view.page)
    }

    /// The files sent to both, when they have one name: else the client chose, not the index.
    fn same_file(&self) -> Both<'a> {
        self.both(|view| view.file)
            .filter(|(reference, odd)| reference.request.what == odd.request.what)
    }

    /// Whether both were sent the same page, or, when only files can tell them apart, the same file.
    pub(super) fn alike(&self, same_versions: bool) -> bool {
        let (both, what) = match self.same_file() {
            Some(files) if same_versions => (Some(files), Answer::File),
            _ => (self.pages(), Answer::Page),
        };
        both.is_some_and(|both| !differ(&both)) && self.spoilt(both, what, DAMAGING).is_none()
    }

    /// Digests of the pages of the odd one and of the reference, when they are known and differ.
    pub(super) fn different_pages(&self) -> Option<(&'a str, &'a str)> {
        let (reference, odd) = self.pages()?;
        let digests = (odd.request.answer.as_deref()?, reference.request.answer.as_deref()?);
        (digests.0 != digests.1).then_some(digests)
    }

    /// The event between the two that changed what the index holds of the project: of several the last that brought or
    /// took a version that one of them holds, else the last.
    fn moved(&self, difference: &Difference) -> Option<Cause<'a>> {
        let (reference, odd) = self.both(View::known).filter(differ)?;
        let (before, after) = (reference.request.after, odd.request.after);
        let later = before < after;
        let (early, late) = match later {
            true => (&self.reference, &self.odd),
            false => (&self.odd, &self.reference),
        };
        let (early, late) = (early.holds(difference), late.holds(difference));
        let between = before.min(after)..before.max(after).min(self.events.len());
        let mut moves = between.rev().filter(|position| {
            let event = self.events[*position];
            event.kind.moves_the_index() && event.project == difference.project
        });
        let position = moves
            .clone()
            .find(|position| decides(self.events[*position], early, late))
            .or_else(|| moves.next())?;
        Some(Cause::Moved {
            event: self.events[position],
            position,
            later,
        })
    }

    /// The fault of these kinds that altered the answer of one and not that of the other.
    fn spoilt(&self, both: Both<'a>, what: Answer, kinds: [EventKind; 2]) -> Option<Cause<'a>> {
        let (reference, odd) = both?;
        let only = |one: &Sent<'a>, other: &Sent<'a>| {
            let mut faults = self.events.iter().filter(|event| kinds.contains(&event.kind));
            faults
                .find(|event| event.altered(one.request) && !event.altered(other.request))
                .copied()
        };
        let of_odd = only(&odd, &reference).map(|event| (event, true));
        let (event, odd) = of_odd.or_else(|| Some((only(&reference, &odd)?, false)))?;
        Some(Cause::Changed { event, what, odd })
    }
}

/// Whether an event brought a version that is held by who was answered after it, or took one that is held by who was
/// answered before it.
fn decides(event: &IndexEvent, before: &[String], after: &[String]) -> bool {
    let is_among = |held: &[String]| match &event.version {
        Some(version) => held.contains(version),
        None => !held.is_empty(),
    };
    match event.kind {
        EventKind::Published | EventKind::Added => is_among(after),
        EventKind::Yanked | EventKind::Deleted => is_among(before),
        _ => false,
    }
}

/// Whether the index had, as far as it is known, not the same to send to the two. A fault may still have changed it on
/// its way.
fn differ((one, other): &(Sent<'_>, Sent<'_>)) -> bool {
    let (one, other) = (one.request, other.request);
    match (one.says_absent(), other.says_absent()) {
        (true, true) => one.what != other.what,
        (false, false) => one.answer.is_none() || one.what != other.what || one.answer != other.answer,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use crate::explain::trial::{case, of_release, only, page, release};
    use crate::index::{EventKind, IndexEvent};

    /// The event behind acme in 1.0.0 on a replica that was sent one page before both events, and in 2.0.0 on one that
    /// was sent another after them; then with the two events the other way round.
    fn in_both_orders(events: [IndexEvent; 2]) -> [Option<String>; 2] {
        let logs = || vec![vec![page("acme", 1_000, 0, "old")], vec![page("acme", 9_000, 2, "new")]];
        let of = |events: Vec<IndexEvent>| only(&case(events, logs())).0;
        let turned = events.iter().rev().cloned().collect();
        [of(events.to_vec()), of(turned)]
    }

    #[test]
    fn the_event_between_two_answers_is_the_cause() {
        let case = case(
            vec![
                of_release("other", EventKind::Published, "bolt 2.0.0", 3_000),
                release(),
            ],
            vec![
                vec![page("acme", 1_920, 0, "old")],
                vec![page("acme", 3_040, 1, "old")],
                vec![page("acme", 8_200, 2, "new")],
            ],
        );
        let (event, text) = only(&case);
        assert_eq!(event.as_deref(), Some("release"));
        assert_eq!(
            text,
            "replica 2 asked for acme at 8.20 s, after acme 2.0.0 was published at 6.31 s; replicas 0 and 1 asked at \
             1.92 s and 3.04 s, before"
        );
    }

    #[test]
    fn of_two_events_the_one_about_a_version_that_is_held_is_the_cause() {
        let other = |kind, version| of_release("other", kind, version, 7_000);
        let both = |name: &str| [Some(name.to_owned()), Some(name.to_owned())];
        // Who was answered after them holds 2.0.0.
        for harmless in [
            other(EventKind::Published, "acme 1.5.0"),
            other(EventKind::Added, "acme 0.9.0"),
            other(EventKind::Yanked, "acme 2.0.0"),
            other(EventKind::Deleted, "acme 0.9.0"),
        ] {
            assert_eq!(
                in_both_orders([release(), harmless.clone()]),
                both("release"),
                "{harmless}"
            );
        }
        // Who was answered before them holds 1.0.0.
        for (taken, harmless) in [
            (EventKind::Yanked, other(EventKind::Published, "acme 1.0.0")),
            (EventKind::Deleted, other(EventKind::Yanked, "acme 0.9.0")),
        ] {
            let taken = of_release("taken", taken, "acme 1.0.0", 6_000);
            assert_eq!(in_both_orders([taken, harmless.clone()]), both("taken"), "{harmless}");
        }
        let gone = IndexEvent {
            version: None,
            ..of_release("gone", EventKind::Deleted, "acme", 6_000)
        };
        assert_eq!(
            in_both_orders([gone, other(EventKind::Added, "acme 0.9.0")]),
            both("gone")
        );
    }

    #[test]
    fn of_two_events_that_decide_alike_the_last_is_the_cause() {
        let one = of_release("one", EventKind::Published, "acme 1.5.0", 6_000);
        let other = of_release("other", EventKind::Published, "acme 1.6.0", 7_000);
        let last_each = [Some("other".to_owned()), Some("one".to_owned())];
        assert_eq!(in_both_orders([one, other]), last_each, "neither version is held");

        let taken = of_release("taken", EventKind::Deleted, "acme 1.0.0", 6_000);
        let last_each = [Some("release".to_owned()), Some("taken".to_owned())];
        assert_eq!(in_both_orders([taken, release()]), last_each, "both are");
    }
}
