//! Causes in words: who asked when, and what lay between.

use std::collections::BTreeSet;

use super::cause::{Answer, Cause};
use super::views::{Sent, Views};
use crate::differences::Difference;
use crate::index::{Asked, EventKind, INDEXES, IndexEvent, MAIN};
use crate::numbers::duration;
use crate::replica::{ReplicaLife, named};

/// One sentence about the odd lives, which share a cause, and the reference.
pub(super) fn tell(
    views: &Views<'_>,
    difference: &Difference,
    cause: &Cause<'_>,
    odd: &[ReplicaLife],
    reference: &[ReplicaLife],
) -> String {
    let project = difference.subject();
    let story = Story {
        views,
        difference,
        project,
    };
    match cause {
        Cause::Moved { event, position, later } => story.moved(event, *position, *later, odd, reference),
        Cause::Changed { event, what, odd: true } => story.changed(event, *what, odd, reference),
        Cause::Changed { event, what, .. } => story.changed(event, *what, reference, odd),
        Cause::Follows { project: other, event } => format!(
            "no event of its own explains {project} on {}; {} differ in {other} too, since {}",
            named(odd),
            both(odd, reference),
            happened(event)
        ),
        Cause::NotSent { odd: true } => story.not_sent(odd, reference),
        Cause::NotSent { .. } => story.not_sent(reference, odd),
        Cause::Alike => format!(
            "{} were sent the same of {project}: that does not explain the difference",
            both(odd, reference)
        ),
        Cause::Unexplained { pages: None } => format!(
            "no event of the index's script lies between what {} were sent of {project}",
            both(odd, reference)
        ),
        Cause::Unexplained {
            pages: Some((of_odd, of_reference)),
        } => format!(
            "{} {} sent the page {of_odd} of {project}, {} the page {of_reference}, and no event of the index's script \
             lies between",
            named(odd),
            was(odd.len()),
            named(reference)
        ),
        Cause::Unowned => format!(
            "{} differ in files of no project, for which no request to the index accounts",
            both(odd, reference)
        ),
    }
}

/// What a sentence is about.
struct Story<'a> {
    views: &'a Views<'a>,
    difference: &'a Difference,
    project: &'a str,
}

impl<'a> Story<'a> {
    /// The index moved between the two sides.
    fn moved(
        &self,
        event: &IndexEvent,
        position: usize,
        later: bool,
        odd: &[ReplicaLife],
        reference: &[ReplicaLife],
    ) -> String {
        let known = |lives| self.sent(lives, |who| self.views.own(who, &event.index, self.project)?.known());
        let odd_sent = known(odd);
        let mut reference_sent = known(reference);
        reference_sent.retain(|(_, sent)| (sent.request.after <= position) == later);
        let (here, there) = if later {
            ("after", "before")
        } else {
            ("before", "after")
        };
        format!(
            "{}, {here} {}; {}, {there}{}",
            asked(&odd_sent, &format!(" for {}", self.project)),
            happened(event),
            asked(&reference_sent, ""),
            self.kept(odd.iter().chain(reference))
        )
    }

    /// A fault changed what one side was sent.
    fn changed(&self, event: &IndexEvent, what: Answer, changed: &[ReplicaLife], unchanged: &[ReplicaLife]) -> String {
        let part = |who| {
            let view = self.views.own(who, &event.index, self.project)?;
            match what {
                Answer::Page => view.page,
                Answer::File => view.file,
            }
        };
        let altered = |sent: &Sent<'_>| event.altered(sent.request);
        let mut spoilt = self.sent(changed, part);
        spoilt.retain(|(_, sent)| altered(sent));
        let mut whole = self.sent(unchanged, part);
        whole.retain(|(_, sent)| !altered(sent));
        let of = match spoilt.first().map(|(_, sent)| &sent.request.what) {
            Some(Asked::File { name, .. }) => name.as_str(),
            _ => self.project,
        };
        let (name, fault) = (&event.name, &event.what);
        let sent = match (event.kind, what) {
            (EventKind::Answered, _) => format!("told by `{name}` that there is none: {fault}"),
            (_, Answer::Page) => format!("sent a page that `{name}` changed: {fault}"),
            (_, Answer::File) => format!("sent a file that `{name}` changed: {fault}"),
        };
        let others = who(&whole);
        format!(
            "{} and {} {sent}; {} {} sent it unchanged{}",
            asked(&spoilt, &format!(" for {of}")),
            was(spoilt.len()),
            named(&others),
            was(others.len()),
            self.kept(changed.iter().chain(unchanged))
        )
    }

    /// One side was sent nothing of the project.
    fn not_sent(&self, without: &[ReplicaLife], with: &[ReplicaLife]) -> String {
        let mut clauses = self.silent(without.iter().copied());
        let asked_for = INDEXES.iter().find_map(|index| {
            let sent = self.sent(with, |who| self.views.own(who, index, self.project)?.known());
            (!sent.is_empty()).then(|| asked(&sent, ""))
        });
        clauses.extend(asked_for);
        clauses.join("; ")
    }

    /// Why lives were sent nothing, those with the same reason in one clause.
    fn silent(&self, lives: impl Iterator<Item = ReplicaLife>) -> Vec<String> {
        let mut reasons: Vec<(String, Vec<ReplicaLife>)> = Vec::new();
        for life in lives {
            let reason = self.silence(life);
            match reasons.iter_mut().find(|(other, _)| *other == reason) {
                Some((_, lives)) => lives.push(life),
                None => reasons.push((reason, vec![life])),
            }
        }
        let clauses = reasons
            .iter()
            .map(|(reason, lives)| format!("{} {reason}", named(lives)));
        clauses.collect()
    }

    /// Why a life was sent nothing of the project, as far as it is known.
    fn silence(&self, who: ReplicaLife) -> String {
        let project = self.project;
        let Some(index) = self.views.observation(who).and_then(|seen| seen.index.as_ref()) else {
            return format!("may have asked for {project}: the requests to the index were not recorded");
        };
        let about = |what: &Asked| match what {
            Asked::Page { project: of } => of == project,
            Asked::File { project: of, .. } | Asked::Metadata { project: of, .. } => of.as_deref() == Some(project),
            Asked::Other { .. } => false,
        };
        if index.log.iter().any(|request| about(&request.what)) {
            return format!("asked for {project} and got no whole answer");
        }
        match self.difference.kind_of(who) {
            Some(kind) if !kind.versions.is_empty() => {
                format!("did not ask for {project}: what was installed was good enough")
            }
            _ => format!("did not ask for {project}"),
        }
    }

    /// The answers behind what these lives have, each with the life that was sent it.
    fn sent(
        &self,
        lives: &[ReplicaLife],
        part: impl Fn(ReplicaLife) -> Option<Sent<'a>>,
    ) -> Vec<(ReplicaLife, Sent<'a>)> {
        let sources: BTreeSet<_> = lives.iter().map(|who| self.views.source(*who, self.project)).collect();
        sources.into_iter().filter_map(|who| Some((who, part(who)?))).collect()
    }

    /// The lives that went on with what the life before them had.
    fn kept<'l>(&self, lives: impl Iterator<Item = &'l ReplicaLife>) -> String {
        let kept = lives
            .copied()
            .filter(|who| self.views.source(*who, self.project) != *who);
        self.silent(kept).iter().map(|clause| format!("; {clause}")).collect()
    }
}

/// `replica 2 asked for acme at 8.20 s`.
fn asked(sent: &[(ReplicaLife, Sent<'_>)], of: &str) -> String {
    let mut times: Vec<_> = sent.iter().map(|(_, sent)| sent.asked_ns()).collect();
    times.sort_unstable();
    let at = match times.as_slice() {
        [] => String::new(),
        [one] => format!(" at {}", duration(*one)),
        [one, other] => format!(" at {} and {}", duration(*one), duration(*other)),
        [first, .., last] => format!(" between {} and {}", duration(*first), duration(*last)),
    };
    format!("{} asked{of}{at}", named(&who(sent)))
}

fn who(sent: &[(ReplicaLife, Sent<'_>)]) -> Vec<ReplicaLife> {
    sent.iter().map(|(who, _)| *who).collect()
}

/// Both sides as one subject.
fn both(odd: &[ReplicaLife], reference: &[ReplicaLife]) -> String {
    format!("{} and {}", named(odd), named(reference))
}

fn was(count: usize) -> &'static str {
    if count == 1 { "was" } else { "were" }
}

/// `acme 2.0.0 was published at 6.31 s`. Projects, versions and names of files hold no blanks, so what stands before the
/// first participle of its kind is the subject.
fn happened(event: &IndexEvent) -> String {
    let participle = match event.kind {
        EventKind::Published => Some(" published"),
        EventKind::Added => Some(" added"),
        EventKind::Yanked => Some(" yanked"),
        EventKind::Deleted => Some(" deleted"),
        _ => None,
    };
    let what = match participle.and_then(|word| event.what.find(word)) {
        Some(at) => format!("{} was{}", &event.what[..at], &event.what[at..]),
        None => format!("`{}` ({})", event.name, event.what),
    };
    let place = if event.index == MAIN { "" } else { " on the extra index" };
    format!("{what}{place} at {}", duration(event.at_ns.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::happened;
    use crate::explain::trial::{MS, case, of_release, only, page, release};
    use crate::index::{EventKind, IndexEvent, IndexRequest};

    #[test]
    fn an_event_is_told_by_its_kind_whatever_else_its_words_hold() {
        let told = |kind, what: &str| {
            happened(&IndexEvent {
                what: what.into(),
                ..of_release("any", kind, "acme 2.0.0", 6_310)
            })
        };
        assert_eq!(
            told(
                EventKind::Yanked,
                "acme 2.0.0 yanked (published by mistake, then yanked)"
            ),
            "acme 2.0.0 was yanked (published by mistake, then yanked) at 6.31 s"
        );
        assert_eq!(
            told(EventKind::Added, "acme-1.0.0-py3-none-any.whl added to acme 1.0.0"),
            "acme-1.0.0-py3-none-any.whl was added to acme 1.0.0 at 6.31 s"
        );
        assert_eq!(told(EventKind::Deleted, "acme deleted"), "acme was deleted at 6.31 s");
        assert_eq!(
            told(EventKind::Stale, "stale page (pages of published)"),
            "`any` (stale page (pages of published)) at 6.31 s"
        );
    }

    #[test]
    fn the_odd_one_can_be_the_one_that_asked_before() {
        let mut case = case(
            vec![release()],
            vec![
                vec![page("acme", 100, 1, "new")],
                vec![page("acme", 200, 1, "new")],
                vec![page("acme", 6_000, 0, "old")],
            ],
        );
        case.observations[0].launched_ns = 7_000 * MS;
        case.observations[1].launched_ns = 7_000 * MS;
        assert_eq!(
            only(&case).1,
            "replica 2 asked for acme at 6.00 s, before acme 2.0.0 was published at 6.31 s; replicas 0 and 1 asked at \
             7.10 s and 7.20 s, after"
        );
    }

    #[test]
    fn who_was_sent_nothing_is_told_with_what_is_known_of_it() {
        let two = |log: Vec<IndexRequest>| case(vec![], vec![vec![page("acme", 1_920, 0, "old")], log]);
        let silent = two(vec![]);
        assert_eq!(
            only(&silent),
            (
                None,
                "replica 1 did not ask for acme: what was installed was good enough; replica 0 asked at 1.92 s".into()
            )
        );
        let refused = IndexRequest {
            status: 503,
            ..page("acme", 2_000, 0, "sorry")
        };
        assert!(
            only(&two(vec![refused]))
                .1
                .starts_with("replica 1 asked for acme and got no whole answer")
        );

        let mut unknown = silent;
        unknown.observations[1].index = None;
        assert!(only(&unknown).1.starts_with("replica 1 may have asked for acme"));
    }
}
