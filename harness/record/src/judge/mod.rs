//! Judgement without I/O: what was expected against what was seen. One file per kind of expectation.

mod boot;
mod fate;
mod json_subset;
mod package;
mod score;
mod traces;
mod verdict;

pub use verdict::{Finding, Verdict, judge};
