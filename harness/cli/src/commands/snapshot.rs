//! `seatrial snapshot`: accept, reject or list snapshots.

use std::collections::BTreeMap;

use seatrial_record::ExitCode;
use serde_json::json;

use super::run::print;
use super::{print_json, project};
use crate::args::{Format, FormatArgs, ProjectArgs, SnapshotArgs, SnapshotCommand, SnapshotFilter};
use crate::failure::{Ended, Failure};
use crate::snapshots::{self, Entry, Snapshots};

type Entries = BTreeMap<String, Entry>;

/// Does what the sub-command says to the snapshots that the filter selects.
pub fn run(project_args: &ProjectArgs, args: &SnapshotArgs) -> Ended {
    let project = project(project_args)?;
    let snapshots = Snapshots::open(project.root(), &BTreeMap::new());
    let select = |filter: &SnapshotFilter| -> Result<Entries, Failure> {
        let mut entries = snapshots.list().map_err(Failure::could_not_run)?;
        entries.retain(|name, _| {
            filter
                .filter
                .as_deref()
                .is_none_or(|text| name.replace("__", "/").contains(text))
        });
        Ok(entries)
    };
    match &args.command {
        SnapshotCommand::List(filter) => list(&select(filter)?, &filter.format),
        SnapshotCommand::Accept(_) if snapshots::in_ci() => Err(Failure::usage(anyhow::anyhow!(
            "snapshots are not accepted in CI (CI is set)"
        ))
        .hint("run and accept on your own machine, then commit reports/snapshots")),
        SnapshotCommand::Accept(filter) => settle(&select(filter)?, &filter.format, "accepted", snapshots::accept),
        SnapshotCommand::Reject(filter) => settle(&select(filter)?, &filter.format, "rejected", snapshots::reject),
    }
}

fn list(entries: &Entries, format: &FormatArgs) -> Ended {
    let state = |entry: &Entry| match (&entry.accepted, &entry.pending) {
        (Some(_), None) => "accepted",
        (Some(_), Some(_)) => "accepted, another pending",
        (None, _) => "pending",
    };
    match format.format {
        Format::Json => {
            let rows: Vec<_> = entries
                .iter()
                .map(|(name, entry)| json!({ "name": name, "state": state(entry) }))
                .collect();
            print_json(&rows)?;
        }
        Format::Text => {
            let width = entries.keys().map(String::len).max().unwrap_or(0);
            let lines = entries
                .iter()
                .map(|(name, entry)| format!("{name:width$}  {}\n", state(entry)));
            print(&lines.collect::<String>())?;
        }
    }
    Ok(ExitCode::Expected)
}

/// Accepts or rejects every pending snapshot among the entries.
fn settle(
    entries: &Entries,
    format: &FormatArgs,
    done: &str,
    act: impl Fn(&std::path::Path) -> anyhow::Result<()>,
) -> Ended {
    let mut names = Vec::new();
    for (name, entry) in entries {
        if let Some(pending) = &entry.pending {
            act(pending).map_err(Failure::could_not_run)?;
            names.push(name);
        }
    }
    match format.format {
        Format::Json => print_json(&json!({ done: names }))?,
        Format::Text => {
            let lines = names.iter().map(|name| format!("{done} {name}\n"));
            print(&lines.collect::<String>())?;
            eprintln!("{} {done}", names.len());
        }
    }
    Ok(if names.is_empty() {
        ExitCode::NothingSelected
    } else {
        ExitCode::Expected
    })
}
