//! What comes of cases: they pass, fail with exactly this, or are refused; and their facts hang on no order.

use seatrial_record::{Outcome, Phase, snapshot};

use super::bench::{Bench, SERVES, case, ms};

#[tokio::test(start_paused = true)]
async fn a_case_passes_with_the_instants_of_its_script() {
    let bench = Bench::new();
    bench.scenario(
        "group/serves",
        SERVES,
        "",
        "  ready: { within: 30s }\n  log: [\"hello\"]\n",
    );
    let (record, _) = bench.run(1, 1).await;
    let case = case(&record, "group/serves@none");
    assert_eq!(case.outcome(), Outcome::Passed, "{:?} {:?}", case.error, case.verdicts);
    let at = |phase| case.observations[0].instant(phase).map(|ns| ns as f64 / 1e6);
    let phases = [
        Phase::CreateRequested,
        Phase::Created,
        Phase::Started,
        Phase::FirstLog,
        Phase::Listen,
    ];
    assert_eq!(phases.map(at), [0.0, 30.0, 200.0, 200.0, 200.0].map(Some));
    // The first probe is answered the moment that the script can: no other has found it not ready.
    assert_eq!(at(Phase::Ready), Some(300.0));
    assert_eq!(case.observations[0].ready_gap_ns, None);
    assert_eq!(bench.left(), seatrial_engine::Left::default());
}

#[tokio::test(start_paused = true)]
async fn a_case_fails_with_exactly_this() {
    let bench = Bench::new();
    bench.scenario(
        "group/late",
        "listen; wait 2s; answer 200; forever",
        "",
        "  ready: { within: 1s }\n",
    );
    bench.scenario("group/ends", "log no; exit 3", "", "  ready: { within: 1s }\n");
    let (record, _) = bench.run(1, 2).await;
    let actual = |id| case(&record, id).verdicts[0].actual.clone();
    assert!(
        actual("group/late@none").starts_with("never ready"),
        "{}",
        actual("group/late@none")
    );
    let ends = actual("group/ends@none");
    assert!(
        ends.contains("ended after 200 ms") && ends.contains("exit code 3"),
        "{ends}"
    );
    assert_eq!(u8::from(record.exit_code()), 4);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_launched_is_errored_with_its_cause() {
    let engine = seatrial_engine::StubEngine::new()
        .with_image(super::bench::IMAGE)
        .with_failing(0, "no room");
    let bench = Bench::on(engine);
    bench.scenario("group/serves", SERVES, "", "  ready: { within: 30s }\n");
    bench.scenario(
        "group/timed",
        SERVES,
        "samples: { count: 2 }\n",
        "  ready: { within: 30s }\n",
    );
    let (record, _) = bench.run(1, 1).await;
    let error = |id| case(&record, id).error.clone().unwrap().what;
    assert!(error("group/serves@none").contains("no room"));
    let timed = error("group/timed@none");
    assert!(
        timed.starts_with("sample 1 of 2 (iteration 0): ") && timed.contains("no room"),
        "{timed}"
    );
    assert_eq!(u8::from(record.exit_code()), 3);
}

#[tokio::test(start_paused = true)]
async fn a_hundred_replicas_are_one_case() {
    let bench = Bench::new();
    bench.scenario(
        "group/many",
        SERVES,
        "replicas: 100\n",
        "  ready: { within: 30s }\n  replicas: { identical: true }\n",
    );
    let (record, _) = bench.run(1, 1).await;
    let case = case(&record, "group/many@none");
    assert_eq!(case.outcome(), Outcome::Passed, "{:?} {:?}", case.error, case.verdicts);
    assert_eq!(case.observations.len(), 100);
    assert!(
        case.observations
            .iter()
            .all(|seen| seen.instant(Phase::Started) == Some(ms(200).as_nanos() as u64))
    );
}

#[tokio::test(start_paused = true)]
async fn functional_facts_hang_neither_on_the_order_nor_on_how_many_run_at_once() {
    let bench = Bench::new();
    let expect = "  ready: { within: 30s }\n  health: [502, 200]\n";
    for number in 0..6 {
        let script = format!("listen; answer 502; wait {}ms; answer 200; forever", 20 + 10 * number);
        bench.scenario(&format!("group/functional-{number}"), &script, "", expect);
    }
    bench.scenario(
        "group/timed",
        SERVES,
        "samples: { count: 3 }\n",
        "  ready: { within: 30s }\n",
    );
    bench.scenario(
        "group/ends",
        "log no; exit 3",
        "",
        "  refuses: { within: 9s, container: 3 }\n",
    );
    let mut snapshots = Vec::new();
    let mut orders = Vec::new();
    for (seed, jobs) in [(1, 1), (2, 4), (3, 8), (4, 2), (5, 64)] {
        let (record, booted) = bench.run(seed, jobs).await;
        let mut facts: Vec<String> = record.cases.iter().map(snapshot::render).collect();
        facts.sort();
        snapshots.push(facts);
        orders.push(booted);
    }
    assert!(orders.windows(2).any(|pair| pair[0] != pair[1]), "the orders differ");
    assert!(
        snapshots[0].iter().all(|facts| facts.contains("outcome: passed")),
        "{:?}",
        snapshots[0]
    );
    assert!(snapshots.windows(2).all(|pair| pair[0] == pair[1]), "{snapshots:#?}");
}
