//! One file per command; each returns the exit code of the process.

pub mod baseline;
pub mod calibrate;
pub mod check;
pub mod compare;
pub mod doctor;
pub mod gc;
pub mod image;
pub mod index;
pub mod list;
pub mod report;
pub mod run;
pub mod schema;
pub mod snapshot;

use std::path::PathBuf;

use anyhow::Context as _;
use seatrial_spec::{Plan, Project, Selection};

use crate::args::{ProjectArgs, SelectArgs};
use crate::failure::Failure;

/// The project that the flags or the working folder name.
fn project(args: &ProjectArgs) -> Result<Project, Failure> {
    let start = match &args.root {
        Some(root) => root.clone(),
        None => working_folder()?,
    };
    Ok(Project::find(&start)?)
}

/// The cases that the flags select.
fn plan(project: &Project, select: &SelectArgs) -> Result<Plan, Failure> {
    let selection = Selection {
        paths: absolute(&select.paths)?,
        filters: select.filter.clone(),
        tags: select.tag.clone(),
        all: select.all,
    };
    let (plan, _) = project.load(&selection)?;
    Ok(plan)
}

/// Paths as typed count from the working folder, wherever the project lies.
fn absolute(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let here = working_folder()?;
    Ok(paths.iter().map(|path| here.join(path)).collect())
}

fn working_folder() -> Result<PathBuf, Failure> {
    std::env::current_dir()
        .context("the working folder cannot be told")
        .map_err(Failure::could_not_run)
}

/// The runtime of commands that talk to the engine.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the asynchronous runtime cannot be started")
        .map_err(Failure::could_not_run)
}

/// JSON on stdout, for programs.
fn print_json(value: &impl serde::Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(Failure::bug)?;
    run::print(&format!("{text}\n"))
}
