//! The `extend` block: requirements, the methods that carry them, and what each method alone understands.

use super::Checker;
use crate::fixtures::Fixtures;
use crate::scenario::{Extend, Method, PreinstalledTree};
use crate::tree::Node;
use crate::wire::ExtendBlock;

impl Checker<'_> {
    /// Checks the block; left out, the image runs as it is. `beside` is the entry script's folder.
    pub(super) fn extend(
        &mut self,
        root: &Node,
        block: Option<ExtendBlock>,
        beside: &str,
        images: &[String],
        fixtures: &Fixtures,
    ) -> Extend {
        let node = root.child("extend");
        let Some(block) = block else {
            return Extend {
                requirements: Vec::new(),
                constraints: Vec::new(),
                via: vec![Method::None],
                requirements_file: None,
                directory: None,
                tree: PreinstalledTree::default(),
            };
        };
        let via: Vec<Method> = block.via.into_iter().map(Method::from).collect();
        self.requirements(node.child("requirements"), &block.requirements);
        self.constraints(node.child("constraints"), &block.constraints);
        if let Some(given) = node.get("constraints").filter(|_| block.requirements.is_empty()) {
            let problem = self.key(given, "there are no requirements that `constraints` could bind");
            self.push(problem.help("give `requirements`, or leave it out"));
        }
        self.carried(node, &via, &block.requirements);
        self.supported(node.child("via"), &via, images, fixtures);
        for (key, method) in [
            ("file", Method::Dynamic),
            ("directory", Method::Preinstalled),
            ("built_with", Method::Preinstalled),
            ("then", Method::Preinstalled),
        ] {
            if let Some(given) = node.get(key).filter(|_| !via.contains(&method)) {
                let problem = self.key(given, format!("`{key}` belongs to `{method}`, which is not in `via`"));
                self.push(problem.help(format!("leave it out, or add `{method}` to `via`")));
            }
        }
        for (key, path) in [("file", &block.file), ("directory", &block.directory)] {
            if let Some(path) = path {
                self.inside(node.child(key), path, beside, "the app folder");
            }
        }
        if let Some(image) = &block.built_with {
            let named = node.child("built_with");
            if self.image_name(named, image, fixtures)
                && fixtures
                    .contract_of(image)
                    .is_some_and(|contract| contract.python.is_empty())
            {
                let problem = self.value(named, format!("the image `{image}` has no Python to build a tree with"));
                self.push(problem);
            }
        }
        for (index, list) in block.then.iter().enumerate() {
            let given = node.child("then").item(index);
            if list.is_empty() {
                let problem = self.value(given, "this list of requirements is empty");
                self.push(problem.help("leave it out"));
            }
            self.requirements(given, list);
        }
        Extend {
            requirements: block.requirements,
            constraints: block.constraints,
            via,
            requirements_file: block.file,
            directory: block.directory,
            tree: PreinstalledTree {
                built_with: block.built_with,
                then: block.then,
            },
        }
    }

    /// Requirements need a method that carries them, and such a method needs requirements.
    fn carried(&mut self, node: &Node, via: &[Method], requirements: &[String]) {
        let carrier = via.iter().position(|method| *method != Method::None);
        match (carrier, requirements.is_empty()) {
            (None, false) => {
                let problem = self.key(node.child("requirements"), "no method carries these requirements");
                self.push(problem.help("add `dynamic`, `preinstalled` or `dockerfile` to `via`"));
            }
            (Some(index), true) => {
                let what = format!("`{}` has nothing to carry", via[index]);
                let problem = self.value(node.child("via").item(index), what);
                self.push(problem.help("give `requirements`, or use `none`"));
            }
            _ => {}
        }
    }

    /// Every method must be known to the contract of every image.
    fn supported(&mut self, list: &Node, via: &[Method], images: &[String], fixtures: &Fixtures) {
        for (index, method) in via.iter().enumerate() {
            for image in images {
                let Some(contract) = fixtures.contract_of(image) else {
                    continue;
                };
                if !contract.supports(*method) {
                    let what = format!(
                        "the contract `{}` of image `{image}` knows no `{method}`",
                        contract.name
                    );
                    let known = Method::ALL.into_iter().filter(|method| contract.supports(*method));
                    let problem = self.value(list.item(index), what);
                    self.push(problem.choices(method.as_str(), known.map(Method::as_str)));
                }
            }
        }
    }
}
