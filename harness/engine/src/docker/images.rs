//! Images: looking, pulling, importing, removing.

use std::io;
use std::path::Path;
use std::time::Duration;

use futures_util::stream::{self, Stream, StreamExt, TryStreamExt};
use testcontainers::bollard::body_try_stream;
use testcontainers::bollard::models::ImageInspect;
use testcontainers::bollard::query_parameters::{CreateImageOptions, ListImagesOptions, RemoveImageOptions};
use tokio::fs::File;
use tokio::io::AsyncReadExt;

use super::failure::{Failure, answered, within};
use super::objects::having;
use super::{CALL, Docker};
use crate::{EngineError, ImageInfo};

/// A pull or an import moves gigabytes.
const TRANSFER: Duration = Duration::from_secs(30 * 60);
/// Bytes of an archive sent at a time.
const PIECE: usize = 1 << 20;

/// A local image; `None` when there is none.
pub(super) async fn find(docker: &Docker, reference: &str) -> Result<Option<ImageInfo>, EngineError> {
    within(CALL, &format!("inspecting image `{reference}`"), async {
        match docker.api.inspect_image(reference).await {
            Ok(image) => Ok(Some(info(reference, image))),
            Err(error) if answered(&error, 404) => Ok(None),
            Err(error) => Err(error).or_failed(|cause| image_failed("inspecting", reference, cause)),
        }
    })
    .await
}

/// A local image that has to be there.
pub(super) async fn require(docker: &Docker, reference: &str) -> Result<ImageInfo, EngineError> {
    find(docker, reference).await?.ok_or_else(|| EngineError::NoSuchImage {
        reference: reference.to_owned(),
    })
}

/// Whether a reference is the id of an image, which says by itself what is meant.
pub(super) fn is_id(reference: &str) -> bool {
    let digest = reference.strip_prefix("sha256:").unwrap_or_default();
    digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Images that carry the label, tagged or not.
pub(super) async fn labelled(docker: &Docker, label: &str) -> Result<Vec<ImageInfo>, EngineError> {
    let options = ListImagesOptions {
        filters: having(label.to_owned()),
        ..ListImagesOptions::default()
    };
    let summaries = within(CALL, "listing images", async {
        let listed = docker.api.list_images(Some(options)).await;
        listed.or_failed(|cause| image_failed("listing", label, cause))
    })
    .await?;
    let mut images = Vec::with_capacity(summaries.len());
    for summary in summaries {
        // An image without a tag has none, or `<none>:<none>` from older engines.
        let tag = summary.repo_tags.into_iter().find(|tag| !tag.starts_with("<none>"));
        let reference = tag.unwrap_or(summary.id);
        // An image removed meanwhile is no longer one of them.
        images.extend(find(docker, &reference).await?);
    }
    Ok(images)
}

/// Pulls without credentials.
pub(super) async fn pull(docker: &Docker, reference: &str) -> Result<ImageInfo, EngineError> {
    let (image, tag) = split_tag(reference);
    let options = CreateImageOptions {
        from_image: Some(image.to_owned()),
        tag: tag.map(str::to_owned),
        ..CreateImageOptions::default()
    };
    within(TRANSFER, &format!("pulling image `{reference}`"), async {
        let progress = docker.api.create_image(Some(options), None, None);
        let pulled = progress.try_for_each(|_| async { Ok(()) }).await;
        pulled.or_failed(|cause| EngineError::PullFailed {
            reference: reference.to_owned(),
            cause,
        })?;
        require(docker, reference).await
    })
    .await
}

/// Imports a root file system, streaming the archive from disk.
pub(super) async fn import(docker: &Docker, archive: &Path, reference: &str) -> Result<ImageInfo, EngineError> {
    let failed = |cause| EngineError::ImportFailed {
        reference: reference.to_owned(),
        archive: archive.to_owned(),
        cause,
    };
    let file = File::open(archive).await.map_err(|error| failed(error.into()))?;
    let (repo, tag) = split_tag(reference);
    let options = CreateImageOptions {
        from_src: Some("-".to_owned()),
        repo: Some(repo.to_owned()),
        tag: tag.map(str::to_owned),
        ..CreateImageOptions::default()
    };
    within(TRANSFER, &format!("importing image `{reference}`"), async {
        let body = body_try_stream(pieces(file).map_ok(Into::into));
        let progress = docker.api.create_image(Some(options), Some(body), None);
        progress.try_for_each(|_| async { Ok(()) }).await.or_failed(failed)?;
        require(docker, reference).await
    })
    .await
}

/// Removes a reference, and the image with its last one; a reference that is not there is no error.
pub(super) async fn remove(docker: &Docker, reference: &str) -> Result<(), EngineError> {
    within(CALL, &format!("removing image `{reference}`"), async {
        match docker
            .api
            .remove_image(reference, None::<RemoveImageOptions>, None)
            .await
        {
            Ok(_) => Ok(()),
            Err(error) if answered(&error, 404) => Ok(()),
            Err(error) => Err(error).or_failed(|cause| image_failed("removing", reference, cause)),
        }
    })
    .await
}

fn image_failed(action: &'static str, reference: &str, cause: crate::Cause) -> EngineError {
    EngineError::Image {
        action,
        reference: reference.to_owned(),
        cause,
    }
}

fn info(reference: &str, image: ImageInspect) -> ImageInfo {
    let config = image.config.unwrap_or_default();
    let variable = |text: String| {
        text.split_once('=')
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
    };
    ImageInfo {
        reference: reference.to_owned(),
        id: image.id.unwrap_or_default(),
        size_bytes: image.size.and_then(|size| u64::try_from(size).ok()).unwrap_or(0),
        env: config
            .env
            .unwrap_or_default()
            .into_iter()
            .filter_map(variable)
            .collect(),
        user: config.user.unwrap_or_default(),
        labels: config.labels.unwrap_or_default().into_iter().collect(),
    }
}

/// Repository and tag. Without a tag it is `latest` (the engine would pull them all); a digest is not a tag.
fn split_tag(reference: &str) -> (&str, Option<&str>) {
    if reference.contains('@') {
        return (reference, None);
    }
    // A colon before the last slash belongs to a registry's port.
    let name = reference.rfind('/').map_or(0, |slash| slash + 1);
    match reference[name..].find(':') {
        Some(colon) => (&reference[..name + colon], Some(&reference[name + colon + 1..])),
        None => (reference, Some("latest")),
    }
}

/// The file piece by piece.
fn pieces(file: File) -> impl Stream<Item = io::Result<Vec<u8>>> + Send + 'static {
    stream::try_unfold(file, |mut file| async move {
        let mut piece = vec![0; PIECE];
        let read = file.read(&mut piece).await?;
        piece.truncate(read);
        Ok((read > 0).then_some((piece, file)))
    })
    .boxed()
}

#[cfg(test)]
mod tests {
    use super::split_tag;

    #[test]
    fn tags_are_told_from_ports_and_digests() {
        assert_eq!(split_tag("debian:bookworm-slim"), ("debian", Some("bookworm-slim")));
        assert_eq!(split_tag("debian"), ("debian", Some("latest")));
        assert_eq!(split_tag("host:5000/a/b"), ("host:5000/a/b", Some("latest")));
        assert_eq!(split_tag("host:5000/a/b:1"), ("host:5000/a/b", Some("1")));
        assert_eq!(split_tag("a@sha256:00"), ("a@sha256:00", None));
    }
}
