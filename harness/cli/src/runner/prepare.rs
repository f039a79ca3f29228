//! Gets every case ready before the first is timed: images, derived images, trees, a warm index.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context as _;
use futures_util::{StreamExt as _, stream};
use seatrial_engine::{Engine, ImageInfo};
use seatrial_record::{CaseError, ImageFacts};
use seatrial_spec::{Caches, Case, Method, Plan, Project};
use tokio::sync::OnceCell;

use super::sampling::Boots;
use super::{Orders, case_error, image_facts};
use crate::images::{self, Added, NamedImage};
use crate::requirements::Requirements;
use crate::session::Session;
use crate::worlds::{IndexUrls, Opened, Worlds};

/// A plan with everything at hand.
pub struct Prepared {
    /// Every case, or why it cannot run.
    pub cases: Vec<PreparedCase>,
    /// Facts of the images, by name.
    pub images: BTreeMap<String, ImageFacts>,
}

/// One case and what it needs.
pub struct PreparedCase {
    pub case: Case,
    /// How often it is booted.
    pub boots: Boots,
    pub ready: Result<Ready, CaseError>,
}

impl PreparedCase {
    /// Whether it is about time and must therefore have the machine to itself.
    pub fn is_timed(&self) -> bool {
        self.case.scenario.is_timed()
    }
}

/// What one case needs.
#[derive(Clone)]
pub struct Ready {
    pub image: Arc<NamedImage>,
    /// Derived image, launched in place of the image.
    pub derived: Option<ImageInfo>,
    /// Tree to mount, on the host.
    pub tree: Option<PathBuf>,
    /// What the index has, and how it moves.
    pub worlds: Worlds,
}

/// Prepares every case, `jobs` at a time. What cannot be had makes the cases that need it errors, and no others.
pub async fn all(
    session: &Session<impl Engine>,
    project: &Project,
    plan: &Plan,
    orders: &Orders,
    say: &(dyn Fn(&str) + Sync),
) -> Prepared {
    let shelf = Shelf {
        session,
        project,
        orders,
        say,
        images: Mutex::default(),
    };
    let shelf = &shelf;
    // Images first and all together: they are few, mostly wait for downloads and disk, and some wait for another.
    stream::iter(shelf.image_names(plan))
        .for_each_concurrent(None, |name| async move {
            // A failure is kept on the shelf and told by the cases that need the image.
            let _known = shelf.image(name).await;
        })
        .await;
    // Whatever is ready first makes room for the next; the plan's order is restored, or a seed would not give one order.
    let mut cases: Vec<(usize, PreparedCase)> = stream::iter(plan.cases.iter().enumerate())
        .map(|(place, case)| async move {
            let ready = shelf.ready(case).await;
            (
                place,
                PreparedCase {
                    case: case.clone(),
                    boots: Boots::of(case, orders.sampling),
                    ready,
                },
            )
        })
        .buffer_unordered(orders.jobs)
        .collect()
        .await;
    cases.sort_by_key(|(place, _)| *place);
    let cases = cases.into_iter().map(|(_, case)| case).collect();
    Prepared {
        cases,
        images: shelf.facts(),
    }
}

type Known = Arc<OnceCell<Result<Arc<NamedImage>, CaseError>>>;

/// Images already asked for, each prepared once, failures included.
struct Shelf<'a, E> {
    session: &'a Session<E>,
    project: &'a Project,
    orders: &'a Orders,
    say: &'a (dyn Fn(&str) + Sync),
    images: Mutex<BTreeMap<String, Known>>,
}

impl<E: Engine> Shelf<'_, E> {
    /// What one case needs.
    async fn ready(&self, case: &Case) -> Result<Ready, CaseError> {
        if case.caches == Caches::Cold {
            self.orders.page_cache.may_be_dropped()?;
        }
        let image = self.image(&case.image).await?;
        let mut ready = Ready {
            image,
            derived: None,
            tree: None,
            worlds: Worlds::of_case(case, self.orders.seed),
        };
        // What is built beforehand sees the index as it is before anything happens to it.
        let still = ready
            .worlds
            .open_still(&self.session.index)
            .map_err(|error| case_error(error.into()))?;
        let (index, tokens) = self.session.local_index_of(&case.id, &still);
        let built = self.build(case, &still, &index, &mut ready).await;
        self.session.index.forget(&tokens);
        built.map(|()| ready)
    }

    /// Builds what the method of a case needs.
    async fn build(&self, case: &Case, still: &Opened, index: &IndexUrls, ready: &mut Ready) -> Result<(), CaseError> {
        if case.method != Method::None && ready.worlds.need_upstream() {
            let found = self.session.index.find_upstream().await;
            found.map_err(|error| case_error(error.into()))?;
        } else if case.scenario.is_timed() && ready.worlds.need_upstream() {
            // A boot may ask the index for something even so, and must not wait for the search; one that asks nothing does
            // not need what was not found.
            let _found = self.session.index.find_upstream().await;
        }
        let image = Arc::clone(&ready.image);
        let extend = &case.scenario.extend;
        let identity = ready.worlds.identity(&self.session.behind);
        let added = Added {
            requirements: Requirements::of(extend),
            index,
            identity: &identity,
        };
        match case.method {
            Method::None => {}
            Method::Dynamic => self.warm(&image, still, added).await.map_err(case_error)?,
            Method::Preinstalled => {
                let builder = match &extend.tree.built_with {
                    Some(name) => self.image(name).await?,
                    None => image,
                };
                let tree = images::build_tree(self.session, &builder, added, &extend.tree.then, self.say).await;
                let tree = tree.map_err(case_error)?;
                ready.tree = Some(match case.caches {
                    Caches::Cold => images::uncompiled(self.session, &tree).await.map_err(case_error)?,
                    Caches::Fresh | Caches::Warm => tree,
                });
            }
            Method::Dockerfile => {
                let user = image.contract.dockerfile_user.clone().unwrap_or_default();
                let derived = images::derive(self.session, &image, &user, added, self.say).await;
                ready.derived = Some(derived.map_err(case_error)?);
            }
        }
        Ok(())
    }

    /// Has everything at hand that a dynamic boot will ask the index for.
    async fn warm(&self, image: &NamedImage, worlds: &Opened, added: Added<'_>) -> anyhow::Result<()> {
        let mut all_made = true;
        for (_, world) in worlds.named() {
            all_made &= world.make_ready().await?;
        }
        if !all_made {
            images::warm_index(self.session, image, added).await?;
        }
        Ok(())
    }

    async fn image(&self, name: &str) -> Result<Arc<NamedImage>, CaseError> {
        let known = Arc::clone(self.known().entry(name.to_owned()).or_default());
        known
            .get_or_init(|| async { self.prepare(name).await.map(Arc::new).map_err(case_error) })
            .await
            .clone()
    }

    /// Every image that the plan needs, each once.
    fn image_names<'p>(&self, plan: &'p Plan) -> BTreeSet<&'p str> {
        let builders = plan
            .cases
            .iter()
            .filter_map(|case| case.scenario.extend.tree.built_with.as_deref());
        plan.cases
            .iter()
            .map(|case| case.image.as_str())
            .chain(builders)
            .collect()
    }

    async fn prepare(&self, name: &str) -> anyhow::Result<NamedImage> {
        let image = self
            .project
            .images()
            .get(name)
            .context("checked by seatrial-spec to be an image")?;
        let instead = self.orders.instead.get(name).map(String::as_str);
        images::prepare(self.session, self.project, image, instead, self.say).await
    }

    /// Facts of the images that could be had, by name.
    fn facts(&self) -> BTreeMap<String, ImageFacts> {
        let facts = |(name, known): (&String, &Known)| {
            let image = known.get()?.as_ref().ok()?;
            Some((name.clone(), image_facts(&image.info, image.manifest.clone())))
        };
        self.known().iter().filter_map(facts).collect()
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<String, Known>> {
        self.images.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
