//! What seatrial does between its containers, part by part: reading a project, judging a comparison, making wheels, showing a
//! run.

mod front;
mod rendering;
mod statistics;
mod wheels;

#[allow(dead_code, reason = "the tests of the record use the rest of it")]
#[path = "../../harness/record/tests/record/literal.rs"]
mod literal;

use seatrial_benches::Bench;

fn main() -> anyhow::Result<()> {
    let mut bench = Bench::begin("parts", env!("CARGO_TARGET_TMPDIR"))?;
    let mut criterion = bench.criterion();
    front::measure(&mut bench, &mut criterion)?;
    statistics::measure(&mut bench, &mut criterion)?;
    wheels::measure(&bench, &mut criterion)?;
    rendering::measure(&bench, &mut criterion)?;
    criterion.final_summary();
    Ok(())
}
