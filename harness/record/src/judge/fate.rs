//! What became of a replica, in words: the reason behind facts that were not observed.

use crate::numbers::duration;
use crate::observation::{Exit, Observation, Phase};

/// Log lines shown beside a verdict.
const LOG_LINES: usize = 6;

/// How the replica fared, as a fragment of a sentence. One that could not be launched or watched makes its case errored,
/// and nothing of it is judged.
pub(super) fn fate(seen: &Observation) -> String {
    match (&seen.exit, seen.instant(Phase::Ready)) {
        (Some(exit), None) => format!("the container ended after {}, {}", duration(exit.at_ns), codes(exit)),
        (Some(exit), Some(_)) => {
            format!(
                "it became ready, then the container ended after {}, {}",
                duration(exit.at_ns),
                codes(exit)
            )
        }
        (None, Some(ready)) => format!("ready after {}", duration(ready)),
        (None, None) => match seen.health.last() {
            Some(last) => format!("never ready, health was {} since {}", last.state, duration(last.at_ns)),
            None => "never ready, health was never probed".into(),
        },
    }
}

/// Exit codes, as a fragment of a sentence.
pub(super) fn codes(exit: &Exit) -> String {
    match exit.inner {
        Some(inner) => format!("inner exit code {inner}, container exit code {}", exit.container),
        None => format!("container exit code {}, inner exit code not seen", exit.container),
    }
}

/// The last lines of the log, marked as such.
pub(super) fn last_lines(seen: &Observation) -> Vec<String> {
    let tail = &seen.log.tail;
    tail[tail.len().saturating_sub(LOG_LINES)..]
        .iter()
        .map(|line| format!("log: {line}"))
        .collect()
}
