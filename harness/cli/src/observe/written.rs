//! Files' times of what was installed at boot, from the container's wall clock to the clock of a life.

use seatrial_engine::wall_instant;
use seatrial_record::{InstallFacts, InstalledFiles};
use tokio::time::Instant;

/// When the files of one distribution were written, nanoseconds since the Unix epoch.
#[derive(Clone, Debug)]
pub struct Written {
    pub project: String,
    pub unpacked: i64,
    pub compiled: Option<i64>,
}

/// The same since `zero`, in the order in which they were unpacked. What was written before belongs to an earlier life.
pub fn since(zero: Instant, written: Vec<Written>) -> InstallFacts {
    let ns = |unix_ns: i64| {
        let at = wall_instant(unix_ns.into())?;
        Some(at.checked_duration_since(zero)?.as_nanos() as u64)
    };
    let mut distributions: Vec<_> = written
        .into_iter()
        .filter_map(|dist| {
            Some(InstalledFiles {
                unpacked_ns: ns(dist.unpacked)?,
                compiled_ns: dist.compiled.and_then(ns),
                project: dist.project,
            })
        })
        .collect();
    distributions.sort_by(|one, other| (one.unpacked_ns, &one.project).cmp(&(other.unpacked_ns, &other.project)));
    InstallFacts { distributions }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    use super::*;

    #[test]
    fn files_stand_in_order_and_those_of_an_earlier_life_are_left_out() {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as i64;
        let zero = Instant::now() - Duration::from_secs(10);
        let second = 1_000_000_000;
        let written = |project: &str, ago: i64, compiled: Option<i64>| Written {
            project: project.into(),
            unpacked: now - ago * second,
            compiled: compiled.map(|ago| now - ago * second),
        };
        let facts = since(
            zero,
            vec![
                written("rich", 4, Some(3)),
                written("of-before", 20, Some(19)),
                written("six", 7, None),
            ],
        );
        let shown: Vec<_> = facts
            .distributions
            .iter()
            .map(|dist| (dist.project.as_str(), dist.compiled_ns.is_some()))
            .collect();
        assert_eq!(shown, [("six", false), ("rich", true)]);
        let unpacked = Duration::from_nanos(facts.distributions[0].unpacked_ns).as_secs_f64();
        assert!((2.5..3.5).contains(&unpacked), "{unpacked}");
    }
}
