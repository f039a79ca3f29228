//! What an image is built from, and the reference that follows from it: same inputs, same reference, no rebuild.

use std::collections::BTreeMap;

use anyhow::bail;
use seatrial_spec::{Image, ImageSource, Project};

use super::context::{self, ContextFiles};

/// Everything that decides what an image will be, apart from the Debian mirror and the package index, whose part is
/// pinned in the context.
pub struct Recipe {
    /// The build context.
    pub files: ContextFiles,
    /// Digest of all inputs.
    pub digest: String,
    /// `seatrial/NAME:DIGEST`.
    pub reference: String,
}

impl Recipe {
    /// Reads the inputs from disk.
    pub fn read(project: &Project, image: &Image) -> anyhow::Result<Recipe> {
        let (files, digest) = match &image.source {
            ImageSource::Dockerfile { context, debian, args } => digested(context::read(context)?, debian, args),
            ImageSource::OnImage { context, image, args } => {
                let base = reference(project, &project.images()[image])?;
                digested(context::read(context)?, &base, args)
            }
            ImageSource::StaticBinary { package, binary, port } => {
                let settings = [(binary.clone(), port.to_string())].into();
                digested(context::read_package(package)?, "scratch", &settings)
            }
            ImageSource::Reference(reference) => bail!("{reference} is used as it is, not built"),
        };
        let reference = format!("seatrial/{}:{digest}", image.name);
        Ok(Recipe {
            files,
            digest,
            reference,
        })
    }
}

/// The reference an image has, or would have once it is built.
pub fn reference(project: &Project, image: &Image) -> anyhow::Result<String> {
    match &image.source {
        ImageSource::Reference(reference) => Ok(reference.clone()),
        _ => Ok(Recipe::read(project, image)?.reference),
    }
}

fn digested(files: ContextFiles, base: &str, args: &BTreeMap<String, String>) -> (ContextFiles, String) {
    let args: Vec<String> = args.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let others = [base].into_iter().chain(args.iter().map(String::as_str));
    let digest = context::digest_with(&files, others);
    (files, digest)
}
