//! The derived image of the `dockerfile` method: the same requirements built in, the way the documents show it.

use anyhow::Context as _;
use seatrial_engine::{BuildSpec, Engine, ImageInfo};

use super::named::NamedImage;
use super::{Added, BUILT, pip_variables};
use crate::cache;
use crate::requirements::CONSTRAINTS;
use crate::session::Session;

/// Builds the derived image, or finds the one already built from the same image and requirements.
pub async fn derive(
    session: &Session<impl Engine>,
    image: &NamedImage,
    user: &str,
    added: Added<'_>,
    say: &(dyn Fn(&str) + Sync),
) -> anyhow::Result<ImageInfo> {
    let requirements = added.requirements.text();
    let constraints = added.requirements.constraints_text().unwrap_or_default();
    let dockerfile = dockerfile(&image.info.reference, user);
    let inputs = [
        image.info.id.as_str(),
        &dockerfile,
        &requirements,
        &constraints,
        added.identity,
    ];
    let digest = cache::digest(inputs.map(str::as_bytes));
    let reference = format!("seatrial/{}-derived:{digest}", image.name);
    let _turn = session.turns.of(&reference).await;
    if let Some(info) = session.engine.image(&reference).await? {
        return Ok(info);
    }
    say(&format!("building derived image of {} ({reference})", image.name));
    let spec = BuildSpec {
        reference,
        files: vec![
            ("Dockerfile".into(), dockerfile.into_bytes(), false),
            ("requirements.txt".into(), requirements.into_bytes(), false),
            (CONSTRAINTS.into(), constraints.into_bytes(), false),
        ],
        dockerfile: "Dockerfile".into(),
        args: pip_variables(added.index),
        labels: [(BUILT.to_owned(), digest)].into(),
        host_network: true,
    };
    session
        .engine
        .build(spec, |line| tracing::debug!(target: "build", "{line}"))
        .await
        .with_context(|| format!("the derived image of {} could not be built", image.name))
}

/// pip runs as the image's own user, so that packages land where that user may write; ARG keeps the index's
/// address out of the image's environment.
fn dockerfile(from: &str, user: &str) -> String {
    format!(
        "FROM {from}\n\
         ARG PIP_INDEX_URL\n\
         ARG PIP_EXTRA_INDEX_URL\n\
         ARG PIP_TRUSTED_HOST\n\
         ARG PIP_DISABLE_PIP_VERSION_CHECK\n\
         COPY requirements.txt {CONSTRAINTS} /tmp/\n\
         RUN pip install --no-cache-dir -r /tmp/requirements.txt\n\
         USER {user}\n"
    )
}
