//! The checked meaning of a scenario's `index` block: what the package index has and how it moves.

use jiff::Timestamp;

use crate::script::Event;
use crate::universe::UniverseProject;

/// The index of a case, and the second one where pip is given two.
#[derive(Clone, Debug, Default)]
pub struct IndexSetup {
    /// The index that pip asks.
    pub main: IndexSide,
    /// A second index that pip asks besides; every contract of the scenario has a place for it.
    pub extra: Option<IndexSide>,
}

impl IndexSetup {
    /// The first index, then the second where there is one.
    pub fn sides(&self) -> impl Iterator<Item = &IndexSide> {
        std::iter::once(&self.main).chain(&self.extra)
    }
}

/// One index. By default it has no universe and moves only as upstream does.
#[derive(Clone, Debug, Default)]
pub struct IndexSide {
    /// The projects of its universe, in the order of their normalised names, of which no two are equal; releases later
    /// than `as_of` are left out. A project wins over one of the same name upstream.
    pub projects: Vec<UniverseProject>,
    /// What stands behind the universe.
    pub upstream: Behind,
    /// What happens to it, in file order.
    pub script: Vec<Event>,
}

impl IndexSide {
    /// Leaves out the releases of the universe that were uploaded later.
    pub fn leave_out_later(&mut self, as_of: Timestamp) {
        for project in &mut self.projects {
            project.releases.retain(|release| release.uploaded_at() <= as_of);
        }
    }
}

/// What stands behind a universe.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Behind {
    /// Nothing: what the universe lacks is not there.
    Nothing,
    /// What the universe lacks comes from upstream.
    #[default]
    Live,
    /// What the universe lacks comes from upstream as it was at this instant, in UTC by RFC 3339.
    AsOf(String),
}
