//! The docker engine against a fake Engine API (`fixtures/engine`): what it does to replicas, and what it makes of an engine
//! that refuses, hangs or goes away. None of it needs Docker, so `SEATRIAL_TEST_ENGINE=none` leaves nothing out.

mod failures;
mod lives;
mod objects;
mod stage;

#[path = "../support/mod.rs"]
mod support;
