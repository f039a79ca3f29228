//! Watches one replica: health from outside, log lines, and after the timed part its manifest and its usage.

mod exchange;
mod lines;
pub mod manifest;
mod monotonic;
pub mod origins;
mod prober;
mod score;
mod stamps;
#[cfg(test)]
mod wired;
pub mod written;

pub use lines::{LogReader, Seen};
pub use monotonic::monotonic_ns;
pub use prober::{First200, Prober};
pub use score::score;
