//! The image file as written. Doc comments here are what editors show.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::wire::FormatVersion;

/// An image that scenarios name: what it stands for, the contract it keeps, where it comes from.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "seatrial image")]
pub(crate) struct ImageFile {
    /// Version of the file format: 1.
    #[serde(rename = "version")]
    pub _version: FormatVersion,
    /// What it stands for.
    #[schemars(length(min = 1))]
    pub why: String,
    /// Name of its contract in fixtures/contracts.
    pub contract: String,
    /// Where it comes from; exactly one key.
    pub source: SourceEntry,
}

/// Where an image comes from.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum SourceEntry {
    /// An existing reference, local or pulled.
    Reference(String),
    /// Built from a Dockerfile over a Debian base.
    Dockerfile {
        /// Build context, relative to this file.
        context: String,
        /// Debian suite of the base image.
        debian: String,
        /// Build arguments.
        #[serde(default)]
        args: BTreeMap<String, String>,
    },
    /// Built from a Dockerfile over another image of the project.
    OnImage {
        /// Build context, relative to this file.
        context: String,
        /// Name of that image; it may not be built on another in its turn.
        image: String,
        /// Build arguments.
        #[serde(default)]
        args: BTreeMap<String, String>,
    },
    /// One static binary of a cargo package, FROM scratch.
    StaticBinary {
        /// Folder of the package, relative to this file.
        package: String,
        /// Name of the binary.
        #[schemars(length(min = 1))]
        binary: String,
        /// Port it exposes.
        #[schemars(range(min = 1))]
        port: u16,
    },
}
