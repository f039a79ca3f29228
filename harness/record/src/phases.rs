//! Where the time went: the instants of one replica as consecutive parts that sum exactly to the whole.

use crate::observation::{Observation, Phase};

/// A span of a replica's life, or a figure of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// What it is.
    pub name: &'static str,
    /// How long, nanoseconds.
    pub ns: u64,
}

/// The time from the create request to ready, else to the container's end, cut at every instant seen between.
///
/// Each part is named after what begins at its start; where an instant was not seen, the part before it goes on, so the
/// parts always sum to the whole. A part that comes again (a worker restarted inside the container) is added to its
/// first occurrence. Nothing is returned for a replica that neither became ready nor ended: it has no whole.
pub fn breakdown(seen: &Observation) -> Vec<Part> {
    let Some(end) = whole(seen) else {
        return Vec::new();
    };
    let mut instants: Vec<_> = seen.phases.iter().filter(|instant| instant.at_ns <= end).collect();
    instants.sort_by_key(|instant| (instant.at_ns, instant.phase));

    let mut parts: Vec<Part> = Vec::new();
    let (mut name, mut from) = ("create", 0);
    for instant in instants {
        add(&mut parts, name, instant.at_ns - from);
        from = instant.at_ns;
        name = begins_at(instant.phase).unwrap_or(name);
    }
    add(&mut parts, name, end - from);
    parts
}

/// The timed figures of a replica: the whole under the name of how it ended, the first scored answer, then the parts.
pub fn metrics(seen: &Observation) -> Vec<Part> {
    let named = |name, phase| seen.instant(phase).map(|ns| Part { name, ns });
    let ends = [
        named("time_to_ready", Phase::Ready),
        named("time_to_exit", Phase::Exited),
        named("time_to_first_response", Phase::FirstResponse),
    ];
    ends.into_iter().flatten().chain(breakdown(seen)).collect()
}

/// The end of the timed part: ready, else the container's own end.
fn whole(seen: &Observation) -> Option<u64> {
    seen.instant(Phase::Ready)
        .or_else(|| seen.instant(Phase::Exited))
        .or(seen.exit.map(|exit| exit.at_ns))
}

/// What goes on from this instant until the next; `None` when nothing new begins.
fn begins_at(phase: Phase) -> Option<&'static str> {
    Some(match phase {
        Phase::CreateRequested => "create",
        Phase::Created => "start",
        Phase::Started => "boot",
        // The first line only shows that the boot has begun to talk.
        Phase::FirstLog => return None,
        Phase::InstallBegin => "install",
        Phase::InstallEnd => "launch",
        Phase::ServerStart => "server",
        Phase::Listen => "import",
        Phase::InitBegin => "init",
        Phase::InitEnd => "serve",
        Phase::Ready | Phase::FirstResponse | Phase::Exited => return None,
    })
}

fn add(parts: &mut Vec<Part>, name: &'static str, ns: u64) {
    match parts.iter_mut().find(|part| part.name == name) {
        Some(part) => part.ns += ns,
        None if ns > 0 => parts.push(Part { name, ns }),
        None => {}
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::observation::{Exit, PhaseInstant};

    const PHASES: [Phase; 13] = [
        Phase::CreateRequested,
        Phase::Created,
        Phase::Started,
        Phase::FirstLog,
        Phase::InstallBegin,
        Phase::InstallEnd,
        Phase::ServerStart,
        Phase::Listen,
        Phase::InitBegin,
        Phase::InitEnd,
        Phase::Ready,
        Phase::FirstResponse,
        Phase::Exited,
    ];

    fn observed(instants: &[(Phase, u64)]) -> Observation {
        let phases = instants
            .iter()
            .map(|(phase, at_ns)| PhaseInstant {
                phase: *phase,
                at_ns: *at_ns,
            })
            .collect();
        Observation {
            phases,
            ..Observation::default()
        }
    }

    fn named(seen: &Observation) -> Vec<(&'static str, u64)> {
        breakdown(seen).iter().map(|part| (part.name, part.ns)).collect()
    }

    #[test]
    fn parts_are_named_after_what_begins() {
        use Phase::*;
        let dynamic = observed(&[
            (CreateRequested, 0),
            (Created, 10),
            (Started, 30),
            (FirstLog, 40),
            (InstallBegin, 60),
            (ServerStart, 160),
            (Listen, 200),
            (InitBegin, 210),
            (InitEnd, 215),
            (Ready, 220),
            (FirstResponse, 300),
        ]);
        assert_eq!(
            named(&dynamic),
            [
                ("create", 10),
                ("start", 20),
                ("boot", 30),
                ("install", 100),
                ("server", 40),
                ("import", 10),
                ("init", 5),
                ("serve", 5)
            ]
        );
        assert_eq!(
            metrics(&dynamic)[..2],
            [
                Part {
                    name: "time_to_ready",
                    ns: 220
                },
                Part {
                    name: "time_to_first_response",
                    ns: 300
                },
            ]
        );
    }

    #[test]
    fn without_an_end_there_is_no_whole() {
        assert_eq!(named(&observed(&[(Phase::Created, 10)])), []);
        let mut ended = observed(&[(Phase::Created, 10)]);
        ended.exit = Some(Exit {
            container: 1,
            inner: None,
            at_ns: 50,
        });
        assert_eq!(named(&ended), [("create", 10), ("start", 40)]);
    }

    proptest! {
        #[test]
        fn parts_sum_to_the_whole(instants in prop::collection::vec((prop::sample::select(&PHASES[..]), 0..10_000_u64), 0..30)) {
            let seen = observed(&instants);
            let sum: u64 = breakdown(&seen).iter().map(|part| part.ns).sum();
            prop_assert_eq!(sum, whole(&seen).unwrap_or(0));
        }
    }
}
