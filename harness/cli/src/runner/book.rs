//! The record of a run while it is written: cases that have ended, and those that are still being sampled.

use seatrial_engine::Engine;
use seatrial_record::{CaseError, CaseRecord, RunRecord};

use super::Setting;
use super::event::Event;
use crate::failure::Failure;
use crate::signals::Cancel;
use crate::snapshots::Snapshots;
use crate::store::Store;

/// Everything that is written down of a run.
pub struct Book<'a, E> {
    pub setting: &'a Setting<'a, E>,
    pub record: RunRecord,
    pub snapshots: Snapshots,
    pub store: &'a Store,
    /// Cases that have been booted and will be booted again, as they would stand if the run ended now.
    pub unfinished: Vec<CaseRecord>,
    /// Cases whose judgement is complete.
    pub done: usize,
}

impl<E: Engine> Book<'_, E> {
    /// Enters a case that has ended: judges it, compares its facts with the accepted ones, tells of all whose judgement is
    /// complete by that, and stores the record.
    pub fn enter(&mut self, mut ended: CaseRecord, alone: bool) -> Result<(), Failure> {
        ended.alone = alone;
        ended.judge();
        self.snapshots.compare(&mut ended).map_err(Failure::could_not_run)?;
        self.unfinished.retain(|case| case.id != ended.id);
        for judged in self.record.add(ended) {
            self.done += 1;
            let (case, done) = (&self.record.cases[judged], self.done);
            self.setting.reporter.on_event(&Event::CaseFinished { case, done });
        }
        self.write()
    }

    /// Notes a case of which some boots are still to come, in place of what was noted before; it is stored with the next
    /// [`Book::write`]. Should the run end before them, the case has not been run.
    pub fn note(&mut self, mut case: CaseRecord, of: usize) {
        case.alone = true;
        case.error.get_or_insert_with(|| CaseError {
            what: format!("the run ended after {} of {of} boots", case.samples.len()),
            hint: None,
        });
        self.unfinished.retain(|other| other.id != case.id);
        self.unfinished.push(case);
    }

    /// Stores the record as it is.
    pub fn write(&mut self) -> Result<(), Failure> {
        self.record.refused = self.setting.session.index.refused();
        self.record.took_ns = self.setting.begun.elapsed().as_nanos() as u64;
        let ended = self.record.cases.len();
        self.record.cases.append(&mut self.unfinished);
        let written = self.store.write(&self.record).map_err(Failure::could_not_run);
        self.unfinished = self.record.cases.split_off(ended);
        written
    }

    /// The record of a run that a signal has ended.
    pub fn interrupted(mut self, cancel: &Cancel) -> Result<RunRecord, Failure> {
        self.record.interrupted = cancel.signal().map(str::to_owned);
        self.record.cases.append(&mut self.unfinished);
        self.write()?;
        Ok(self.record)
    }
}
