//! From a scenario file to a [`Scenario`].

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::expect::Setting;
use super::sampling::Boots;
use super::script::Stage;
use super::{Checker, path};
use crate::contract::Contract;
use crate::diagnostic::{Problems, quoted};
use crate::fixtures::Fixtures;
use crate::plan;
use crate::sampling::Caches;
use crate::scenario::{Exception, Method, Scenario};
use crate::source::Source;
use crate::tree::Node;
use crate::wire::{self, ExceptEntry, ScenarioFile};

/// Reads and checks one scenario file in `folder`.
pub(crate) fn scenario(
    name: &str,
    folder: &Path,
    source: &Source,
    fixtures: &Fixtures,
) -> Result<Arc<Scenario>, Problems> {
    let (root, file) = wire::read::<ScenarioFile>(source)?;
    let mut checker = Checker::new(source);
    checker.tags(root.child("tags"), &file.tags);
    let images = checker.images(&root, &file, fixtures);
    let contracts: Vec<&Contract> = images.iter().filter_map(|image| fixtures.contract_of(image)).collect();
    let app = checker.app(root.child("app"), &file.app, folder, fixtures);
    if let Some(entry) = &file.entry {
        checker.inside(root.child("entry"), entry, "", "the app folder");
    }
    let beside = path::parent(file.entry.as_deref().unwrap_or(""));
    let extend = checker.extend(&root, file.extend, beside, &images, fixtures);
    checker.env(&root, &file.env, &extend.via, file.entry.is_some(), &contracts);
    let replicas = checker.replicas(&root, file.replicas, file.start, file.restart);
    let stage = Stage {
        replicas: replicas.count,
        via: &extend.via,
        contracts: &contracts,
    };
    let index = checker.index(&root, file.index, &stage, fixtures);
    let boots = Boots {
        via: &extend.via,
        contracts: &contracts,
        replicas: &replicas,
        index: &index,
    };
    let sampling = checker.sampling(&root, file.samples, file.caches, &boots);
    let setting = Setting {
        contracts: &contracts,
        via: &extend.via,
        sampling: &sampling,
        replicas: &replicas,
        index: &index,
    };
    let expect = checker.expect(root.child("expect"), file.expect, &setting);
    let except = file
        .except
        .into_iter()
        .enumerate()
        .map(|(index, entry)| {
            let node = root.child("except").item(index);
            checker.exception(node, entry, &images, &setting)
        })
        .collect();
    let scenario = Arc::new(Scenario {
        name: name.to_owned(),
        file: source.file.clone(),
        why: file.why,
        tags: file.tags,
        images,
        app: app.clone().unwrap_or_default(),
        entry: file.entry,
        env: file.env,
        extend,
        replicas,
        sampling,
        index,
        expect,
        except,
    });
    checker.cases(&root, &scenario);
    checker.never(&root, &scenario);
    if let Some(app) = app {
        checker.entry_exists(&root, &app, &scenario, &contracts);
    }
    checker.finish(Some(scenario))
}

impl Checker<'_> {
    fn tags(&mut self, list: &Node, tags: &[String]) {
        for (index, tag) in tags.iter().enumerate() {
            if !is_name(tag) {
                let problem = self.value(list.item(index), format!("`{tag}` cannot be a tag"));
                self.push(problem.expected("expected lower-case letters, digits and `-`"));
            }
        }
    }

    /// The images named by `image` or `images`, of which there is exactly one; unknown ones are left out.
    fn images(&mut self, root: &Node, file: &ScenarioFile, fixtures: &Fixtures) -> Vec<String> {
        let named: Vec<(&Node, &String)> = match (&file.image, &file.images) {
            (Some(image), None) => vec![(root.child("image"), image)],
            (None, Some(images)) => {
                let list = root.child("images");
                images
                    .iter()
                    .enumerate()
                    .map(|(index, image)| (list.item(index), image))
                    .collect()
            }
            (Some(_), Some(_)) => {
                let problem = self.key(root.child("images"), "both `image` and `images` are given");
                self.push(problem.help("keep `images`, with every image in its list"));
                return Vec::new();
            }
            (None, None) => {
                let problem = self.key(root, "missing key `image`");
                self.push(problem.help("name a folder of fixtures/images, or several as `images: [...]`"));
                return Vec::new();
            }
        };
        let mut known = Vec::new();
        for (node, image) in named {
            if self.image_name(node, image, fixtures) {
                known.push(image.clone());
            }
        }
        known
    }

    /// Whether an image of this name is declared; says so otherwise.
    pub(super) fn image_name(&mut self, node: &Node, image: &str, fixtures: &Fixtures) -> bool {
        let known = fixtures.image_names.iter().any(|name| name == image);
        if !known {
            let problem = self.value(node, format!("unknown image `{image}`"));
            self.push(problem.choices(image, fixtures.image_names.iter().map(String::as_str)));
        }
        known
    }

    /// The app folder, absolute.
    fn app(&mut self, node: &Node, app: &str, folder: &Path, fixtures: &Fixtures) -> Option<PathBuf> {
        if app.starts_with("./") || app.starts_with("../") {
            let path = folder.join(app).canonicalize().ok().filter(|path| path.is_dir());
            if path.is_none() {
                let problem = self.value(node, format!("no folder `{app}` beside this file"));
                self.push(problem.expected("expected a folder with an entry script"));
            }
            return path;
        }
        if app.contains('/') {
            let problem = self.value(
                node,
                format!("`{app}` is neither the name of an app nor a path from this file"),
            );
            self.push(
                problem
                    .expected("expected a folder of fixtures/apps, or a path that begins with `./`")
                    .help(format!(
                        "write `./{}` for a folder beside this file",
                        app.trim_start_matches('/')
                    )),
            );
            return None;
        }
        if !fixtures.app_names.iter().any(|name| name == app) {
            let problem = self.value(node, format!("unknown app `{app}`"));
            self.push(problem.choices(app, fixtures.app_names.iter().map(String::as_str)));
            return None;
        }
        Some(fixtures.apps.join(app))
    }

    /// Names of variables, and those that seatrial sets itself.
    fn env(
        &mut self,
        root: &Node,
        env: &BTreeMap<String, String>,
        via: &[Method],
        has_entry: bool,
        contracts: &[&Contract],
    ) {
        for name in env.keys() {
            let node = root.child("env").child(name);
            self.variable(node.head(), name);
            let set_by = contracts.iter().find_map(|contract| {
                if has_entry && *name == contract.entry_variable {
                    return Some("entry".to_owned());
                }
                let set_by = via
                    .iter()
                    .find(|method| contract.variable_of(**method) == Some(name.as_str()));
                set_by.map(|method| format!("via: {method}"))
            });
            if let Some(set_by) = set_by {
                let problem = self.key(node, format!("`{name}` is already set by `{set_by}`"));
                self.push(problem.help("keep one of the two"));
            }
        }
    }

    fn exception(&mut self, node: &Node, entry: ExceptEntry, images: &[String], setting: &Setting<'_>) -> Exception {
        let when = node.child("when");
        let methods: Vec<Method> = entry.when.via.into_iter().map(Method::from).collect();
        for (index, method) in methods.iter().enumerate() {
            if !setting.via.contains(method) {
                let what = format!("no case is `{method}`, so this exception never applies to it");
                let problem = self.value(when.child("via").item(index), what);
                self.push(problem.choices(method.as_str(), setting.via.iter().map(|method| method.as_str())));
            }
        }
        for (index, image) in entry.when.images.iter().enumerate() {
            // With no image known, the images themselves have been reported.
            if !images.is_empty() && !images.contains(image) {
                let what = format!("no case is on `{image}`, so this exception never applies to it");
                let problem = self.value(when.child("images").item(index), what);
                self.push(problem.choices(image, images.iter().map(String::as_str)));
            }
        }
        let caches: Vec<Caches> = entry.when.caches.into_iter().map(Caches::from).collect();
        for (index, state) in caches.iter().enumerate() {
            if !setting.sampling.caches.contains(state) {
                let what = format!("no case is `{state}`, so this exception never applies to it");
                let problem = self.value(when.child("caches").item(index), what);
                self.push(problem.choices(
                    state.as_str(),
                    setting.sampling.caches.iter().map(|state| state.as_str()),
                ));
            }
        }
        Exception {
            via: methods,
            images: entry.when.images,
            caches,
            why: entry.why,
            expect: self.expect(node.child("expect"), entry.expect, setting),
            at: self.source.at(node.head()),
        }
    }

    /// What only shows once the exceptions are applied.
    fn cases(&mut self, root: &Node, scenario: &Arc<Scenario>) {
        let node = root.child("expect");
        let cases = plan::cases(scenario);
        self.budgets(root, scenario, &cases);
        let undecided: Vec<&str> = cases
            .iter()
            .filter(|case| case.expect.ready.is_none() && case.expect.refuses.is_none())
            .map(plan::Case::variant)
            .collect();
        if !undecided.is_empty() {
            let mut what = "neither `ready` nor `refuses` is expected".to_owned();
            if undecided.len() < cases.len() {
                what.push_str(&format!(" of {}", quoted(&undecided)));
            }
            let problem = self.key(node, what);
            self.push(problem.help("say how the boot ends: `ready: { within: 120s }` or `refuses: { within: 60s }`"));
        }
        let contradicts = cases.iter().find(|case| {
            let serves = |states: &[String]| states.iter().any(|state| state == "200");
            case.expect.serves_nowhere() && case.expect.health.as_ref().is_some_and(|(states, _)| serves(states))
        });
        if let Some(case) = contradicts {
            let what = format!("`{}` refuses to boot, yet its health shall reach 200", case.variant());
            let problem = self.key(node, what);
            self.push(problem.help("give that exception its own `health`"));
        }
    }

    /// A scenario that is to serve needs its entry script; one that is to refuse may miss it on purpose.
    fn entry_exists(&mut self, root: &Node, app: &Path, scenario: &Scenario, contracts: &[&Contract]) {
        let may_refuse = scenario.expect.refuses.is_some()
            || scenario
                .except
                .iter()
                .any(|exception| exception.expect.refuses.is_some());
        if may_refuse {
            return;
        }
        for contract in contracts {
            if scenario.env.contains_key(&contract.entry_variable) || contract.python.is_empty() {
                continue;
            }
            let entry = scenario.entry.as_deref().unwrap_or(&contract.entry_default);
            if !app.join(entry).is_file() {
                let node = root.get("entry").unwrap_or_else(|| root.child("app"));
                let problem = self.value(node, format!("the app has no entry script `{entry}`"));
                return self.push(problem.help("name the script with `entry`, or expect `refuses`"));
            }
        }
    }
}

/// Whether a word may name a scenario, a group or a tag.
pub(crate) fn is_name(word: &str) -> bool {
    let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !word.is_empty() && !word.starts_with('-') && word.chars().all(letters)
}
