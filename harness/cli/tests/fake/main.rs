//! Whole runs of the binary against a fake Engine API (`fixtures/engine`), in three classes: what passes, what fails with
//! exactly this, what cannot be run. None of it needs Docker, so `SEATRIAL_TEST_ENGINE=none` leaves nothing out.

mod comparisons;
mod runs;
mod stage;

#[allow(dead_code, reason = "the parts that need Docker are for the tests in `cli`")]
#[path = "../cli/project.rs"]
mod project;
