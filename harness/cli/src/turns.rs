//! One at a time per name: two cases that need the same image or tree do not build it twice.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OwnedMutexGuard;

/// Locks by name. Whoever has the turn looks first whether the thing is there already.
#[derive(Debug, Default)]
pub struct Turns {
    locks: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
}

impl Turns {
    /// Waits for the turn of `name`, which ends when the guard is dropped.
    pub async fn of(&self, name: &str) -> OwnedMutexGuard<()> {
        let lock = {
            let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(locks.entry(name.to_owned()).or_default())
        };
        lock.lock_owned().await
    }
}

#[cfg(test)]
mod tests {
    use super::Turns;

    #[tokio::test]
    async fn the_same_name_waits_and_another_does_not() {
        let turns = Turns::default();
        let first = turns.of("tree").await;
        let _other = turns.of("image").await;
        let mut second = Box::pin(turns.of("tree"));
        let waits = futures_util::future::poll_immediate(&mut second).await.is_none();
        assert!(waits);
        drop(first);
        second.await;
    }
}
