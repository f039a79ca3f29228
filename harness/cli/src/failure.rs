//! How a command ends: its exit code, or an error that knows its exit code and what to do next.

use std::fmt;

use seatrial_engine::EngineError;
use seatrial_record::ExitCode;
use seatrial_spec::Problems;

/// A command that could not do its work.
#[derive(Debug)]
pub struct Failure {
    /// What the caller is told.
    pub code: ExitCode,
    /// What went wrong, causes joined by the reader.
    pub error: anyhow::Error,
    /// What to do next.
    pub hint: Option<String>,
}

/// Result of a command.
pub type Ended = Result<ExitCode, Failure>;

impl Failure {
    /// Engine, image, network or disk: exit 3.
    pub fn could_not_run(error: impl Into<anyhow::Error>) -> Self {
        let error = error.into();
        let hint = error
            .chain()
            .find_map(|cause| cause.downcast_ref::<EngineError>())
            .and_then(|error| error.hint())
            .map(|hint| hint.to_string());
        Failure {
            code: ExitCode::CouldNotRun,
            error,
            hint,
        }
    }

    /// Usage, or a file that does not hold: exit 2.
    pub fn usage(error: impl Into<anyhow::Error>) -> Self {
        Failure {
            code: ExitCode::Usage,
            error: error.into(),
            hint: None,
        }
    }

    /// A bug in seatrial: exit 1.
    pub fn bug(error: impl Into<anyhow::Error>) -> Self {
        Failure {
            code: ExitCode::Bug,
            error: error.into(),
            hint: Some("this is a bug in seatrial; please report it with the command and its output".into()),
        }
    }

    /// Adds what to do next.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Self {
        Failure::usage(anyhow::Error::new(problems))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {:#}", self.error)?;
        if let Some(hint) = &self.hint {
            write!(f, "\n  what to do: {hint}")?;
        }
        Ok(())
    }
}

/// Prints the failure, if any, and turns the end of a command into the process's exit code.
pub fn end(ended: Ended) -> std::process::ExitCode {
    let code = ended.unwrap_or_else(|failure| {
        eprintln!("{failure}");
        failure.code
    });
    std::process::ExitCode::from(code as u8)
}
