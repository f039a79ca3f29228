//! seatrial-spec turns YAML files into checked meaning and a plan: pure, no I/O but reading files.
//!
//! Text goes through three types: private wire structs (what may be written), the checked
//! [`Scenario`], [`Image`], [`Contract`] and [`Universe`] (what it means), and the [`Plan`] (what will run).
//! Every problem of every file is reported at once, each with its line, its snippet and the nearest
//! valid word.

mod budget;
mod check;
mod contract;
mod diagnostic;
mod duration;
mod events;
mod files;
mod fixtures;
mod image;
mod index;
mod instant;
mod plan;
mod project;
mod replicas;
mod sampling;
mod scalar;
mod scenario;
mod script;
mod select;
mod share;
mod size;
mod source;
mod structure;
mod tree;
mod universe;
mod wire;

pub use budget::{Budget, Part};
pub use contract::{Contract, Marks, MethodContract, PipCache, Probe, StampForm};
pub use diagnostic::{Problem, Problems};
pub use duration::parse as duration;
pub use image::{Image, ImageSource};
pub use index::{Behind, IndexSetup, IndexSide};
pub use instant::instant;
pub use plan::{Case, Plan};
pub use project::Project;
pub use replicas::{Replicas, ReplicasExpect, Restart, Start};
pub use sampling::{Caches, Sampling};
pub use scenario::{
    At, Exception, Expect, ExpectKey, Extend, Method, Origin, PackageExpect, PreinstalledTree, ReadyExpect,
    RefusesExpect, Scenario, ScoreExpect, UserExpect,
};
pub use script::{Action, Event, Only, Trigger, What};
pub use select::Selection;
pub use universe::{Expected, FileKind, Resolution, Universe, UniverseProject, UniverseRelease};
pub use wire::{SCHEMAS, schema};
