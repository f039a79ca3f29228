//! Did the replicas end up the same, or differ in just the way that was expected?

use std::collections::BTreeSet;

use super::fate::fate;
use super::lives::to_be_ready;
use super::verdict::Seen;
use crate::differences::{Difference, subjects};
use crate::explain::explain;
use crate::observation::Observation;
use crate::replica::{counted, numbered};
use crate::run::CaseRecord;

/// Lines shown beside a finding.
const LINES: usize = 12;

/// All installed sets that were read are the same, and that of every life that is to be ready was.
pub(super) fn identical(case: &CaseRecord) -> Seen {
    let Some(differences) = &case.differences else {
        return not_compared(case);
    };
    if !differences.is_empty() {
        return Seen::compared(false, drifts(differences)).with(lines(Vec::new(), differences, case));
    }
    let unread = unread(case);
    if !unread.is_empty() {
        return Seen::nothing("the installed sets that were read are the same, but not all were").with(unread);
    }
    let read = case.observations.iter().filter(|seen| seen.manifest.is_some());
    let who: Vec<_> = read.map(Observation::who).collect();
    Seen::compared(true, format!("the same on {}", counted(&who)))
}

/// Exactly these projects differ, exactly these replicas are odd, and every difference is explained by the event.
pub(super) fn drift(projects: &[String], odd: &[usize], since: Option<&str>, case: &CaseRecord) -> Seen {
    let Some(differences) = &case.differences else {
        return not_compared(case);
    };
    let mut problems = other_projects(projects, differences);
    problems.extend(other_odd(odd, differences));
    problems.extend(
        since
            .into_iter()
            .flat_map(|event| other_events(event, differences, case)),
    );
    let unread = unread(case);
    if problems.is_empty() && !unread.is_empty() {
        return Seen::nothing(format!("{}, but not every installed set was read", drifts(differences))).with(unread);
    }
    let holds = problems.is_empty();
    Seen::compared(holds, drifts(differences)).with(lines(problems, differences, case))
}

/// Projects that differ and should not, then those that should and do not.
fn other_projects(wanted: &[String], differences: &[Difference]) -> Vec<String> {
    let more: Vec<_> = differences
        .iter()
        .filter(|found| found.project.as_ref().is_none_or(|project| !wanted.contains(project)))
        .collect();
    let differs = |project: &&String| differences.iter().any(|found| found.project.as_ref() == Some(*project));
    let fewer = wanted.iter().filter(|project| !differs(project));
    (!more.is_empty())
        .then(|| format!("drift in {} too", subjects(&more)))
        .into_iter()
        .chain(fewer.map(|project| format!("no drift in {project}")))
        .collect()
}

/// The replicas that are not in the largest group of some difference, when they are not those expected.
fn other_odd(wanted: &[usize], differences: &[Difference]) -> Option<String> {
    let odd: BTreeSet<usize> = differences
        .iter()
        .flat_map(|found| found.kinds.iter().skip(1))
        .flat_map(|kind| kind.replicas.iter().map(|who| who.replica))
        .collect();
    if wanted.is_empty() || odd.is_empty() || odd.iter().eq(&wanted.iter().copied().collect::<BTreeSet<_>>()) {
        return None;
    }
    Some(format!("odd: {}", numbered(&odd.into_iter().collect::<Vec<_>>())))
}

/// Differences with an explanation that is not this event.
fn other_events<'a>(
    wanted: &'a str,
    differences: &'a [Difference],
    case: &'a CaseRecord,
) -> impl Iterator<Item = String> + 'a {
    differences.iter().filter_map(move |found| {
        let explanations = explain(found, case);
        let other = explanations.iter().find(|one| one.event.as_deref() != Some(wanted))?;
        Some(match &other.event {
            Some(event) => format!("{}: explained by `{event}`, not by `{wanted}`", found.subject()),
            None => format!("{}: not explained by `{wanted}`", found.subject()),
        })
    })
}

/// What differs, in one line: `drift in acme: 1.0.0 on replicas 0 and 1; 2.0.0 on replica 2`.
fn drifts(differences: &[Difference]) -> String {
    match differences {
        [] => "no drift: the installed sets are the same".into(),
        [only] => format!("drift in {only}"),
        several => format!("drift in {}", subjects(&several.iter().collect::<Vec<_>>())),
    }
}

/// What is wrong first, then each difference with its kinds and its explanations.
fn lines(problems: Vec<String>, differences: &[Difference], case: &CaseRecord) -> Vec<String> {
    let mut lines = problems;
    for found in differences {
        if differences.len() > 1 {
            lines.push(found.to_string());
        }
        lines.extend(explain(found, case).into_iter().map(|one| one.text));
    }
    if lines.len() > LINES {
        let more = lines.len() - (LINES - 1);
        lines.truncate(LINES - 1);
        lines.push(format!("and {more} more lines of this kind"));
    }
    lines
}

/// Fewer than two installed sets were read, and why.
fn not_compared(case: &CaseRecord) -> Seen {
    Seen::nothing("fewer than two installed sets were read, so there is nothing to compare").with(unread(case))
}

/// Why the installed set of a replica that is to be ready was not read, for each.
fn unread(case: &CaseRecord) -> Vec<String> {
    let without = to_be_ready(case).into_iter().filter(|seen| seen.manifest.is_none());
    let reasons = without.map(|seen| match &seen.manifest_error {
        Some(error) => format!("{}: the packages could not be read: {error}", seen.who()),
        None => format!("{}: the packages were not read; {}", seen.who(), fate(seen)),
    });
    reasons.take(LINES).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::differences::Kind;
    use crate::expectation::Check;
    use crate::judge::{Finding, Verdict, trial};
    use crate::manifest::Manifest;

    /// Replicas whose installed set was read, or not for this reason.
    fn replicas(unread: &[Option<&str>]) -> Vec<Observation> {
        let one = |(replica, error): (usize, &Option<&str>)| Observation {
            replica,
            manifest: error.is_none().then(Manifest::default),
            manifest_error: error.map(str::to_owned),
            ..Observation::default()
        };
        unread.iter().enumerate().map(one).collect()
    }

    /// A project in 1.0.0 on all of these replicas but the odd ones, which have 2.0.0.
    fn difference(project: &str, seen: &[Observation], odd: &[usize]) -> Difference {
        let kind = |version: &str, is_odd: bool| Kind {
            replicas: seen
                .iter()
                .map(Observation::who)
                .filter(|who| odd.contains(&who.replica) == is_odd)
                .collect(),
            versions: vec![version.into()],
            digest: String::new(),
        };
        Difference {
            project: Some(project.into()),
            kinds: vec![kind("1.0.0", false), kind("2.0.0", true)],
            files: Vec::new(),
            more_files: 0,
        }
    }

    fn one(check: Check, seen: Vec<Observation>, differences: Option<Vec<Difference>>) -> Verdict {
        let mut case = trial::case(vec![check], seen);
        case.differences = differences;
        case.judge();
        case.verdicts.remove(0)
    }

    fn drift(projects: &[&str], odd: &[usize], since: Option<&str>) -> Check {
        Check::Drift {
            projects: projects.iter().map(ToString::to_string).collect(),
            odd: odd.into(),
            since: since.map(str::to_owned),
        }
    }

    #[test]
    fn identical_means_that_all_were_read_and_nothing_differs() {
        let same = one(Check::Identical, replicas(&[None, None]), Some(Vec::new()));
        assert_eq!(
            (same.finding, same.actual.as_str()),
            (Finding::Holds, "the same on 2 replicas")
        );

        let seen = replicas(&[None, None, None]);
        let acme = difference("acme", &seen, &[2]);
        let differs = one(Check::Identical, seen, Some(vec![acme]));
        assert_eq!(
            (differs.finding, differs.actual.as_str()),
            (
                Finding::Fails,
                "drift in acme: 1.0.0 on replicas 0 and 1; 2.0.0 on replica 2"
            )
        );
        assert!(
            differs.detail[0].starts_with("replica 2 may have asked for acme"),
            "{differs:?}"
        );
    }

    #[test]
    fn all_lives_that_were_read_are_compared_whether_they_were_to_be_ready_or_not() {
        let first_alone = Check::Ready {
            within_ns: 1,
            at_least: None,
            replicas: vec![0],
        };
        let mut case = trial::case(
            vec![Check::Identical, first_alone],
            replicas(&[None, None, Some("it refused")]),
        );
        case.differences = Some(Vec::new());
        case.judge();
        assert_eq!(case.verdicts[0].actual, "the same on 2 replicas");
    }

    #[test]
    fn what_was_not_read_is_not_the_same() {
        let some = one(
            Check::Identical,
            replicas(&[None, Some("no python"), None]),
            Some(Vec::new()),
        );
        assert_eq!(some.finding, Finding::NotObserved);
        assert_eq!(some.detail, ["replica 1: the packages could not be read: no python"]);

        let none = one(Check::Identical, replicas(&[None, Some("no python")]), None);
        assert_eq!(none.finding, Finding::NotObserved);
        assert_eq!(none.detail, some.detail);

        let expected = drift(&["acme"], &[], None);
        let seen = replicas(&[None, None, Some("no python")]);
        let acme = difference("acme", &seen[..2], &[1]);
        assert_eq!(one(expected, seen, Some(vec![acme])).finding, Finding::NotObserved);
    }

    #[test]
    fn a_drift_is_of_exactly_these_projects_and_replicas() {
        let seen = || replicas(&[None, None, None]);
        let found = || {
            Some(vec![
                difference("acme", &seen(), &[2]),
                difference("bolt", &seen(), &[1]),
            ])
        };
        assert!(one(drift(&["bolt", "acme"], &[2, 1], None), seen(), found()).passed());

        let fewer = one(drift(&["acme"], &[2], None), seen(), found());
        assert_eq!(fewer.actual, "drift in acme, bolt");
        assert_eq!(fewer.detail[..2], ["drift in bolt too", "odd: replicas 1 and 2"]);
        assert_eq!(fewer.detail[2], "acme: 1.0.0 on replicas 0 and 1; 2.0.0 on replica 2");

        let more = one(drift(&["acme"], &[], None), seen(), Some(Vec::new()));
        assert_eq!(
            (more.finding, more.actual.as_str()),
            (Finding::Fails, "no drift: the installed sets are the same")
        );
        assert_eq!(more.detail, ["no drift in acme"]);
    }

    #[test]
    fn a_drift_without_the_expected_cause_fails() {
        let seen = replicas(&[None, None]);
        let acme = difference("acme", &seen, &[1]);
        let since = one(drift(&["acme"], &[], Some("release")), seen, Some(vec![acme]));
        assert_eq!(since.finding, Finding::Fails);
        assert_eq!(since.detail[0], "acme: not explained by `release`");
    }

    #[test]
    fn many_differences_are_cut_to_a_few_lines() {
        let seen = replicas(&[None, None]);
        let many = (0..40).map(|at| difference(&format!("p{at}"), &seen, &[1])).collect();
        let verdict = one(Check::Identical, seen, Some(many));
        assert_eq!(verdict.detail.len(), LINES);
        assert_eq!(verdict.detail[LINES - 1], "and 69 more lines of this kind");
    }
}
