//! The structural check: walks a tree along the JSON Schema of its wire struct and reports every departure.
//!
//! Editors use the same schema, so what they underline and what seatrial refuses are one thing. Only the
//! keywords that our wire structs give rise to are known here.

use serde_json::{Map, Value};

use crate::diagnostic::{Problems, quoted};
use crate::scalar;
use crate::source::Source;
use crate::tree::{Kind, Node};

/// Checks `root` against `schema`; an empty answer means that the wire struct can be made from it.
pub(crate) fn check(source: &Source, schema: &Value, root: &Node) -> Problems {
    let mut walker = Walker {
        source,
        problems: Problems::default(),
    };
    walker.value(schema, root);
    walker.problems
}

struct Walker<'a> {
    source: &'a Source,
    problems: Problems,
}

impl Walker<'_> {
    fn value(&mut self, schema: &Value, node: &Node) {
        // `true` takes any value; a refused node has been reported.
        let Value::Object(schema) = schema else { return };
        if matches!(node.kind, Kind::Refused) {
            return;
        }
        if let Some(version) = schema.get("const") {
            return self.constant(version, node);
        }
        if let Some(words) = words(schema) {
            return self.word(schema, &words, node);
        }
        if let Some(Value::Array(alternatives)) = schema.get("oneOf") {
            return self.one_key_map(alternatives, node);
        }
        if let Some(Value::Array(alternatives)) = schema.get("anyOf") {
            return self.by_type(alternatives, node);
        }
        match (type_of(schema), &node.kind) {
            ("object", Kind::Map(entries)) => self.mapping(schema, node, entries),
            ("array", Kind::List(items)) => self.list(schema, node, items),
            ("string", Kind::Text(text)) => self.text(schema, node, text),
            ("integer", Kind::Number(number, _)) if !number.is_f64() => {
                self.range(schema, node, number.as_i64().unwrap_or(i64::MAX));
            }
            ("number", Kind::Number(number, _)) => self.above(schema, node, number.as_f64().unwrap_or(f64::MAX)),
            ("boolean", Kind::Bool(_)) | ("", _) => {}
            (expected, _) => self.wrong_type(schema, expected, node),
        }
    }

    fn mapping(&mut self, schema: &Map<String, Value>, node: &Node, entries: &[Node]) {
        let none = Map::new();
        let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&none);
        let names = || properties.keys().map(String::as_str);
        for entry in entries {
            let key = entry.key.as_ref().map_or("", |key| key.text.as_str());
            match (properties.get(key), schema.get("additionalProperties")) {
                (Some(schema), _) => self.value(schema, entry),
                (None, Some(Value::Bool(false))) => {
                    let problem = self.source.problem(entry.head(), format!("unknown key `{key}`"));
                    self.problems.push(problem.choices(key, names()));
                }
                (None, Some(schema)) => self.value(schema, entry),
                (None, None) => {}
            }
        }
        for name in required(schema).filter(|name| node.get(name).is_none()) {
            let what = format!("missing key `{name}`{}", inside(node));
            let problem = self.source.problem(node.head(), what);
            let description = properties.get(name).and_then(|property| property.get("description"));
            self.problems.push(match description.and_then(Value::as_str) {
                Some(description) => problem.help(format!("`{name}`: {description}")),
                None => problem,
            });
        }
        if entries.is_empty() && schema.contains_key("minProperties") {
            let problem = self.source.problem(node.head(), format!("{} is empty", node.name()));
            self.problems.push(match names().collect::<Vec<_>>().as_slice() {
                [] => problem.expected("expected at least one entry"),
                names => problem.expected(format!("expected at least one of {}", quoted(names))),
            });
        }
    }

    fn list(&mut self, schema: &Map<String, Value>, node: &Node, items: &[Node]) {
        if items.is_empty() && schema.contains_key("minItems") {
            let problem = self.source.problem(node.head(), format!("{} is empty", node.name()));
            self.problems.push(problem.expected("expected at least one item"));
        }
        if schema.contains_key("uniqueItems") {
            self.repeated(items);
        }
        let any = Value::Bool(true);
        let schema = schema.get("items").unwrap_or(&any);
        for item in items {
            self.value(schema, item);
        }
    }

    fn repeated(&mut self, items: &[Node]) {
        for (index, item) in items.iter().enumerate() {
            if items[..index].iter().any(|earlier| item.repeats(earlier)) {
                let what = format!("{} is given twice", item.found());
                let problem = self.source.problem(item.span, what);
                self.problems.push(problem.help("leave one of the two out"));
            }
        }
    }

    fn text(&mut self, schema: &Map<String, Value>, node: &Node, text: &str) {
        if let Some(scalar) = scalar::of(schema) {
            if let Err(what) = scalar.read(text) {
                let problem = self.source.problem(node.span, what);
                self.problems.push(scalar.explain(problem, text));
            }
        } else if text.trim().is_empty() && schema.contains_key("minLength") {
            self.report(node, format!("{} is empty", node.name()));
        }
    }

    fn range(&mut self, schema: &Map<String, Value>, node: &Node, number: i64) {
        let bound = |name| schema.get(name).and_then(Value::as_i64);
        let (low, high) = (bound("minimum"), bound("maximum"));
        if low.is_none_or(|low| number >= low) && high.is_none_or(|high| number <= high) {
            return;
        }
        let allowed = match (low, high) {
            (Some(low), Some(high)) => format!("expected {low} to {high}"),
            (Some(low), None) => format!("expected {low} or more"),
            (None, Some(high)) => format!("expected {high} or less"),
            (None, None) => return,
        };
        let what = format!("{} is out of range: {number}", node.name());
        let problem = self.source.problem(node.span, what);
        self.problems.push(problem.expected(allowed));
    }

    fn above(&mut self, schema: &Map<String, Value>, node: &Node, number: f64) {
        let low = schema.get("exclusiveMinimum").and_then(Value::as_f64);
        if let Some(low) = low.filter(|low| number <= *low) {
            let what = format!("{} is out of range: {number}", node.name());
            let problem = self.source.problem(node.span, what);
            self.problems
                .push(problem.expected(format!("expected more than {low}")));
        }
    }

    fn constant(&mut self, constant: &Value, node: &Node) {
        let matches = matches!(&node.kind, Kind::Number(number, _) if number.as_i64() == constant.as_i64());
        if !matches {
            let what = format!("{} must be {constant}, found {}", node.name(), node.found());
            let problem = self.source.problem(node.span, what);
            self.problems
                .push(problem.expected(format!("this seatrial reads {constant}")));
        }
    }

    fn word(&mut self, schema: &Map<String, Value>, words: &[&str], node: &Node) {
        let Kind::Text(text) = &node.kind else {
            let what = format!("{} must be a word, found {}", node.name(), node.found());
            let problem = self.source.problem(node.span, what);
            self.problems.push(problem.choices("", words.iter().copied()));
            return;
        };
        if !words.contains(&text.as_str()) {
            let kind = schema.get("title").and_then(Value::as_str).unwrap_or("word");
            let problem = self.source.problem(node.span, format!("unknown {kind} `{text}`"));
            self.problems.push(problem.choices(text, words.iter().copied()));
        }
    }

    /// A mapping with one key, which says which of the alternatives it is.
    fn one_key_map(&mut self, alternatives: &[Value], node: &Node) {
        let named: Vec<(&str, &Value)> = alternatives
            .iter()
            .filter_map(|alternative| {
                let properties = alternative.get("properties")?.as_object()?;
                let (name, schema) = properties.iter().next()?;
                Some((name.as_str(), schema))
            })
            .collect();
        let names: Vec<&str> = named.iter().map(|(name, _)| *name).collect();
        let Kind::Map(entries) = &node.kind else {
            let what = format!("{} must be a mapping, found {}", node.name(), node.found());
            let problem = self.source.problem(node.span, what);
            self.problems.push(problem.choices("", names));
            return;
        };
        if entries.len() != 1 {
            let what = format!("{} must have exactly one key, found {}", node.name(), entries.len());
            let problem = self.source.problem(node.head(), what);
            self.problems.push(problem.choices("", names.iter().copied()));
        }
        for entry in entries {
            let key = entry.key.as_ref().map_or("", |key| key.text.as_str());
            match named.iter().find(|(name, _)| *name == key) {
                Some((_, schema)) => self.value(schema, entry),
                None => {
                    let problem = self.source.problem(entry.head(), format!("unknown key `{key}`"));
                    self.problems.push(problem.choices(key, names.iter().copied()));
                }
            }
        }
    }

    /// Alternatives that are told apart by their type alone.
    fn by_type(&mut self, alternatives: &[Value], node: &Node) {
        let wanted = match &node.kind {
            Kind::Text(_) => "string",
            Kind::Number(number, _) if !number.is_f64() => "integer",
            _ => "",
        };
        let found = alternatives
            .iter()
            .find(|alternative| alternative.as_object().map(type_of) == Some(wanted));
        match found {
            Some(alternative) => self.value(alternative, node),
            None => {
                let what = format!("{} is neither a word nor a number here", node.found());
                self.report(node, what);
            }
        }
    }

    fn wrong_type(&mut self, schema: &Map<String, Value>, expected: &str, node: &Node) {
        if let (Some(scalar), Kind::Number(_, written)) = (scalar::of(schema), &node.kind) {
            let problem = self.source.problem(node.span, format!("`{written}` has no unit"));
            self.problems.push(scalar.explain(problem, written));
            return;
        }
        let noun = match expected {
            "object" => "a mapping",
            "array" => "a list",
            "integer" => "a whole number",
            "number" => "a number",
            "boolean" => "`true` or `false`",
            _ => "text",
        };
        let what = format!("{} must be {noun}, found {}", node.name(), node.found());
        let problem = self
            .source
            .problem(
                if matches!(node.kind, Kind::Null) {
                    node.head()
                } else {
                    node.span
                },
                what,
            )
            .expected(format!("expected {noun}"));
        self.problems.push(match (expected, &node.kind) {
            (_, Kind::Null) => problem.help("give it a value, or leave the key out"),
            ("string", Kind::Number(_, written)) => problem.help(format!("quote it: \"{written}\"")),
            ("string", Kind::Bool(value)) => problem.help(format!("quote it: \"{value}\"")),
            ("integer", Kind::Text(text)) if text.parse::<i64>().is_ok() => {
                problem.help(format!("write it without quotes: {text}"))
            }
            ("array", Kind::Text(text)) => problem.help(format!("write it as a list: [{text}]")),
            _ => problem,
        });
    }

    fn report(&mut self, node: &Node, what: String) {
        self.problems.push(self.source.problem(node.head(), what));
    }
}

/// ` in `key``, or nothing for the document itself.
fn inside(node: &Node) -> String {
    node.key
        .as_ref()
        .map_or_else(String::new, |key| format!(" in `{}`", key.text))
}

fn type_of(schema: &Map<String, Value>) -> &str {
    schema.get("type").and_then(Value::as_str).unwrap_or("")
}

fn required(schema: &Map<String, Value>) -> impl Iterator<Item = &str> {
    let names = schema.get("required").and_then(Value::as_array);
    names.into_iter().flatten().filter_map(Value::as_str)
}

/// The words of an enumeration, written as `enum` or, where each has its own description, as `oneOf`.
fn words(schema: &Map<String, Value>) -> Option<Vec<&str>> {
    if let Some(Value::Array(words)) = schema.get("enum") {
        return words.iter().map(Value::as_str).collect();
    }
    let Some(Value::Array(alternatives)) = schema.get("oneOf") else {
        return None;
    };
    alternatives
        .iter()
        .map(|alternative| alternative.get("const").and_then(Value::as_str))
        .collect()
}
