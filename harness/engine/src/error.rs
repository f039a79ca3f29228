//! What can go wrong with a container engine, told apart by what the reader can do about it.

use std::path::PathBuf;
use std::time::Duration;

/// The engine's or the operating system's own words.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// A call to the engine that failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// Nobody answers at the engine's address, or may not be spoken to.
    #[error("the container engine at {endpoint} cannot be reached: {cause}")]
    Unreachable {
        /// Address that was tried.
        endpoint: String,
        /// What to do about it.
        advice: &'static str,
        /// Why not.
        cause: Cause,
    },
    /// An environment variable that points at the engine does not hold.
    #[error("the settings of the container engine do not hold: {cause}")]
    Settings {
        /// Which one, and why.
        cause: Cause,
    },
    /// The engine refused to tell about itself.
    #[error("asking the engine about itself failed: {cause}")]
    Facts {
        /// Why.
        cause: Cause,
    },
    /// An image is not on this machine; nothing is pulled behind the caller's back.
    #[error("there is no image `{reference}` on this machine")]
    NoSuchImage {
        /// As it was asked for.
        reference: String,
    },
    /// Listing, inspecting or removing an image.
    #[error("{action} image `{reference}` failed: {cause}")]
    Image {
        /// `inspecting`, `removing`, ...
        action: &'static str,
        /// Image reference, id or label.
        reference: String,
        /// Why.
        cause: Cause,
    },
    /// A pull.
    #[error("pulling image `{reference}` failed: {cause}")]
    PullFailed {
        /// Image reference.
        reference: String,
        /// Why.
        cause: Cause,
    },
    /// An import of a root file system.
    #[error("importing `{}` as image `{reference}` failed: {cause}", archive.display())]
    ImportFailed {
        /// Image reference.
        reference: String,
        /// Archive on the host.
        archive: PathBuf,
        /// Why.
        cause: Cause,
    },
    /// An image build.
    #[error("building image `{reference}` failed: {cause}{}", indented(last_lines))]
    BuildFailed {
        /// Image reference.
        reference: String,
        /// The end of the builder's output, at most 30 lines.
        last_lines: Vec<String>,
        /// Why.
        cause: Cause,
    },
    /// Making, inspecting or removing a network.
    #[error("{action} network `{name}` failed: {cause}")]
    Network {
        /// `making`, `removing`, ...
        action: &'static str,
        /// Name of the network.
        name: String,
        /// Why.
        cause: Cause,
    },
    /// Creating or starting a container.
    #[error("starting container `{container}` failed: {cause}")]
    Launch {
        /// Name of the container.
        container: String,
        /// Why.
        cause: Cause,
    },
    /// Something asked of a container that exists.
    #[error("{action} container `{container}` failed: {cause}")]
    Container {
        /// `inspecting`, `reading the log of`, `removing`, ...
        action: &'static str,
        /// Name or id of the container.
        container: String,
        /// Why.
        cause: Cause,
    },
    /// Running a command in a container.
    #[error("running `{command}` in container `{container}` failed: {cause}")]
    Exec {
        /// Program and arguments.
        command: String,
        /// Id of the container.
        container: String,
        /// Why.
        cause: Cause,
    },
    /// The engine, or what runs in it, took too long.
    #[error("{call}: gave up after {after:?}")]
    Timeout {
        /// What was waited for.
        call: String,
        /// For how long.
        after: Duration,
    },
}

impl EngineError {
    /// What to do next, where the kind of error tells.
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Unreachable { advice, .. } => Some(advice),
            Self::Settings { .. } => {
                Some("check DOCKER_HOST, DOCKER_TLS_VERIFY, DOCKER_CERT_PATH and TESTCONTAINERS_COMMAND, or unset them")
            }
            Self::NoSuchImage { .. } => {
                Some("check the spelling against `docker images`; build it, or pull it with `docker pull`")
            }
            Self::PullFailed { .. } => {
                Some("pulls are anonymous: an image that needs a login has to be pulled beforehand with `docker pull`")
            }
            Self::Network { cause, .. } if cause.to_string().contains("address pool") => {
                Some("the engine has no free address range left: `docker network prune` frees those unused")
            }
            // Docker 20.10 loses count of a network's endpoints now and then; nobody is in it, and nothing but this helps.
            Self::Network { cause, .. } if cause.to_string().contains("active endpoints") => Some(
                "if `docker network inspect` shows no containers in it, the engine has lost count: it sets that right when it \
                 is started again",
            ),
            Self::Timeout { .. } => {
                Some("the engine or the machine may be overloaded: see `docker ps` and the daemon's log")
            }
            _ => None,
        }
    }
}

fn indented(lines: &[String]) -> String {
    lines.iter().map(|line| format!("\n    {line}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_build_quotes_its_last_lines() {
        let error = EngineError::BuildFailed {
            reference: "a:1".into(),
            last_lines: vec!["Step 2/2 : RUN false".into(), "oops".into()],
            cause: "returned 1".into(),
        };
        assert_eq!(
            error.to_string(),
            "building image `a:1` failed: returned 1\n    Step 2/2 : RUN false\n    oops"
        );
    }

    #[test]
    fn what_the_engine_says_of_a_network_has_a_hint() {
        let network = |cause: &str| EngineError::Network {
            action: "making",
            name: "seatrial-x".into(),
            cause: cause.into(),
        };
        let exhausted = "could not find an available, non-overlapping IPv4 address pool";
        assert!(network(exhausted).hint().is_some_and(|hint| hint.contains("prune")));
        let kept = "error while removing network: network x has active endpoints";
        assert!(network(kept).hint().is_some_and(|hint| hint.contains("started again")));
        assert_eq!(network("denied").hint(), None);
    }
}
