//! Timed cases: one boot at a time, those of all cases interleaved in rounds, each round in an order of its own.

use std::time::Duration;

use seatrial_engine::Engine;
use seatrial_record::{CaseRecord, Sample};
use tokio::time::Instant;

use super::book::Book;
use super::case::{self, Boot, Seen};
use super::event::Event;
use super::order::{seed_of_round, shuffled};
use super::prepare::PreparedCase;
use super::sampling::Boots;
use super::{Setting, case_error, case_record};
use crate::failure::Failure;
use crate::signals::Cancel;

/// How the boots of the timed cases came to an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// All were made.
    Made,
    /// A signal came.
    Cancelled,
}

/// Boots every case as often as it is to be, in rounds: a round boots each case once that is still to be booted, in an order
/// shuffled from the run's seed, so that no case always follows the same one. The record is stored after every round.
pub async fn run<E: Engine>(
    book: &mut Book<'_, E>,
    cases: &[&PreparedCase],
    seed: u64,
    cancel: &Cancel,
) -> Result<End, Failure> {
    let setting = book.setting;
    let mut timings: Vec<Timing<'_>> = cases.iter().map(|case| Timing::of(case, setting)).collect();
    let mut round = 0;
    while timings.iter().any(|timing| timing.goes_on(round)) {
        let due = (0..timings.len()).filter(|at| timings[*at].goes_on(round)).collect();
        for at in shuffled(due, seed_of_round(seed, round)) {
            let timing: &mut Timing<'_> = &mut timings[at];
            tokio::select! {
                () = timing.boot(setting, round) => {}
                () = cancel.cancelled() => return Ok(End::Cancelled),
            }
            if timing.goes_on(round + 1) {
                book.note(timing.record.clone(), timing.boots.total());
            } else {
                book.enter(std::mem::take(&mut timing.record), true)?;
            }
        }
        book.write()?;
        round += 1;
    }
    Ok(End::Made)
}

/// A timed case and what its boots have shown so far.
struct Timing<'a> {
    prepared: &'a PreparedCase,
    boots: Boots,
    record: CaseRecord,
    /// No boot would show more.
    given_up: bool,
}

impl<'a> Timing<'a> {
    fn of<E: Engine>(prepared: &'a PreparedCase, setting: &Setting<'_, E>) -> Timing<'a> {
        let unseen = Seen {
            error: prepared.ready.as_ref().err().cloned(),
            ..Seen::default()
        };
        Timing {
            prepared,
            boots: prepared.boots,
            record: case_record(prepared, setting.project, unseen),
            given_up: false,
        }
    }

    /// Whether it is booted in this round.
    fn goes_on(&self, round: usize) -> bool {
        !self.given_up && round < self.boots.total()
    }

    /// Boots the case once. The first boot that counts shows its facts; of the others only time is taken.
    async fn boot<E: Engine>(&mut self, setting: &Setting<'_, E>, iteration: usize) {
        let id = &self.prepared.case.id;
        let Ok(ready) = &self.prepared.ready else {
            setting.reporter.on_event(&Event::CaseStarted { id });
            self.given_up = true;
            return;
        };
        let (number, of, warm_up) = self.boots.place(iteration);
        setting.reporter.on_event(&match self.boots.total() {
            1 => Event::CaseStarted { id },
            _ => Event::BootStarted {
                id,
                number,
                of,
                warm_up,
            },
        });
        let boot = Boot {
            iteration,
            timed: true,
            facts: iteration == self.boots.warm_up,
        };
        let intended = Instant::now();
        let ran = case::run(setting, &self.prepared.case, ready, boot).await;
        let seen = ran.unwrap_or_else(|error| Seen {
            error: Some(case_error(error)),
            ..Seen::default()
        });
        if self.boots.total() > 1 {
            let sample = sample(&seen, intended, setting.begun);
            self.record.samples.push(Sample {
                iteration,
                warm_up,
                ..sample
            });
        }
        self.take_in(setting, iteration, boot.facts, seen);
    }

    /// Takes in what a boot has shown besides its time: its facts, if it is the one that shows them, and why it failed.
    fn take_in<E: Engine>(&mut self, setting: &Setting<'_, E>, iteration: usize, facts: bool, mut seen: Seen) {
        if let Some(error) = seen.error.as_mut().filter(|_| self.boots.total() > 1) {
            error.what = format!("{}: {}", self.boots.name(iteration), error.what);
        }
        let earlier = self.record.error.take();
        if facts {
            let samples = std::mem::take(&mut self.record.samples);
            self.record = case_record(self.prepared, setting.project, seen);
            self.record.samples = samples;
            // What has never come up will not do so however often it is tried.
            self.given_up = self.record.samples.iter().all(|sample| sample.ready_ns().is_none());
        } else {
            self.record.error = seen.error;
        }
        // The first failure is the one to tell.
        self.record.error = earlier.or(self.record.error.take());
    }
}

/// What a boot took. Only cases of one replica are sampled.
pub fn sample(seen: &Seen, intended: Instant, run: Instant) -> Sample {
    let on_run = |at: Instant| nanoseconds(at.saturating_duration_since(run));
    let life = seen.observations.first();
    Sample {
        intended_ns: on_run(intended),
        began_ns: on_run(seen.began.unwrap_or(intended)),
        held_back_ns: nanoseconds(seen.held_back),
        phases: life.map(|life| life.phases.clone()).unwrap_or_default(),
        ready_gap_ns: life.and_then(|life| life.ready_gap_ns),
        cpu_ns: seen.cpu_ns,
        machine: seen.load,
        error: seen.error.clone(),
        ..Sample::default()
    }
}

fn nanoseconds(time: Duration) -> u64 {
    time.as_nanos() as u64
}
