//! From an image file to an [`Image`].

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{Checker, is_name};
use crate::diagnostic::Problems;
use crate::image::{Image, ImageSource};
use crate::source::Source;
use crate::tree::Node;
use crate::wire::{self, ImageFile, SourceEntry};

/// Reads and checks one image file in `folder`; its name comes from the folder.
pub(crate) fn image(
    root: &Path,
    folder: &Path,
    name: &str,
    source: &Source,
    contracts: &[String],
) -> Result<Image, Problems> {
    let (tree, file) = wire::read::<ImageFile>(source)?;
    let mut checker = Checker::new(source);
    if !is_name(name) {
        let problem = checker.key(&tree, format!("the folder's name `{name}` cannot name an image"));
        checker.push(problem.expected("expected lower-case letters, digits and `-`"));
    }
    if !contracts.contains(&file.contract) {
        let node = tree.child("contract");
        let problem = checker.value(node, format!("unknown contract `{}`", file.contract));
        checker.push(problem.choices(&file.contract, contracts.iter().map(String::as_str)));
    }
    let node = tree.child("source");
    let from = match file.source {
        SourceEntry::Reference(reference) => {
            let node = node.child("reference");
            if reference.is_empty() || reference.contains(char::is_whitespace) {
                let problem = checker.value(node, format!("`{reference}` is not an image reference"));
                checker.push(problem.expected("expected `name:tag` or `name@sha256:...`"));
            }
            Some(ImageSource::Reference(reference))
        }
        SourceEntry::Dockerfile { context, debian, args } => {
            let node = node.child("dockerfile");
            let suite = node.child("debian");
            if debian.is_empty() || !debian.chars().all(|c| c.is_ascii_lowercase()) {
                let problem = checker.value(suite, format!("`{debian}` is not a Debian suite"));
                checker.push(problem.expected("expected a code name such as `bookworm`"));
            }
            checker.arguments(node, &args);
            let context = checker.folder(node.child("context"), root, folder, &context, "Dockerfile");
            context.map(|context| ImageSource::Dockerfile { context, debian, args })
        }
        SourceEntry::OnImage { context, image, args } => {
            let node = node.child("on_image");
            checker.arguments(node, &args);
            let context = checker.folder(node.child("context"), root, folder, &context, "Dockerfile");
            context.map(|context| ImageSource::OnImage { context, image, args })
        }
        SourceEntry::StaticBinary { package, binary, port } => {
            let node = node.child("static_binary");
            let package = checker.folder(node.child("package"), root, folder, &package, "Cargo.toml");
            package.map(|package| ImageSource::StaticBinary { package, binary, port })
        }
    };
    let image = from.map(|from| Image {
        name: name.to_owned(),
        file: source.file.clone(),
        why: file.why,
        contract: file.contract,
        source: from,
    });
    checker.finish(image)
}

impl Checker<'_> {
    /// Names of build arguments.
    fn arguments(&mut self, node: &Node, args: &BTreeMap<String, String>) {
        for name in args.keys() {
            self.variable(node.child("args").child(name).head(), name);
        }
    }

    /// A folder beside the file, inside the project, that holds `marker`.
    fn folder(&mut self, node: &Node, root: &Path, beside: &Path, path: &str, marker: &str) -> Option<PathBuf> {
        if path.starts_with('/') {
            let problem = self.value(node, format!("the path `{path}` is absolute"));
            self.push(problem.expected("expected a path from this file's folder"));
            return None;
        }
        let Ok(folder) = beside.join(path).canonicalize() else {
            let problem = self.value(node, format!("no folder `{path}` beside this file"));
            self.push(problem.expected(format!("expected a folder that holds a {marker}")));
            return None;
        };
        if !folder.starts_with(root) {
            let problem = self.value(node, format!("the path `{path}` leaves the project"));
            self.push(problem.expected("expected a folder of the project"));
            return None;
        }
        if !folder.join(marker).is_file() {
            let problem = self.value(node, format!("the folder `{path}` holds no {marker}"));
            self.push(problem.expected(format!("expected a folder that holds a {marker}")));
            return None;
        }
        Some(folder)
    }
}
