//! From verdicts to one outcome per case, totals over a run, and the exit code. Every view counts with these.

use std::collections::BTreeMap;

use crate::exit::ExitCode;
use crate::expectation::Check;
use crate::run::{CaseRecord, RunRecord, SnapshotState};

/// How a planned case came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Every expectation holds.
    Passed,
    /// An expectation does not hold, or what it needs was not observed.
    Failed,
    /// It could not run.
    Errored,
    /// The run ended before its turn.
    Skipped,
}

impl Outcome {
    /// The outcome as a word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Errored => "errored",
            Self::Skipped => "skipped",
        }
    }
}

/// Counts over all planned cases; their sum is the number of planned cases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Every expectation holds.
    pub passed: usize,
    /// An expectation does not hold.
    pub failed: usize,
    /// Could not run.
    pub errored: usize,
    /// Planned, and the run ended before their turn.
    pub skipped: usize,
}

impl CaseRecord {
    /// The outcome of this case. A case without a verdict for each of its expectations has not shown that they hold.
    pub fn outcome(&self) -> Outcome {
        self.outcome_of(|_| true)
    }

    /// The outcome by its functional facts alone: what its boots cost is left out.
    pub fn functional_outcome(&self) -> Outcome {
        self.outcome_of(|check| !check.is_budget())
    }

    fn outcome_of(&self, counts: fn(&Check) -> bool) -> Outcome {
        let judged = self.verdicts.len() == self.expectations.len();
        let mut counted = self
            .expectations
            .iter()
            .zip(&self.verdicts)
            .filter(|(one, _)| counts(&one.check));
        match &self.error {
            Some(_) => Outcome::Errored,
            None if judged && counted.all(|(_, verdict)| verdict.passed()) => Outcome::Passed,
            None => Outcome::Failed,
        }
    }
}

impl RunRecord {
    /// Every planned case with its outcome, in plan order; cases that ran unplanned follow.
    pub fn outcomes(&self) -> impl Iterator<Item = (&str, Outcome, Option<&CaseRecord>)> {
        let mut ended: BTreeMap<_, _> = self.cases.iter().map(|case| (case.id.as_str(), case)).collect();
        let planned: Vec<_> = self
            .planned
            .iter()
            .map(|id| (id.as_str(), ended.remove(id.as_str())))
            .collect();
        let unplanned = ended.into_iter().map(|(id, case)| (id, Some(case)));
        planned
            .into_iter()
            .chain(unplanned)
            .map(|(id, case)| (id, case.map_or(Outcome::Skipped, CaseRecord::outcome), case))
    }

    /// Counts by outcome.
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for (_, outcome, _) in self.outcomes() {
            match outcome {
                Outcome::Passed => totals.passed += 1,
                Outcome::Failed => totals.failed += 1,
                Outcome::Errored => totals.errored += 1,
                Outcome::Skipped => totals.skipped += 1,
            }
        }
        totals
    }

    /// Cases whose functional facts are not the accepted ones, new ones included.
    pub fn snapshots_to_review(&self) -> impl Iterator<Item = &CaseRecord> {
        self.cases
            .iter()
            .filter(|case| matches!(case.snapshot, SnapshotState::New { .. } | SnapshotState::Differs { .. }))
    }

    /// The exit code of the run: an interruption first, then the lowest that applies.
    ///
    /// A run that ended without an interruption and without all its cases (the process was killed) could not run.
    pub fn exit_code(&self) -> ExitCode {
        let totals = self.totals();
        match self.interrupted.as_deref() {
            Some("SIGTERM") => ExitCode::Terminated,
            Some(_) => ExitCode::Interrupted,
            None if totals == Totals::default() => ExitCode::NothingSelected,
            None if totals.errored + totals.skipped > 0 => ExitCode::CouldNotRun,
            None if totals.failed > 0 => ExitCode::ExpectationFailed,
            None if self.snapshots_to_review().next().is_some() => ExitCode::SnapshotDiffers,
            None => ExitCode::Expected,
        }
    }
}
