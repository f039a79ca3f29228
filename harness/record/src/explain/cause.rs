//! The one reason why a life of a replica is not like those of the reference: which event, and whom it concerned.

use super::pair::{Pair, Side};
use super::views::Views;
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
        pairs.find_map(|pair| pair.cause(difference))
    }

    /// The reason of another project in which the odd one is not like some of the reference either.
    fn followed(&self, difference: &Difference, reference: &[ReplicaLife], odd: ReplicaLife) -> Option<Cause<'a>> {
        let mut others = self
            .differences
            .iter()
            .filter(|other| other.project != difference.project);
        others.find_map(|other| {
            let unlike = |who: &&ReplicaLife| other.kind_of(**who) != other.kind_of(odd);
            let unlike: Vec<_> = reference.iter().filter(unlike).copied().collect();
            let event = self.own(other, &unlike, odd)?.event()?;
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
        let side = |who: ReplicaLife| {
            let view = self.views.view(who, index, project)?;
            Some(Side { who, view })
        };
        let odd = side(odd)?;
        let known = odd.view.known()?;
        let distance = |side: &Side<'_>| {
            let sent = side.view.known();
            sent.map(|sent| sent.request.after.abs_diff(known.request.after))
        };
        let reference = reference.iter().filter_map(|who| side(*who)).min_by_key(distance)?;
        let events = self.course.iter().flat_map(|course| course.of(index)).collect();
        Some(Pair { reference, odd, events })
    }
}

#[cfg(test)]
mod tests {
    use crate::explain::explain;
    use crate::explain::trial::{absent, case, changed, cut, difference, fault, file, of_release, only, page, release};
    use crate::index::{EventKind, IndexEvent, IndexRequest};

    const WHEEL: &str = "acme-1.0.0-py3-none-any.whl";

    #[test]
    fn a_stale_page_is_the_fault_of_who_served_it() {
        let stale = fault("stale-cdn", EventKind::Stale, "stale page", 7_000);
        let newer = of_release("newer", EventKind::Published, "acme 3.0.0", 7_150);
        let case = case(
            vec![release(), stale, newer],
            vec![
                vec![page("acme", 7_100, 2, "new")],
                vec![page("acme", 7_140, 2, "new")],
                vec![changed("stale-cdn", page("acme", 7_300, 3, "old"))],
            ],
        );
        let (event, text) = only(&case);
        assert_eq!(event.as_deref(), Some("stale-cdn"));
        assert_eq!(
            text,
            "replica 2 asked for acme at 7.30 s and was sent a page that `stale-cdn` changed: stale page; replicas 0 and \
             1 were sent it unchanged"
        );
    }

    #[test]
    fn a_stale_page_that_is_no_other_page_explains_nothing() {
        let stale = fault("stale-cdn", EventKind::Stale, "stale page", 500);
        let case = case(
            vec![stale],
            vec![
                vec![page("acme", 1_000, 1, "old")],
                vec![changed("stale-cdn", page("acme", 2_000, 1, "old"))],
            ],
        );
        assert_eq!(only(&case).0, None);
    }

    #[test]
    fn word_of_a_fault_that_there_is_no_page_is_a_cause_and_its_failures_are_none() {
        let answered = |status: u16| {
            let gone = fault("gone", EventKind::Answered, &status.to_string(), 500);
            let denied = IndexRequest {
                status,
                ..absent(changed("gone", page("acme", 2_000, 1, "")))
            };
            only(&case(
                vec![gone],
                vec![vec![page("acme", 1_000, 1, "old")], vec![denied]],
            ))
        };
        for status in [404, 410] {
            let (event, text) = answered(status);
            assert_eq!(event.as_deref(), Some("gone"));
            assert_eq!(
                text,
                format!(
                    "replica 1 asked for acme at 2.00 s and was told by `gone` that there is none: {status}; replica 0 \
                     was sent it unchanged"
                )
            );
        }
        assert_eq!(answered(503).0, None);
    }

    #[test]
    fn a_fault_that_alters_nothing_gives_way_to_the_event_between() {
        for harmless in [
            EventKind::Delayed,
            EventKind::Throttled,
            EventKind::Reset,
            EventKind::Hung,
        ] {
            let slow = fault("slow", harmless, "as written", 7_000);
            let case = case(
                vec![release(), slow],
                vec![
                    vec![page("acme", 1_920, 0, "old")],
                    vec![changed("slow", page("acme", 8_200, 2, "new"))],
                ],
            );
            assert_eq!(only(&case).0.as_deref(), Some("release"), "{harmless:?}");
        }
    }

    #[test]
    fn a_fault_that_alters_nothing_and_the_end_of_one_explain_nothing() {
        for harmless in [
            EventKind::Delayed,
            EventKind::Throttled,
            EventKind::Reset,
            EventKind::Hung,
        ] {
            let slow = fault("slow", harmless, "as written", 500);
            let end = IndexEvent {
                project: None,
                ..fault("end", EventKind::Ended, "slow ended", 7_000)
            };
            let two = |answer: &str| {
                let late = changed("slow", page("acme", 8_200, 2, answer));
                let logs = vec![vec![page("acme", 1_920, 1, "old")], vec![late]];
                only(&case(vec![slow.clone(), end.clone()], logs))
            };
            assert_eq!(two("new").0, None, "{harmless:?}");
            assert_eq!(
                two("old"),
                (
                    None,
                    "replica 1 and replica 0 were sent the same of acme: that does not explain the difference".into()
                )
            );
        }
    }

    #[test]
    fn one_name_and_other_bytes_are_the_fault_of_a_file() {
        let yank = of_release("yank", EventKind::Yanked, "acme 0.9.0", 1_500);
        let rot = fault("rot", EventKind::Corrupted, "one bit changed", 1_600);
        let mut case = case(
            vec![yank, rot],
            vec![
                vec![page("acme", 1_000, 0, "old"), file(WHEEL, 1_100, "whole")],
                vec![
                    page("acme", 2_000, 2, "new"),
                    changed("rot", file(WHEEL, 2_100, "whole")),
                ],
            ],
        );
        let same_version = difference("acme", &case, &[("1.0.0", &[0]), ("1.0.0", &[1])]);
        let all = explain(&same_version, &case);
        assert_eq!(all[0].event.as_deref(), Some("rot"));
        assert_eq!(
            all[0].text,
            "replica 1 asked for acme-1.0.0-py3-none-any.whl at 2.10 s and was sent a file that `rot` changed: one bit \
             changed; replica 0 was sent it unchanged"
        );

        case.observations[1].index.as_mut().unwrap().log[1] = file(WHEEL, 2_100, "whole");
        let elsewhere = explain(&same_version, &case);
        assert_eq!(elsewhere[0].event, None, "{elsewhere:?}");
    }

    #[test]
    fn a_body_that_was_cut_off_is_what_a_careless_client_worked_with() {
        let short = fault("short", EventKind::Truncated, "bodies cut off after 500 B", 500);
        let truncated = |request| cut(changed("short", request));
        let of_file = case(
            vec![short.clone()],
            vec![
                vec![page("acme", 1_000, 1, "old"), file(WHEEL, 1_100, "whole")],
                vec![page("acme", 2_000, 1, "old"), truncated(file(WHEEL, 2_100, "whole"))],
            ],
        );
        let same_version = difference("acme", &of_file, &[("1.0.0", &[0]), ("1.0.0", &[1])]);
        assert_eq!(explain(&same_version, &of_file)[0].event.as_deref(), Some("short"));

        let of_page = |events: Vec<IndexEvent>, after: usize, answer: &str| {
            let short = truncated(page("acme", 9_000, after, answer));
            only(&case(events, vec![vec![page("acme", 1_000, 1, "old")], vec![short]])).0
        };
        assert_eq!(of_page(vec![short.clone()], 1, "old").as_deref(), Some("short"));
        assert_eq!(
            of_page(vec![short, release()], 2, "new").as_deref(),
            Some("release"),
            "the release that it holds was on what came"
        );
    }
}
