//! seatrial-index is the one door to the package index: an in-process HTTP server in front of the configured upstream.
//!
//! It serves the simple API (PEP 503 HTML, PEP 691 JSON), rewrites file links to itself, verifies sha256, caches
//! files by hash, and logs every request against the token in its URL, which names the replica that made it.
//! It knows no containers.
//!
//! A request passes `server` (token, log, route), asks the `catalogue` for a page or a file, which goes to the `cache`
//! and, where that has nothing, through `fetch` to the `upstream`; `deliver` sends what was found.

mod cache;
mod catalogue;
mod deliver;
mod digest;
mod discover;
mod error;
mod fetch;
mod log;
mod names;
mod negotiate;
mod server;
mod simple;
mod single_flight;
mod upstream;

pub use error::IndexError;
pub use log::{Asked, Request, Served};
pub use server::{Index, IndexConfig};
pub use upstream::Upstream;
