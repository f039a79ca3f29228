//! Events that can never happen when the cases go as they are expected to.

use std::sync::Arc;
use std::time::Duration;

use super::Checker;
use crate::plan::{self, Case};
use crate::replicas::Start;
use crate::scenario::Scenario;
use crate::script::{Event, Trigger};
use crate::tree::Node;

impl Checker<'_> {
    /// Checks the triggers of both scripts against the expectations of all cases.
    pub(super) fn never(&mut self, root: &Node, scenario: &Arc<Scenario>) {
        let cases = plan::cases(scenario);
        let replicas = &scenario.replicas;
        // Replicas that start later, or again, are watched for longer than one boot.
        let longest = if replicas.start == Start::Together && replicas.restarts.is_empty() {
            cases.iter().flat_map(watched).max()
        } else {
            None
        };
        let index = root.child("index");
        let places = [index, index.child("extra")];
        for (node, side) in places.into_iter().zip(scenario.index.sides()) {
            for (position, event) in side.script.iter().enumerate() {
                let when = node.child("script").item(position).child("when");
                self.too_late(when, event, longest);
                self.never_ready(when, event, &cases);
            }
        }
    }

    fn too_late(&mut self, when: &Node, event: &Event, longest: Option<Duration>) {
        if let (Trigger::After(delay), Some(longest)) = (&event.when, longest)
            && *delay > longest
        {
            let what = format!("this never comes: every replica has settled after {longest:?}");
            let problem = self.value(when.child("after"), what);
            self.push(problem.help("let it happen earlier, or give `ready` or `refuses` more time"));
        }
    }

    fn never_ready(&mut self, when: &Node, event: &Event, cases: &[Case]) {
        let Trigger::Ready(replicas) = &event.when else { return };
        for (index, replica) in replicas.iter().enumerate() {
            if cases.iter().all(|case| refuses(case, *replica)) {
                let item = when.child("ready").item(index);
                let problem = self.value(item, format!("this never comes: replica {replica} refuses to boot"));
                self.push(problem.help("give another `when`, or expect that replica to be `ready`"));
            }
        }
    }
}

/// How long a replica of a case is watched at most, by each of its expectations.
fn watched(case: &Case) -> impl Iterator<Item = Duration> {
    let ready = case.expect.ready.as_ref().map(|(ready, _)| ready.within);
    let refuses = case.expect.refuses.as_ref().map(|(refuses, _)| refuses.within);
    ready.into_iter().chain(refuses)
}

/// Whether a case expects this replica to refuse to boot.
fn refuses(case: &Case, replica: usize) -> bool {
    let refuses = case.expect.refuses.as_ref();
    refuses.is_some_and(|(refuses, _)| refuses.replicas.is_empty() || refuses.replicas.contains(&replica))
}
