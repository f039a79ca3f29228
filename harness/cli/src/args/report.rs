//! What may be typed of stored records.

use std::path::PathBuf;

use clap::{Args as Group, ValueEnum};

#[derive(Debug, Group)]
pub struct ReportArgs {
    /// A record.json or a comparison.json, or the folder of a run
    pub record: PathBuf,
    /// What to print
    #[arg(long, value_enum, default_value = "text", env = "SEATRIAL_VIEW")]
    pub view: View,
    /// Judge the observations again instead of showing the stored verdicts
    #[arg(long, env = "SEATRIAL_REJUDGE")]
    pub rejudge: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum View {
    /// Failures, table and totals
    Text,
    /// The record itself
    Json,
    /// JUnit XML; a comparison has none
    Junit,
}
