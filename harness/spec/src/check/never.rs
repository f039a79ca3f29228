//! Events that can never happen when the cases go as they are expected to. In each case every event is expected to happen,
//! but those that wait for requests where no boot sends any.

use std::sync::Arc;
use std::time::Duration;

use super::Checker;
use crate::plan::{self, Case};
use crate::replicas::{Replicas, Start};
use crate::scenario::Scenario;
use crate::script::{Event, Trigger};
use crate::tree::Node;

impl Checker<'_> {
    /// Checks the triggers of both scripts against the expectations of each case.
    pub(super) fn never(&mut self, root: &Node, scenario: &Arc<Scenario>) {
        let cases = plan::cases(scenario);
        let settled = cases
            .iter()
            .filter_map(|case| Some((settles(case, &scenario.replicas)?, case)));
        let soonest = settled.min_by_key(|(after, _)| *after);
        let index = root.child("index");
        let places = [index, index.child("extra")];
        for (node, side) in places.into_iter().zip(scenario.index.sides()) {
            for (position, event) in side.script.iter().enumerate() {
                let when = node.child("script").item(position).child("when");
                self.too_late(when, event, soonest);
                self.never_ready(when, event, &cases);
            }
        }
    }

    fn too_late(&mut self, when: &Node, event: &Event, soonest: Option<(Duration, &Case)>) {
        if let (Trigger::After(delay), Some((settled, case))) = (&event.when, soonest)
            && *delay > settled
        {
            let case = case.variant();
            let what = format!("this never comes in `{case}`: every replica has settled after {settled:?}");
            let problem = self.value(when.child("after"), what);
            self.push(problem.help("let it happen earlier, or give `ready` or `refuses` more time"));
        }
    }

    fn never_ready(&mut self, when: &Node, event: &Event, cases: &[Case]) {
        let Trigger::Ready(replicas) = &event.when else { return };
        for (index, replica) in replicas.iter().enumerate() {
            if let Some(case) = cases.iter().find(|case| refuses(case, *replica)) {
                let item = when.child("ready").item(index);
                let what = format!(
                    "this never comes in `{}`: replica {replica} refuses to boot",
                    case.variant()
                );
                let problem = self.value(item, what);
                self.push(problem.help("give another `when`, or expect that replica to be `ready`"));
            }
        }
    }
}

/// When every replica of a case has settled at the latest, by what is expected of it. `None` where that cannot be told:
/// replicas that start later, or again, are watched for longer than one boot, and so are those of which nothing is
/// expected.
fn settles(case: &Case, replicas: &Replicas) -> Option<Duration> {
    if replicas.start != Start::Together || !replicas.restarts.is_empty() {
        return None;
    }
    let watched = (0..replicas.count).map(|replica| watched(case, replica));
    watched.collect::<Option<Vec<_>>>()?.into_iter().max()
}

/// How long a replica of a case is watched.
fn watched(case: &Case, replica: usize) -> Option<Duration> {
    let concerns = |replicas: &[usize]| replicas.is_empty() || replicas.contains(&replica);
    let ready = case.expect.ready.as_ref().map(|(ready, _)| ready);
    let refuses = case.expect.refuses.as_ref().map(|(refuses, _)| refuses);
    let ready = ready
        .filter(|ready| concerns(&ready.replicas))
        .map(|ready| ready.within);
    let refuses = refuses.filter(|refuses| concerns(&refuses.replicas));
    ready.or(refuses.map(|refuses| refuses.within))
}

/// Whether a case expects this replica to refuse to boot.
fn refuses(case: &Case, replica: usize) -> bool {
    let refuses = case.expect.refuses.as_ref();
    refuses.is_some_and(|(refuses, _)| refuses.replicas.is_empty() || refuses.replicas.contains(&replica))
}
