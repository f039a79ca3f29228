//! `seatrial index`: the package index by itself, for other tools and for looking at a scenario's index by hand.

use anyhow::Context as _;
use seatrial_index::{Happened, Index};
use seatrial_record::ExitCode;
use seatrial_spec::{Behind, IndexSetup, IndexSide, Project, Selection, UniverseProject};
use serde_json::json;
use tokio::time::Instant;

use super::run::print;
use super::{absolute, print_json, project, runtime};
use crate::args::{ExportArgs, Format, IndexArgs, IndexCommand, ProjectArgs, ServeArgs, UpstreamWord};
use crate::cache::Cache;
use crate::failure::{Ended, Failure};
use crate::host;
use crate::session::{IndexSource, install_tls, start_index};
use crate::signals::Cancel;
use crate::worlds::{self, Opened, Worlds};

/// Serves or writes out.
pub fn run(project_args: &ProjectArgs, args: &IndexArgs) -> Ended {
    match &args.command {
        IndexCommand::Serve(serve) => runtime()?.block_on(self::serve(project_args, serve)),
        IndexCommand::Export(export) => self::export(project_args, export),
    }
}

fn export(project_args: &ProjectArgs, args: &ExportArgs) -> Ended {
    let projects = laid_together(&project(project_args)?, &args.packages)?;
    let written = worlds::universe(&projects)
        .write_to(&args.folder)
        .map_err(Failure::could_not_run)?;
    print(&format!("{} files in {}\n", written.len(), args.folder.display()))?;
    Ok(ExitCode::Expected)
}

async fn serve(project_args: &ProjectArgs, args: &ServeArgs) -> Ended {
    let setup = setup(project_args, args)?;
    let cancel = Cancel::on_signals()?;
    install_tls();
    let cache = Cache::locate().map_err(Failure::could_not_run)?;
    let index = start_index(&cache, &source(args, &setup)?)
        .await
        .map_err(Failure::could_not_run)?;
    // Better told now than to the first client.
    index.find_upstream().await.map_err(Failure::could_not_run)?;
    let opened = Worlds::of(&setup, args.seed.unwrap_or_else(host::seed))
        .open(&index)
        .map_err(Failure::usage)?;
    let address = index.listen_at(args.listen).await.map_err(Failure::could_not_run)?;
    let tokens: Vec<(&str, String)> = opened
        .named()
        .map(|(name, world)| (name, index.issue_token_for(name, world)))
        .collect();
    let urls: Vec<(&str, String)> = tokens
        .iter()
        .map(|(name, token)| (*name, index.url(address, token)))
        .collect();
    tell(&urls, args.format.format)?;

    let begun = Instant::now();
    opened.begin();
    cancel.cancelled().await;
    eprint!("{}", farewell(&index, &opened, &tokens, begun));
    index.shutdown().await;
    // Ctrl-C is how this command is meant to end.
    Ok(ExitCode::Expected)
}

/// The index that is asked for: a scenario's, or universes and what stands behind them.
fn setup(project_args: &ProjectArgs, args: &ServeArgs) -> Result<IndexSetup, Failure> {
    if let Some(file) = &args.scenario {
        let selection = Selection {
            paths: absolute(std::slice::from_ref(file))?,
            all: true,
            ..Selection::default()
        };
        let (_, scenarios) = project(project_args)?.load(&selection)?;
        let [scenario] = scenarios.as_slice() else {
            return Err(
                Failure::usage(anyhow::anyhow!("{} is not one scenario file", file.display()))
                    .hint("name one file, as in scenarios/scale-out/release-midway.yaml"),
            );
        };
        return Ok(scenario.index.clone());
    }
    let projects = match args.packages.as_slice() {
        [] => Vec::new(),
        names => laid_together(&project(project_args)?, names)?,
    };
    let word = args.upstream.unwrap_or(match projects.as_slice() {
        [] => UpstreamWord::Live,
        _ if args.as_of.is_some() => UpstreamWord::Live,
        _ => UpstreamWord::None,
    });
    let upstream = match (word, &args.as_of) {
        (UpstreamWord::None, _) => Behind::Nothing,
        (UpstreamWord::Live, None) => Behind::Live,
        (UpstreamWord::Live, Some(as_of)) => Behind::AsOf(as_of.to_string()),
    };
    let mut main = IndexSide {
        projects,
        upstream,
        script: Vec::new(),
    };
    if let Some(as_of) = args.as_of {
        main.leave_out_later(as_of);
    }
    Ok(IndexSetup { main, extra: None })
}

/// Where nothing stands behind any of the indexes, upstream is not even looked for.
fn source(args: &ServeArgs, setup: &IndexSetup) -> Result<IndexSource, Failure> {
    if setup.sides().any(|side| side.upstream != Behind::Nothing) {
        return Ok(IndexSource::of(&args.lock));
    }
    match IndexSource::of(&args.lock) {
        IndexSource::Live | IndexSource::Nothing => Ok(IndexSource::Nothing),
        IndexSource::Recorded(_) | IndexSource::Replayed(_) => Err(Failure::usage(anyhow::anyhow!(
            "nothing stands behind these universes, so there is nothing to record or to replay"
        ))
        .hint("give `--upstream live`, or leave the lock out")),
    }
}

/// The projects of several universes; one that two of them have would be an accident.
fn laid_together(project: &Project, names: &[String]) -> Result<Vec<UniverseProject>, Failure> {
    if !project.problems().is_empty() {
        return Err(project.problems().clone().into());
    }
    let mut all: Vec<UniverseProject> = Vec::new();
    for name in names {
        let universe = project.universes().get(name).with_context(|| {
            let known: Vec<&str> = project.universes().keys().map(String::as_str).collect();
            format!(
                "there is no universe `{name}` in fixtures/packages; there are: {}",
                known.join(", ")
            )
        });
        for made in &universe.map_err(Failure::usage)?.projects {
            if all.iter().any(|other| other.normalised() == made.normalised()) {
                let name = &made.name;
                return Err(Failure::usage(anyhow::anyhow!(
                    "two of these universes have a project `{name}`"
                )));
            }
            all.push(made.clone());
        }
    }
    Ok(all)
}

fn tell(urls: &[(&str, String)], format: Format) -> Result<(), Failure> {
    match format {
        Format::Json => {
            let urls: serde_json::Map<String, serde_json::Value> = urls
                .iter()
                .map(|(name, url)| ((*name).to_owned(), json!(url)))
                .collect();
            print_json(&urls)
        }
        Format::Text => print(&urls.iter().map(|(_, url)| format!("{url}\n")).collect::<String>()),
    }
}

/// What came of it: requests, and what the script did.
fn farewell(index: &Index, opened: &Opened, tokens: &[(&str, String)], begun: Instant) -> String {
    let mut text = String::new();
    for ((name, world), (_, token)) in opened.named().zip(tokens) {
        let served = index.served(token);
        text += &format!(
            "seatrial: {name}: {} requests, {} bytes, {} errors\n",
            served.requests, served.bytes, served.errors
        );
        for Happened { event, at, hits, .. } in world.timeline() {
            let when = match at {
                Some(at) => format!("{:.2} s", at.saturating_duration_since(begun).as_secs_f64()),
                None => "never".to_owned(),
            };
            text += &format!(
                "seatrial: {when}: {} ({}), {hits} answers changed\n",
                event.action, event.name
            );
        }
    }
    match index.refused() {
        0 => text,
        refused => text + &format!("seatrial: {refused} requests turned away\n"),
    }
}
