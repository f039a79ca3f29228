//! Gets what is launched ready before anything is timed: images, their own manifests, derived images, trees.

mod base;
mod bootstrap;
mod build;
mod context;
mod derived;
mod named;
mod recipe;
mod tree;
mod uncompiled;
mod warm;

use std::collections::BTreeMap;

use crate::requirements::Requirements;
use crate::worlds::IndexUrls;

pub use derived::derive;
pub use named::{NamedImage, locate, prepare};
pub use tree::build_tree;
pub use uncompiled::uncompiled;
pub use warm::warm_index;

/// Label of every image that seatrial builds; its value is the digest of the image's inputs.
pub const BUILT: &str = "seatrial.inputs";

/// pip's variables in builds and helper containers: seatrial's index, the second one if there is one, and nothing else.
fn pip_variables(index: &IndexUrls) -> BTreeMap<String, String> {
    let extra = index.extra.clone().map(|url| ("PIP_EXTRA_INDEX_URL", url));
    let always = [
        ("PIP_INDEX_URL", index.main.clone()),
        ("PIP_TRUSTED_HOST", "127.0.0.1".to_owned()),
        ("PIP_DISABLE_PIP_VERSION_CHECK", "1".to_owned()),
    ];
    let all = always.into_iter().chain(extra);
    all.map(|(name, value)| (name.to_owned(), value)).collect()
}

/// What a case adds to an image, and the index as it is before anything happens to it: all that is built beforehand for
/// the case follows from these.
#[derive(Clone, Copy, Debug)]
pub struct Added<'a> {
    pub requirements: Requirements<'a>,
    pub index: &'a IndexUrls,
    /// [`crate::worlds::Worlds::identity`] of the index.
    pub identity: &'a str,
}
