//! seatrial-benches is what the bench targets share: one invocation with its seed, pairs in random order, figures with
//! an interval, raw samples as CSV, the stub's own stamps, seatrial's binary in projects of stub scenarios, a socket between
//! it and the engine, and an index and an engine to ask with clients that cost little themselves.
//!
//! `METHODOLOGY.md` beside this crate says what each target times and what is left out.

mod bare;
mod bench;
mod children;
mod client;
mod engine_client;
mod errors;
mod figure;
mod pairs;
mod program;
mod relay;
mod series;
mod stamps;
mod stand;
mod stubs;

pub use bare::Bare;
pub use bench::Bench;
pub use children::children_cpu;
pub use client::{Client, request};
pub use engine_client::EngineClient;
pub use errors::Errors;
pub use figure::Figure;
pub use pairs::{Goal, Pair, Pairs, Side};
pub use program::Program;
pub use relay::{Call, Relay};
pub use series::Series;
pub use stamps::Stamps;
pub use stand::{FirstFile, Stand};
pub use stubs::{STUB_CONTRACT, Stubs, read_record, write_project};

/// The media type of a project page in JSON (PEP 691).
pub const JSON: &str = "application/vnd.pypi.simple.v1+json";
/// The media type of a project page in HTML (PEP 691).
pub const HTML: &str = "application/vnd.pypi.simple.v1+html";
