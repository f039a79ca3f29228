//! Pages that were not the same for every replica, whatever came of it.

use std::collections::BTreeMap;

use super::views::Views;
use crate::replica::ReplicaLife;
use crate::run::CaseRecord;

/// The page of one project on one index, of which replicas were sent different ones.
pub(crate) struct DifferingPage<'a> {
    /// `main` or `extra`.
    pub(crate) index: &'a str,
    /// The project.
    pub(crate) project: &'a str,
    /// The lives that were sent the same page, the lowest replica first.
    pub(crate) groups: Vec<Vec<ReplicaLife>>,
}

/// Every page whose last answers, where they are known, differ between lives of replicas.
pub(crate) fn differing_pages(case: &CaseRecord) -> Vec<DifferingPage<'_>> {
    let mut pages = BTreeMap::<_, BTreeMap<&str, Vec<ReplicaLife>>>::new();
    for (who, index, project, answer) in Views::of(case).pages() {
        pages
            .entry((index, project))
            .or_default()
            .entry(answer)
            .or_default()
            .push(who);
    }
    pages.retain(|_, answers| answers.len() > 1);
    let differing = pages.into_iter().map(|((index, project), answers)| {
        let mut groups: Vec<_> = answers.into_values().collect();
        groups.sort();
        DifferingPage { index, project, groups }
    });
    differing.collect()
}
