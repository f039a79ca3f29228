//! A link of a page as it is written there: joined with the page's address when it is followed and not before, so that a
//! long address costs its memory once and not for every file.

use std::sync::Arc;

use reqwest::Url;

/// A link that leads somewhere. Cheap to clone; clones share it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Link {
    base: Arc<Url>,
    href: Arc<str>,
}

impl Link {
    /// `None` when the text is no link on a page with this base.
    pub(crate) fn new(base: &Arc<Url>, href: &str) -> Option<Link> {
        base.join(href).ok()?;
        Some(Link {
            base: Arc::clone(base),
            href: href.into(),
        })
    }

    /// Where it leads.
    pub(crate) fn url(&self) -> Url {
        self.base.join(&self.href).expect("it was joined when it was read")
    }

    /// Bytes that it takes besides the base, which all links of a page share.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn length(&self) -> usize {
        self.href.len()
    }
}
