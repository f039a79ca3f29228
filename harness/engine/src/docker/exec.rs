//! Commands inside a running container.

use futures_util::StreamExt;
use testcontainers::bollard::container::LogOutput;
use testcontainers::bollard::exec::{CreateExecOptions, StartExecResults};

use super::Docker;
use super::failure::{Failure, answered, within};
use super::objects::shown;
use crate::output::Collector;
use crate::{Command, CommandOutput, EngineError};

/// Exit code of a command that could not be started, as shells have it.
const NOT_STARTED: i64 = 127;

/// Runs a command to its end.
///
/// A program that is not there is no error of the engine: the output carries 126 or 127 and what the runtime said. Past
/// the deadline the caller gets an error, but the command goes on until its container is removed: the engine has no
/// call to end it.
pub(super) async fn exec(docker: &Docker, container: &str, command: Command) -> Result<CommandOutput, EngineError> {
    let shown = shown(&command.argv);
    let call = format!("running `{shown}` in container `{container}`");
    let failed = |cause| EngineError::Exec {
        command: shown.clone(),
        container: container.to_owned(),
        cause,
    };

    within(command.deadline, &call, async {
        let options = CreateExecOptions {
            cmd: Some(command.argv.clone()),
            user: command.user.clone(),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            ..CreateExecOptions::default()
        };
        let exec = docker.api.create_exec(container, options).await.or_failed(failed)?;
        let mut collector = Collector::default();
        match docker.api.start_exec(&exec.id, None).await {
            Ok(StartExecResults::Attached { mut output, .. }) => {
                while let Some(output) = output.next().await {
                    let output = output.or_failed(failed)?;
                    let stderr = matches!(output, LogOutput::StdErr { .. });
                    collector.push(stderr, &output.into_bytes());
                }
            }
            Ok(StartExecResults::Detached) => return Err(failed("the engine did not attach to it".into())),
            // Newer engines refuse; older ones answer 200 and write the same words to the output.
            Err(error) if answered(&error, 400) && error.to_string().contains("exec failed") => {
                collector.push(true, error.to_string().as_bytes());
                return Ok(collector.finish(NOT_STARTED));
            }
            Err(error) => return Err(error).or_failed(failed),
        }
        let exit = docker.api.inspect_exec(&exec.id).await.or_failed(failed)?;
        let code = exit
            .exit_code
            .ok_or_else(|| failed("the engine does not know its exit code".into()))?;
        Ok(collector.finish(code))
    })
    .await
}
