//! Which cases are compared with which, and why others are not.

use std::collections::BTreeMap;

use seatrial_engine::Engine;
use seatrial_record::comparison::{LeftOut, Side, Sides};
use seatrial_spec::{Case, Method, Plan, Project};

use crate::runner::{Orders, PreparedCase, prepare, unrepeatable};
use crate::session::Session;

/// Cases as they are compared.
#[derive(Debug, Default)]
pub struct Matched {
    pub pairs: Vec<CasePair>,
    pub left_out: Vec<LeftOut>,
}

/// A case on both sides, or two cases of one scenario.
#[derive(Clone, Debug)]
pub struct CasePair {
    pub name: String,
    pub old: Case,
    pub new: Case,
}

/// The same with everything at hand.
pub struct PreparedPair {
    pub name: String,
    pub old: PreparedCase,
    pub new: PreparedCase,
}

/// The cases on a named image, each with itself: what stands in the image's place will differ.
pub fn images(plan: &Plan, image: &str) -> Matched {
    let (there, elsewhere): (Vec<&Case>, Vec<&Case>) = plan.cases.iter().partition(|case| case.image == image);
    let mut matched = each_with_itself(there);
    matched.left_out.extend(
        elsewhere
            .into_iter()
            .map(|case| left_out(case, format!("it runs on {}", case.image))),
    );
    matched
}

/// Every case with itself.
pub fn themselves(plan: &Plan) -> Matched {
    each_with_itself(plan.cases.iter().collect())
}

/// The cases of one method, each with its peer of the other: the same scenario and image, with the same caches or, where a
/// method has no `warm`, with `fresh` ones.
pub fn methods(plan: &Plan, old: Method, new: Method) -> Matched {
    let case = |id: String| plan.cases.iter().find(|case| case.id == id);
    let mut matched = Matched::default();
    for one in &plan.cases {
        let couple = match one.method {
            method if method == new => one.peer(old).and_then(case).map(|peer| (peer, one)),
            // Of several cases that the new method has beside one of the old, each is met above.
            method if method == old => one.peer(new).and_then(case).map(|peer| (one, peer)),
            _ => continue,
        };
        let Some((old, new)) = couple else {
            let other = if one.method == old { new } else { old };
            let why = format!("no case of the method {other} beside it was selected");
            matched.left_out.push(left_out(one, why));
            continue;
        };
        let name = format!("{} against {}", new.id, old.variant());
        if matched.pairs.iter().all(|pair| pair.name != name) {
            matched.take(name, old, new);
        }
    }
    matched
}

fn each_with_itself(cases: Vec<&Case>) -> Matched {
    let mut matched = Matched::default();
    for case in cases {
        matched.take(case.id.clone(), case, case);
    }
    matched
}

fn left_out(case: &Case, why: String) -> LeftOut {
    let case = case.id.clone();
    LeftOut { case, why }
}

impl Matched {
    /// Takes a pair in, unless a boot of either is not for comparison.
    fn take(&mut self, name: String, old: &Case, new: &Case) {
        for case in [old, new] {
            if let Some(why) = unrepeatable(case) {
                let known = self.left_out.iter().any(|left| left.case == case.id);
                if !known {
                    self.left_out.push(left_out(case, why.to_owned()));
                }
                return;
            }
        }
        // Folders, caches and containers of a case are named after its id, and no side may find those of the other.
        let on = |side: Side, case: &Case| Case {
            id: format!("{} ({})", case.id, side.word()),
            ..case.clone()
        };
        self.pairs.push(CasePair {
            name,
            old: on(Side::Old, old),
            new: on(Side::New, new),
        });
    }
}

/// Gets both sides of every pair ready before the first boot, each with what stands in its images' places.
pub async fn prepared(
    session: &Session<impl Engine>,
    project: &Project,
    pairs: Vec<CasePair>,
    sides: &Sides,
    orders: &mut Orders,
    say: &(dyn Fn(&str) + Sync),
) -> Vec<PreparedPair> {
    let (mut names, mut olds, mut news) = (Vec::new(), Vec::new(), Vec::new());
    for CasePair { name, old, new } in pairs {
        names.push(name);
        olds.push(old);
        news.push(new);
    }
    let mut ready = Vec::new();
    for (side, cases) in [(Side::Old, olds), (Side::New, news)] {
        orders.instead.extend(instead(sides, side));
        let plan = Plan { cases };
        ready.push(prepare::all(session, project, &plan, orders, say).await.cases);
        instead(sides, side).keys().for_each(|name| {
            orders.instead.remove(name);
        });
    }
    let is_needed = |case: &PreparedCase| case.ready.as_ref().is_ok_and(|ready| ready.worlds.need_upstream());
    if ready.iter().flatten().any(is_needed) {
        // Every boot of a comparison is timed, of whatever case: none is to wait for the search. Where nothing is found, only
        // those miss it who ask for it.
        let _found = session.index.find_upstream().await;
    }
    let [olds, news] = <[_; 2]>::try_from(ready).unwrap_or_default();
    let both = olds.into_iter().zip(news);
    let pairs = names.into_iter().zip(both);
    pairs
        .map(|(name, (old, new))| PreparedPair { name, old, new })
        .collect()
}

/// What stands in the place of images on one side. The name of the image itself means what the project's own file builds.
fn instead(sides: &Sides, side: Side) -> BTreeMap<String, String> {
    let Sides::Images { image, old, new } = sides else {
        return BTreeMap::new();
    };
    let reference = match side {
        Side::Old => old,
        Side::New => new,
    };
    let own = reference == image;
    (!own).then(|| (image.clone(), reference.clone())).into_iter().collect()
}
