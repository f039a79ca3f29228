//! `seatrial baseline`: timings accepted per class of hosts.

use seatrial_record::ExitCode;
use seatrial_record::comparison::{Baseline, HostClass};
use serde_json::json;

use super::run::print;
use super::{print_json, project};
use crate::args::{AcceptArgs, BaselineArgs, BaselineCommand, Format, FormatArgs, ProjectArgs};
use crate::baselines::Baselines;
use crate::failure::{Ended, Failure};
use crate::snapshots::in_ci;
use crate::store;

/// Shows what was accepted, or accepts the timings of a run.
pub fn run(project_args: &ProjectArgs, args: &BaselineArgs) -> Ended {
    let baselines = Baselines::of(&project(project_args)?);
    match &args.command {
        BaselineCommand::Show(format) => show(&baselines, format),
        BaselineCommand::Accept(_) if in_ci() => Err(Failure::usage(anyhow::anyhow!(
            "timings are not accepted in CI (CI is set)"
        ))
        .hint("accept the record of a run by hand, then commit reports/baselines")),
        BaselineCommand::Accept(args) => accept(&baselines, args),
    }
}

fn show(baselines: &Baselines, format: &FormatArgs) -> Ended {
    let all = baselines.all().map_err(Failure::could_not_run)?;
    match format.format {
        Format::Json => print_json(&all)?,
        Format::Text => print(&all.iter().map(page).collect::<String>())?,
    }
    Ok(match all.is_empty() {
        true => ExitCode::NothingSelected,
        false => ExitCode::Expected,
    })
}

fn page(baseline: &Baseline) -> String {
    let width = baseline.cases.keys().map(String::len).max().unwrap_or(0);
    let lines = baseline.cases.iter().map(|(id, accepted)| {
        let (image, measured) = (&accepted.image.reference, &accepted.measured);
        format!("  {id:width$}  {}, {image}, {measured}\n", accepted.told())
    });
    format!("{}\n{}", baseline.host, lines.collect::<String>())
}

fn accept(baselines: &Baselines, args: &AcceptArgs) -> Ended {
    let record = store::read(&args.record).map_err(Failure::usage)?;
    let host = HostClass::of(&record.host);
    let known = baselines.timings(&host).map_err(Failure::could_not_run)?;
    let mut baseline = known.unwrap_or_else(|| Baseline::empty(host));
    let (accepted, left_out) = baseline.accept(&record);
    if !accepted.is_empty() {
        let file = baselines.accept(&baseline).map_err(Failure::could_not_run)?;
        eprintln!("seatrial: stored in {}", file.display());
    }
    match args.format.format {
        Format::Json => {
            let left_out: Vec<_> = left_out
                .iter()
                .map(|(id, why)| json!({ "case": id, "why": why }))
                .collect();
            print_json(&json!({ "accepted": accepted, "left_out": left_out }))?;
        }
        Format::Text => {
            print(&accepted.iter().map(|id| format!("accepted {id}\n")).collect::<String>())?;
            left_out.iter().for_each(|(id, why)| eprintln!("left out {id}: {why}"));
        }
    }
    Ok(match accepted.is_empty() {
        true => ExitCode::NothingSelected,
        false => ExitCode::Expected,
    })
}
