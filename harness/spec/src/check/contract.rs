//! From a contract file to a [`Contract`].

use std::collections::BTreeMap;

use super::Checker;
use crate::contract::{Contract, EXTRA_INDEX, Marks, MethodContract, PipCache, Probe, StampForm};
use crate::diagnostic::Problems;
use crate::source::Source;
use crate::tree::Node;
use crate::wire::{self, ContractFile, MarksBlock, StampWord};

/// Reads and checks one contract file; its name comes from the file name.
pub(crate) fn contract(name: &str, source: &Source) -> Result<Contract, Problems> {
    let (root, file) = wire::read::<ContractFile>(source)?;
    let mut checker = Checker::new(source);
    checker.shape(&root, &file);
    let exit_codes = checker.exit_codes(root.child("exit_codes"), &file.exit_codes);
    let methods = file.methods;
    let (dynamic, index_env, pip_cache) = methods.dynamic.map_or((None, BTreeMap::new(), None), |dynamic| {
        let method = MethodContract {
            variable: dynamic.variable,
            path: dynamic.path,
        };
        let cache = dynamic.cache.map(|cache| PipCache {
            variable: cache.variable,
            path: cache.path,
        });
        (Some(method), dynamic.index, cache)
    });
    let (server_process, path_appended) = file.server.map_or((None, Vec::new()), |server| {
        (Some(server.process), server.path_appended)
    });
    checker.finish(Some(Contract {
        name: name.to_owned(),
        file: source.file.clone(),
        app_root: file.app_root,
        entry_variable: file.entry.variable,
        entry_default: file.entry.default,
        probe: Probe {
            port: file.probe.port,
            health: file.probe.health,
            score: file.probe.score,
            hanging_after: file.probe.hanging_after.0,
        },
        python: file.python,
        reader: file.reader,
        server_process,
        path_appended,
        index_env,
        dynamic,
        pip_cache,
        preinstalled: methods.preinstalled.map(|method| MethodContract {
            variable: method.variable,
            path: method.path,
        }),
        dockerfile_user: methods.dockerfile.map(|dockerfile| dockerfile.user),
        marks: marks(file.marks),
        exit_codes,
    }))
}

fn marks(block: MarksBlock) -> Marks {
    let stamp = |word| match word {
        StampWord::Rfc3339 => StampForm::Rfc3339,
        StampWord::AsctimeUtc => StampForm::AsctimeUtc,
        StampWord::Monotonic => StampForm::Monotonic,
    };
    Marks {
        stamps: block.stamps.into_iter().map(stamp).collect(),
        first_instruction: block.first_instruction,
        install_begin: block.install_begin,
        unpack_begin: block.unpack_begin,
        unpack_end: block.unpack_end,
        install_end: block.install_end,
        server_start: block.server_start,
        listen: block.listen,
        init_begin: block.init_begin,
        init_end: block.init_end,
        ready: block.ready,
        inner_exit: block.inner_exit,
    }
}

impl Checker<'_> {
    /// Paths, variables and placeholders.
    fn shape(&mut self, root: &Node, file: &ContractFile) {
        self.absolute(root.child("app_root"), &file.app_root);
        let entry = root.child("entry");
        self.variable(entry.child("variable").span, &file.entry.variable);
        self.inside(entry.child("default"), &file.entry.default, "", "the app root");
        let probe = root.child("probe");
        self.absolute(probe.child("health"), &file.probe.health);
        self.absolute(probe.child("score"), &file.probe.score);
        self.reader(root, file);
        let methods = root.child("methods");
        if let Some(dynamic) = &file.methods.dynamic {
            let node = methods.child("dynamic");
            self.variable(node.child("variable").span, &dynamic.variable);
            self.inside(node.child("path"), &dynamic.path, "", "the entry script's folder");
            for (name, value) in &dynamic.index {
                let node = node.child("index").child(name);
                self.variable(node.head(), name);
                self.placeholders(node, value, &["{index}", "{index_host}", EXTRA_INDEX]);
            }
            if let Some(cache) = &dynamic.cache {
                let node = node.child("cache");
                self.variable(node.child("variable").span, &cache.variable);
                self.absolute(node.child("path"), &cache.path);
                if dynamic.index.contains_key(&cache.variable) || dynamic.variable == cache.variable {
                    let what = format!("`{}` is already set by `dynamic`", cache.variable);
                    let problem = self.value(node.child("variable"), what);
                    self.push(problem.help("keep one of the two"));
                }
            }
        }
        if let Some(preinstalled) = &file.methods.preinstalled {
            let node = methods.child("preinstalled");
            self.variable(node.child("variable").span, &preinstalled.variable);
            self.inside(node.child("path"), &preinstalled.path, "", "the entry script's folder");
        }
        if let Some(server) = &file.server {
            let list = root.child("server").child("path_appended");
            for (index, path) in server.path_appended.iter().enumerate() {
                self.placeholders(list.item(index), path, &["{app_root}", "{entry_dir}"]);
            }
        }
    }

    /// A manifest comes from an interpreter or from a program, never from both.
    fn reader(&mut self, root: &Node, file: &ContractFile) {
        let node = root.child("reader");
        if let Some(program) = file.reader.first() {
            self.absolute(node.item(0), program);
            if !file.python.is_empty() {
                let problem = self.key(node, "`python` and `reader` exclude one another");
                self.push(problem.help("keep `python` where the image has an interpreter"));
            }
        }
    }

    /// Words in braces must be among those that are filled in.
    fn placeholders(&mut self, node: &Node, text: &str, known: &[&str]) {
        let mut rest = text;
        while let Some(start) = rest.find('{') {
            let end = rest[start..].find('}').map_or(rest.len(), |end| start + end + 1);
            let placeholder = &rest[start..end];
            if !known.contains(&placeholder) {
                let problem = self.value(node, format!("unknown placeholder `{placeholder}`"));
                self.push(problem.choices(placeholder, known.iter().copied()));
            }
            rest = &rest[end..];
        }
    }

    fn exit_codes(&mut self, node: &Node, codes: &BTreeMap<String, String>) -> BTreeMap<i64, String> {
        let mut checked = BTreeMap::new();
        for (code, meaning) in codes {
            match code.parse::<u8>() {
                Ok(number) => {
                    checked.insert(i64::from(number), meaning.clone());
                }
                Err(_) => {
                    let problem = self.key(node.child(code), format!("`{code}` is not an exit code"));
                    self.push(problem.expected("expected 0 to 255"));
                }
            }
        }
        checked
    }
}
