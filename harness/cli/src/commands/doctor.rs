//! `seatrial doctor`: what this machine has and lacks, point by point, each with what to do.

use std::path::Path;

use seatrial_engine::{Docker, Engine as _};
use seatrial_index::Upstream;
use seatrial_record::ExitCode;
use serde::Serialize;

use super::run::print;
use super::{print_json, project, runtime};
use crate::args::{Format, FormatArgs, ProjectArgs};
use crate::cache::Cache;
use crate::failure::Ended;

/// One point: whether it holds, what was seen, what to do.
#[derive(Serialize)]
struct Point {
    name: &'static str,
    holds: bool,
    /// A run can do without.
    optional: bool,
    seen: String,
    advice: Option<String>,
}

impl Point {
    fn new(name: &'static str, seen: Result<String, (String, Option<String>)>) -> Point {
        match seen {
            Ok(seen) => Point {
                name,
                holds: true,
                optional: false,
                seen,
                advice: None,
            },
            Err((seen, advice)) => Point {
                name,
                holds: false,
                optional: false,
                seen,
                advice,
            },
        }
    }

    fn optional(self) -> Point {
        Point { optional: true, ..self }
    }
}

/// Examines; exit 3 when something is missing that a run cannot do without.
pub fn run(project_args: &ProjectArgs, args: &FormatArgs) -> Ended {
    let mut points = vec![Point::new(
        "project",
        project(project_args)
            .map(|project| project.root().display().to_string())
            .map_err(|failure| (format!("{:#}", failure.error), failure.hint)),
    )];
    points.push(Point::new(
        "cache",
        Cache::locate()
            .map(|cache| cache.root().display().to_string())
            .map_err(|error| {
                (
                    format!("{error:#}"),
                    Some("set SEATRIAL_CACHE to a folder you may write".into()),
                )
            }),
    ));
    points.extend(runtime()?.block_on(examine_engine_and_index()));
    points.push(Point::new("mmdebstrap or apt", bootstrap_tool()).optional());
    let missing = points.iter().any(|point| !point.holds && !point.optional);
    match args.format {
        Format::Json => print_json(&points)?,
        Format::Text => print(&points.iter().map(line).collect::<String>())?,
    }
    Ok(if missing {
        ExitCode::CouldNotRun
    } else {
        ExitCode::Expected
    })
}

async fn examine_engine_and_index() -> Vec<Point> {
    let engine = match Docker::connect().await {
        Ok(engine) => engine.facts().await,
        Err(error) => Err(error),
    };
    let engine = engine
        .map(|facts| {
            format!(
                "{}, storage {}, cgroup {}, {}",
                facts.version, facts.storage_driver, facts.cgroup, facts.kernel
            )
        })
        .map_err(|error| (error.to_string(), error.hint().map(|hint| hint.to_string())));
    let upstream = Upstream::discover()
        .await
        .map(|upstream| upstream.to_string())
        .map_err(|error| (error.to_string(), Some("set PIP_INDEX_URL".to_owned())));
    vec![Point::new("engine", engine), Point::new("package index", upstream)]
}

/// Needed only where Debian's base image can be neither found nor pulled.
fn bootstrap_tool() -> Result<String, (String, Option<String>)> {
    let found = ["/usr/bin/mmdebstrap", "/usr/bin/apt-get"]
        .into_iter()
        .find(|path| Path::new(path).exists());
    found.map(str::to_owned).ok_or_else(|| {
        (
            "neither is there".to_owned(),
            Some("only needed where the Debian base image can be neither found nor pulled".to_owned()),
        )
    })
}

fn line(point: &Point) -> String {
    let word = match (point.holds, point.optional) {
        (true, _) => "ok     ",
        (false, true) => "absent ",
        (false, false) => "MISSING",
    };
    let advice = point
        .advice
        .as_ref()
        .map(|advice| format!("\n        {advice}"))
        .unwrap_or_default();
    format!("{word} {}: {}{advice}\n", point.name, point.seen)
}
