//! seatrial-index is the one door to the package index: an in-process HTTP server in front of the configured upstream.
//!
//! It serves the simple API (PEP 503 HTML, PEP 691 JSON), rewrites file links to itself, verifies sha256, caches
//! files by hash, and logs every request against the token in its URL, which names the replica that made it.
//! It knows no containers.
//!
//! A connection comes in at the `listener`. A request passes `routes` (token, log, route), is told by the `course` of its
//! world's script what it is to see, and asks that `sight` of the `world` for a page or a file: of the `universe`, or of the
//! `catalogue`, which goes to the `cache` and, where that has nothing, through `supply` to the upstream or to a lock.
//! `deliver` sends what was found, `spoil` what the script makes of it.

mod cache;
mod catalogue;
mod course;
mod deliver;
mod digest;
mod discover;
mod error;
mod fetch;
#[cfg(any(test, fuzzing))]
pub mod invariants;
mod listener;
mod lock;
mod log;
mod names;
mod negotiate;
mod refused;
mod routes;
mod script;
mod server;
mod sight;
mod simple;
mod single_flight;
mod spoil;
mod supply;
mod universe;
mod upstream;
mod visible;
mod world;

pub use course::Happened;
pub use error::IndexError;
pub use listener::Patience;
pub use log::{Asked, Request, Served};
pub use script::{Action, Event, Fault, FaultKind, Only, Script, Stage, Trigger, What};
pub use server::{Index, IndexConfig};
pub use supply::Source;
pub use universe::{Contents, Kind, Project, Release, Universe};
pub use upstream::Upstream;
pub use world::{Behind, World, WorldConfig};
