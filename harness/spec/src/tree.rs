//! One YAML document as a tree in which every key and value knows its place.
//!
//! This is the only reading of the text: the structural check walks the tree, the wire structs are made from
//! it, and the semantic checks find their places in it, so the three cannot disagree.

mod typed;

use serde_yaml::Number;

use crate::source::Span;

/// A value, and the key that it stands under when its holder is a mapping.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// The key, when the holder is a mapping.
    pub key: Option<Key>,
    /// Where the value stands.
    pub span: Span,
    /// The value.
    pub kind: Kind,
}

/// A key of a mapping.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    /// As written, without quotes.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// What a value is.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// Nothing is written, or `null`, or `~`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number in decimal notation, and its letters.
    Number(Number, String),
    /// Everything else, quoted or not.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A mapping, in file order.
    Map(Vec<Node>),
    /// Something the language does without (alias, tag); already reported, so nothing more is said about it.
    Refused,
}

impl Node {
    /// Where a reader looks first: the key, or the value in a list.
    pub fn head(&self) -> Span {
        self.key.as_ref().map_or(self.span, |key| key.span)
    }

    /// The value under a key, when it is there.
    pub fn get(&self, key: &str) -> Option<&Self> {
        match &self.kind {
            Kind::Map(entries) => entries.iter().find(|entry| entry.named(key)),
            _ => None,
        }
    }

    /// The value under a key; the holder itself where the key is absent, since that is where to say so.
    pub fn child(&self, key: &str) -> &Self {
        self.get(key).unwrap_or(self)
    }

    /// One value of a list; the list itself beyond its end.
    pub fn item(&self, index: usize) -> &Self {
        self.items().get(index).unwrap_or(self)
    }

    /// The values of a list or a mapping.
    pub fn items(&self) -> &[Self] {
        match &self.kind {
            Kind::List(nodes) | Kind::Map(nodes) => nodes,
            _ => &[],
        }
    }

    /// The name for messages: `` `key` `` or what it is.
    pub fn name(&self) -> String {
        match &self.key {
            Some(key) => format!("`{}`", key.text),
            None => "this".to_owned(),
        }
    }

    /// What was found here, for messages.
    pub fn found(&self) -> String {
        match &self.kind {
            Kind::Null => "nothing".to_owned(),
            Kind::Bool(value) => format!("`{value}`"),
            Kind::Number(_, written) => format!("the number {written}"),
            Kind::Text(text) if text.chars().count() > 40 => "text".to_owned(),
            Kind::Text(text) => format!("the text `{text}`"),
            Kind::List(_) => "a list".to_owned(),
            Kind::Map(_) => "a mapping".to_owned(),
            Kind::Refused => "something else".to_owned(),
        }
    }

    /// Whether both are the same word or number, wherever they stand: what the lists hold that want each item once.
    pub fn repeats(&self, earlier: &Self) -> bool {
        match (&self.kind, &earlier.kind) {
            (Kind::Text(word), Kind::Text(earlier)) => word == earlier,
            (Kind::Number(number, _), Kind::Number(earlier, _)) => number == earlier,
            _ => false,
        }
    }

    fn named(&self, name: &str) -> bool {
        self.key.as_ref().is_some_and(|key| key.text == name)
    }
}

impl Kind {
    /// What an unquoted scalar means, by the core schema of YAML 1.2 in decimal notation.
    pub fn plain(text: &str) -> Self {
        match text {
            "" | "~" | "null" | "Null" | "NULL" => return Self::Null,
            "true" | "True" | "TRUE" => return Self::Bool(true),
            "false" | "False" | "FALSE" => return Self::Bool(false),
            _ => {}
        }
        number(text).map_or_else(
            || Self::Text(text.to_owned()),
            |number| Self::Number(number, text.to_owned()),
        )
    }
}

/// A decimal number; `None` for any other word, `.inf`, `.nan` and hexadecimal among them.
fn number(text: &str) -> Option<Number> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let starts = unsigned
        .strip_prefix('.')
        .unwrap_or(unsigned)
        .starts_with(|c: char| c.is_ascii_digit());
    let decimal = |c: char| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-');
    if !starts || !unsigned.chars().all(decimal) {
        return None;
    }
    if let Ok(whole) = text.parse::<i64>() {
        return Some(whole.into());
    }
    text.parse::<f64>()
        .ok()
        .filter(|value| value.is_finite())
        .map(Number::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_with_two_dots_is_text_and_with_one_dot_a_number() {
        assert!(matches!(Kind::plain("1.25.2"), Kind::Text(_)));
        assert!(matches!(Kind::plain("1.26"), Kind::Number(_, written) if written == "1.26"));
        assert!(matches!(Kind::plain("120s"), Kind::Text(_)));
        assert!(matches!(Kind::plain("1e400"), Kind::Text(_)));
    }

    #[test]
    fn only_the_words_of_yaml_1_2_are_boolean() {
        assert!(matches!(Kind::plain("yes"), Kind::Text(_)));
        assert!(matches!(Kind::plain("off"), Kind::Text(_)));
        assert!(matches!(Kind::plain("True"), Kind::Bool(true)));
    }
}
