//! The checked meaning of an image file: what is tested, and how our stand-in for it is built.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// One image that scenarios name (`fixtures/images/NAME/image.yaml`).
#[derive(Clone, Debug)]
pub struct Image {
    /// From the folder name.
    pub name: String,
    /// The file, relative to the project root.
    pub file: PathBuf,
    /// What it stands for.
    pub why: String,
    /// Name of the contract it keeps.
    pub contract: String,
    /// Where it comes from.
    pub source: ImageSource,
}

/// Where an image comes from.
#[derive(Clone, Debug)]
pub enum ImageSource {
    /// An existing reference, local or pulled.
    Reference(String),
    /// Built from a Dockerfile over a Debian base.
    Dockerfile {
        /// Build context, absolute.
        context: PathBuf,
        /// Debian suite of the base image (`bookworm`, `trixie`).
        debian: String,
        /// Build arguments; the base's reference is passed as `BASE` besides.
        args: BTreeMap<String, String>,
    },
    /// Built from a Dockerfile over another image of the project.
    OnImage {
        /// Build context, absolute.
        context: PathBuf,
        /// Name of that image, which is not built on another in its turn.
        image: String,
        /// Build arguments; that image's reference is passed as `BASE` besides.
        args: BTreeMap<String, String>,
    },
    /// One static binary of a cargo package, FROM scratch.
    StaticBinary {
        /// Folder of the package, absolute.
        package: PathBuf,
        /// Name of the binary.
        binary: String,
        /// Port it exposes.
        port: u16,
    },
}
