//! Whether the machine or the program did it: wall time against the container's CPU time against what else went on.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::measured::{Measured, Pair};
use super::parts::{center, whole};
use crate::sample::MachineLoad;

/// What has to move by at least this share of the wall time's change to have brought it about.
const MOST: f64 = 0.5;

/// Who did it, and what speaks for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cause {
    /// Who did it.
    pub culprit: Culprit,
    /// What was measured, wall time first; what was not measured in every pair is not among them.
    pub witnesses: Vec<Witness>,
}

/// Who changed the wall time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Culprit {
    /// The program: its own CPU time changed with the wall time.
    Program,
    /// The program, waiting: neither its CPU time nor anything else on the machine changed, as when it sleeps or waits for
    /// the network.
    ProgramWaiting,
    /// The machine: CPU time stayed, while others used the processors or tasks had to wait for them, for storage or for memory.
    Machine,
    /// A witness is missing without which it cannot be told.
    Undecided,
}

/// Something measured on both sides beside wall time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Witness {
    /// What.
    pub kind: WitnessKind,
    /// New less old, nanoseconds: the centre of the pairs' differences. What is not the container's own is compared by its
    /// share of the time and counted over the longer side, because in a longer time more of it goes on anyway.
    pub change_ns: i64,
    /// How much of the wall time's change that is.
    pub share: f64,
}

/// What a witness measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WitnessKind {
    /// Wall time.
    Wall,
    /// CPU time of the container.
    Cpu,
    /// CPU time of everything but the container and seatrial.
    ForeignCpu,
    /// Time in which some task waited for a processor.
    CpuPressure,
    /// Time in which some task waited for storage.
    IoPressure,
    /// Time in which some task waited for memory.
    MemoryPressure,
}

/// What goes on beside the container.
const BESIDE: [WitnessKind; 4] = [
    WitnessKind::ForeignCpu,
    WitnessKind::CpuPressure,
    WitnessKind::IoPressure,
    WitnessKind::MemoryPressure,
];

impl Cause {
    /// Who changed the wall time of these pairs; `None` when it did not change at all.
    pub(super) fn of(pairs: &[Pair]) -> Option<Self> {
        let wall = whole(pairs);
        if wall == 0.0 {
            return None;
        }
        let witness = |kind, change: f64| Witness {
            kind,
            change_ns: change as i64,
            share: change / wall,
        };
        let mut witnesses = vec![witness(WitnessKind::Wall, wall)];
        witnesses.extend(own_cpu(pairs).map(|change| witness(WitnessKind::Cpu, change)));
        let beside = BESIDE
            .into_iter()
            .filter_map(|kind| Some(witness(kind, change_beside(pairs, kind)?)));
        witnesses.extend(beside);
        Some(Self {
            culprit: culprit(&witnesses),
            witnesses,
        })
    }
}

/// The container's CPU time is asked first: a program that does more also keeps others waiting. Where it stayed and nothing
/// beside it moved, only a program that waits is left, if that was looked at.
fn culprit(witnesses: &[Witness]) -> Culprit {
    let moved = |kind| {
        let witness = witnesses.iter().find(|witness| witness.kind == kind)?;
        Some(witness.share >= MOST)
    };
    let beside: Vec<bool> = BESIDE.into_iter().filter_map(moved).collect();
    match moved(WitnessKind::Cpu) {
        Some(true) => Culprit::Program,
        Some(false) if beside.contains(&true) => Culprit::Machine,
        Some(false) if !beside.is_empty() => Culprit::ProgramWaiting,
        _ => Culprit::Undecided,
    }
}

fn own_cpu(pairs: &[Pair]) -> Option<f64> {
    change(pairs, |pair| pair.difference(|side| side.cpu_ns.map(|ns| ns as f64)))
}

fn change_beside(pairs: &[Pair], kind: WitnessKind) -> Option<f64> {
    change(pairs, |pair| {
        let longer = pair.old.wall_ns.max(pair.new.wall_ns) as f64;
        Some(pair.difference(|side| share_of_time(side, kind))? * longer)
    })
}

/// The centre of a difference that every pair has.
fn change(pairs: &[Pair], of: impl Fn(&Pair) -> Option<f64>) -> Option<f64> {
    let differences: Vec<_> = pairs.iter().map(of).collect::<Option<_>>()?;
    Some(center(&differences))
}

/// How much of it there was per time: processors kept busy, or the share of time in which something waited.
fn share_of_time(side: &Measured, kind: WitnessKind) -> Option<f64> {
    let machine = side.machine.filter(|machine| machine.wall_ns > 0)?;
    let ns = match kind {
        WitnessKind::Wall => machine.wall_ns,
        WitnessKind::Cpu => side.cpu_ns?,
        WitnessKind::ForeignCpu => foreign_ns(&machine, side.cpu_ns?),
        WitnessKind::CpuPressure => machine.cpu_pressure_ns?,
        WitnessKind::IoPressure => machine.io_pressure_ns?,
        WitnessKind::MemoryPressure => machine.memory_pressure_ns?,
    };
    Some(ns as f64 / machine.wall_ns as f64)
}

fn foreign_ns(machine: &MachineLoad, container_ns: u64) -> u64 {
    machine
        .busy_ns
        .saturating_sub(machine.own_ns)
        .saturating_sub(container_ns)
}

impl fmt::Display for Culprit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Program => "the program",
            Self::ProgramWaiting => "the program, waiting",
            Self::Machine => "the machine",
            Self::Undecided => "undecided: too little was measured to tell",
        })
    }
}

impl WitnessKind {
    /// What it measures, in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Wall => "wall time",
            Self::Cpu => "the container's CPU time",
            Self::ForeignCpu => "foreign CPU time",
            Self::CpuPressure => "waiting for a processor",
            Self::IoPressure => "waiting for storage",
            Self::MemoryPressure => "waiting for memory",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    /// Figures of a side in milliseconds: wall, the container's CPU, foreign CPU, pressure on processors and on storage.
    fn side([wall, cpu, foreign, processors, storage]: [u64; 5]) -> Measured {
        Measured {
            wall_ns: wall * MS,
            cpu_ns: Some(cpu * MS),
            machine: Some(MachineLoad {
                wall_ns: wall * MS,
                busy_ns: (cpu + foreign + 3) * MS,
                own_ns: 3 * MS,
                cpu_pressure_ns: Some(processors * MS),
                io_pressure_ns: Some(storage * MS),
                memory_pressure_ns: None,
            }),
            parts: Vec::new(),
        }
    }

    fn culprits(old: [u64; 5], new: [u64; 5]) -> [Culprit; 2] {
        let pair = Pair {
            old: side(old),
            new: side(new),
        };
        [pair.clone(), pair.swapped()].map(|pair| Cause::of(&[pair]).unwrap().culprit)
    }

    #[test]
    fn each_culprit_is_told_from_the_others_whichever_side_is_slower() {
        for (culprit, slower) in [
            // An import under three busy processes, as measured: wall up by 85 %, CPU down by 8 %.
            (Culprit::Machine, [333, 164, 500, 150, 0]),
            (Culprit::Machine, [333, 179, 20, 5, 160]),
            (Culprit::Program, [333, 330, 20, 5, 0]),
            (Culprit::Program, [333, 330, 20, 150, 0]),
            (Culprit::ProgramWaiting, [333, 180, 20, 5, 0]),
        ] {
            assert_eq!(culprits([180, 179, 10, 2, 0], slower), [culprit; 2], "{slower:?}");
        }
    }

    #[test]
    fn what_goes_on_anyway_accuses_nobody() {
        // A processor and a half are busy with other things on both sides; the longer one holds more of it.
        let steady = culprits([200, 100, 300, 40, 20], [400, 100, 600, 80, 40]);
        assert_eq!(steady, [Culprit::ProgramWaiting; 2]);
    }

    #[test]
    fn without_witnesses_it_is_undecided() {
        let mut pair = Pair {
            old: side([180, 179, 10, 2, 0]),
            new: side([333, 164, 500, 150, 0]),
        };
        pair.new.cpu_ns = None;
        let cause = Cause::of(&[pair.clone()]).unwrap();
        assert_eq!(cause.culprit, Culprit::Undecided);
        let kinds: Vec<_> = cause.witnesses.iter().map(|witness| witness.kind).collect();
        assert_eq!(
            kinds,
            [WitnessKind::Wall, WitnessKind::CpuPressure, WitnessKind::IoPressure]
        );

        pair.new.cpu_ns = Some(164 * MS);
        pair.new.machine = None;
        assert_eq!(Cause::of(&[pair]).unwrap().culprit, Culprit::Undecided);
        assert_eq!(Cause::of(&[]), None);
    }
}
