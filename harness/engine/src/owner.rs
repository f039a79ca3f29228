//! Whose objects are whose: labels that name the run and the process, and whether that process still lives.

use std::fs;
use std::process;

use crate::Owner;

/// Label with the run's id.
pub(crate) const RUN_LABEL: &str = "seatrial.run";
/// Label with the owning process, as [`Owner::label`] writes it.
pub(crate) const OWNER_LABEL: &str = "seatrial.owner";

impl Owner {
    /// This process, as the owner of a run.
    pub fn this_process(run: String) -> Self {
        let pid = process::id();
        Self {
            run,
            pid,
            started: started(pid).unwrap_or(0),
            boot: this_boot(),
        }
    }

    /// `pid:started:boot`, the value of the owner label.
    pub fn label(&self) -> String {
        format!("{}:{}:{}", self.pid, self.started, self.boot)
    }

    /// Reads what [`Owner::label`] wrote; `None` for a label that something else wrote.
    pub fn from_labels(run: &str, label: &str) -> Option<Self> {
        let mut parts = label.splitn(3, ':');
        Some(Self {
            run: run.to_owned(),
            pid: parts.next()?.parse().ok()?,
            started: parts.next()?.parse().ok()?,
            boot: parts.next()?.to_owned(),
        })
    }

    /// Whether the owning process has certainly ended.
    ///
    /// Where that cannot be known the answer is no: on a host without `/proc`, and for a process of another pid
    /// namespace of this boot (a seatrial in a container that shares the engine's socket).
    pub fn is_gone(&self) -> bool {
        let here = this_boot();
        let (Some((boot, namespace)), Some((boot_here, namespace_here))) =
            (self.boot.split_once('/'), here.split_once('/'))
        else {
            return false;
        };
        if boot != boot_here {
            return true;
        }
        namespace == namespace_here && started(self.pid) != Some(self.started)
    }
}

/// `BOOT-ID/PID-NAMESPACE`: together they say whether two process ids can be compared. Empty where unknown.
fn this_boot() -> String {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id");
    let namespace = fs::read_link("/proc/self/ns/pid");
    match (boot, namespace) {
        (Ok(boot), Ok(namespace)) => format!("{}/{}", boot.trim(), namespace.display()),
        _ => String::new(),
    }
}

/// Start time of a process in clock ticks since boot; `None` when there is no such process.
fn started(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // Field 2 is the program's name in parentheses and may hold spaces and parentheses itself; field 22 is the
    // twentieth after it.
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.split_whitespace().nth(19)?.parse().ok()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    fn me() -> Owner {
        Owner::this_process("r1".into())
    }

    #[test]
    fn a_living_process_is_not_gone() {
        let owner = me();
        assert!(owner.started > 0);
        assert!(!owner.is_gone());
    }

    #[test]
    fn the_label_carries_everything() {
        assert_eq!(Owner::from_labels("r1", &me().label()), Some(me()));
        assert_eq!(Owner::from_labels("r1", "somebody else"), None);
    }

    #[test]
    fn a_reused_pid_is_not_taken_for_the_owner() {
        assert!(
            Owner {
                started: me().started + 1,
                ..me()
            }
            .is_gone()
        );
    }

    #[test]
    fn another_boot_is_gone_and_another_pid_namespace_is_unknown() {
        let (boot, namespace) = me()
            .boot
            .split_once('/')
            .map(|(b, n)| (b.to_owned(), n.to_owned()))
            .unwrap();
        assert!(
            Owner {
                boot: format!("other/{namespace}"),
                ..me()
            }
            .is_gone()
        );
        let elsewhere = Owner {
            boot: format!("{boot}/pid:[1]"),
            started: 1,
            ..me()
        };
        assert!(!elsewhere.is_gone());
        assert!(
            !Owner {
                boot: String::new(),
                started: 1,
                ..me()
            }
            .is_gone()
        );
    }
}
