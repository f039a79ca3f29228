//! The images that scenarios name: located, built or pulled, with their own manifests.

use anyhow::Context as _;
use seatrial_engine::{Engine, ImageInfo, TaskSpec};
use seatrial_record::Manifest;
use seatrial_spec::{Contract, Image, ImageSource, Project};

use super::build::build;
use super::recipe;
use crate::cache;
use crate::observe::manifest::{self, Question};
use crate::observe::origins::Origins;
use crate::session::Session;

/// An image ready to be launched.
#[derive(Clone, Debug)]
pub struct NamedImage {
    pub name: String,
    pub info: ImageInfo,
    pub contract: Contract,
    /// What the image holds by itself; `None` when it has no Python.
    pub manifest: Option<Manifest>,
}

/// The image as it is now: nothing is built or pulled. Returns the reference it would have and what is there.
pub async fn locate(
    engine: &impl Engine,
    project: &Project,
    image: &Image,
) -> anyhow::Result<(String, Option<ImageInfo>)> {
    let reference = recipe::reference(project, image)?;
    let info = engine.image(&reference).await?;
    Ok((reference, info))
}

/// The image ready to be launched: `instead` (a user's own reference) or built from the project's files on first need.
pub async fn prepare(
    session: &Session<impl Engine>,
    project: &Project,
    image: &Image,
    instead: Option<&str>,
    say: &(dyn Fn(&str) + Sync),
) -> anyhow::Result<NamedImage> {
    let info = match instead {
        Some(reference) => existing(session, reference, &image.name).await?,
        None => at_hand(session, project, image, say).await?,
    };
    let contract = &project.contracts()[&image.contract];
    let manifest = own_manifest(session, &info, contract)
        .await
        .with_context(|| format!("cannot read what {} holds by itself", info.reference))?;
    Ok(NamedImage {
        name: image.name.clone(),
        info,
        contract: contract.clone(),
        manifest,
    })
}

/// The image that the project's own file describes, built or pulled on first need.
pub(super) async fn at_hand(
    session: &Session<impl Engine>,
    project: &Project,
    image: &Image,
    say: &(dyn Fn(&str) + Sync),
) -> anyhow::Result<ImageInfo> {
    match &image.source {
        ImageSource::Reference(reference) => existing(session, reference, &image.name).await,
        _ => build(session, project, image, say).await,
    }
}

async fn existing(session: &Session<impl Engine>, reference: &str, name: &str) -> anyhow::Result<ImageInfo> {
    if let Some(info) = session.engine.image(reference).await? {
        return Ok(info);
    }
    session
        .engine
        .pull(reference)
        .await
        .with_context(|| format!("the image {reference} (for {name}) is not present locally and cannot be pulled"))
}

/// What the image holds by itself, read once per image id and reader.
async fn own_manifest(
    session: &Session<impl Engine>,
    info: &ImageInfo,
    contract: &Contract,
) -> anyhow::Result<Option<Manifest>> {
    let Some(command) = manifest::command(contract, &Question::default()) else {
        return Ok(None);
    };
    // The command holds the whole reader, so another reader is another key.
    let key = cache::digest([info.id.as_bytes(), command.join(" ").as_bytes()]);
    let file = session.cache.folder("manifests")?.join(format!("{key}.json"));
    // A file that does not hold is read anew, not complained about: it is only a cache.
    if let Some(known) = std::fs::read(&file)
        .ok()
        .and_then(|text| serde_json::from_slice(&text).ok())
    {
        return Ok(Some(known));
    }
    let task = TaskSpec {
        image: info.id.clone(),
        command,
        env: Default::default(),
        user: None,
        mounts: vec![],
        host_network: false,
        deadline: manifest::DEADLINE,
    };
    let raw = manifest::parse(&session.engine.task(&session.owner, task).await?)?;
    let at_rest = Origins {
        image: None,
        mount: None,
        derived: false,
    };
    let manifest = at_rest.classify(raw).manifest;
    let mut aside = tempfile::NamedTempFile::new_in(file.parent().unwrap_or(session.cache.root()))?;
    serde_json::to_writer(&mut aside, &manifest)?;
    aside.persist(&file)?;
    Ok(Some(manifest))
}
