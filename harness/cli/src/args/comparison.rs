//! What may be typed of comparisons, calibrations and baselines.

use std::path::PathBuf;

use clap::{ArgGroup, Args as Group, Subcommand};
use seatrial_spec::Method;

use super::{FormatArgs, LockArgs, Patience, SelectArgs, patience};

/// What `compare --help` ends with.
pub(super) const COMPARE: &str = "\
What is compared is the time to ready; every selected case that is to become ready counts, timed or not.
Left out are cases that are not to become ready (refusals), and those with several replicas, with restarts
or with an index that moves.
A comparison ends with 6 only when a case regressed. Improved, unchanged and inconclusive are 0: what the
pairs could not show is no alarm. A side that could not run is 3, one that did not become ready is 4.";

#[derive(Debug, Group)]
#[command(group = ArgGroup::new("sides").required(true).args(["image", "methods"]))]
pub struct CompareArgs {
    #[command(flatten)]
    pub select: SelectArgs,
    /// Compare two images in the place of this named one, on the cases that run on it
    #[arg(
        long,
        env = "SEATRIAL_COMPARE_IMAGE",
        value_name = "NAME",
        requires = "old",
        requires = "new"
    )]
    pub image: Option<String>,
    /// The image that the other is held against (local, else pulled); the name itself stands for the project's own
    #[arg(long, env = "SEATRIAL_OLD", value_name = "REF", requires = "image")]
    pub old: Option<String>,
    /// The image that is judged
    #[arg(long, env = "SEATRIAL_NEW", value_name = "REF", requires = "image")]
    pub new: Option<String>,
    /// Compare two methods of the same scenario on the same image: `none,dynamic` holds `dynamic` against `none`
    #[arg(
        long,
        env = "SEATRIAL_METHODS",
        value_name = "OLD,NEW",
        value_parser = methods
    )]
    pub methods: Option<(Method, Method)>,
    /// Most pairs of boots of each case, where fewer than the rule allows are wanted
    #[arg(long, env = "SEATRIAL_PAIRS", value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub pairs: Option<u16>,
    #[command(flatten)]
    pub pairing: PairingArgs,
    #[command(flatten)]
    pub lock: LockArgs,
}

/// How pairs are made and where they are written.
#[derive(Debug, Group)]
pub struct PairingArgs {
    /// Seed of the order of cases and of the sides within a pair [default: from the clock]
    #[arg(long, env = "SEATRIAL_SEED")]
    pub seed: Option<u64>,
    /// How long a boot is held back while others use 10 % of the processors or more, `off` for never
    #[arg(long, env = "SEATRIAL_QUIET_GATE", value_name = "TIME", default_value = "30s", value_parser = patience)]
    pub quiet_gate: Patience,
    /// Folder for comparison.json [default: reports/runs/<run id>]
    #[arg(long, env = "SEATRIAL_OUT", value_name = "DIR")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub format: FormatArgs,
}

/// What `calibrate --help` ends with.
pub(super) const CALIBRATE: &str = "\
Without paths, --filter, --tag and --all, scenarios/startup/stub.yaml is compared with itself; with any of
them, what they select.";

#[derive(Debug, Group)]
pub struct CalibrateArgs {
    #[command(flatten)]
    pub select: SelectArgs,
    /// Comparisons of each case with itself: windows of one series of pairs, each begun 5 pairs after the one before
    #[arg(
        long,
        env = "SEATRIAL_COMPARISONS",
        value_name = "N",
        default_value = "100",
        value_parser = clap::value_parser!(u16).range(1..)
    )]
    pub comparisons: u16,
    #[command(flatten)]
    pub pairing: PairingArgs,
    #[command(flatten)]
    pub lock: LockArgs,
}

#[derive(Debug, Group)]
pub struct BaselineArgs {
    #[command(subcommand)]
    pub command: BaselineCommand,
}

#[derive(Debug, Subcommand)]
pub enum BaselineCommand {
    /// Print the accepted timings of every class of hosts
    Show(FormatArgs),
    /// Accept the timings of a run for its class of hosts, in place of earlier ones (refused when CI is set)
    Accept(AcceptArgs),
}

#[derive(Debug, Group)]
pub struct AcceptArgs {
    /// A record.json, or the folder of a run
    pub record: PathBuf,
    #[command(flatten)]
    pub format: FormatArgs,
}

fn methods(text: &str) -> Result<(Method, Method), String> {
    let method = |word: &str| {
        let known = Method::ALL.into_iter().find(|method| method.as_str() == word);
        let words = Method::ALL.map(Method::as_str).join(", ");
        known.ok_or_else(|| format!("`{word}` is no method; they are {words}"))
    };
    match text.split_once(',') {
        Some((old, new)) if old != new => Ok((method(old)?, method(new)?)),
        _ => Err("expected two different methods, as in none,dynamic".to_owned()),
    }
}
