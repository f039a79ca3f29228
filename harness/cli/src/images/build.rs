//! Builds the images of the project's own files: from a Dockerfile over Debian or over another image, or from one binary.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context as _, bail};
use seatrial_engine::{BuildSpec, Engine, ImageInfo};
use seatrial_spec::{Image, ImageSource, Project};

use super::named::at_hand;
use super::recipe::Recipe;
use super::{BUILT, base, pip_variables};
use crate::session::Session;

/// The image built from its recipe, or found when the same recipe was built before.
pub(super) async fn build(
    session: &Session<impl Engine>,
    project: &Project,
    image: &Image,
    say: &(dyn Fn(&str) + Sync),
) -> anyhow::Result<ImageInfo> {
    let recipe = Recipe::read(project, image)?;
    let _turn = session.turns.of(&recipe.reference).await;
    if let Some(info) = session.engine.image(&recipe.reference).await? {
        return Ok(info);
    }
    let mut spec = BuildSpec {
        reference: recipe.reference,
        files: recipe.files,
        dockerfile: "Dockerfile".into(),
        args: BTreeMap::new(),
        labels: [(BUILT.to_owned(), recipe.digest)].into(),
        host_network: true,
    };
    match &image.source {
        ImageSource::Dockerfile { debian, args, .. } => {
            let base = base::base(session, debian, say).await?;
            spec.args = arguments(session, image, args, &base).await?;
        }
        ImageSource::OnImage { image: on, args, .. } => {
            let base = Box::pin(at_hand(session, project, &project.images()[on], say)).await?;
            spec.args = arguments(session, image, args, &base).await?;
        }
        ImageSource::StaticBinary { package, binary, port } => {
            let program = compile_static(session, package, binary).await?;
            let dockerfile =
                format!("FROM scratch\nCOPY program /{binary}\nEXPOSE {port}\nENTRYPOINT [\"/{binary}\"]\n");
            spec.files = vec![
                ("Dockerfile".into(), dockerfile.into_bytes(), false),
                ("program".into(), program, true),
            ];
        }
        ImageSource::Reference(reference) => bail!("{reference} is used as it is, not built"),
    }
    say(&format!("building image {} ({})", image.name, spec.reference));
    session
        .engine
        .build(spec, |line| tracing::debug!(target: "build", "{line}"))
        .await
        .with_context(|| format!("the image {} could not be built", image.name))
}

/// The image file's own arguments, the base, and the way to the index.
async fn arguments(
    session: &Session<impl Engine>,
    image: &Image,
    own: &BTreeMap<String, String>,
    base: &ImageInfo,
) -> anyhow::Result<BTreeMap<String, String>> {
    let mut all = own.clone();
    all.insert("BASE".into(), base.reference.clone());
    let index = session.local_index(&format!("build {}", image.name)).await?;
    all.extend(pip_variables(&index));
    Ok(all)
}

/// Compiles a cargo package's binary with the C library linked in, so that it runs FROM scratch.
async fn compile_static(session: &Session<impl Engine>, package: &Path, binary: &str) -> anyhow::Result<Vec<u8>> {
    let target = session.cache.folder("static")?;
    let output = tokio::process::Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["rustc", "--release", "--quiet", "--bin", binary, "--manifest-path"])
        .arg(package.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(&target)
        .args(["--", "-C", "target-feature=+crt-static"])
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .context("cargo could not be started; it builds the stub image's binary")?;
    if !output.status.success() {
        bail!(
            "cargo could not compile {binary}:\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let program = target.join("release").join(binary);
    std::fs::read(&program).with_context(|| format!("cannot read {}", program.display()))
}
