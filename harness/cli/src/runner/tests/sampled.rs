//! Sampling: rounds, their order, the gate, and what becomes of samples that fail.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use seatrial_record::{Outcome, Phase, RunRecord};
use tokio::time::Instant;

use super::super::order::{seed_of_round, shuffled};
use super::bench::{Bench, SERVES, case, ms};
use crate::machine::{Meter, Moment};

const READY: &str = "  ready: { within: 30s }\n";
const NAMES: [&str; 5] = [
    "group/a@none",
    "group/b@none",
    "group/c@none",
    "group/d@none",
    "group/e@none",
];

fn five(sampling: &str) -> Bench {
    let bench = Bench::new();
    for name in NAMES {
        let name = name.strip_suffix("@none").unwrap();
        bench.scenario(name, SERVES, sampling, READY);
    }
    bench
}

/// Every boot of the record: its create request and the instant at which it was ready, on the run's clock, and its case.
fn boots(record: &RunRecord) -> Vec<(u64, u64, String)> {
    let mut boots: Vec<_> = record
        .cases
        .iter()
        .flat_map(|case| case.samples.iter().map(|sample| (case.id.clone(), sample)))
        .map(|(id, sample)| (sample.began_ns, sample.began_ns + sample.ready_ns().unwrap(), id))
        .collect();
    boots.sort();
    boots
}

#[tokio::test(start_paused = true)]
async fn five_variants_are_interleaved_in_the_order_of_the_seed() {
    let bench = five("samples: { count: 10, warm_up: 1 }\n");
    let (record, booted) = bench.run(7, 1).await;
    assert!(
        record
            .cases
            .iter()
            .all(|case| case.outcome() == Outcome::Passed && case.samples.len() == 11)
    );
    let boots = boots(&record);
    assert!(
        boots.windows(2).all(|pair| pair[0].1 <= pair[1].0),
        "one boot at a time"
    );
    let order: Vec<&str> = boots.iter().map(|(_, _, id)| id.as_str()).collect();
    assert_eq!(order, booted.iter().map(String::as_str).collect::<Vec<_>>());

    // Cases come into the first round as the run shuffles them, and every round is shuffled from a seed of its own.
    let cases = shuffled(NAMES.to_vec(), 7);
    for (round, made) in order.chunks(5).enumerate() {
        let places = shuffled((0..5).collect(), seed_of_round(7, round));
        let expected: Vec<&str> = places.into_iter().map(|at: usize| cases[at]).collect();
        assert_eq!(made, expected, "round {round}");
    }
    let follows: BTreeSet<_> = order.windows(2).map(|pair| (pair[0], pair[1])).collect();
    assert!(follows.len() > 10, "no case always follows the same one: {follows:?}");

    let again = bench.run(7, 4).await.1;
    assert_eq!(again, booted, "the same seed, the same order");
    assert_ne!(bench.run(8, 1).await.1, booted);
}

#[tokio::test(start_paused = true)]
async fn every_sample_has_the_instants_of_its_script_and_warm_ups_are_marked() {
    let bench = Bench::new();
    bench.scenario("group/a", SERVES, "samples: { count: 3, warm_up: 2 }\n", READY);
    let (record, _) = bench.run(1, 1).await;
    let case = case(&record, "group/a@none");
    let warm_ups: Vec<bool> = case.samples.iter().map(|sample| sample.warm_up).collect();
    assert_eq!(warm_ups, [true, true, false, false, false]);
    for (iteration, sample) in case.samples.iter().enumerate() {
        assert_eq!(sample.iteration, iteration);
        let at = |phase| sample.instant(phase).map(|ns| ns / 1_000_000);
        let phases = [Phase::CreateRequested, Phase::Created, Phase::Started, Phase::Listen];
        assert_eq!(phases.map(at), [0, 30, 200, 200].map(Some));
        assert_eq!(sample.ready_ns(), Some(300_000_000));
        assert!(sample.intended_ns <= sample.began_ns && sample.machine.is_none());
    }
    // The facts are those of the first boot that counts.
    assert_eq!(case.observations[0].phases, case.samples[2].phases);
}

#[tokio::test(start_paused = true)]
async fn a_busy_machine_holds_boots_back_and_the_sample_says_how_long() {
    let mut bench = Bench::new();
    bench.scenario("group/a", SERVES, "samples: { count: 2 }\n", READY);
    let first = Mutex::new(None::<Instant>);
    // Others keep the one processor busy for 500 ms from the first look at it.
    bench.meter = Meter::scripted(move || {
        let age = first.lock().unwrap().get_or_insert_with(Instant::now).elapsed();
        Some(Moment {
            at: Instant::now(),
            busy: age.min(ms(500)),
            all: age,
            own: Duration::ZERO,
            pressure: [Some(age / 2), None, None],
        })
    });
    bench.patience = Some(ms(30_000));
    let (record, _) = bench.run(1, 1).await;
    let samples = &case(&record, "group/a@none").samples;
    let held: Vec<u64> = samples.iter().map(|sample| sample.held_back_ns / 1_000_000).collect();
    assert_eq!(held, [500, 0]);
    assert!(
        samples[0].began_ns - samples[0].intended_ns >= ms(600).as_nanos() as u64,
        "held back, then a quiet window"
    );
    let machine = samples[0].machine.unwrap();
    assert_eq!((machine.busy_ns, machine.io_pressure_ns), (0, None));
    assert_eq!(machine.cpu_pressure_ns.unwrap(), machine.wall_ns / 2);
}

#[tokio::test(start_paused = true)]
async fn what_the_machine_did_is_told_from_the_request_to_ready_and_not_where_that_never_came() {
    let mut bench = Bench::new();
    bench.scenario("group/a", SERVES, "samples: { count: 2 }\n", READY);
    bench.scenario(
        "group/b",
        "listen; answer 503; forever",
        "samples: { count: 2 }\n",
        READY,
    );
    let begun = Instant::now();
    bench.meter = Meter::scripted(move || {
        Some(Moment {
            at: Instant::now(),
            busy: Duration::ZERO,
            all: begun.elapsed(),
            own: Duration::ZERO,
            pressure: [None; 3],
        })
    });
    let (record, _) = bench.run(1, 1).await;
    for sample in &case(&record, "group/a@none").samples {
        assert_eq!(sample.machine.unwrap().wall_ns, sample.ready_ns().unwrap());
    }
    for sample in &case(&record, "group/b@none").samples {
        assert_eq!((sample.ready_ns(), sample.machine), (None, None));
    }
}

#[tokio::test(start_paused = true)]
async fn an_interrupt_keeps_the_samples_that_were_made() {
    let mut bench = five("samples: { count: 10 }\n");
    bench.interrupted_at = Some(13);
    let (record, booted) = bench.run(7, 1).await;
    assert_eq!(record.interrupted.as_deref(), Some("SIGINT"));
    let kept: usize = record.cases.iter().map(|case| case.samples.len()).sum();
    assert_eq!((booted.len(), kept), (13, 12));
    for case in &record.cases {
        let told = format!("the run ended after {} of 10 boots", case.samples.len());
        assert_eq!(
            (case.outcome(), case.error.clone().unwrap().what),
            (Outcome::Errored, told)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_never_comes_up_is_not_booted_again_and_again() {
    let bench = Bench::new();
    bench.scenario(
        "group/ends",
        "log no; exit 3",
        "samples: { count: 10, warm_up: 1 }\n",
        READY,
    );
    let (record, _) = bench.run(1, 1).await;
    let case = case(&record, "group/ends@none");
    assert_eq!((case.outcome(), case.samples.len()), (Outcome::Failed, 2));
    assert!(
        case.verdicts[0].actual.contains("exit code 3"),
        "{}",
        case.verdicts[0].actual
    );
}

#[tokio::test(start_paused = true)]
async fn the_page_cache_is_dropped_before_every_cold_boot_and_only_where_it_may_be() {
    let bench = Bench::new();
    bench.scenario(
        "group/a",
        SERVES,
        "samples: { count: 2 }\ncaches: [cold, fresh]\n",
        READY,
    );
    let (record, _) = bench.run(1, 1).await;
    let refused = case(&record, "group/a@none+cold").error.clone().unwrap();
    assert!(
        refused.what.contains("cannot be written") && refused.hint.is_some(),
        "{}",
        refused.what
    );
    assert_eq!(case(&record, "group/a@none+fresh").outcome(), Outcome::Passed);
    bench.file("drop_caches", "");
    let (record, _) = bench.run(1, 1).await;
    assert!(
        record
            .cases
            .iter()
            .all(|case| case.outcome() == Outcome::Passed && case.samples.len() == 2)
    );
    let text = std::fs::read_to_string(bench.path().join("drop_caches")).unwrap();
    assert_eq!(text, "3\n");
}
