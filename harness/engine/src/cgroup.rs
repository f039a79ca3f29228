//! Peak memory and CPU time of a container from the host's own cgroup files, version 1 and 2.
//!
//! The path comes from `/proc/PID/cgroup`, so any cgroup driver and parent will do. A path that does not name the
//! container is another host's or another namespace's, and is not read.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Usage;

const MOUNT: &str = "/sys/fs/cgroup";

/// Accounting of the container whose first process is `pid`; fields are `None` where the files do not tell.
pub(crate) fn usage(pid: u32, container: &str) -> Usage {
    let membership = fs::read_to_string(format!("/proc/{pid}/cgroup")).unwrap_or_default();
    let groups = Groups::parse(&membership, container);
    groups.read(Path::new(MOUNT))
}

/// Paths of the cgroups that account for one container, below the mount point.
#[derive(Debug, Default, PartialEq)]
struct Groups {
    memory_v1: Option<PathBuf>,
    cpuacct_v1: Option<PathBuf>,
    unified: Option<PathBuf>,
}

impl Groups {
    /// Lines are `ID:CONTROLLERS:PATH`; version 2 has no controllers in its one line.
    fn parse(membership: &str, container: &str) -> Self {
        let mut groups = Self::default();
        for line in membership.lines() {
            let mut parts = line.splitn(3, ':').skip(1);
            let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else {
                continue;
            };
            if !path.contains(container) || path.contains("..") {
                continue;
            }
            let below = Path::new(controllers).join(path.trim_start_matches('/'));
            match controllers {
                "" => groups.unified = Some(below),
                _ if controllers.split(',').any(|name| name == "memory") => groups.memory_v1 = Some(below),
                _ if controllers.split(',').any(|name| name == "cpuacct") => groups.cpuacct_v1 = Some(below),
                _ => {}
            }
        }
        groups
    }

    fn read(&self, mount: &Path) -> Usage {
        let number = |group: &Option<PathBuf>, file: &str| {
            let text = fs::read_to_string(mount.join(group.as_ref()?).join(file)).ok()?;
            text.trim().parse::<u64>().ok()
        };
        let unified_cpu_ns = || {
            let text = fs::read_to_string(mount.join(self.unified.as_ref()?).join("cpu.stat")).ok()?;
            let usec = text.lines().find_map(|line| line.strip_prefix("usage_usec "))?;
            usec.trim().parse::<u64>().ok()?.checked_mul(1_000)
        };
        Usage {
            peak_memory_bytes: number(&self.memory_v1, "memory.max_usage_in_bytes")
                .or_else(|| number(&self.unified, "memory.peak")),
            cpu_ns: number(&self.cpuacct_v1, "cpuacct.usage").or_else(unified_cpu_ns),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_1_has_a_path_per_controller() {
        let membership =
            "12:cpu,cpuacct:/docker/abc\n9:memory:/docker/abc\n1:name=systemd:/docker/abc\n0::/system.slice";
        assert_eq!(
            Groups::parse(membership, "abc"),
            Groups {
                memory_v1: Some("memory/docker/abc".into()),
                cpuacct_v1: Some("cpu,cpuacct/docker/abc".into()),
                unified: None,
            }
        );
    }

    #[test]
    fn version_2_has_one_path() {
        let groups = Groups::parse("0::/system.slice/docker-abc.scope\n", "abc");
        assert_eq!(groups.unified, Some("system.slice/docker-abc.scope".into()));
    }

    #[test]
    fn the_group_of_another_container_or_namespace_is_not_read() {
        for foreign in [
            "0::/system.slice/docker-abd.scope",
            "0::/../docker-abc.scope",
            "garbage",
        ] {
            assert_eq!(Groups::parse(foreign, "abc"), Groups::default(), "{foreign}");
        }
    }
}
