//! `seatrial image`: build images ahead of a run, or list them.

use seatrial_engine::{Docker, Engine};
use seatrial_record::{ExitCode, numbers};
use seatrial_spec::Project;
use serde::Serialize;

use super::run::print;
use super::{print_json, project, runtime};
use crate::args::{Format, FormatArgs, ImageArgs, ImageCommand, ProjectArgs};
use crate::failure::{Ended, Failure};
use crate::host;
use crate::images;
use crate::session::{IndexSource, Session};
use crate::signals::Cancel;

/// Does what the sub-command says.
pub fn run(project_args: &ProjectArgs, args: &ImageArgs) -> Ended {
    let project = project(project_args)?;
    if !project.problems().is_empty() {
        return Err(project.problems().clone().into());
    }
    match &args.command {
        ImageCommand::Build { names } => runtime()?.block_on(build(&project, names)),
        ImageCommand::List(format) => runtime()?.block_on(list(&project, format)),
    }
}

async fn build(project: &Project, names: &[String]) -> Ended {
    let names: Vec<&String> = if names.is_empty() {
        project.images().keys().collect()
    } else {
        names.iter().collect()
    };
    if let Some(unknown) = names.iter().find(|name| !project.images().contains_key(**name)) {
        let known: Vec<&str> = project.images().keys().map(String::as_str).collect();
        return Err(
            Failure::usage(anyhow::anyhow!("there is no image `{unknown}` in this project"))
                .hint(format!("the images are: {}", known.join(", "))),
        );
    }
    let cancel = Cancel::on_signals()?;
    let session = Session::open(host::run_id(jiff::Timestamp::now()), &IndexSource::Live).await?;
    let built = tokio::select! {
        built = build_each(&session, project, &names) => built,
        () = cancel.cancelled() => Ok(cancel.exit_code()),
    };
    session.close().await?;
    built
}

async fn build_each(session: &Session<impl Engine>, project: &Project, names: &[&String]) -> Ended {
    for name in names {
        let image = &project.images()[*name];
        let say = |text: &str| eprintln!("seatrial: {text}");
        let ready = images::prepare(session, project, image, None, &say)
            .await
            .map_err(Failure::could_not_run)?;
        let size = numbers::bytes(ready.info.size_bytes);
        print(&format!("{name}  {}  {size}\n", ready.info.reference))?;
    }
    Ok(ExitCode::Expected)
}

#[derive(Serialize)]
struct Row {
    name: String,
    contract: String,
    present: bool,
    size_bytes: Option<u64>,
    reference: String,
}

async fn list(project: &Project, format: &FormatArgs) -> Ended {
    let engine = Docker::connect().await.map_err(Failure::could_not_run)?;
    let mut rows = Vec::new();
    for (name, image) in project.images() {
        let (reference, info) = images::locate(&engine, project, image)
            .await
            .map_err(Failure::could_not_run)?;
        rows.push(Row {
            name: name.clone(),
            contract: image.contract.clone(),
            present: info.is_some(),
            size_bytes: info.map(|info| info.size_bytes),
            reference,
        });
    }
    match format.format {
        Format::Json => print_json(&rows)?,
        Format::Text => {
            let width = rows.iter().map(|row| row.name.len()).max().unwrap_or(0);
            let lines = rows.iter().map(|row| {
                let size = row.size_bytes.map_or_else(|| "not built".to_owned(), numbers::bytes);
                format!(
                    "{:width$}  {:8}  {size:>10}  {}\n",
                    row.name, row.contract, row.reference
                )
            });
            print(&lines.collect::<String>())?;
        }
    }
    Ok(ExitCode::Expected)
}
