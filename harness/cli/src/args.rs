//! What may be typed: commands, flags and their environment twins.

mod comparison;
mod report;
mod schema;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args as Group, Parser, Subcommand, ValueEnum};
use jiff::Timestamp;

pub use comparison::{AcceptArgs, BaselineArgs, BaselineCommand, CalibrateArgs, CompareArgs, PairingArgs};
use comparison::{CALIBRATE, COMPARE};
pub use report::{ReportArgs, View};
pub use schema::{SchemaArgs, SchemaName};

const EXIT_CODES: &str = "\
Exit codes:
  0    everything as expected
  1    bug in seatrial
  2    usage, or a file that does not hold
  3    could not run: engine, image, network, disk
  4    an expectation failed
  5    a snapshot differs or is new
  6    a comparison found that a case regressed
  7    nothing selected
  130  interrupted (143: terminated), after clean-up
When several apply, the lowest of 3 to 6 wins.";

/// Puts prebuilt inference images through a sea trial before anyone sails with them.
#[derive(Debug, Parser)]
#[command(version, after_help = EXIT_CODES, max_term_width = 100)]
pub struct Args {
    #[command(flatten)]
    pub project: ProjectArgs,
    /// How much of what happens inside is told on stderr
    #[arg(
        long,
        global = true,
        value_enum,
        env = "SEATRIAL_LOG",
        value_name = "LEVEL",
        default_value = "warn"
    )]
    pub log: LogLevel,
    #[command(subcommand)]
    pub command: Command,
}

/// How much is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogLevel {
    /// Nothing
    Off,
    /// What is not as it should be, requests turned away by the index among it
    Warn,
    /// Each step, output of builds included
    Debug,
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
    /// Compare two images, or two methods, by pairs of boots in random order, until it is known which is faster
    #[command(after_help = COMPARE)]
    Compare(CompareArgs),
    /// Compare cases with themselves, to know how often this host raises a false alarm and what it can see
    #[command(after_help = CALIBRATE)]
    Calibrate(CalibrateArgs),
    /// Accept or show timings per class of hosts; `run` says when it departs from them
    Baseline(BaselineArgs),
    /// Print the cases that `run` would run, without running them
    List(ListArgs),
    /// Check scenario, image and contract files; needs no engine
    Check(CheckArgs),
    /// Print the JSON Schema of a file format
    Schema(SchemaArgs),
    /// Build or list the images that scenarios name
    Image(ImageArgs),
    /// Serve a package index by itself, or write out the files of a universe
    Index(IndexArgs),
    /// Show a run record or a comparison again, as it was shown
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
    /// Seed of the order of cases and of what scripts leave to chance [default: from the clock]
    #[arg(long, env = "SEATRIAL_SEED")]
    pub seed: Option<u64>,
    /// Functional cases that run at once; those tagged `timed` always run alone [default: twice the processors, at most 4]
    #[arg(short, long, env = "SEATRIAL_JOBS", value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub jobs: Option<u16>,
    /// Boots of each timed case that count, in place of what its scenario says
    #[arg(long, env = "SEATRIAL_SAMPLES", value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub samples: Option<u16>,
    /// Boots of each timed case before those that count, in place of what its scenario says
    #[arg(long, env = "SEATRIAL_WARM_UP", value_name = "N", value_parser = clap::value_parser!(u16).range(0..=100))]
    pub warm_up: Option<u16>,
    /// How long a timed boot is held back while others use 10 % of the processors or more, `off` for never
    #[arg(long, env = "SEATRIAL_QUIET_GATE", value_name = "TIME", default_value = "30s", value_parser = patience)]
    pub quiet_gate: Patience,
    #[command(flatten)]
    pub lock: LockArgs,
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
pub struct IndexArgs {
    #[command(subcommand)]
    pub command: IndexCommand,
}

#[derive(Debug, Subcommand)]
pub enum IndexCommand {
    /// Serve an index to pip, uv and other clients until Ctrl-C; prints its address
    Serve(ServeArgs),
    /// Write every file of universes into a folder, as pip's --find-links takes it
    Export(ExportArgs),
}

#[derive(Debug, Group)]
pub struct ServeArgs {
    /// Universes of fixtures/packages, laid together
    #[arg(long, env = "SEATRIAL_PACKAGES", value_name = "NAME", value_delimiter = ',')]
    pub packages: Vec<String>,
    /// Serve what the containers of this scenario file see, script included (triggers that wait for replicas never fire)
    #[arg(long, env = "SEATRIAL_SCENARIO", value_name = "FILE", conflicts_with_all = ["packages", "upstream", "as_of"])]
    pub scenario: Option<PathBuf>,
    /// What stands behind the universes [default: nothing with --packages, else the upstream]
    #[arg(long, value_enum, env = "SEATRIAL_UPSTREAM")]
    pub upstream: Option<UpstreamWord>,
    /// Universes and upstream as they were at this instant (RFC 3339): releases uploaded later are left out
    #[arg(long, env = "SEATRIAL_AS_OF", value_name = "INSTANT", value_parser = as_of)]
    pub as_of: Option<Timestamp>,
    /// Address to listen on; port 0 is any free one
    #[arg(long, env = "SEATRIAL_LISTEN", value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub listen: std::net::SocketAddr,
    /// Seed of what the script leaves to chance [default: from the clock]
    #[arg(long, env = "SEATRIAL_SEED")]
    pub seed: Option<u64>,
    #[command(flatten)]
    pub lock: LockArgs,
    #[command(flatten)]
    pub format: FormatArgs,
}

/// What stands behind a universe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum UpstreamWord {
    /// Nothing
    None,
    /// The index that pip is configured with
    Live,
}

#[derive(Debug, Group)]
pub struct ExportArgs {
    /// Folder, made when missing
    pub folder: PathBuf,
    /// Universes of fixtures/packages
    #[arg(
        long,
        env = "SEATRIAL_PACKAGES",
        value_name = "NAME",
        value_delimiter = ',',
        required = true
    )]
    pub packages: Vec<String>,
}

/// The package index kept in a folder, or taken from one.
#[derive(Debug, Group)]
pub struct LockArgs {
    /// Keep every page and file that the package index gives in this folder, to repeat it all with `--replay-index`. Images
    /// that are there already are not built again: what they were built from is not kept
    #[arg(
        long,
        env = "SEATRIAL_RECORD_INDEX",
        value_name = "DIR",
        conflicts_with = "replay_index"
    )]
    pub record_index: Option<PathBuf>,
    /// Ask this folder, which `--record-index` wrote, in place of the package index: offline, and the same to the byte
    #[arg(long, env = "SEATRIAL_REPLAY_INDEX", value_name = "DIR")]
    pub replay_index: Option<PathBuf>,
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

/// How long something is waited for, if at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience(pub Option<Duration>);

fn patience(text: &str) -> Result<Patience, String> {
    match text {
        "off" => Ok(Patience(None)),
        _ => seatrial_spec::duration(text).map(|time| Patience(Some(time))),
    }
}

fn image_override(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, reference)) if !name.is_empty() && !reference.is_empty() => {
            Ok((name.to_owned(), reference.to_owned()))
        }
        _ => Err("expected NAME=REF, as in azureml=registry/name:tag".to_owned()),
    }
}

fn as_of(text: &str) -> Result<Timestamp, String> {
    seatrial_spec::instant(text).ok_or_else(|| "expected an instant (RFC 3339), as in 2024-05-01T00:00:00Z".to_owned())
}
