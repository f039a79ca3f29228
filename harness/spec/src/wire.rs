//! What may be written: private wire structs, the JSON Schemas that follow from them, and the way from text to them.

mod budget;
mod contract;
mod image;
mod index;
mod packages;
mod replicas;
mod scenario;

use std::any::TypeId;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use schemars::generate::SchemaSettings;
use schemars::transform::transform_subschemas;
use schemars::{JsonSchema, Schema, json_schema};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::diagnostic::Problems;
use crate::source::Source;
use crate::tree::Node;
use crate::{events, structure};

pub(crate) use budget::{BudgetBlock, CachesWord, RatioEntry, SamplesBlock};
pub(crate) use contract::{ContractFile, MarksBlock, StampWord};
pub(crate) use image::{ImageFile, SourceEntry};
pub(crate) use index::{
    ActionEntry, ConnectionWord, ContentWord, EventEntry, IndexBlock, OnlyBlock, SideBlock, TriggerEntry, UpstreamWord,
    WhatWord,
};
pub(crate) use packages::{ExpectedEntry, PackagesFile, ProjectEntries, ReleaseEntry};
pub(crate) use replicas::{ReplicaList, ReplicasEntry, RestartEntry, RestartWord, StartEntry};
pub(crate) use scenario::{
    ExceptEntry, ExpectBlock, ExtendBlock, IndexUseBlock, MethodWord, OriginWord, PackageEntry, ReadyBlock,
    RefusesBlock, ScenarioFile,
};

/// The JSON Schema (draft 7, which editors read best) of a file: `scenario`, `image`, `contract` or `packages`.
///
/// `None` for any other name; [`SCHEMAS`] lists them.
#[must_use]
pub fn schema(name: &str) -> Option<Value> {
    match name {
        "scenario" => Some(schema_of::<ScenarioFile>()),
        "image" => Some(schema_of::<ImageFile>()),
        "contract" => Some(schema_of::<ContractFile>()),
        "packages" => Some(schema_of::<PackagesFile>()),
        _ => None,
    }
}

/// Names that [`schema`] knows.
pub const SCHEMAS: [&str; 4] = ["scenario", "image", "contract", "packages"];

/// Reads a file into its tree and its wire struct, or reports everything that is wrong with its shape.
pub(crate) fn read<T: DeserializeOwned + JsonSchema + 'static>(source: &Source) -> Result<(Node, T), Problems> {
    let mut problems = Problems::default();
    let Some(root) = events::read(source, &mut problems) else {
        return Err(problems);
    };
    problems.extend(structure::check(source, kept_schema_of::<T>(), &root));
    if !problems.is_empty() {
        return Err(problems);
    }
    match T::deserialize(&root) {
        Ok(file) => Ok((root, file)),
        Err(error) => Err(source.problem(root.span, error.to_string()).into()),
    }
}

/// Made once: making it takes longer than all else that is done to a file.
fn kept_schema_of<T: JsonSchema + 'static>() -> &'static Value {
    static KEPT: Mutex<BTreeMap<TypeId, &'static Value>> = Mutex::new(BTreeMap::new());
    // Whoever panicked while holding it has only made a schema.
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    kept.entry(TypeId::of::<T>())
        .or_insert_with(|| Box::leak(Box::new(schema_of::<T>())))
}

fn schema_of<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft07()
        .with(|settings| settings.inline_subschemas = true)
        .with_transform(forbid_null);
    settings.into_generator().into_root_schema_for::<T>().to_value()
}

/// An optional key is left out, never written without a value; schemars would also allow `null`.
fn forbid_null(schema: &mut Schema) {
    if let Some(object) = schema.as_object_mut() {
        if object.get("default") == Some(&Value::Null) {
            object.remove("default");
        }
        if let Some(Value::Array(types)) = object.get_mut("type") {
            types.retain(|name| name != "null");
            if let [only] = types.as_slice() {
                let only = only.clone();
                object.insert("type".to_owned(), only);
            }
        }
        if let Some(Value::Array(words)) = object.get_mut("enum") {
            words.retain(|word| !word.is_null());
        }
        if let Some(Value::Array(mut alternatives)) = object.remove("anyOf") {
            alternatives.retain(|schema| schema.get("type") != Some(&Value::from("null")));
            match alternatives.as_slice() {
                [Value::Object(only)] => {
                    for (key, value) in only {
                        object.entry(key.clone()).or_insert_with(|| value.clone());
                    }
                }
                _ => {
                    object.insert("anyOf".to_owned(), Value::Array(alternatives));
                }
            }
        }
    }
    transform_subschemas(&mut forbid_null, schema);
}

/// The version of the file format; 1 is the only one so far, and the structural check compares it.
#[derive(Deserialize)]
pub(crate) struct FormatVersion(#[expect(dead_code, reason = "compared by the structural check")] u32);

impl JsonSchema for FormatVersion {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "FormatVersion".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> Schema {
        json_schema!({ "const": 1 })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    /// The keys of the scenario language and of universes, and one that is none.
    const KEYS: &str = "version why tags image images app entry env extend expect except requirements constraints via \
                        file directory built_with then replicas start staggered waves of every restart replica as index \
                        packages projects upstream as_of script extra name when do only for times after request number \
                        project served started installing ready publish add yank reason delete end event answer status \
                        retry_after delay throttle truncate connection content what share within at_least refuses inner \
                        container score user health log asked at_most identical drift in odd since uid send json origin \
                        copies absent import uploaded requires extras requires_python yanked files modules raises \
                        import_cost size count scripts expected resolves fails samples warm_up caches \
                        budget below ratio of to at_most cpu memory install x";

    const SCALARS: &str = "1 2 0 -3 1.26 60s 0s 60 5mb 50% true ~ none dynamic image user refused live restarted reset \
                           stale pages 502 99 cold warm text 'quoted' ''";

    /// Flow mappings and lists of known words: near the language, seldom in it.
    fn yaml() -> impl Strategy<Value = String> {
        let words = |text: &'static str| select(text.split_whitespace().collect::<Vec<_>>());
        let scalar = words(SCALARS).prop_map(str::to_owned);
        scalar.prop_recursive(4, 40, 6, move |inner| {
            let items = prop::collection::vec(inner.clone(), 0..3);
            let entries = prop::collection::btree_map(words(KEYS), inner, 0..6);
            prop_oneof![
                items.prop_map(|items| format!("[{}]", items.join(", "))),
                entries.prop_map(|entries| {
                    let pairs = entries.iter().map(|(key, value)| format!("{key}: {value}"));
                    format!("{{ {} }}", pairs.collect::<Vec<_>>().join(", "))
                }),
            ]
        })
    }

    /// What serde refuses, the structural check has refused before; else a problem would come without a place and without
    /// a nearest word.
    fn refused_first<T: DeserializeOwned + JsonSchema>(text: &str) -> Result<(), TestCaseError> {
        let source = Source::new("x.yaml", text);
        let mut problems = Problems::default();
        let root = events::read(&source, &mut problems).ok_or(TestCaseError::fail(text.to_owned()))?;
        let departures = structure::check(&source, &schema_of::<T>(), &root);
        if let Err(error) = T::deserialize(&root) {
            prop_assert!(!departures.is_empty(), "{error}\n{text}");
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn what_serde_refuses_the_schema_refuses_first(extend in yaml(), expect in yaml(), except in yaml()) {
            refused_first::<ScenarioFile>(&format!(
                "version: 1\nwhy: w\nimage: i\napp: a\nextend: {extend}\nexpect: {expect}\nexcept: [{except}]\n"
            ))?;
        }

        #[test]
        fn of_replicas_and_the_index_too(
            start in yaml(), restart in yaml(), when in yaml(), action in yaml(), only in yaml(), extra in yaml(),
        ) {
            refused_first::<ScenarioFile>(&format!(
                "version: 1\nwhy: w\nimage: i\napp: a\nexpect: {{ log: [l] }}\nstart: {start}\nrestart: [{restart}]\n\
                 index: {{ script: [{{ when: {when}, do: {action}, only: {only} }}], extra: {extra} }}\n"
            ))?;
        }

        #[test]
        fn of_universes_too(release in yaml(), projects in yaml(), expected in yaml()) {
            refused_first::<PackagesFile>(&format!(
                "version: 1\nwhy: w\nprojects: {{ p: [{release}] }}\nexpected: [{expected}]\n"
            ))?;
            refused_first::<PackagesFile>(&format!("version: 1\nwhy: w\nprojects: {projects}\n"))?;
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in "([ \t\n:\\-\\[\\]{}&*!|>'\"#,?a1é]|version|why){0,60}") {
            if let Err(problems) = read::<ScenarioFile>(&Source::new("x.yaml", &text)) {
                prop_assert!(!problems.to_string().is_empty());
            }
        }
    }
}
