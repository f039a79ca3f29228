//! Scripts in words, for timelines: what an event does, to which requests, and what it waits for.

use std::fmt;
use std::time::Duration;

use super::{Action, Fault, FaultKind, Only, Stage, Trigger, What};

/// What it is, as a fragment of a sentence about the past: `acme 2.0.0 published`.
impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Action::Publish { project, version } => write!(f, "{project} {version} published"),
            Action::Add { project, version, file } => write!(f, "{file} added to {project} {version}"),
            Action::Yank {
                project,
                version,
                reason,
            } => {
                write!(f, "{project} {version} yanked")?;
                if reason.is_empty() {
                    Ok(())
                } else {
                    write!(f, " ({reason})")
                }
            }
            Action::Delete {
                project,
                version: Some(version),
            } => write!(f, "{project} {version} deleted"),
            Action::Delete { project, version: None } => write!(f, "{project} deleted"),
            Action::Fault(fault) => write!(f, "{fault}"),
            Action::End(event) => write!(f, "{event} ended"),
        }
    }
}

/// How and which: `503, Retry-After 3 s (files of acme, replica 1, for 10 s)`.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind)?;
        let mut limits = self.only.words();
        limits.extend(self.lasts.map(|lasts| format!("for {}", time(lasts))));
        limits.extend(self.times.map(|times| match times {
            1 => "once".to_owned(),
            times => format!("{times} times"),
        }));
        match limits.as_slice() {
            [] => Ok(()),
            limits => write!(f, " ({})", limits.join(", ")),
        }
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FaultKind::Answer {
                status,
                retry_after: Some(after),
            } => write!(f, "{status}, Retry-After {}", time(*after)),
            FaultKind::Answer { status, .. } => write!(f, "{status}"),
            FaultKind::Delay(by) => write!(f, "answers delayed by {}", time(*by)),
            FaultKind::Throttle(rate) => write!(f, "bodies slowed to {} a second", size(*rate)),
            FaultKind::Truncate(after) => write!(f, "bodies cut off after {}", size(*after)),
            FaultKind::Reset => f.write_str("connections reset"),
            FaultKind::Hang => f.write_str("no answer at all"),
            FaultKind::Corrupt => f.write_str("one bit changed"),
            FaultKind::Stale => f.write_str("stale page"),
        }
    }
}

impl Only {
    /// Which requests, in parts of a list; nothing when all are meant.
    fn words(&self) -> Vec<String> {
        let what = match self.what {
            Some(What::Pages) => Some("pages"),
            Some(What::Files) => Some("files"),
            Some(What::Metadata) => Some("metadata"),
            None => None,
        };
        // A file's name tells its project.
        let whose = if self.files.is_empty() {
            &self.projects
        } else {
            &self.files
        };
        let requests = match (what, whose.join(" and ").as_str()) {
            (None, "") => None,
            (None, whose) => Some(whose.to_owned()),
            (Some(what), "") => Some(what.to_owned()),
            (Some("files"), files) if !self.files.is_empty() => Some(format!("files {files}")),
            (Some(what), whose) => Some(format!("{what} of {whose}")),
        };
        let replicas = (!self.replicas.is_empty()).then(|| numbered(&self.replicas));
        let share = self.share.map(|share| format!("{share}% of requests"));
        requests.into_iter().chain(replicas).chain(share).collect()
    }
}

/// What it waits for, as a fragment of a sentence: `replicas 0 and 1 are ready`.
impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trigger::Start => f.write_str("from the start"),
            Trigger::Never => f.write_str("never"),
            Trigger::After(after) => write!(f, "after {}", time(*after)),
            Trigger::Request { number, project } => {
                write!(f, "at request {number}")?;
                project.iter().try_for_each(|project| write!(f, " for {project}"))
            }
            Trigger::Served(bytes) => write!(f, "after {} served", size(*bytes)),
            Trigger::Reached { stage, replicas } => {
                let verb = if replicas.len() == 1 { "is" } else { "are" };
                let stage = match stage {
                    Stage::Started => "started",
                    Stage::Installing => "installing",
                    Stage::Ready => "ready",
                };
                write!(f, "when {} {verb} {stage}", numbered(replicas))
            }
        }
    }
}

/// `replica 1`, `replicas 0 and 2`, `replicas 0, 1 and 2`.
fn numbered(replicas: &[usize]) -> String {
    let numbers: Vec<String> = replicas.iter().map(usize::to_string).collect();
    match numbers.as_slice() {
        [] => "no replica".to_owned(),
        [one] => format!("replica {one}"),
        [first @ .., last] => format!("replicas {} and {last}", first.join(", ")),
    }
}

/// A time that somebody chose: `3 s`, `250 ms`.
fn time(time: Duration) -> String {
    match time.subsec_millis() {
        0 => format!("{} s", time.as_secs()),
        _ => format!("{} ms", time.as_millis()),
    }
}

/// A size that somebody chose, in the largest unit that needs no fraction: `2 MB`, `1500 B`.
fn size(bytes: u64) -> String {
    let units = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    match units
        .into_iter()
        .find(|(length, _)| bytes > 0 && bytes.is_multiple_of(*length))
    {
        Some((length, unit)) => format!("{} {unit}", bytes / length),
        None => format!("{bytes} B"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_read_as_sentences() {
        let publish = Action::Publish {
            project: "acme".into(),
            version: "2.0.0".into(),
        };
        let when = Trigger::Reached {
            stage: Stage::Ready,
            replicas: vec![0, 1],
        };
        assert_eq!(
            format!("{publish} {when}"),
            "acme 2.0.0 published when replicas 0 and 1 are ready"
        );

        let fault = Fault {
            kind: FaultKind::Answer {
                status: 503,
                retry_after: Some(Duration::from_secs(3)),
            },
            only: Only {
                projects: vec!["acme".into()],
                what: Some(What::Files),
                replicas: vec![1],
                ..Only::default()
            },
            lasts: Some(Duration::from_secs(10)),
            times: None,
        };
        assert_eq!(
            Action::Fault(fault).to_string(),
            "503, Retry-After 3 s (files of acme, replica 1, for 10 s)"
        );
        let only = |what| Only {
            projects: vec!["acme".into()],
            files: vec!["acme-1.0.tar.gz".into(), "acme-1.1.tar.gz".into()],
            what,
            ..Only::default()
        };
        for (what, words) in [
            (None, "acme-1.0.tar.gz and acme-1.1.tar.gz"),
            (Some(What::Files), "files acme-1.0.tar.gz and acme-1.1.tar.gz"),
            (Some(What::Metadata), "metadata of acme-1.0.tar.gz and acme-1.1.tar.gz"),
        ] {
            assert_eq!(only(what).words(), [words]);
        }
        assert_eq!(
            FaultKind::Throttle(2_000_000).to_string(),
            "bodies slowed to 2 MB a second"
        );
        assert_eq!(
            Trigger::After(Duration::from_millis(1_500)).to_string(),
            "after 1500 ms"
        );
    }
}
