//! What may be written: private wire structs, the JSON Schemas that follow from them, and the way from text to them.

mod contract;
mod image;
mod scenario;

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

pub(crate) use contract::ContractFile;
pub(crate) use image::{ImageFile, SourceEntry};
pub(crate) use scenario::{ExceptEntry, ExpectBlock, ExtendBlock, MethodWord, OriginWord, PackageEntry, ScenarioFile};

/// The JSON Schema (draft 7, which editors read best) of a file: `scenario`, `image` or `contract`.
///
/// `None` for any other name; [`SCHEMAS`] lists them.
#[must_use]
pub fn schema(name: &str) -> Option<Value> {
    match name {
        "scenario" => Some(schema_of::<ScenarioFile>()),
        "image" => Some(schema_of::<ImageFile>()),
        "contract" => Some(schema_of::<ContractFile>()),
        _ => None,
    }
}

/// Names that [`schema`] knows.
pub const SCHEMAS: [&str; 3] = ["scenario", "image", "contract"];

/// Reads a file into its tree and its wire struct, or reports everything that is wrong with its shape.
pub(crate) fn read<T: DeserializeOwned + JsonSchema>(source: &Source) -> Result<(Node, T), Problems> {
    let mut problems = Problems::default();
    let Some(root) = events::read(source, &mut problems) else {
        return Err(problems);
    };
    problems.extend(structure::check(source, &schema_of::<T>(), &root));
    if !problems.is_empty() {
        return Err(problems);
    }
    match serde_yaml::from_value(root.value()) {
        Ok(file) => Ok((root, file)),
        Err(error) => Err(source.problem(root.span, error.to_string()).into()),
    }
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

    /// The keys of the scenario language, and one that is none.
    const KEYS: &str = "version why tags image images app entry env extend expect except requirements via file \
                        directory built_with then ready refuses packages score user health log index within inner \
                        container asked uid send status json when origin copies absent import x";

    const SCALARS: &str = "1 2 0 -3 1.26 60s 0s 60 true ~ none dynamic image user refused 502 99 text 'quoted' ''";

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

    proptest! {
        /// Else a problem would come without a place and without a nearest word.
        #[test]
        fn what_serde_refuses_the_schema_refuses_first(extend in yaml(), expect in yaml(), except in yaml()) {
            let text = format!(
                "version: 1\nwhy: w\nimage: i\napp: a\nextend: {extend}\nexpect: {expect}\nexcept: [{except}]\n"
            );
            let source = Source::new("x.yaml", &text);
            let mut problems = Problems::default();
            let root = events::read(&source, &mut problems).ok_or(TestCaseError::fail(text.clone()))?;
            let departures = structure::check(&source, &schema_of::<ScenarioFile>(), &root);
            if let Err(error) = serde_yaml::from_value::<ScenarioFile>(root.value()) {
                prop_assert!(!departures.is_empty(), "{error}\n{text}");
            }
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in "([ \t\n:\\-\\[\\]{}&*!|>'\"#,?a1é]|version|why){0,60}") {
            if let Err(problems) = read::<ScenarioFile>(&Source::new("x.yaml", &text)) {
                prop_assert!(!problems.to_string().is_empty());
            }
        }
    }
}
