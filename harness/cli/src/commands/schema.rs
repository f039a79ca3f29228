//! `seatrial schema`: the JSON Schema of a file format, made from the types that read it.

use seatrial_record::ExitCode;

use super::print_json;
use crate::args::{SchemaArgs, SchemaName};
use crate::failure::Ended;

/// Prints the schema.
pub fn run(args: &SchemaArgs) -> Ended {
    let schema = match args.name {
        SchemaName::Scenario => seatrial_spec::schema("scenario"),
        SchemaName::Image => seatrial_spec::schema("image"),
        SchemaName::Contract => seatrial_spec::schema("contract"),
        SchemaName::Packages => seatrial_spec::schema("packages"),
        SchemaName::Record => Some(seatrial_record::schema()),
        SchemaName::Comparison => Some(seatrial_record::comparison_schema()),
        SchemaName::Calibration => Some(seatrial_record::calibration_schema()),
        SchemaName::Baseline => Some(seatrial_record::baseline_schema()),
    };
    print_json(&schema)?;
    Ok(ExitCode::Expected)
}
