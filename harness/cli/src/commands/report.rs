//! `seatrial report`: a stored record, shown as the run showed it.

use seatrial_record::render;

use super::run::{print, style};
use crate::args::{ReportArgs, View};
use crate::failure::{Ended, Failure};
use crate::store;

/// Prints a view and ends with the record's exit code.
pub fn run(args: &ReportArgs) -> Ended {
    let mut record = store::read(&args.record).map_err(Failure::usage)?;
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
