//! What will run: cases, which are scenarios times variants.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::budget::Budget;
use crate::sampling::Caches;
use crate::scenario::{Exception, Expect, Method, Scenario};

/// The cases selected for one run, in file order.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The cases.
    pub cases: Vec<Case>,
}

/// One scenario at one point of its axes.
#[derive(Clone, Debug)]
pub struct Case {
    /// `group/name@variant`; the variant is the method, with `IMAGE+` in front when the scenario names several images and
    /// `+CACHES` behind when it names other caches than `fresh`.
    pub id: String,
    /// The scenario.
    pub scenario: Arc<Scenario>,
    /// Name of the image.
    pub image: String,
    /// Extension method.
    pub method: Method,
    /// What is at hand when it boots.
    pub caches: Caches,
    /// Expectations after the exceptions were applied.
    pub expect: Expect,
    /// Reasons of the exceptions that applied, in file order.
    pub because: Vec<String>,
}

impl Case {
    /// The part of the id after `@`.
    #[must_use]
    pub fn variant(&self) -> &str {
        self.id
            .rsplit_once('@')
            .map_or(self.id.as_str(), |(_, variant)| variant)
    }

    /// Id of the case of another method that this one is compared with: on the same image, and with the same caches or,
    /// where that method has no `warm`, with `fresh` ones. `None` where the scenario has no such case.
    #[must_use]
    pub fn peer(&self, method: Method) -> Option<String> {
        let scenario = &self.scenario;
        let caches = scenario.sampling.comparable(self.caches, method)?;
        let there = scenario.extend.via.contains(&method);
        there.then(|| id(scenario, &self.image, method, caches))
    }

    /// Whether a ratio of this budget can be judged among cases with these ids.
    fn has_peer(&self, budget: &Budget, ids: &BTreeSet<String>) -> bool {
        let Budget::Ratio { to, .. } = budget else {
            return true;
        };
        self.peer(*to).is_some_and(|peer| ids.contains(&peer))
    }
}

impl Plan {
    /// A plan of these cases. A ratio to a case that is not among them is not expected: nothing of this run could show it.
    pub(crate) fn of(mut cases: Vec<Case>) -> Self {
        let ids: BTreeSet<String> = cases.iter().map(|case| case.id.clone()).collect();
        for case in &mut cases {
            let mut budget = std::mem::take(&mut case.expect.budget);
            budget.retain(|(budget, _)| case.has_peer(budget, &ids));
            case.expect.budget = budget;
        }
        Self { cases }
    }
}

/// The cases of one scenario: images outside, methods inside, caches innermost, all in file order.
pub(crate) fn cases(scenario: &Arc<Scenario>) -> Vec<Case> {
    let points = scenario.images.iter().flat_map(|image| {
        let methods = scenario.extend.via.iter();
        methods.map(move |method| (image, *method))
    });
    points
        .flat_map(|(image, method)| {
            let states = scenario.sampling.caches_of(method);
            states.map(move |caches| case(scenario, image, method, caches))
        })
        .collect()
}

fn case(scenario: &Arc<Scenario>, image: &str, method: Method, caches: Caches) -> Case {
    let mut expect = scenario.expect.clone();
    let mut because = Vec::new();
    for exception in scenario.except.iter().filter(|it| it.applies(image, method, caches)) {
        expect.replace(&exception.expect);
        because.push(exception.why.clone());
    }
    expect.budget.retain(|(budget, _)| budget.concerns(method));
    Case {
        id: id(scenario, image, method, caches),
        scenario: Arc::clone(scenario),
        image: image.to_owned(),
        method,
        caches,
        expect,
        because,
    }
}

fn id(scenario: &Scenario, image: &str, method: Method, caches: Caches) -> String {
    let mut variant = match scenario.images.as_slice() {
        [_] => method.to_string(),
        _ => format!("{image}+{method}"),
    };
    if scenario.sampling.caches != [Caches::Fresh] {
        variant.push_str(&format!("+{caches}"));
    }
    format!("{}@{variant}", scenario.name)
}

impl Exception {
    pub(crate) fn applies(&self, image: &str, method: Method, caches: Caches) -> bool {
        (self.via.is_empty() || self.via.contains(&method))
            && (self.images.is_empty() || self.images.iter().any(|name| name == image))
            && (self.caches.is_empty() || self.caches.contains(&caches))
    }
}

impl Expect {
    /// Replaces key by key. `ready` takes `refuses` away and the reverse, unless the two then stand together, each with
    /// its own replicas. Where all that is left is `refuses`, nothing shows what needs a server, so those keys go too.
    fn replace(&mut self, by: &Self) {
        if by.ready.is_some() {
            self.ready.clone_from(&by.ready);
        }
        if by.refuses.is_some() {
            self.refuses.clone_from(&by.refuses);
        }
        if let (Some((ready, _)), Some((refuses, _))) = (&self.ready, &self.refuses)
            && !ready.stands_beside(refuses)
        {
            if by.ready.is_some() {
                self.refuses = None;
            } else {
                self.ready = None;
            }
        }
        if self.serves_nowhere() {
            self.packages.clear();
            self.score = None;
            self.user = None;
            self.replicas = None;
            self.budget.clear();
        }
        if !by.packages.is_empty() {
            self.packages.clone_from(&by.packages);
        }
        if by.score.is_some() {
            self.score.clone_from(&by.score);
        }
        if by.user.is_some() {
            self.user.clone_from(&by.user);
        }
        if by.health.is_some() {
            self.health.clone_from(&by.health);
        }
        if !by.log.is_empty() {
            self.log.clone_from(&by.log);
        }
        // Both are of the key `index`, which is replaced as a whole.
        if by.index_asked.is_some() || by.index_at_most.is_some() {
            self.index_asked.clone_from(&by.index_asked);
            self.index_at_most.clone_from(&by.index_at_most);
        }
        if by.replicas.is_some() {
            self.replicas.clone_from(&by.replicas);
        }
        if !by.budget.is_empty() {
            self.budget.clone_from(&by.budget);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::path::PathBuf;
    use std::time::Duration;

    use proptest::prelude::*;
    use proptest::sample::subsequence;

    use super::*;
    use crate::index::IndexSetup;
    use crate::replicas::{Replicas, ReplicasExpect, Start};
    use crate::scenario::{At, Extend, PreinstalledTree, ReadyExpect, RefusesExpect, UserExpect};

    fn at() -> At {
        At {
            file: PathBuf::from("x.yaml"),
            line: 1,
            column: 1,
        }
    }

    fn ready(replicas: &[usize]) -> ReadyExpect {
        ReadyExpect {
            within: Duration::from_secs(1),
            at_least: None,
            replicas: replicas.to_vec(),
        }
    }

    fn refuses(replicas: &[usize]) -> RefusesExpect {
        RefusesExpect {
            within: Duration::from_secs(1),
            inner: Some(1),
            container: None,
            log: None,
            replicas: replicas.to_vec(),
            since: None,
        }
    }

    fn scenario(images: Vec<&str>, via: Vec<Method>) -> Arc<Scenario> {
        Arc::new(Scenario {
            name: "group/name".to_owned(),
            file: PathBuf::from("x.yaml"),
            why: String::new(),
            tags: Vec::new(),
            images: images.into_iter().map(str::to_owned).collect(),
            app: PathBuf::new(),
            entry: None,
            env: BTreeMap::new(),
            extend: Extend {
                requirements: Vec::new(),
                constraints: Vec::new(),
                via,
                requirements_file: None,
                directory: None,
                tree: PreinstalledTree::default(),
            },
            replicas: Replicas {
                count: 1,
                start: Start::Together,
                restarts: Vec::new(),
            },
            sampling: crate::sampling::Sampling::default(),
            index: IndexSetup::default(),
            expect: Expect::default(),
            except: Vec::new(),
        })
    }

    proptest! {
        #[test]
        fn ids_are_unique_and_stable(
            images in subsequence(vec!["a", "b", "a-b"], 1..=3),
            via in subsequence(Method::ALL.to_vec(), 1..=4),
            caches in subsequence(vec![Caches::Cold, Caches::Fresh, Caches::Warm], 1..=3),
        ) {
            let mut scenario = Arc::into_inner(scenario(images.clone(), via.clone())).unwrap();
            scenario.sampling.caches.clone_from(&caches);
            let warm = if caches.contains(&Caches::Warm) { via.len() } else { 0 };
            let never = if via.contains(&Method::Dynamic) { warm.saturating_sub(1) } else { warm };
            let scenario = Arc::new(scenario);
            let ids = |()| cases(&scenario).into_iter().map(|case| case.id).collect::<Vec<_>>();
            let first = ids(());
            prop_assert_eq!(first.len(), images.len() * (via.len() * caches.len() - never));
            prop_assert_eq!(first.iter().collect::<BTreeSet<_>>().len(), first.len());
            prop_assert_eq!(first, ids(()));
        }
    }

    #[test]
    fn an_exception_that_refuses_takes_away_what_needs_a_server() {
        let mut scenario = Arc::into_inner(scenario(vec!["a"], vec![Method::None, Method::Dynamic])).unwrap();
        scenario.expect.ready = Some((ready(&[]), at()));
        scenario.expect.user = Some((UserExpect { uid: 1000 }, at()));
        scenario.expect.replicas = Some((ReplicasExpect::Identical, at()));
        scenario.expect.index_asked = Some((false, at()));
        scenario.except.push(Exception {
            via: vec![Method::Dynamic],
            images: Vec::new(),
            caches: Vec::new(),
            why: "pip replaces flask".to_owned(),
            expect: Expect {
                refuses: Some((refuses(&[]), at())),
                ..Expect::default()
            },
            at: at(),
        });
        let cases = cases(&Arc::new(scenario));
        assert!(cases[0].expect.ready.is_some() && cases[0].because.is_empty());
        let dynamic = &cases[1].expect;
        assert!(dynamic.ready.is_none() && dynamic.user.is_none() && dynamic.replicas.is_none());
        assert!(dynamic.refuses.is_some() && dynamic.index_asked.is_some());
        assert_eq!(cases[1].because, ["pip replaces flask"]);
    }

    #[test]
    fn ready_and_refuses_of_different_replicas_stay_together() {
        let both = Expect {
            ready: Some((ready(&[0, 2]), at())),
            refuses: Some((refuses(&[1]), at())),
            user: Some((UserExpect { uid: 1000 }, at())),
            ..Expect::default()
        };
        let replaced = |by: Expect| {
            let mut expect = both.clone();
            expect.replace(&by);
            (expect.ready.is_some(), expect.refuses.is_some(), expect.user.is_some())
        };
        let with_ready = |replicas: &[usize]| Expect {
            ready: Some((ready(replicas), at())),
            ..Expect::default()
        };
        let with_refuses = |replicas: &[usize]| Expect {
            refuses: Some((refuses(replicas), at())),
            ..Expect::default()
        };
        assert_eq!(replaced(with_ready(&[0])), (true, true, true));
        assert_eq!(replaced(with_ready(&[0, 1])), (true, false, true));
        assert_eq!(replaced(with_ready(&[])), (true, false, true));
        assert_eq!(replaced(with_refuses(&[1])), (true, true, true));
        assert_eq!(replaced(with_refuses(&[0])), (false, true, false));
        assert_eq!(replaced(with_refuses(&[])), (false, true, false));
    }

    #[test]
    fn warm_is_compared_with_fresh_where_nothing_could_be_warm() {
        let peer = |caches: &[Caches], of: Caches| {
            let mut scenario = Arc::into_inner(scenario(vec!["a"], vec![Method::None, Method::Dynamic])).unwrap();
            scenario.sampling.caches = caches.to_vec();
            let cases = cases(&Arc::new(scenario));
            let dynamic = cases
                .iter()
                .find(|case| case.method == Method::Dynamic && case.caches == of);
            dynamic.unwrap().peer(Method::None)
        };
        use Caches::{Cold, Fresh, Warm};
        assert_eq!(peer(&[Fresh], Fresh).unwrap(), "group/name@none");
        assert_eq!(peer(&[Cold, Fresh], Cold).unwrap(), "group/name@none+cold");
        assert_eq!(peer(&[Fresh, Warm], Warm).unwrap(), "group/name@none+fresh");
        assert_eq!(peer(&[Cold, Warm], Warm), None);
    }

    #[test]
    fn a_budget_is_of_the_cases_that_have_what_it_limits() {
        let mut scenario = Arc::into_inner(scenario(vec!["a"], vec![Method::None, Method::Dynamic])).unwrap();
        let second = Duration::from_secs(1);
        let ratio = Budget::Ratio {
            of: Method::Dynamic,
            to: Method::None,
            at_most: 12.0,
        };
        let budget = [
            Budget::Ready(second),
            Budget::Part(crate::budget::Part::Install, second),
            ratio,
        ];
        scenario.expect.budget = budget.into_iter().map(|budget| (budget, at())).collect();
        let cases = cases(&Arc::new(scenario));
        let counts = |cases: &[Case]| cases.iter().map(|case| case.expect.budget.len()).collect::<Vec<_>>();
        assert_eq!(counts(&cases), [1, 3]);
        assert_eq!(counts(&Plan::of(cases.clone()).cases), [1, 3]);
        let alone = Plan::of(vec![cases[1].clone()]);
        assert_eq!(counts(&alone.cases), [2], "a ratio needs the other case in the run");
    }

    #[test]
    fn the_key_index_is_replaced_as_a_whole() {
        let mut expect = Expect {
            index_asked: Some((true, at())),
            ..Expect::default()
        };
        expect.replace(&Expect {
            index_at_most: Some((40, at())),
            ..Expect::default()
        });
        assert!(expect.index_asked.is_none() && expect.index_at_most.is_some());
    }
}
