//! `seatrial run`: the main job.

use std::io::{IsTerminal as _, Write as _};
use std::path::Path;

use seatrial_record::{ExitCode, RunRecord, render};
use seatrial_spec::{Plan, Project};

use super::{plan, project, runtime};
use crate::args::{Format, ProjectArgs, RunArgs};
use crate::baselines::Baselines;
use crate::failure::{Ended, Failure};
use crate::host;
use crate::machine::{Gate, Meter, PageCache};
use crate::progress::Progress;
use crate::runner::{self, Instead, Orders};
use crate::session::{IndexSource, Session};
use crate::signals::Cancel;
use crate::store::Store;

/// Runs the selected cases, prints the table, and ends with the record's exit code.
pub fn run(project_args: &ProjectArgs, args: &RunArgs) -> Ended {
    let project = project(project_args)?;
    let plan = plan(&project, &args.select)?;
    if plan.cases.is_empty() {
        return Err(nothing_selected());
    }
    let instead = args.image.iter().cloned().collect();
    check_names(&project, &instead)?;
    let started = jiff::Timestamp::now();
    let orders = Orders {
        instead,
        seed: args.seed.unwrap_or_else(host::seed),
        sampling: Instead {
            samples: args.samples.map(usize::from),
            warm_up: args.warm_up.map(usize::from),
        },
        gate: Gate::new(Meter::here(), args.quiet_gate.0),
        page_cache: PageCache::here(),
        jobs: args.jobs.map_or_else(host::jobs, usize::from),
        started,
    };
    let id = host::run_id(started);
    let folder = args
        .out
        .clone()
        .unwrap_or_else(|| project.root().join("reports/runs").join(&id));
    let store = Store::create(folder).map_err(Failure::could_not_run)?;
    let source = IndexSource::of(&args.lock);
    let record = runtime()?.block_on(work(id, &source, &project, &plan, &orders, &store))?;
    show(&record, args.format.format, store.folder())?;
    // A departure asks for a comparison and judges nothing, so it is no part of the record.
    Baselines::of(&project)
        .departures(&record, &plan)
        .iter()
        .for_each(|departure| eprintln!("{departure}"));
    Ok(record.exit_code())
}

/// Everything between the first request to the engine and the last.
async fn work(
    id: String,
    source: &IndexSource,
    project: &Project,
    plan: &Plan,
    orders: &Orders,
    store: &Store,
) -> Result<RunRecord, Failure> {
    let cancel = Cancel::on_signals()?;
    let session = Session::open(id, source).await?;
    let ran = runner::run(&session, project, plan, orders, store, &cancel, &Progress::on_stderr()).await;
    // The record stands whether or not the clean-up held; what is left is swept by the next start.
    if let Err(failure) = session.close().await {
        eprintln!("seatrial: clean-up: {failure}");
    }
    ran
}

fn show(record: &RunRecord, format: Format, folder: &Path) -> Result<(), Failure> {
    let text = match format {
        Format::Text => render::terminal(record, style()),
        Format::Json => record.to_json(),
    };
    print(&text)?;
    eprintln!("seatrial: record and JUnit in {}", folder.display());
    Ok(())
}

/// Colour and width as stdout allows; `NO_COLOR` and `CI` are respected.
pub fn style() -> render::Style {
    let terminal = std::io::stdout().is_terminal();
    let color = terminal && std::env::var_os("NO_COLOR").is_none() && std::env::var_os("CI").is_none();
    render::Style {
        color,
        ..render::Style::default()
    }
}

/// Prints without dying when the reader has gone (`seatrial run | head`).
pub fn print(text: &str) -> Result<(), Failure> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::could_not_run(
            anyhow::Error::from(error).context("cannot write to stdout"),
        )),
        _ => Ok(()),
    }
}

/// No case was selected: exit 7.
pub fn nothing_selected() -> Failure {
    Failure {
        code: ExitCode::NothingSelected,
        error: anyhow::anyhow!("nothing selected: no case matches the paths, --filter and --tag given"),
        hint: Some("`seatrial list --all` prints every case there is".into()),
    }
}

/// A misspelt name in `--image` would otherwise be ignored without a word.
fn check_names(project: &Project, instead: &std::collections::BTreeMap<String, String>) -> Result<(), Failure> {
    instead.keys().try_for_each(|name| check_name(project, name))
}

/// Refuses a name that no image of the project has.
pub fn check_name(project: &Project, name: &str) -> Result<(), Failure> {
    if project.images().contains_key(name) {
        return Ok(());
    }
    let known: Vec<&str> = project.images().keys().map(String::as_str).collect();
    let unknown = anyhow::anyhow!("--image names the image `{name}`, which is not one of this project");
    Err(Failure::usage(unknown).hint(format!("the images are: {}", known.join(", "))))
}
