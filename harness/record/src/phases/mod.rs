//! Where the time went: the instants of one replica as consecutive parts that sum exactly to the whole.

mod cut;
mod install;
mod spans;

use crate::observation::{Observation, Phase};

use cut::begins;
pub use cut::cut;
pub use install::install_parts;

/// Time that no instant explains.
pub(crate) const RESIDUE: &str = "residue";
/// Installation at boot.
pub(crate) const INSTALL: &str = "install";

/// A span of a replica's life, or a figure of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// What it is.
    pub name: &'static str,
    /// How long, nanoseconds.
    pub ns: u64,
}

/// The time from the create request to ready, else to the container's end, in parts as [`cut`] makes them. Nothing is
/// returned for a replica that neither became ready nor ended: it has no whole.
pub fn breakdown(seen: &Observation) -> Vec<Part> {
    whole(seen).map_or_else(Vec::new, |end| cut(&seen.phases, seen.began, end))
}

/// How long one of these parts took, nanoseconds: nothing where it began and what comes next did at once; `None` where it was
/// not seen to begin.
pub fn part_ns(seen: &Observation, name: &str) -> Option<u64> {
    let end = whole(seen)?;
    let parts = cut(&seen.phases, seen.began, end);
    let part = parts.iter().find(|part| part.name == name).map(|part| part.ns);
    part.or_else(|| begins(name, &seen.phases, seen.began, end).then_some(0))
}

/// How long the first scored answer took from its request; what lies between ready and that request is seatrial's own
/// waiting and nobody's part. Where the request was not timed by itself, from ready to its answer.
pub fn first_response(seen: &Observation) -> Option<Part> {
    let answered = seen.instant(Phase::FirstResponse)?;
    let timed = seen.score.as_ref().map(|score| score.took_ns);
    let since_ready = || answered.checked_sub(seen.instant(Phase::Ready)?);
    Some(Part {
        name: "first_response",
        ns: timed.or_else(since_ready)?,
    })
}

/// The timed figures of a replica: the whole under the name of how it ended, the time to the first scored answer, the
/// parts, those of the installation, and the first answer by itself.
pub fn metrics(seen: &Observation) -> Vec<Part> {
    let named = |name, phase| seen.instant(phase).map(|ns| Part { name, ns });
    let ends = [
        named("time_to_ready", Phase::Ready),
        named("time_to_exit", Phase::Exited),
        named("time_to_first_response", Phase::FirstResponse),
    ];
    ends.into_iter()
        .flatten()
        .chain(breakdown(seen))
        .chain(install_parts(seen))
        .chain(first_response(seen))
        .collect()
}

/// The end of the timed part: ready, else the container's own end.
fn whole(seen: &Observation) -> Option<u64> {
    seen.instant(Phase::Ready)
        .or_else(|| seen.instant(Phase::Exited))
        .or(seen.exit.map(|exit| exit.at_ns))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::{Exit, PhaseInstant, ScoredResponse};

    fn observed(instants: &[(Phase, u64)]) -> Observation {
        let phases = instants
            .iter()
            .map(|&(phase, at_ns)| PhaseInstant { phase, at_ns })
            .collect();
        Observation {
            phases,
            ..Observation::default()
        }
    }

    #[test]
    fn without_an_end_there_is_no_whole() {
        let mut seen = observed(&[(Phase::Created, 10), (Phase::Started, 20)]);
        assert_eq!(breakdown(&seen), []);
        seen.exit = Some(Exit {
            container: 1,
            inner: None,
            at_ns: 50,
        });
        let parts: Vec<_> = breakdown(&seen).iter().map(|part| (part.name, part.ns)).collect();
        assert_eq!(parts, [("create", 10), ("start", 10), ("boot", 30)]);
    }

    #[test]
    fn the_first_answer_is_timed_from_its_own_request() {
        let mut seen = observed(&[(Phase::Ready, 220), (Phase::FirstResponse, 300)]);
        assert_eq!(first_response(&seen).map(|part| part.ns), Some(80));
        seen.score = Some(ScoredResponse {
            status: Some(200),
            json: None,
            text: String::new(),
            error: None,
            took_ns: 30,
        });
        assert_eq!(first_response(&seen).map(|part| part.ns), Some(30));
        let names: Vec<_> = metrics(&seen).iter().map(|part| part.name).collect();
        assert_eq!(
            names,
            ["time_to_ready", "time_to_first_response", "residue", "first_response"]
        );
    }
}
