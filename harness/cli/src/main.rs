//! seatrial: puts prebuilt inference images through a sea trial before anyone sails with them.
//!
//! This file is the table of contents. `args` says what may be typed, `commands` has one file per command, `images`
//! gets what is launched ready, `runner` runs cases one by one, `pairs` two sides in turn, `observe` watches a replica, and the rest are the
//! places where the four libraries (spec, index, engine, record) meet.

mod args;
mod baselines;
mod cache;
mod commands;
mod course;
mod expectations;
mod failure;
mod host;
mod images;
mod interpreter;
mod machine;
mod observe;
mod pairs;
mod progress;
mod requirements;
mod runner;
mod session;
mod signals;
mod snapshots;
mod stage;
mod store;
mod turns;
mod worlds;

use clap::Parser as _;

use args::{Args, Command, LogLevel};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

fn main() -> std::process::ExitCode {
    let args = Args::parse();
    tell(args.log);
    let end = match args.command {
        Command::Run(ref run) => commands::run::run(&args.project, run),
        Command::Compare(ref compare) => commands::compare::run(&args.project, compare),
        Command::Calibrate(ref calibrate) => commands::calibrate::run(&args.project, calibrate),
        Command::Baseline(ref baseline) => commands::baseline::run(&args.project, baseline),
        Command::List(ref list) => commands::list::run(&args.project, list),
        Command::Check(ref check) => commands::check::run(&args.project, check),
        Command::Schema(ref schema) => commands::schema::run(schema),
        Command::Image(ref image) => commands::image::run(&args.project, image),
        Command::Index(ref index) => commands::index::run(&args.project, index),
        Command::Report(ref report) => commands::report::run(report),
        Command::Snapshot(ref snapshot) => commands::snapshot::run(&args.project, snapshot),
        Command::Doctor(ref doctor) => commands::doctor::run(&args.project, doctor),
        Command::Gc(ref gc) => commands::gc::run(gc),
    };
    failure::end(end)
}

/// Sends what the libraries have to tell to stderr.
fn tell(level: LogLevel) {
    let most = match level {
        LogLevel::Off => LevelFilter::OFF,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Debug => LevelFilter::DEBUG,
    };
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .without_time();
    // Ours alone (`build` is the output of image builds): what the HTTP libraries have to say fills screens.
    let ours = Targets::new().with_target("seatrial", most).with_target("build", most);
    tracing_subscriber::registry().with(lines).with(ours).init();
}
