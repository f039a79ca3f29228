//! What the stub engine keeps: images, containers and networks, and whose they are.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use super::container::Container;
use super::latency::digest;
use crate::{EngineError, ImageInfo, Owner, Swept};

/// The books of one engine; clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct Books(Arc<Mutex<Entries>>);

#[derive(Debug, Default)]
struct Entries {
    /// By reference.
    images: BTreeMap<String, ImageInfo>,
    /// By id.
    containers: BTreeMap<String, Arc<Container>>,
    /// By name.
    networks: BTreeMap<String, Owner>,
    numbers: usize,
}

/// What an engine has that somebody made and nobody has removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// Containers, running or not.
    pub containers: usize,
    /// Networks.
    pub networks: usize,
}

impl Books {
    /// A number that was not given out before.
    pub(super) fn next_number(&self) -> usize {
        let mut entries = self.lock();
        entries.numbers += 1;
        entries.numbers - 1
    }

    /// Enters an image under its reference, in place of the one that had it. Its id follows from what it is made of.
    pub(super) fn add_image(&self, image: ImageInfo, made_of: &str) -> ImageInfo {
        let image = ImageInfo {
            id: format!("sha256:{:064x}", digest(made_of)),
            ..image
        };
        self.lock().images.insert(image.reference.clone(), image.clone());
        image
    }

    /// The image of a reference or an id.
    pub(super) fn image(&self, reference: &str) -> Option<ImageInfo> {
        let entries = self.lock();
        let by_id = || entries.images.values().find(|image| image.id == reference);
        entries.images.get(reference).or_else(by_id).cloned()
    }

    pub(super) fn require_image(&self, reference: &str) -> Result<ImageInfo, EngineError> {
        self.image(reference).ok_or_else(|| EngineError::NoSuchImage {
            reference: reference.to_owned(),
        })
    }

    /// Images that carry a label, given as `key` or `key=value`.
    pub(super) fn images_labelled(&self, label: &str) -> Vec<ImageInfo> {
        let carries = |image: &&ImageInfo| match label.split_once('=') {
            Some((key, value)) => image.labels.get(key).is_some_and(|own| own == value),
            None => image.labels.contains_key(label),
        };
        self.lock().images.values().filter(carries).cloned().collect()
    }

    pub(super) fn remove_image(&self, reference: &str) {
        self.lock().images.remove(reference);
    }

    pub(super) fn add_network(&self, name: String, owner: Owner) {
        self.lock().networks.insert(name, owner);
    }

    pub(super) fn has_network(&self, name: &str) -> bool {
        self.lock().networks.contains_key(name)
    }

    pub(super) fn add_container(&self, container: Arc<Container>) {
        self.lock().containers.insert(container.id.clone(), container);
    }

    pub(super) fn has_container(&self, id: &str) -> bool {
        self.lock().containers.contains_key(id)
    }

    /// Kills and removes a container; nothing when it is not there.
    pub(super) fn remove_container(&self, id: &str) {
        let removed = self.lock().containers.remove(id);
        if let Some(container) = removed {
            container.kill(Instant::now());
        }
    }

    /// Removes the containers and networks of condemned owners.
    pub(super) fn remove(&self, condemned: impl Fn(&Owner) -> bool) -> Swept {
        let mut swept = Swept::default();
        let mut runs = BTreeSet::new();
        let now = Instant::now();
        let mut entries = self.lock();
        entries.containers.retain(|_, container| {
            let goes = condemned(&container.owner);
            if goes {
                container.kill(now);
                swept.containers += 1;
                runs.insert(container.owner.run.clone());
            }
            !goes
        });
        entries.networks.retain(|_, owner| {
            let goes = condemned(owner);
            if goes {
                swept.networks += 1;
                runs.insert(owner.run.clone());
            }
            !goes
        });
        swept.runs = runs.into_iter().collect();
        swept
    }

    pub(super) fn left(&self) -> Left {
        let entries = self.lock();
        Left {
            containers: entries.containers.len(),
            networks: entries.networks.len(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        // Entries are made and removed whole: a thread that panicked cannot have left one half-made.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_found_by_reference_by_id_and_by_label() {
        let books = Books::default();
        let image = |reference: &str| ImageInfo {
            reference: reference.to_owned(),
            labels: [("kind".to_owned(), "base".to_owned())].into(),
            ..ImageInfo::default()
        };
        let one = books.add_image(image("one:1"), "bytes of one");
        assert_eq!(books.image("one:1"), Some(one.clone()));
        assert_eq!(books.image(&one.id), Some(one.clone()));
        assert_eq!(books.images_labelled("kind"), std::slice::from_ref(&one));
        assert_eq!(books.images_labelled("kind=base"), [one]);
        assert_eq!(books.images_labelled("kind=other"), []);
        books.remove_image("one:1");
        assert!(matches!(
            books.require_image("one:1"),
            Err(EngineError::NoSuchImage { .. })
        ));
    }
}
