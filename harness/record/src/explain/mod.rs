//! Why replicas differ in a project: what the index sent each of them, and the event of its script that lies between.

mod cause;
mod obstacle;
mod pages;
mod pair;
#[cfg(test)]
pub(crate) mod trial;
mod views;
mod words;

use crate::differences::Difference;
use crate::replica::ReplicaLife;
use crate::run::CaseRecord;
use cause::{Cause, Causes};

pub(crate) use obstacle::{Obstacle, obstacles};
pub(crate) use pages::differing_pages;

/// Why some replicas are not like the largest group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// Name of the event that explains it; `None` when none does.
    pub event: Option<String>,
    /// Who was sent what and when, in words; times on the case's clock.
    pub text: String,
}

/// Explains one difference of a case: every kind other than the first against the first, replicas with the same reason
/// in one explanation.
pub fn explain(difference: &Difference, case: &CaseRecord) -> Vec<Explanation> {
    let [reference, others @ ..] = difference.kinds.as_slice() else {
        return Vec::new();
    };
    let causes = Causes::of(case);
    let mut explanations = Vec::new();
    for kind in others {
        let mut reasons: Vec<(Cause<'_>, Vec<ReplicaLife>)> = Vec::new();
        for odd in &kind.replicas {
            let cause = causes.between(difference, &reference.replicas, *odd);
            match reasons.iter_mut().find(|(other, _)| *other == cause) {
                Some((_, lives)) => lives.push(*odd),
                None => reasons.push((cause, vec![*odd])),
            }
        }
        explanations.extend(reasons.into_iter().map(|(cause, odd)| Explanation {
            event: cause.event().map(|event| event.name.clone()),
            text: words::tell(&causes.views, difference, &cause, &odd, &reference.replicas),
        }));
    }
    explanations
}

#[cfg(test)]
mod tests {
    use super::trial::{MS, absent, case, changed, difference, fault, of_release, only, page, release};
    use super::*;
    use crate::index::{EventKind, IndexEvent, IndexRequest};
    use crate::replica::Beginning;

    #[test]
    fn a_restarted_replica_goes_by_what_its_life_before_was_sent() {
        let mut case = case(
            vec![release()],
            vec![
                vec![page("acme", 1_920, 0, "old")],
                vec![],
                vec![page("acme", 1_000, 1, "new")],
            ],
        );
        let restarted = &mut case.observations[1];
        (restarted.replica, restarted.life, restarted.began) = (0, 1, Beginning::Restarted);
        let recreated = &mut case.observations[2];
        (recreated.replica, recreated.life, recreated.began) = (1, 1, Beginning::Recreated);
        recreated.launched_ns = 20_000 * MS;
        let (event, text) = only(&case);
        assert_eq!(event.as_deref(), Some("release"));
        assert_eq!(
            text,
            "replica 1 (recreated) asked for acme at 21.0 s, after acme 2.0.0 was published at 6.31 s; replica 0 asked \
             at 1.92 s, before; replica 0 (restarted) did not ask for acme: what was installed was good enough"
        );
    }

    #[test]
    fn replicas_with_one_reason_share_a_sentence_and_others_have_their_own() {
        let hit = |at| vec![changed("stale-cdn", page("acme", at, 2, "old"))];
        let stale = fault("stale-cdn", EventKind::Stale, "stale page", 7_000);
        let mut logs = vec![vec![page("acme", 7_100, 2, "new")], hit(7_200), hit(7_300)];
        logs.push(vec![page("acme", 1_000, 0, "old")]);
        let case = case(vec![release(), stale], logs);
        let all = explain(
            &difference("acme", &case, &[("2.0.0", &[0]), ("1.0.0", &[1, 2, 3])]),
            &case,
        );
        let events: Vec<_> = all.iter().map(|one| one.event.as_deref()).collect();
        assert_eq!(events, [Some("stale-cdn"), Some("release")]);
        assert!(
            all[0]
                .text
                .starts_with("replicas 1 and 2 asked for acme at 7.20 s and 7.30 s and were sent a page")
        );
    }

    #[test]
    fn a_project_without_a_cause_of_its_own_follows_one_that_has() {
        let mut case = case(
            vec![release()],
            vec![
                vec![page("acme", 1_920, 0, "old")],
                vec![page("acme", 8_200, 1, "new"), page("bolt", 8_300, 1, "bolt")],
            ],
        );
        let acme = difference("acme", &case, &[("1.0.0", &[0]), ("2.0.0", &[1])]);
        let bolt = difference("bolt", &case, &[("", &[0]), ("1.0.0", &[1])]);
        assert_eq!(
            explain(&bolt, &case)[0].text,
            "replica 0 did not ask for bolt; replica 1 asked at 8.30 s"
        );

        case.differences = Some(vec![acme, bolt.clone()]);
        let all = explain(&bolt, &case);
        assert_eq!(all[0].event.as_deref(), Some("release"));
        assert_eq!(
            all[0].text,
            "no event of its own explains bolt on replica 1; replica 1 and replica 0 differ in acme too, since acme \
             2.0.0 was published at 6.31 s"
        );
    }

    #[test]
    fn what_it_follows_is_told_by_who_of_the_reference_differs_there_too() {
        let bolt = |at, after| page("bolt", at, after, "bolt");
        let mut case = case(
            vec![
                release(),
                of_release("other", EventKind::Published, "tide 2.0.0", 6_500),
                of_release("late", EventKind::Yanked, "acme 0.9.0", 7_500),
            ],
            vec![
                vec![page("acme", 1_920, 0, "old"), bolt(1_950, 0)],
                vec![page("acme", 8_000, 3, "newest"), bolt(8_100, 3)],
                vec![page("acme", 6_900, 2, "new"), bolt(7_000, 2)],
            ],
        );
        let acme = difference("acme", &case, &[("2.0.0", &[1, 2]), ("1.0.0", &[0])]);
        let bolt = difference("bolt", &case, &[("1.0.0", &[0, 1]), ("2.0.0", &[2])]);
        case.differences = Some(vec![acme, bolt.clone()]);
        assert_eq!(explain(&bolt, &case)[0].event.as_deref(), Some("release"));
    }

    #[test]
    fn the_extra_index_can_be_the_one_that_moved() {
        let on_extra = |request: IndexRequest| IndexRequest {
            index: "extra".into(),
            ..request
        };
        let hijack = IndexEvent {
            index: "extra".into(),
            ..of_release("hijack", EventKind::Published, "acme 9.0.0", 6_310)
        };
        let case = case(
            vec![hijack],
            vec![
                vec![
                    page("acme", 1_000, 0, "old"),
                    on_extra(absent(page("acme", 1_100, 0, ""))),
                ],
                vec![page("acme", 8_000, 0, "old"), on_extra(page("acme", 8_100, 1, "evil"))],
            ],
        );
        let (event, text) = only(&case);
        assert_eq!(event.as_deref(), Some("hijack"));
        assert!(
            text.contains("acme 9.0.0 was published on the extra index at 6.31 s"),
            "{text}"
        );
    }

    #[test]
    fn where_no_event_lies_between_that_is_said() {
        let two = |one: &str, other: &str| {
            let logs = vec![vec![page("acme", 1_000, 0, one)], vec![page("acme", 2_000, 0, other)]];
            case(vec![release()], logs)
        };
        assert_eq!(
            only(&two("3fa9", "3fa9")),
            (
                None,
                "replica 1 and replica 0 were sent the same of acme: that does not explain the difference".into()
            )
        );
        assert_eq!(
            only(&two("3fa9", "77aa")).1,
            "replica 1 was sent the page 77aa of acme, replica 0 the page 3fa9, and no event of the index's script lies \
             between"
        );
        let mut unknown = two("3fa9", "77aa");
        unknown.observations[0].index.as_mut().unwrap().log[0].answer = None;
        assert_eq!(
            only(&unknown).1,
            "no event of the index's script lies between what replica 1 and replica 0 were sent of acme"
        );
        let mut loose = difference("", &unknown, &[("", &[0]), ("", &[1])]);
        loose.project = None;
        assert_eq!(
            explain(&loose, &unknown)[0].text,
            "replica 1 and replica 0 differ in files of no project, for which no request to the index accounts"
        );
    }
}
