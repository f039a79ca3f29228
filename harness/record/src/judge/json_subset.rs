//! JSON that must be part of other JSON: objects by the keys that are named, arrays as a whole, numbers by value.

use serde_json::{Number, Value};

use crate::numbers::counted;

/// Where expected and actual part ways.
pub(super) struct Difference {
    /// Path, expected and actual, in words.
    pub(super) what: String,
    /// A likely cause that the values themselves do not show.
    pub(super) note: Option<String>,
}

/// The first place where `actual` is not what `expected` names; `None` when it is everywhere.
pub(super) fn first_difference(expected: &Value, actual: &Value) -> Option<Difference> {
    at("$", expected, actual)
}

fn at(path: &str, expected: &Value, actual: &Value) -> Option<Difference> {
    match (expected, actual) {
        (Value::Object(named), Value::Object(found)) => named.iter().find_map(|(key, expected)| {
            let path = format!("{path}{}", segment(key));
            match found.get(key) {
                Some(actual) => at(&path, expected, actual),
                None => Some(missing(&path, expected, found.keys())),
            }
        }),
        (Value::Array(expected), Value::Array(actual)) if expected.len() == actual.len() => {
            let mut pairs = expected.iter().zip(actual).enumerate();
            pairs.find_map(|(index, (expected, actual))| at(&format!("{path}[{index}]"), expected, actual))
        }
        (Value::Array(expected), Value::Array(actual)) => Some(Difference {
            what: format!(
                "{path}: expected {}, got {}",
                counted(expected.len(), "element"),
                actual.len()
            ),
            note: None,
        }),
        (Value::Number(expected), Value::Number(actual)) if same_number(expected, actual) => None,
        _ if expected == actual => None,
        _ => Some(Difference {
            what: format!("{path}: expected {expected}, got {}", shortened(actual)),
            note: type_trap(expected, actual),
        }),
    }
}

fn missing<'a>(path: &str, expected: &Value, keys: impl Iterator<Item = &'a String>) -> Difference {
    let keys: Vec<_> = keys.take(12).map(String::as_str).collect();
    let there = if keys.is_empty() {
        "no keys".into()
    } else {
        keys.join(", ")
    };
    Difference {
        what: format!("{path}: expected {expected}, but the key is missing"),
        note: Some(format!("keys there: {there}")),
    }
}

/// Integers exactly, anything else by value: 1 and 1.0 are the same number.
fn same_number(expected: &Number, actual: &Number) -> bool {
    expected == actual || (expected.is_f64() || actual.is_f64()) && expected.as_f64() == actual.as_f64()
}

/// Values of different types that look alike in YAML.
fn type_trap(expected: &Value, actual: &Value) -> Option<String> {
    let unquoted = match (expected, actual) {
        (Value::Number(_), Value::String(_)) => "unquoted, YAML reads 1.10 as the number 1.1",
        (Value::Bool(_), Value::String(_)) => "unquoted, YAML reads true and false as booleans",
        (Value::Null, Value::String(_)) => "unquoted, YAML reads null and ~ as nothing",
        (Value::String(_), Value::Number(_) | Value::Bool(_) | Value::Null) => {
            let found = type_name(actual);
            return Some(format!(
                "the answer holds a {found}, the file a string: write the value without quotes"
            ));
        }
        _ => return None,
    };
    Some(format!(
        "the answer holds a string, the file a {}: {unquoted}; quote the value",
        type_name(expected)
    ))
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    }
}

fn shortened(value: &Value) -> String {
    const LIMIT: usize = 200;
    let text = value.to_string();
    match text.char_indices().nth(LIMIT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// `.key`, or `["odd key"]`.
fn segment(key: &str) -> String {
    let plain = !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
    if plain { format!(".{key}") } else { format!("[{key:?}]") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn objects_match_by_named_keys_arrays_as_a_whole() {
        let actual = json!({"a": {"b": [1, {"c": 2.0, "d": null}]}, "e": "x"});
        for held in [
            json!({}),
            json!({"e": "x"}),
            json!({"a": {"b": [1.0, {"c": 2}]}}),
            json!({"a": {"b": [1, {"d": null}]}}),
        ] {
            assert!(first_difference(&held, &actual).is_none(), "{held}");
        }
        for (wrong, what) in [
            (json!({"a": {"b": [1, {"c": 3}]}}), "$.a.b[1].c: expected 3, got 2.0"),
            (json!({"a": {"b": [1]}}), "$.a.b: expected 1 element, got 2"),
            (json!({"f g": 1}), "$[\"f g\"]: expected 1, but the key is missing"),
            (
                json!({"a": []}),
                "$.a: expected [], got {\"b\":[1,{\"c\":2.0,\"d\":null}]}",
            ),
        ] {
            assert_eq!(
                first_difference(&wrong, &actual)
                    .map(|difference| difference.what)
                    .as_deref(),
                Some(what)
            );
        }
        // Both are the same f64, and not the same number.
        assert!(first_difference(&json!(u64::MAX), &json!(u64::MAX - 1)).is_some());
    }

    #[test]
    fn unquoted_yaml_is_explained() {
        let note = |expected, actual| first_difference(&expected, &actual).and_then(|difference| difference.note);
        assert!(note(json!(1.1), json!("1.10")).unwrap().contains("quote the value"));
        assert!(note(json!("2"), json!(2)).unwrap().contains("without quotes"));
        assert_eq!(note(json!("a"), json!("b")), None);
    }
}
