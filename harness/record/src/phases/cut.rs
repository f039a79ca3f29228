//! Cuts a boot at its instants, and names what the instants do not explain.

use super::spans::Span;
use super::{INSTALL, Part, RESIDUE};
use crate::observation::{Phase, PhaseInstant};
use crate::replica::Beginning;

/// The parts in the order in which they are told, which is the order in which a boot comes to them first; but the launcher's
/// own work, which goes on after the installation, is told after it.
pub(super) const ORDER: [&str; 10] = [
    "create", "start", "boot", INSTALL, "launch", "server", "import", "init", "serve", RESIDUE,
];

/// The time from the create request to `end` (nanoseconds since that request), cut at the first instant of each phase.
///
/// Each part is named after what begins at its start. An instant that a contract need not have and that was not seen
/// makes no cut: the part before it goes on. `residue` is what no instant explains, and only that:
///
/// - from the request on when the create event was missed, and from the create event (of a restart, the request) on when
///   the start event was, until the next instant seen: two parts share that time and nobody knows how;
/// - between two instants that contradict one another, the later phase having been seen before the earlier one.
///
/// The start event is no contradiction: the engine makes it after the container has begun to run, so what the container
/// itself said before it ends `start`, and `boot` is nothing. The parts always sum to `end`; those of no length are
/// left out.
pub fn cut(instants: &[PhaseInstant], began: Beginning, end: u64) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for (name, (from, to)) in named_spans(instants, began, end) {
        match parts.iter_mut().find(|part| part.name == name) {
            Some(part) => part.ns += to - from,
            None => parts.push(Part { name, ns: to - from }),
        }
    }
    parts.sort_by_key(|part| ORDER.iter().position(|name| *name == part.name));
    parts
}

/// Whether a part began, by an instant that contradicts none: where the parts do not hold it then, it took no time.
pub(super) fn begins(part: &str, instants: &[PhaseInstant], began: Beginning, end: u64) -> bool {
    let firsts = firsts(instants, end);
    let contradictions = contradictions(&firsts);
    let seen = |phase| firsts.iter().any(|instant| instant.phase == phase);
    let explained = |at: u64| !contradictions.iter().any(|span| (span.0..=span.1).contains(&at));
    let by_instant = (0..firsts.len()).any(|index| {
        let (earlier, instant) = (&firsts[..index], firsts[index]);
        explained(instant.at_ns) && begun_by(instant.phase, earlier, seen) == Some(part)
    });
    by_instant || after_request(began, seen) == part && explained(0)
}

/// The same, span by span in order of time; none is empty.
pub(super) fn named_spans(instants: &[PhaseInstant], began: Beginning, end: u64) -> Vec<(&'static str, Span)> {
    let firsts = firsts(instants, end);
    let contradictions = contradictions(&firsts);
    let contradicted = |from, to| contradictions.iter().any(|span| span.0 <= from && to <= span.1);
    let seen = |phase| firsts.iter().any(|instant| instant.phase == phase);

    let mut spans = Vec::new();
    let mut add = |name, from, to| {
        let name = if contradicted(from, to) { RESIDUE } else { name };
        if from < to {
            spans.push((name, (from, to)));
        }
    };
    let (mut name, mut from) = (after_request(began, seen), 0);
    for (index, instant) in firsts.iter().enumerate() {
        add(name, from, instant.at_ns);
        from = instant.at_ns;
        let earlier = &firsts[..index];
        let overtaken = earlier.iter().any(|earlier| precedes(instant.phase, earlier.phase));
        if !overtaken {
            name = begun_by(instant.phase, earlier, seen).unwrap_or(name);
        }
    }
    add(name, from, end);
    spans
}

/// The first instant of each phase, up to the end, in order of time.
fn firsts(instants: &[PhaseInstant], end: u64) -> Vec<PhaseInstant> {
    let mut firsts: Vec<PhaseInstant> = instants
        .iter()
        .copied()
        .filter(|instant| instant.at_ns <= end)
        .collect();
    firsts.sort_by_key(|instant| (instant.at_ns, instant.phase));
    let mut known = Vec::new();
    firsts.retain(|instant| {
        let first = !known.contains(&instant.phase);
        known.push(instant.phase);
        first
    });
    firsts
}

/// From each phase that was seen too early to the one that should have come before it.
fn contradictions(firsts: &[PhaseInstant]) -> Vec<Span> {
    let mut spans = Vec::new();
    for (index, late) in firsts.iter().enumerate() {
        let explained = late.phase == Phase::Started;
        for early in &firsts[..index] {
            if !explained && precedes(late.phase, early.phase) {
                spans.push((early.at_ns, late.at_ns));
            }
        }
    }
    spans
}

/// Whether `one` comes before `other` in every boot. A server may listen before, while and after the user's code is
/// initialised.
fn precedes(one: Phase, other: Phase) -> bool {
    let free = (one == Phase::Listen && initialises(other)) || (initialises(one) && other == Phase::Listen);
    let first = |phase| matches!(phase, Phase::FirstInstruction | Phase::FirstLog);
    one < other && !free && !(first(one) && first(other))
}

/// Whether the phase is of the user's init.
fn initialises(phase: Phase) -> bool {
    matches!(phase, Phase::InitBegin | Phase::InitEnd)
}

/// What goes on from the create (or restart) request.
fn after_request(began: Beginning, seen: impl Fn(Phase) -> bool) -> &'static str {
    match began {
        Beginning::Restarted if seen(Phase::Started) => "start",
        Beginning::Launched | Beginning::Recreated if seen(Phase::Created) => "create",
        _ => RESIDUE,
    }
}

/// What goes on from this instant until the next; `None` when nothing new begins. A server that listens only when the
/// user's code is being initialised, or has been, imports nothing from then on.
fn begun_by(phase: Phase, earlier: &[PhaseInstant], seen: impl Fn(Phase) -> bool) -> Option<&'static str> {
    let initialised = earlier.iter().any(|instant| initialises(instant.phase));
    Some(match phase {
        Phase::Created if seen(Phase::Started) => "start",
        Phase::Created => RESIDUE,
        Phase::Started => "boot",
        Phase::FirstInstruction | Phase::FirstLog | Phase::InstallEnd => "launch",
        Phase::InstallBegin => INSTALL,
        Phase::ServerStart => "server",
        Phase::Listen if initialised => return None,
        Phase::Listen => "import",
        Phase::InitBegin => "init",
        Phase::InitEnd | Phase::Answering => "serve",
        Phase::CreateRequested
        | Phase::UnpackBegin
        | Phase::UnpackEnd
        | Phase::Ready
        | Phase::FirstResponse
        | Phase::Exited => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use Phase::*;

    const PHASES: [Phase; 17] = [
        CreateRequested,
        Created,
        Started,
        FirstInstruction,
        FirstLog,
        InstallBegin,
        UnpackBegin,
        UnpackEnd,
        InstallEnd,
        ServerStart,
        Listen,
        InitBegin,
        InitEnd,
        Answering,
        Ready,
        FirstResponse,
        Exited,
    ];

    fn instants(list: &[(Phase, u64)]) -> Vec<PhaseInstant> {
        list.iter()
            .map(|&(phase, at_ns)| PhaseInstant { phase, at_ns })
            .collect()
    }

    fn parts(began: Beginning, list: &[(Phase, u64)], end: u64) -> Vec<(&'static str, u64)> {
        let parts = cut(&instants(list), began, end);
        parts.iter().map(|part| (part.name, part.ns)).collect()
    }

    #[test]
    fn parts_are_named_after_what_begins() {
        let dynamic = [
            (CreateRequested, 0),
            (Created, 10),
            (Started, 30),
            (FirstLog, 40),
            (InstallBegin, 60),
            (UnpackBegin, 100),
            (UnpackEnd, 150),
            (InstallEnd, 160),
            (ServerStart, 170),
            (Listen, 200),
            (InitBegin, 210),
            (InitEnd, 215),
            (Answering, 217),
            (Ready, 220),
        ];
        assert_eq!(
            parts(Beginning::Launched, &dynamic, 220),
            [
                ("create", 10),
                ("start", 20),
                ("boot", 10),
                ("install", 100),
                ("launch", 30),
                ("server", 30),
                ("import", 10),
                ("init", 5),
                ("serve", 5)
            ]
        );
    }

    #[test]
    fn what_the_engine_did_not_tell_is_residue_until_something_is_seen() {
        let no_start = [(Created, 10), (FirstLog, 40), (Ready, 50)];
        assert_eq!(
            parts(Beginning::Launched, &no_start, 50),
            [("create", 10), ("launch", 10), ("residue", 30)]
        );
        let no_create = [(Started, 30), (FirstLog, 40), (Ready, 50)];
        assert_eq!(
            parts(Beginning::Recreated, &no_create, 50),
            [("boot", 10), ("launch", 10), ("residue", 30)]
        );
        assert_eq!(
            parts(Beginning::Restarted, &no_create, 50),
            [("start", 30), ("boot", 10), ("launch", 10)]
        );
        assert_eq!(
            parts(Beginning::Restarted, &no_create[1..], 50),
            [("launch", 10), ("residue", 40)]
        );
    }

    #[test]
    fn a_start_told_after_the_first_instruction_ended_there() {
        let late = [(Created, 10), (FirstInstruction, 24), (Started, 30), (Listen, 50)];
        assert_eq!(
            parts(Beginning::Launched, &late, 60),
            [("create", 10), ("start", 14), ("launch", 26), ("import", 10)]
        );
    }

    #[test]
    fn instants_that_contradict_one_another_explain_nothing_between_them() {
        let crossed = [
            (Created, 10),
            (Started, 20),
            (FirstLog, 25),
            (InitEnd, 40),
            (InitBegin, 47),
            (Ready, 60),
        ];
        assert_eq!(
            parts(Beginning::Launched, &crossed, 60),
            [
                ("create", 10),
                ("start", 10),
                ("boot", 5),
                ("launch", 15),
                ("serve", 13),
                ("residue", 7)
            ]
        );
    }

    #[test]
    fn a_server_may_listen_after_the_users_code_is_there() {
        let late = [
            (Created, 10),
            (Started, 20),
            (InitBegin, 30),
            (InitEnd, 45),
            (Listen, 50),
        ];
        assert_eq!(
            parts(Beginning::Launched, &late, 60),
            [("create", 10), ("start", 10), ("boot", 10), ("init", 15), ("serve", 15)]
        );
        let within = [
            (Created, 10),
            (Started, 20),
            (InitBegin, 30),
            (Listen, 40),
            (InitEnd, 45),
        ];
        assert_eq!(
            parts(Beginning::Launched, &within, 60)[3..],
            [("init", 15), ("serve", 15)]
        );
    }

    #[test]
    fn a_part_begins_at_an_instant_that_contradicts_none() {
        let begun = |part, list: &[(Phase, u64)]| begins(part, &instants(list), Beginning::Launched, 60);
        let at_once = [
            (Created, 0),
            (Started, 20),
            (Listen, 50),
            (InitBegin, 50),
            (InitEnd, 60),
        ];
        for part in ["create", "start", "boot", "import", "init", "serve"] {
            assert!(begun(part, &at_once), "{part}");
        }
        for part in ["install", "server", RESIDUE] {
            assert!(!begun(part, &at_once), "{part}");
        }
        assert!(begun("boot", &[(Created, 10), (FirstLog, 24), (Started, 30)]));
        assert!(!begun(
            "init",
            &[(Created, 10), (Started, 20), (InitEnd, 40), (InitBegin, 47)]
        ));
        assert!(!begun("import", &[(Started, 20), (InitBegin, 30), (Listen, 40)]));
    }

    proptest! {
        #[test]
        fn parts_sum_to_the_whole(
            list in prop::collection::vec((prop::sample::select(&PHASES[..]), 0..10_000_u64), 0..30),
            restarted in any::<bool>(),
            end in 0..12_000_u64,
        ) {
            let began = if restarted { Beginning::Restarted } else { Beginning::Launched };
            let parts = cut(&instants(&list), began, end);
            prop_assert_eq!(parts.iter().map(|part| part.ns).sum::<u64>(), end);
            prop_assert!(parts.iter().all(|part| part.ns > 0 && ORDER.contains(&part.name)));
        }

        /// Instants in their order, whichever of those that a contract need not have are missing, leave nothing unexplained.
        #[test]
        fn a_boot_in_order_has_no_residue(
            chosen in prop::collection::vec(any::<bool>(), PHASES.len()),
            steps in prop::collection::vec(0..1_000_u64, PHASES.len()),
        ) {
            let mut at = 0;
            let mut list = Vec::new();
            for ((phase, chosen), step) in PHASES.iter().zip(chosen).zip(steps) {
                at += step;
                if chosen || matches!(phase, Created | Started) {
                    list.push((*phase, at));
                }
            }
            let parts = parts(Beginning::Launched, &list, at);
            prop_assert!(parts.iter().all(|part| part.0 != RESIDUE), "{parts:?}");
        }
    }
}
