//! `seatrial check`: files only, no engine.

use seatrial_record::ExitCode;
use seatrial_spec::{Problems, Selection};
use serde_json::json;

use super::run::print;
use super::{absolute, print_json, project};
use crate::args::{CheckArgs, Format, ProjectArgs};
use crate::failure::Ended;

/// Reads every file that a run would read and reports every problem of all of them.
pub fn run(project_args: &ProjectArgs, args: &CheckArgs) -> Ended {
    let selection = Selection {
        paths: absolute(&args.paths)?,
        all: true,
        ..Selection::default()
    };
    let checked = project(project_args).and_then(|project| Ok(project.load(&selection)?));
    match (checked, args.format.format) {
        (Ok((plan, _)), Format::Text) => {
            print(&format!("every file holds: {} cases\n", plan.cases.len()))?;
            Ok(ExitCode::Expected)
        }
        (Ok(_), Format::Json) => print_json(&json!([])).map(|()| ExitCode::Expected),
        (Err(failure), Format::Text) => Err(failure),
        (Err(failure), Format::Json) => {
            let Some(problems) = failure.error.downcast_ref::<Problems>() else {
                return Err(failure);
            };
            print_json(problems)?;
            Ok(ExitCode::Usage)
        }
    }
}
