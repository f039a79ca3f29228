//! What a client would install, in the same words for all.

use std::collections::{BTreeMap, BTreeSet};

use super::process::Failed;

/// The files that a client chose.
pub type Resolution = Result<BTreeSet<Choice>, Failed>;

/// One file that a client chose.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Choice {
    /// In normal form.
    pub project: String,
    pub version: String,
    pub file: String,
    /// As the client reports it.
    pub sha256: String,
}

/// Versions by project.
pub fn versions(choices: &BTreeSet<Choice>) -> BTreeMap<String, String> {
    let pair = |choice: &Choice| (choice.project.clone(), choice.version.clone());
    choices.iter().map(pair).collect()
}

/// An address, or text with addresses, without the escapes that names of files have in them: versions hold `!` and `+`.
pub fn unescaped(text: &str) -> String {
    text.replace("%21", "!").replace("%2B", "+")
}
