//! What was turned away before it could be anybody's request: counted for the record, told in the process's own log.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Requests without a token of this index, and bytes that are no request. Cheap to clone; clones share the count.
#[derive(Clone, Debug, Default)]
pub(crate) struct Refused(Arc<AtomicU64>);

impl Refused {
    pub(crate) fn count(&self, what: &str) {
        self.0.fetch_add(1, Ordering::Relaxed);
        tracing::warn!("refused {what}");
    }

    pub(crate) fn total(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
