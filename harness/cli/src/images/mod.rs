//! Gets what is launched ready before anything is timed: images, their own manifests, derived images, trees.

mod base;
mod bootstrap;
mod build;
mod context;
mod derived;
mod named;
mod recipe;
mod tree;
mod warm;

pub use derived::derive;
pub use named::{NamedImage, locate, prepare};
pub use tree::build_tree;
pub use warm::warm_index;

/// Label of every image that seatrial builds; its value is the digest of the image's inputs.
pub const BUILT: &str = "seatrial.inputs";

/// pip's variables in builds and helper containers: seatrial's index and nothing else.
fn pip_variables(index_url: &str) -> [(String, String); 3] {
    [
        ("PIP_INDEX_URL".to_owned(), index_url.to_owned()),
        ("PIP_TRUSTED_HOST".to_owned(), "127.0.0.1".to_owned()),
        ("PIP_DISABLE_PIP_VERSION_CHECK".to_owned(), "1".to_owned()),
    ]
}
