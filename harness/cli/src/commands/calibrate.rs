//! `seatrial calibrate`: cases compared with themselves, for how often this host raises a false alarm.

use std::path::PathBuf;

use seatrial_record::ExitCode;
use seatrial_record::comparison::{
    Calibration, ComparedCase, ComparisonRecord, HostClass, Rule, Sides, WINDOWS_APART, series_of, windows,
};

use super::compare::{make, nothing_left, show};
use super::{plan, project};
use crate::args::{CalibrateArgs, ProjectArgs, SelectArgs};
use crate::baselines::Baselines;
use crate::failure::{Ended, Failure};
use crate::pairs::{self, Task, Until};
use crate::snapshots::in_ci;

/// What is compared with itself when nobody says: boots within milliseconds, so that what the machine does shows most.
const DEFAULT: &str = "scenarios/startup/stub.yaml";

/// Makes one series of pairs of every selected case, sums up what comparisons of its windows say, and stores that for this
/// class of hosts. In CI it is printed and not stored.
pub fn run(project_args: &ProjectArgs, args: &CalibrateArgs) -> Ended {
    let project = project(project_args)?;
    let plan = match says_nothing(&args.select) {
        true => {
            let select = SelectArgs {
                paths: vec![project.root().join(DEFAULT)],
                filter: vec![],
                tag: vec![],
                all: false,
            };
            plan(&project, &select)?
        }
        false => plan(&project, &args.select)?,
    };
    let matched = pairs::themselves(&plan);
    if matched.pairs.is_empty() {
        return Err(nothing_left(&matched));
    }
    let rule = Rule::default();
    let task = Task {
        sides: Sides::Same,
        matched,
        until: Until::Made(series_of(usize::from(args.comparisons), &rule)),
        rule,
    };
    let (mut record, store) = make(&project, task, &args.pairing, &args.lock, |_| None)?;
    record.calibration = calibration(&record);
    store.write_comparison(&record).map_err(Failure::could_not_run)?;
    show(&record, args.pairing.format.format, store.folder())?;
    if let Some(calibration) = record
        .calibration
        .as_ref()
        .filter(|_| record.exit_code() == ExitCode::Expected)
    {
        match keep(&Baselines::of(&project), calibration)? {
            Some(file) => eprintln!("seatrial: stored in {}", file.display()),
            None => {
                eprintln!("seatrial: not stored, because CI is set: calibrate and commit reports/baselines by hand")
            }
        }
    }
    Ok(record.exit_code())
}

fn says_nothing(select: &SelectArgs) -> bool {
    select.paths.is_empty() && select.filter.is_empty() && select.tag.is_empty() && !select.all
}

fn keep(baselines: &Baselines, calibration: &Calibration) -> Result<Option<PathBuf>, Failure> {
    if in_ci() {
        return Ok(None);
    }
    baselines
        .calibrate(calibration)
        .map(Some)
        .map_err(Failure::could_not_run)
}

/// What the windows of every series say; `None` when no series is long enough for one.
fn calibration(record: &ComparisonRecord) -> Option<Calibration> {
    let series: Vec<_> = record.cases.iter().map(ComparedCase::measured).collect();
    let comparisons: Vec<_> = series.iter().flat_map(|pairs| windows(pairs, &record.rule)).collect();
    let names: Vec<_> = record.cases.iter().map(|case| case.name.as_str()).collect();
    let pairs: usize = series.iter().map(Vec::len).sum();
    let what = format!(
        "{} (windows of {pairs} pairs, each begun {WINDOWS_APART} pairs after the one before)",
        names.join(", ")
    );
    Calibration::of(HostClass::of(&record.host), what, &record.rule, &comparisons)
}
