//! seatrial-spec turns YAML files into checked meaning and a plan: pure, no I/O but reading files.
//!
//! Text goes through three types: private wire structs (what may be written), the checked
//! [`Scenario`], [`Image`] and [`Contract`] (what it means), and the [`Plan`] (what will run).
//! Every problem of every file is reported at once, each with its line, its snippet and the nearest
//! valid word.

mod check;
mod contract;
mod diagnostic;
mod duration;
mod events;
mod files;
mod fixtures;
mod image;
mod plan;
mod project;
mod scenario;
mod select;
mod source;
mod structure;
mod tree;
mod wire;

pub use contract::{Contract, Marks, MethodContract, Probe};
pub use diagnostic::{Problem, Problems};
pub use image::{Image, ImageSource};
pub use plan::{Case, Plan};
pub use project::Project;
pub use scenario::{
    At, Exception, Expect, ExpectKey, Extend, Method, Origin, PackageExpect, PreinstalledTree, ReadyExpect,
    RefusesExpect, Scenario, ScoreExpect, UserExpect,
};
pub use select::Selection;
pub use wire::{SCHEMAS, schema};
