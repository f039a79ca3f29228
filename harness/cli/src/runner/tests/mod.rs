//! Whole runs on the stub engine in paused time: exact, and as fast as the machine can think.

pub mod bench;
mod outcomes;
mod phase_matrix;
mod sampled;
