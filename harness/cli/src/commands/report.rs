//! `seatrial report`: a stored record, shown as the run showed it.

use seatrial_record::comparison::ComparisonRecord;
use seatrial_record::{RunRecord, render};

use super::run::{print, style};
use crate::args::{ReportArgs, View};
use crate::failure::{Ended, Failure};
use crate::store::{self, Stored};

/// Prints a view and ends with the record's exit code.
pub fn run(args: &ReportArgs) -> Ended {
    match store::read_any(&args.record).map_err(Failure::usage)? {
        Stored::Run(record) => run_record(*record, args),
        Stored::Comparison(record) => comparison(&record, args),
    }
}

fn run_record(mut record: RunRecord, args: &ReportArgs) -> Ended {
    if args.rejudge {
        record.cases.iter_mut().for_each(seatrial_record::CaseRecord::judge);
    }
    print(&match args.view {
        View::Text => render::terminal(&record, style()),
        View::Json => record.to_json(),
        View::Junit => render::junit(&record),
    })?;
    Ok(record.exit_code())
}

/// A comparison is always judged from its boots.
fn comparison(record: &ComparisonRecord, args: &ReportArgs) -> Ended {
    print(&match args.view {
        View::Text => render::compared(record, style()),
        View::Json => record.to_json(),
        View::Junit => return Err(Failure::usage(anyhow::anyhow!("a comparison has no JUnit view"))),
    })?;
    Ok(record.exit_code())
}
