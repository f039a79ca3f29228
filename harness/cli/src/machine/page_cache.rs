//! The host's page cache, dropped before a cold boot so that every file comes from storage again.

use std::fs::{self, OpenOptions};
use std::path::PathBuf;

use anyhow::Context as _;
use seatrial_record::CaseError;

/// Where Linux takes the order (sysctl/vm: drop_caches).
const ORDERS: &str = "/proc/sys/vm/drop_caches";
/// Page cache, directory entries and inodes.
const ALL: &str = "3\n";

/// The page cache of the host.
#[derive(Clone, Debug)]
pub struct PageCache {
    orders: PathBuf,
}

impl PageCache {
    /// That of the machine that this process runs on.
    pub fn here() -> PageCache {
        PageCache { orders: ORDERS.into() }
    }

    /// A stand-in whose orders go into a file.
    #[cfg(test)]
    pub fn at(orders: PathBuf) -> PageCache {
        PageCache { orders }
    }

    /// Whether it may be dropped.
    ///
    /// # Errors
    /// When it may not be, with what to do.
    pub fn may_be_dropped(&self) -> Result<(), CaseError> {
        let opened = OpenOptions::new().write(true).open(&self.orders);
        opened.map(drop).map_err(|error| CaseError {
            what: format!(
                "caches: cold needs to drop the host's page cache, and {} cannot be written: {error}",
                self.orders.display()
            ),
            hint: Some("run as root on the Linux host that the engine runs on, or leave `cold` out".into()),
        })
    }

    /// Writes what is not on storage yet, and drops the rest.
    pub async fn drop(&self) -> anyhow::Result<()> {
        let orders = self.orders.clone();
        tokio::task::spawn_blocking(move || {
            rustix::fs::sync();
            fs::write(&orders, ALL).with_context(|| format!("the page cache cannot be dropped by {}", orders.display()))
        })
        .await?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_is_dropped_where_the_host_allows_it_and_else_says_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let orders = folder.path().join("drop_caches");
        let cache = PageCache::at(orders.clone());
        let refused = cache.may_be_dropped().unwrap_err();
        assert!(
            refused.what.contains("drop_caches cannot be written"),
            "{}",
            refused.what
        );
        assert!(refused.hint.unwrap().contains("as root"));
        fs::write(&orders, "").unwrap();
        cache.may_be_dropped().unwrap();
        cache.drop().await.unwrap();
        assert_eq!(fs::read_to_string(&orders).unwrap(), "3\n");
    }
}
