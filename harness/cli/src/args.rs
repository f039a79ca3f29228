//! What may be typed: commands, flags and their environment twins.

use std::path::PathBuf;

use clap::{Args as Group, Parser, Subcommand, ValueEnum};

const EXIT_CODES: &str = "\
Exit codes:
  0    everything as expected
  1    bug in seatrial
  2    usage, or a file that does not hold
  3    could not run: engine, image, network, disk
  4    an expectation failed
  5    a snapshot differs or is new
  7    nothing selected
  130  interrupted (143: terminated), after clean-up
When several apply, the lowest of 3 to 5 wins.";

/// Puts prebuilt inference images through a sea trial before anyone sails with them.
#[derive(Debug, Parser)]
#[command(version, after_help = EXIT_CODES, max_term_width = 100)]
pub struct Args {
    #[command(flatten)]
    pub project: ProjectArgs,
    #[command(subcommand)]
    pub command: Command,
}

/// Where the project lies.
#[derive(Debug, Group)]
pub struct ProjectArgs {
    /// Project folder, which holds scenarios/ and fixtures/ [default: found upward from here]
    #[arg(long, global = true, env = "SEATRIAL_ROOT", value_name = "DIR")]
    pub root: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run scenarios on real containers; write a run record; judge it
    Run(RunArgs),
    /// Print the cases that `run` would run, without running them
    List(ListArgs),
    /// Check scenario, image and contract files; needs no engine
    Check(CheckArgs),
    /// Print the JSON Schema of a file format
    Schema(SchemaArgs),
    /// Build or list the images that scenarios name
    Image(ImageArgs),
    /// Show a run record again, as the run showed it
    Report(ReportArgs),
    /// Accept, reject or list snapshots of functional facts
    Snapshot(SnapshotArgs),
    /// Say what this machine has and lacks
    Doctor(FormatArgs),
    /// Remove what dead runs left behind: containers, networks, temporary folders
    Gc(GcArgs),
}

/// How a table is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}

#[derive(Debug, Group)]
pub struct FormatArgs {
    /// Output format on stdout
    #[arg(long, value_enum, default_value = "text", env = "SEATRIAL_FORMAT")]
    pub format: Format,
}

/// Which cases are taken.
#[derive(Debug, Group)]
pub struct SelectArgs {
    /// Scenario files or folders [default: scenarios/ without those tagged `nightly`]
    pub paths: Vec<PathBuf>,
    /// Only cases whose id (`group/name@variant`) holds this text, or matches it when it has `*` or `?`
    #[arg(short, long, env = "SEATRIAL_FILTER", value_name = "TEXT", value_delimiter = ',')]
    pub filter: Vec<String>,
    /// Only scenarios with this tag
    #[arg(long, env = "SEATRIAL_TAG", value_name = "TAG", value_delimiter = ',')]
    pub tag: Vec<String>,
    /// Also scenarios tagged `nightly`
    #[arg(long, env = "SEATRIAL_ALL")]
    pub all: bool,
}

#[derive(Debug, Group)]
pub struct RunArgs {
    #[command(flatten)]
    pub select: SelectArgs,
    /// Use your own image in place of a named one: `azureml=registry/name:tag` (local, else pulled)
    #[arg(long, env = "SEATRIAL_IMAGE", value_name = "NAME=REF", value_parser = image_override, value_delimiter = ',')]
    pub image: Vec<(String, String)>,
    /// Seed of the order of cases [default: from the clock]
    #[arg(long, env = "SEATRIAL_SEED")]
    pub seed: Option<u64>,
    /// Functional cases that run at once; those tagged `timed` always run alone [default: processors, at most 4]
    #[arg(short, long, env = "SEATRIAL_JOBS", value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub jobs: Option<u16>,
    /// Folder for the run record and JUnit file [default: reports/runs/<run id>]
    #[arg(long, env = "SEATRIAL_OUT", value_name = "DIR")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub format: FormatArgs,
}

#[derive(Debug, Group)]
pub struct ListArgs {
    #[command(flatten)]
    pub select: SelectArgs,
    #[command(flatten)]
    pub format: FormatArgs,
}

#[derive(Debug, Group)]
pub struct CheckArgs {
    /// Scenario files or folders [default: all of scenarios/]
    pub paths: Vec<PathBuf>,
    #[command(flatten)]
    pub format: FormatArgs,
}

#[derive(Debug, Group)]
pub struct SchemaArgs {
    /// Which format
    #[arg(value_enum)]
    pub name: SchemaName,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SchemaName {
    /// scenarios/*/*.yaml
    Scenario,
    /// fixtures/images/*/image.yaml
    Image,
    /// fixtures/contracts/*.yaml
    Contract,
    /// record.json of a run
    Record,
}

#[derive(Debug, Group)]
pub struct ImageArgs {
    #[command(subcommand)]
    pub command: ImageCommand,
}

#[derive(Debug, Subcommand)]
pub enum ImageCommand {
    /// Build (or pull) images now instead of at the next run
    Build {
        /// Names below fixtures/images [default: all]
        names: Vec<String>,
    },
    /// List images: name, contract, whether present, size, reference
    List(FormatArgs),
}

#[derive(Debug, Group)]
pub struct ReportArgs {
    /// A record.json, or the folder of a run
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
    /// JUnit XML
    Junit,
}

#[derive(Debug, Group)]
pub struct SnapshotArgs {
    #[command(subcommand)]
    pub command: SnapshotCommand,
}

#[derive(Debug, Subcommand)]
pub enum SnapshotCommand {
    /// Make pending snapshots the accepted ones (refused when CI is set)
    Accept(SnapshotFilter),
    /// Delete pending snapshots
    Reject(SnapshotFilter),
    /// List accepted and pending snapshots
    List(SnapshotFilter),
}

#[derive(Debug, Group)]
pub struct SnapshotFilter {
    /// Only those whose case id holds this text
    #[arg(short, long, env = "SEATRIAL_FILTER", value_name = "TEXT")]
    pub filter: Option<String>,
    #[command(flatten)]
    pub format: FormatArgs,
}

#[derive(Debug, Group)]
pub struct GcArgs {
    /// Also remove built images, trees and the package cache
    #[arg(long, env = "SEATRIAL_CACHES")]
    pub caches: bool,
    #[command(flatten)]
    pub format: FormatArgs,
}

fn image_override(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, reference)) if !name.is_empty() && !reference.is_empty() => {
            Ok((name.to_owned(), reference.to_owned()))
        }
        _ => Err("expected NAME=REF, as in azureml=registry/name:tag".to_owned()),
    }
}
