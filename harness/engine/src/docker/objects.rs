//! Names, labels and settings that replicas, tasks and networks have in common.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use testcontainers::bollard::models::{HostConfigLogConfig, Mount as BindMount, MountType};
use testcontainers::bollard::query_parameters::RemoveContainerOptions;

use super::Docker;
use super::failure::{Failure, answered};
use crate::owner::{OWNER_LABEL, RUN_LABEL};
use crate::{EngineError, Mount, Owner};

/// Label with the case id.
pub(super) const CASE_LABEL: &str = "seatrial.case";
/// Label with the number of the launch, to tell its events from those of others.
pub(super) const LAUNCH_LABEL: &str = "seatrial.launch";

/// Characters of a command that messages show.
const SHOWN: usize = 80;
/// Longest part of a name taken from a case id.
const SLUG: usize = 64;

/// Labels that every object of a run carries.
pub(super) fn labels(owner: &Owner) -> BTreeMap<String, String> {
    BTreeMap::from([
        (RUN_LABEL.to_owned(), owner.run.clone()),
        (OWNER_LABEL.to_owned(), owner.label()),
    ])
}

/// A query for objects that carry a label (`key` or `key=value`).
pub(super) fn having(label: String) -> Option<HashMap<String, Vec<String>>> {
    Some(HashMap::from([("label".to_owned(), vec![label])]))
}

/// `group/name@variant` as part of an object's name.
pub(super) fn slug(text: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || c == '.' || c == '_' {
            c
        } else {
            '-'
        }
    };
    text.chars().take(SLUG).map(plain).collect()
}

/// Bind mounts as the engine wants them; unlike its older `binds`, these fail when the source is missing.
pub(super) fn bind_mounts(mounts: &[Mount]) -> Vec<BindMount> {
    let text = |path: &PathBuf| path.to_string_lossy().into_owned();
    mounts
        .iter()
        .map(|mount| BindMount {
            typ: Some(MountType::BIND),
            source: Some(text(&mount.source)),
            target: Some(mount.target.clone()),
            read_only: Some(mount.read_only),
            ..BindMount::default()
        })
        .collect()
}

/// The log of a container is a file on the engine's disk; a flood ends at two of 1 GiB.
///
/// The size is a compromise, tried on Docker 20.10: a follower whose file is rotated away before it has read it to the
/// end misses the rest (with 64 MiB, 125 of 200 MB), and the engine hands out lines more slowly than a flood writes
/// them. So the limit has to be well above any flood that is still to be read whole; 200 MB of 100-byte lines are.
/// It is set here, not left to the daemon's own defaults, which may be far smaller.
pub(super) fn bounded_log() -> HostConfigLogConfig {
    let limits = [("max-size", "1g"), ("max-file", "2")];
    HostConfigLogConfig {
        typ: Some("json-file".to_owned()),
        config: Some(limits.map(|(key, value)| (key.to_owned(), value.to_owned())).into()),
    }
}

/// The start of a command on one line, for messages: an argument may be a whole program.
pub(super) fn shown(argv: &[String]) -> String {
    let line = argv.join(" ").replace('\n', " ");
    match line.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line,
    }
}

/// `KEY=VALUE`, as the engine wants an environment.
pub(super) fn environment(env: &BTreeMap<String, String>) -> Vec<String> {
    env.iter().map(|(key, value)| format!("{key}={value}")).collect()
}

/// Kills and removes a container with its anonymous volumes; false when there was none.
pub(super) async fn remove_container(docker: &Docker, name: &str) -> Result<bool, EngineError> {
    let options = RemoveContainerOptions {
        force: true,
        v: true,
        ..RemoveContainerOptions::default()
    };
    match docker.api.remove_container(name, Some(options)).await {
        Ok(()) => Ok(true),
        Err(error) if answered(&error, 404) => Ok(false),
        // Somebody else is removing it at this moment.
        Err(error) if answered(&error, 409) => super::replica::wait_removed(docker, name).await.map(|()| false),
        Err(error) => Err(error).or_failed(|cause| EngineError::Container {
            action: "removing",
            container: name.to_owned(),
            cause,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_a_legal_name() {
        assert_eq!(slug("override/numpy@dynamic"), "override-numpy-dynamic");
        assert_eq!(slug(&"é".repeat(100)).len(), SLUG);
    }
}
