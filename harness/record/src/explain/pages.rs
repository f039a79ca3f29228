//! Pages that were not the same for every replica, whatever came of it.

use std::collections::BTreeMap;

use super::views::Views;
use crate::replica::ReplicaLife;
use crate::run::CaseRecord;

/// The page of one project on one index, which was not the same for all.
pub(crate) struct DifferingPage<'a> {
    /// `main` or `extra`.
    pub(crate) index: &'a str,
    /// The project.
    pub(crate) project: &'a str,
    /// The lives that were sent the same page, the lowest replica first.
    pub(crate) sent: Vec<Vec<ReplicaLife>>,
    /// The lives that were told that there is none.
    pub(crate) absent: Vec<ReplicaLife>,
}

/// Every page whose last answers, where they are known, differ between lives of replicas.
pub(crate) fn differing_pages(case: &CaseRecord) -> Vec<DifferingPage<'_>> {
    let mut pages = BTreeMap::<_, BTreeMap<Option<&str>, Vec<ReplicaLife>>>::new();
    for (who, index, project, answer) in Views::of(case).pages() {
        pages
            .entry((index, project))
            .or_default()
            .entry(answer)
            .or_default()
            .push(who);
    }
    pages.retain(|_, answers| answers.len() > 1);
    let differing = pages.into_iter().map(|((index, project), mut answers)| {
        let absent = answers.remove(&None).unwrap_or_default();
        let mut sent: Vec<_> = answers.into_values().collect();
        sent.sort();
        DifferingPage {
            index,
            project,
            sent,
            absent,
        }
    });
    differing.collect()
}
