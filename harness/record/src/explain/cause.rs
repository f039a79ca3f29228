//! The one reason why a life of a replica is not like those of the reference: which event, and whom it concerned.

use super::views::{Sent, View, Views};
use crate::differences::Difference;
use crate::index::{INDEXES, IndexCourse, IndexEvent};
use crate::replica::ReplicaLife;
use crate::run::CaseRecord;

/// Why a life differs from the reference.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Cause<'a> {
    /// The index moved between the answers to the two.
    Moved {
        event: &'a IndexEvent,
        /// Its place among the events of its index that happened.
        position: usize,
        /// The odd one was answered after it, the reference before; else the other way round.
        later: bool,
    },
    /// A fault changed what one of the two was sent.
    Changed {
        event: &'a IndexEvent,
        /// What it changed.
        what: Answer,
        /// It was the odd one's answer; else the reference's.
        odd: bool,
    },
    /// Another project differs for a known reason, and nothing is known about this one by itself.
    Follows {
        /// That project.
        project: &'a str,
        event: &'a IndexEvent,
    },
    /// One side was sent nothing of the project.
    NotSent {
        /// It was the odd one; else the reference.
        odd: bool,
    },
    /// Both were sent the same.
    Alike,
    /// No event lies between.
    Unexplained {
        /// Pages sent to the odd one and to the reference, by digest, where they are known to differ.
        pages: Option<(&'a str, &'a str)>,
    },
    /// The files belong to no project.
    Unowned,
}

/// A part of what an index holds of a project.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Answer {
    Page,
    File,
}

impl<'a> Cause<'a> {
    /// The event, when there is one.
    pub(super) fn event(&self) -> Option<&'a IndexEvent> {
        match self {
            Self::Moved { event, .. } | Self::Changed { event, .. } | Self::Follows { event, .. } => Some(event),
            Self::NotSent { .. } | Self::Alike | Self::Unexplained { .. } | Self::Unowned => None,
        }
    }
}

/// All that causes are found with: the differences of a case, its index's course and what every life was sent.
pub(super) struct Causes<'a> {
    pub(super) views: Views<'a>,
    differences: &'a [Difference],
    course: Option<&'a IndexCourse>,
}

impl<'a> Causes<'a> {
    pub(super) fn of(case: &'a CaseRecord) -> Self {
        Self {
            views: Views::of(case),
            differences: case.differences.as_deref().unwrap_or_default(),
            course: case.course.as_ref(),
        }
    }

    /// Why `odd` differs from the reference lives in one difference: for a reason of its own, else for that of another
    /// project in which the two differ as well, else what can be said without a reason.
    pub(super) fn between(&self, difference: &Difference, reference: &[ReplicaLife], odd: ReplicaLife) -> Cause<'a> {
        self.own(difference, reference, odd)
            .or_else(|| self.followed(difference, reference, odd))
            .unwrap_or_else(|| self.without_reason(difference, reference, odd))
    }

    /// The reason that the requests for this very project give.
    fn own(&self, difference: &Difference, reference: &[ReplicaLife], odd: ReplicaLife) -> Option<Cause<'a>> {
        let project = difference.project.as_deref()?;
        let mut pairs = self.pairs(project, reference, odd);
        pairs.find_map(|pair| pair.cause(project, difference.same_versions()))
    }

    /// The reason of another project in which the odd one is not like the first of the reference.
    fn followed(&self, difference: &Difference, reference: &[ReplicaLife], odd: ReplicaLife) -> Option<Cause<'a>> {
        let first = reference.first()?;
        let others = self
            .differences
            .iter()
            .filter(|other| other.project != difference.project && other.kind_of(*first) != other.kind_of(odd));
        others.into_iter().find_map(|other| {
            let event = self.own(other, reference, odd)?.event()?;
            let project = other.project.as_deref()?;
            Some(Cause::Follows { project, event })
        })
    }

    fn without_reason(&self, difference: &Difference, reference: &[ReplicaLife], odd: ReplicaLife) -> Cause<'a> {
        let Some(project) = difference.project.as_deref() else {
            return Cause::Unowned;
        };
        let sent = |who: &ReplicaLife| {
            INDEXES
                .iter()
                .any(|index| self.views.view(*who, index, project).is_some())
        };
        if !sent(&odd) || !reference.iter().any(sent) {
            return Cause::NotSent { odd: !sent(&odd) };
        }
        let pairs: Vec<_> = self.pairs(project, reference, odd).collect();
        let same_versions = difference.same_versions();
        if let Some(fault) = pairs.iter().find_map(|pair| pair.spoilt(pair.pages(), Answer::Page)) {
            return fault;
        }
        if pairs.iter().all(|pair| pair.alike(same_versions)) {
            return Cause::Alike;
        }
        Cause::Unexplained {
            pages: pairs.iter().find_map(Pair::different_pages),
        }
    }

    /// The views of both, on each index where both have one.
    fn pairs(&self, project: &str, reference: &[ReplicaLife], odd: ReplicaLife) -> impl Iterator<Item = Pair<'a>> {
        let pairs = INDEXES.map(|index| self.nearest(reference, odd, index, project));
        pairs.into_iter().flatten()
    }

    /// The odd one's view with that of the reference life that was answered nearest to it in the index's course: the
    /// fewer events lie between, the surer the cause.
    fn nearest(&self, reference: &[ReplicaLife], odd: ReplicaLife, index: &'a str, project: &str) -> Option<Pair<'a>> {
        let odd = self.views.view(odd, index, project)?;
        let known = odd.known()?;
        let views = reference.iter().filter_map(|who| self.views.view(*who, index, project));
        let distance = |view: &View<'_>| {
            view.known()
                .map(|sent| sent.request.after.abs_diff(known.request.after))
        };
        let reference = views.min_by_key(distance)?;
        let events = self.course.iter().flat_map(|course| course.of(index)).collect();
        Some(Pair { reference, odd, events })
    }
}

/// Two views of one project on one index, and the events of that index that happened.
struct Pair<'a> {
    reference: View<'a>,
    odd: View<'a>,
    events: Vec<&'a IndexEvent>,
}

/// The answers to the reference and to the odd one.
type Both<'a> = Option<(Sent<'a>, Sent<'a>)>;

impl<'a> Pair<'a> {
    /// The event behind what differs. Where both have the same versions the file that was sent is looked at first: a
    /// page may have moved without harm. An event that concerns the project goes before a fault, because a fault may
    /// only have delayed an answer; one that concerns all projects, which may be no more than a fault's end, goes last.
    fn cause(&self, project: &str, same_versions: bool) -> Option<Cause<'a>> {
        let of_file = || self.spoilt(self.same_file(), Answer::File);
        let of_page = || {
            self.moved(|event| event.project.as_deref() == Some(project))
                .or_else(|| self.spoilt(self.pages().filter(differ), Answer::Page))
                .or_else(|| self.moved(|event| event.project.is_none()))
        };
        match same_versions {
            true if self.alike(true) => None,
            true => of_file().or_else(of_page),
            false => of_page(),
        }
    }

    fn both(&self, part: fn(&View<'a>) -> Option<Sent<'a>>) -> Both<'a> {
        part(&self.reference).zip(part(&self.odd))
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
    fn alike(&self, same_versions: bool) -> bool {
        let same = |both: Both<'a>| both.is_some_and(|both| !differ(&both) && same_faults(&both));
        match self.same_file() {
            Some(files) if same_versions => same(Some(files)),
            _ => same(self.pages()),
        }
    }

    /// Digests of the pages of the odd one and of the reference, when they are known and differ.
    fn different_pages(&self) -> Option<(&'a str, &'a str)> {
        let (reference, odd) = self.pages()?;
        let digests = (odd.request.answer.as_deref()?, reference.request.answer.as_deref()?);
        (digests.0 != digests.1).then_some(digests)
    }

    /// The first event between the two that changed what the index holds and concerns the project.
    fn moved(&self, concerns: impl Fn(&IndexEvent) -> bool) -> Option<Cause<'a>> {
        let (reference, odd) = self.both(View::known).filter(differ)?;
        let (before, after) = (reference.request.after, odd.request.after);
        let mut between = before.min(after)..before.max(after).min(self.events.len());
        let position = between.find(|position| {
            let event = self.events[*position];
            !event.fault && concerns(event)
        })?;
        Some(Cause::Moved {
            event: self.events[position],
            position,
            later: before < after,
        })
    }

    /// The fault that changed the answer of one and not that of the other.
    fn spoilt(&self, both: Both<'a>, what: Answer) -> Option<Cause<'a>> {
        let (reference, odd) = both?;
        let only = |one: &Sent<'a>, other: &Sent<'a>| {
            let mut faults = one.request.faults.iter();
            let name = faults.find(|name| !other.request.faults.contains(name))?;
            self.events.iter().find(|event| event.name == *name).copied()
        };
        let of_odd = only(&odd, &reference).map(|event| (event, true));
        let (event, odd) = of_odd.or_else(|| Some((only(&reference, &odd)?, false)))?;
        Some(Cause::Changed { event, what, odd })
    }
}

/// Whether the index had, as far as it is known, not the same to send to the two. A fault may still have changed it on
/// its way.
fn differ((one, other): &(Sent<'_>, Sent<'_>)) -> bool {
    let (one, other) = (one.request, other.request);
    one.answer.is_none() || one.what != other.what || one.answer != other.answer
}

fn same_faults((one, other): &(Sent<'_>, Sent<'_>)) -> bool {
    one.request.faults == other.request.faults
}

#[cfg(test)]
mod tests {
    use crate::explain::explain;
    use crate::explain::trial::{case, changed, difference, event, file, only, page, release};

    #[test]
    fn the_event_between_two_answers_is_the_cause() {
        let case = case(
            vec![
                event("other", "bolt 2.0.0 published", Some("bolt"), 3_000, 0),
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
    fn a_stale_page_is_the_fault_of_who_served_it() {
        let stale = event("stale-cdn", "the page as it was at the start", Some("acme"), 7_000, 1);
        let case = case(
            vec![release(), stale],
            vec![
                vec![page("acme", 7_100, 1, "new")],
                vec![page("acme", 7_200, 2, "new")],
                vec![changed("stale-cdn", page("acme", 7_300, 2, "old"))],
            ],
        );
        let (event, text) = only(&case);
        assert_eq!(event.as_deref(), Some("stale-cdn"));
        assert_eq!(
            text,
            "replica 2 asked for acme at 7.30 s and was sent a page that `stale-cdn` changed (the page as it was at the \
             start); replicas 0 and 1 were sent it unchanged"
        );
    }

    #[test]
    fn a_fault_that_only_delayed_an_answer_gives_way_to_the_event_between() {
        let slow = event("slow", "answers after 2 s", Some("acme"), 7_000, 1);
        let case = case(
            vec![release(), slow],
            vec![
                vec![page("acme", 1_920, 0, "old")],
                vec![changed("slow", page("acme", 8_200, 2, "new"))],
            ],
        );
        assert_eq!(only(&case).0.as_deref(), Some("release"));
    }

    #[test]
    fn one_name_and_other_bytes_are_the_fault_of_a_file() {
        let yank = event("yank", "acme 0.9.0 yanked", Some("acme"), 1_500, 0);
        let rot = event("rot", "one byte changed", Some("acme"), 1_600, 1);
        let wheel = "acme-1.0.0-py3-none-any.whl";
        let mut case = case(
            vec![yank, rot],
            vec![
                vec![page("acme", 1_000, 0, "old"), file(wheel, 1_100, "whole")],
                vec![
                    page("acme", 2_000, 2, "new"),
                    changed("rot", file(wheel, 2_100, "whole")),
                ],
            ],
        );
        let same_version = difference("acme", &case, &[("1.0.0", &[0]), ("1.0.0", &[1])]);
        let all = explain(&same_version, &case);
        assert_eq!(all[0].event.as_deref(), Some("rot"));
        assert_eq!(
            all[0].text,
            "replica 1 asked for acme-1.0.0-py3-none-any.whl at 2.10 s and was sent a file that `rot` changed (one byte \
             changed); replica 0 was sent it unchanged"
        );

        case.observations[1].index.as_mut().unwrap().log[1] = file(wheel, 2_100, "whole");
        let elsewhere = explain(&same_version, &case);
        assert_eq!(elsewhere[0].event, None, "{elsewhere:?}");
    }
}
