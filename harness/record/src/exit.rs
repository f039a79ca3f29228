//! Exit codes of the seatrial command (design.md, 5).

use std::process::{self, Termination};

/// What the process tells its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum ExitCode {
    /// Everything as expected.
    Expected = 0,
    /// A bug in seatrial.
    Bug = 1,
    /// Usage, or a file that does not hold.
    Usage = 2,
    /// Could not run: engine, image, network, disk.
    CouldNotRun = 3,
    /// An expectation failed.
    ExpectationFailed = 4,
    /// A snapshot differs.
    SnapshotDiffers = 5,
    /// A metric regressed.
    Regressed = 6,
    /// Nothing selected.
    NothingSelected = 7,
    /// Interrupted (SIGINT), after clean-up.
    Interrupted = 130,
    /// Terminated (SIGTERM), after clean-up.
    Terminated = 143,
}

impl ExitCode {
    /// What the code means, as a fragment of a sentence.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Expected => "everything as expected",
            Self::Bug => "a bug in seatrial",
            Self::Usage => "usage, or a file that does not hold",
            Self::CouldNotRun => "a case could not run",
            Self::ExpectationFailed => "an expectation failed",
            Self::SnapshotDiffers => "a snapshot is new or differs",
            Self::Regressed => "a metric regressed",
            Self::NothingSelected => "nothing selected",
            Self::Interrupted => "interrupted",
            Self::Terminated => "terminated",
        }
    }
}

impl From<ExitCode> for u8 {
    fn from(code: ExitCode) -> Self {
        code as Self
    }
}

impl From<ExitCode> for process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(u8::from(code))
    }
}

impl Termination for ExitCode {
    fn report(self) -> process::ExitCode {
        self.into()
    }
}
