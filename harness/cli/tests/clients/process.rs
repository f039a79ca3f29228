//! Child processes that end, or are ended.

use std::fmt;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

/// The longest that anything here may take: a client that builds an sdist on a busy machine, an environment being made.
pub const DEADLINE: Duration = Duration::from_secs(180);

/// What a process wrote until it ended.
#[derive(Debug)]
pub struct Wrote {
    pub stdout: String,
    pub stderr: String,
}

/// A command that failed: how it ended, and all that it wrote. A test that panics with it shows it line by line.
pub struct Failed(pub String);

impl fmt::Debug for Failed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Runs a command to its end.
///
/// # Panics
/// When it is not done by the deadline; it is killed then.
pub async fn run(command: &mut Command) -> Result<Wrote, Failed> {
    command.stdin(Stdio::null()).kill_on_drop(true);
    let output = tokio::time::timeout(DEADLINE, command.output())
        .await
        .unwrap_or_else(|_| panic!("not done after {DEADLINE:?}: {command:?}"))
        .map_err(|error| Failed(format!("cannot be started: {error}")))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let wrote = Wrote {
        stdout: text(&output.stdout),
        stderr: text(&output.stderr),
    };
    if output.status.success() {
        Ok(wrote)
    } else {
        let Wrote { stdout, stderr } = wrote;
        Err(Failed(format!("{command:?}: {}\n{stdout}{stderr}", output.status)))
    }
}
