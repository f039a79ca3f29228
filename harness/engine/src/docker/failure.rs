//! From bollard's errors to ours: what kind of call failed, and whether the engine was there at all.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use testcontainers::bollard::errors::Error;

use crate::{Cause, EngineError};

/// Gives a failed call its kind.
pub(super) trait Failure<T> {
    /// The error becomes `kind`'s cause, unless the engine could not be reached.
    fn or_failed(self, kind: impl FnOnce(Cause) -> EngineError) -> Result<T, EngineError>;
}

impl<T> Failure<T> for Result<T, Error> {
    fn or_failed(self, kind: impl FnOnce(Cause) -> EngineError) -> Result<T, EngineError> {
        self.map_err(|error| classify(error, kind))
    }
}

/// The kind of call that failed, unless the engine could not be reached.
pub(super) fn classify(error: Error, kind: impl FnOnce(Cause) -> EngineError) -> EngineError {
    if is_lost(&error) {
        unreachable(error)
    } else {
        kind(spoken(error))
    }
}

/// Whether the engine answered with this HTTP status.
pub(super) fn answered(error: &Error, status: u16) -> bool {
    matches!(error, Error::DockerResponseServerError { status_code, .. } if *status_code == status)
}

/// Where the engine is looked for, for messages.
fn endpoint() -> String {
    std::env::var("DOCKER_HOST").unwrap_or_else(|_| "the local socket".to_owned())
}

/// The engine cannot be reached; the advice depends on how that showed.
pub(super) fn unreachable(error: Error) -> EngineError {
    let advice = match (&error, io_kind(&error)) {
        (_, Some(io::ErrorKind::PermissionDenied)) => {
            "this user may not open the engine's socket: add it to the `docker` group and log in again"
        }
        // Nobody listens, or whoever did hung up before answering in HTTP.
        (Error::SocketNotFoundError(_) | Error::HyperLegacyError { .. }, _)
        | (_, Some(io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused)) => {
            "is the Docker daemon installed and running (`systemctl start docker`)? If it listens elsewhere, set \
             DOCKER_HOST"
        }
        (Error::UnsupportedURISchemeError { .. }, _) => {
            "DOCKER_HOST has to begin with unix:// (or tcp://, without TLS); unset it to use the local socket"
        }
        _ => "check with `docker version` that the daemon answers, and that DOCKER_HOST is right",
    };
    EngineError::Unreachable {
        endpoint: endpoint(),
        advice,
        cause: spoken(error),
    }
}

/// Runs a call under a deadline.
pub(super) async fn within<T>(
    limit: Duration,
    call: &str,
    work: impl Future<Output = Result<T, EngineError>>,
) -> Result<T, EngineError> {
    tokio::time::timeout(limit, work).await.unwrap_or_else(|_| {
        Err(EngineError::Timeout {
            call: call.to_owned(),
            after: limit,
        })
    })
}

/// Whether the connection could not be made, as against a call that the engine refused.
fn is_lost(error: &Error) -> bool {
    match error {
        Error::HyperLegacyError { err } => err.is_connect(),
        Error::SocketNotFoundError(_) => true,
        _ => false,
    }
}

/// The engine's own words without bollard's frame around them.
fn spoken(error: Error) -> Cause {
    match error {
        Error::DockerResponseServerError { message, .. } if !message.is_empty() => message.trim_end().into(),
        Error::DockerStreamError { error } => error.trim_end().into(),
        Error::HyperLegacyError { err } => match io_error(&err) {
            Some(io) => io.to_string().into(),
            None => err.into(),
        },
        error => error.into(),
    }
}

fn io_kind(error: &Error) -> Option<io::ErrorKind> {
    match error {
        // Transparent: its chain begins behind the very error that is looked for.
        Error::IOError { err } => Some(err.kind()),
        error => io_error(error).map(io::Error::kind),
    }
}

/// The operating system's error at the bottom of a chain.
fn io_error<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a io::Error> {
    std::iter::successors(Some(error), |&link| link.source()).find_map(|link| link.downcast_ref())
}

#[cfg(test)]
mod tests {
    use testcontainers::bollard;

    use super::*;

    #[test]
    fn a_refused_call_keeps_only_the_engines_words() {
        let refused: Result<(), _> = Err(Error::DockerResponseServerError {
            status_code: 409,
            message: "name in use\n".into(),
        });
        let error = refused.or_failed(|cause| EngineError::Facts { cause }).unwrap_err();
        assert_eq!(error.to_string(), "asking the engine about itself failed: name in use");
    }

    #[test]
    fn advice_follows_the_cause() {
        let advice = |error| unreachable(error).hint().unwrap_or_default().to_owned();
        let denied = io::Error::from(io::ErrorKind::PermissionDenied);
        assert!(advice(Error::IOError { err: denied }).contains("group"));
        let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
        assert!(advice(Error::IOError { err: refused }).contains("running"));
        assert!(advice(Error::SocketNotFoundError("/x".into())).contains("running"));
        assert!(advice(Error::RequestTimeoutError).contains("docker version"));
    }

    #[tokio::test]
    async fn an_engine_that_hangs_up_is_perhaps_not_running() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("engine.sock");
        let listener = tokio::net::UnixListener::bind(&socket).unwrap();
        let hang_up = async {
            loop {
                drop(listener.accept().await.unwrap());
            }
        };
        let api =
            bollard::Docker::connect_with_unix(&socket.to_string_lossy(), 5, bollard::API_DEFAULT_VERSION).unwrap();
        let error = tokio::select! {
            answer = api.version() => answer.unwrap_err(),
            () = hang_up => unreachable!("it hangs up for ever"),
        };
        let error = unreachable(error);
        assert!(error.hint().is_some_and(|hint| hint.contains("running")), "{error:?}");
    }

    #[tokio::test]
    async fn a_call_that_hangs_is_given_up() {
        let hang = std::future::pending::<Result<(), EngineError>>();
        let error = within(Duration::from_millis(1), "waiting for Godot", hang)
            .await
            .unwrap_err();
        assert!(matches!(error, EngineError::Timeout { call, .. } if call == "waiting for Godot"));
    }
}
