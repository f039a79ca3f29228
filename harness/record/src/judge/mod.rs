//! Judgement without I/O: what was expected against what was seen. One file per kind of expectation.

mod boot;
mod budget;
mod course;
mod fate;
mod json_subset;
mod lives;
mod package;
mod replicas;
mod run;
mod score;
mod traces;
#[cfg(test)]
mod trial;
mod verdict;

pub use verdict::{Finding, Verdict};
