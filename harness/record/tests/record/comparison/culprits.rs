//! Machine or program, over many made-up comparisons of which it is known.

use seatrial_record::MachineLoad;
use seatrial_record::comparison::{Change, Comparison, Culprit, Measured, Pair, Rule};
use seatrial_record::stats::SplitMix64;

const MS: f64 = 1e6;

/// What slows a boot down.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Slowed {
    Not,
    /// Other processes want the processors.
    ByHog,
    /// Storage is slow.
    ByStorage,
    /// It computes more.
    ByWork,
    /// It sleeps.
    BySleep,
}

const LABELLED: [(Slowed, Culprit); 4] = [
    (Slowed::ByHog, Culprit::Machine),
    (Slowed::ByStorage, Culprit::Machine),
    (Slowed::ByWork, Culprit::Program),
    (Slowed::BySleep, Culprit::ProgramWaiting),
];

/// A boot of about a second, of which it computes seven tenths, on two processors on which half of one is busy with other
/// things; everything varies by a tenth or two.
fn boot(lots: &mut SplitMix64, slowed: Slowed, by: f64) -> Measured {
    let mut about = |ms: f64| ms * (0.85 + 0.3 * lots.unit());
    let (base, added) = (about(1_000.0), about(1_000.0 * by));
    let wall = base + if slowed == Slowed::Not { 0.0 } else { added };
    let mut cpu = about(0.7 * base);
    let mut foreign = about(0.5 * wall);
    let (mut processors, mut storage) = (about(0.1 * wall), about(0.05 * wall));
    match slowed {
        Slowed::Not | Slowed::BySleep => {}
        // Who has to wait computes a little less, its caches being warmer than those of the hog.
        Slowed::ByHog => (cpu, foreign, processors) = (0.95 * cpu, foreign + about(wall), processors + about(added)),
        Slowed::ByStorage => storage += about(added),
        Slowed::ByWork => (cpu, processors) = (cpu + about(added), processors + about(0.3 * added)),
    }
    let ns = |ms: f64| (ms * MS) as u64;
    Measured {
        wall_ns: ns(wall),
        cpu_ns: Some(ns(cpu)),
        machine: Some(MachineLoad {
            wall_ns: ns(wall),
            busy_ns: ns(cpu + foreign) + 5_000_000,
            own_ns: 5_000_000,
            cpu_pressure_ns: Some(ns(processors)),
            io_pressure_ns: Some(ns(storage)),
            memory_pressure_ns: Some(0),
        }),
        parts: Vec::new(),
    }
}

#[test]
fn the_culprit_is_right_in_ninety_five_of_a_hundred() {
    let mut lots = SplitMix64::new(21);
    let (mut right, mut found) = (0, 0);
    for round in 0..200 {
        let (slowed, culprit) = LABELLED[round % LABELLED.len()];
        let by = 0.15 + 0.5 * lots.unit();
        let pairs: Vec<_> = (0..Rule::default().most_pairs())
            .map(|_| Pair {
                old: boot(&mut lots, Slowed::Not, by),
                new: boot(&mut lots, slowed, by),
            })
            .collect();
        let told = Comparison::of(&pairs, &Rule::default());
        if told.change == Change::Regressed {
            found += 1;
            right += usize::from(told.cause.is_some_and(|cause| cause.culprit == culprit));
        }
    }
    assert!(found >= 190, "{found} of 200 found");
    assert!(right * 100 >= found * 95, "{right} of {found} right");
}
