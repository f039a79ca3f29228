//! What will run: cases, which are scenarios times variants.

use std::sync::Arc;

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
    /// `group/name@variant`; the variant is the method, with `IMAGE+` in front when the scenario names several images.
    pub id: String,
    /// The scenario.
    pub scenario: Arc<Scenario>,
    /// Name of the image.
    pub image: String,
    /// Extension method.
    pub method: Method,
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
}

/// The cases of one scenario: images outside, methods inside, both in file order.
pub(crate) fn cases(scenario: &Arc<Scenario>) -> Vec<Case> {
    let points = scenario.images.iter().flat_map(|image| {
        let methods = scenario.extend.via.iter();
        methods.map(move |method| (image, *method))
    });
    points.map(|(image, method)| case(scenario, image, method)).collect()
}

fn case(scenario: &Arc<Scenario>, image: &str, method: Method) -> Case {
    let variant = match scenario.images.as_slice() {
        [_] => method.to_string(),
        _ => format!("{image}+{method}"),
    };
    let mut expect = scenario.expect.clone();
    let mut because = Vec::new();
    for exception in scenario.except.iter().filter(|it| it.applies(image, method)) {
        expect.replace(&exception.expect);
        because.push(exception.why.clone());
    }
    Case {
        id: format!("{}@{variant}", scenario.name),
        scenario: Arc::clone(scenario),
        image: image.to_owned(),
        method,
        expect,
        because,
    }
}

impl Exception {
    fn applies(&self, image: &str, method: Method) -> bool {
        (self.via.is_empty() || self.via.contains(&method))
            && (self.images.is_empty() || self.images.iter().any(|name| name == image))
    }
}

impl Expect {
    /// Replaces key by key. `ready` and `refuses` exclude one another, and a container that refuses to boot shows
    /// nothing that needs a server, so `refuses` takes those keys away.
    fn replace(&mut self, by: &Self) {
        if by.ready.is_some() {
            self.ready.clone_from(&by.ready);
            self.refuses = None;
        }
        if by.refuses.is_some() {
            self.refuses.clone_from(&by.refuses);
            self.ready = None;
            self.packages.clear();
            self.score = None;
            self.user = None;
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
        if by.index_asked.is_some() {
            self.index_asked.clone_from(&by.index_asked);
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
    use crate::scenario::{At, Extend, PreinstalledTree, ReadyExpect, RefusesExpect, UserExpect};

    fn at() -> At {
        At {
            file: PathBuf::from("x.yaml"),
            line: 1,
            column: 1,
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
                via,
                requirements_file: None,
                directory: None,
                tree: PreinstalledTree::default(),
            },
            expect: Expect::default(),
            except: Vec::new(),
        })
    }

    proptest! {
        #[test]
        fn ids_are_unique_and_stable(
            images in subsequence(vec!["a", "b", "a-b"], 1..=3),
            via in subsequence(Method::ALL.to_vec(), 1..=4),
        ) {
            let scenario = scenario(images.clone(), via.clone());
            let ids = |()| cases(&scenario).into_iter().map(|case| case.id).collect::<Vec<_>>();
            let first = ids(());
            prop_assert_eq!(first.len(), images.len() * via.len());
            prop_assert_eq!(first.iter().collect::<BTreeSet<_>>().len(), first.len());
            prop_assert_eq!(first, ids(()));
        }
    }

    #[test]
    fn an_exception_that_refuses_takes_away_what_needs_a_server() {
        let within = Duration::from_secs(1);
        let mut scenario = Arc::into_inner(scenario(vec!["a"], vec![Method::None, Method::Dynamic])).unwrap();
        scenario.expect.ready = Some((ReadyExpect { within }, at()));
        scenario.expect.user = Some((UserExpect { uid: 1000 }, at()));
        scenario.expect.index_asked = Some((false, at()));
        let refuses = RefusesExpect {
            within,
            inner: Some(1),
            container: None,
            log: None,
        };
        scenario.except.push(Exception {
            via: vec![Method::Dynamic],
            images: Vec::new(),
            why: "pip replaces flask".to_owned(),
            expect: Expect {
                refuses: Some((refuses, at())),
                ..Expect::default()
            },
            at: at(),
        });
        let cases = cases(&Arc::new(scenario));
        assert!(cases[0].expect.ready.is_some() && cases[0].because.is_empty());
        let dynamic = &cases[1].expect;
        assert!(dynamic.ready.is_none() && dynamic.user.is_none());
        assert!(dynamic.refuses.is_some() && dynamic.index_asked.is_some());
        assert_eq!(cases[1].because, ["pip replaces flask"]);
    }
}
