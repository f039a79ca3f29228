//! `seatrial list`: the plan, without running it.

use seatrial_record::ExitCode;
use serde::Serialize;

use super::run::print;
use super::{plan, print_json, project};
use crate::args::{Format, ListArgs, ProjectArgs};
use crate::failure::Ended;

#[derive(Serialize)]
struct Row<'a> {
    id: &'a str,
    image: &'a str,
    method: &'static str,
    replicas: usize,
    tags: &'a [String],
    file: String,
    why: &'a str,
}

/// Prints the cases that `run` would run with the same selection.
pub fn run(project_args: &ProjectArgs, args: &ListArgs) -> Ended {
    let project = project(project_args)?;
    let plan = plan(&project, &args.select)?;
    let rows: Vec<Row> = plan
        .cases
        .iter()
        .map(|case| Row {
            id: &case.id,
            image: &case.image,
            method: case.method.as_str(),
            replicas: case.scenario.replicas.count,
            tags: &case.scenario.tags,
            file: case.scenario.file.to_string_lossy().into_owned(),
            why: &case.scenario.why,
        })
        .collect();
    match args.format.format {
        Format::Json => print_json(&rows)?,
        Format::Text => {
            let width = rows.iter().map(|row| row.id.len()).max().unwrap_or(0);
            let several = |row: &Row| match row.replicas {
                1 => String::new(),
                count => format!(" x{count}"),
            };
            let lines = rows
                .iter()
                .map(|row| format!("{:width$}  {}{}\n", row.id, row.image, several(row)));
            print(&lines.collect::<String>())?;
            eprintln!("{} cases", rows.len());
        }
    }
    Ok(if rows.is_empty() {
        ExitCode::NothingSelected
    } else {
        ExitCode::Expected
    })
}
