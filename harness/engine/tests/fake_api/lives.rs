//! Replicas from launch to removal.

use std::time::Duration;

use seatrial_engine::{Engine as _, Replica as _};
use seatrial_fake_engine::{CallName, Script};
use tokio::time::timeout;

use crate::stage::{delays, on_fake};
use crate::support::behaviour::lives::{answers_nobody_who_has_left, ends, runs_commands, scores, starts_again};
use crate::support::behaviour::{PATIENCE, PORT, log_until, stamps, streams};

#[test]
fn replicas_of_a_group_start_side_by_side_and_end_by_themselves() {
    let script = delays(&[(CallName::Create, 30), (CallName::Start, 40)]);
    let name = "lives::replicas_of_a_group_start_side_by_side_and_end_by_themselves";
    let Some(fake) = on_fake(name, script, async |run| {
        let network = run.network().await;
        let scripts = [
            "exit 0",
            "log x; err y; exit 3",
            "forever",
            "flood 2mb; log after; exit 111",
        ];
        let replicas = run.launch_all(&network, &scripts).await;
        for replica in &replicas {
            let [requested, created, started] = stamps(replica);
            assert!(
                created - requested >= Duration::from_millis(30),
                "{:?}",
                replica.stamps()
            );
            assert!(started - created >= Duration::from_millis(39), "{:?}", replica.stamps());
        }
        for (index, code) in [(0, 0), (1, 3), (3, 111)] {
            ends(&replicas[index], code).await;
        }
        let [stdout, stderr] = streams(&replicas[1]).await;
        assert!(stdout.starts_with("stub: first instruction ") && stdout.ends_with("x\n"));
        assert_eq!(stderr, "y\n");
        let [stdout, _] = streams(&replicas[3]).await;
        assert!(
            stdout.len() >= 2_000_000 && stdout.ends_with("after\n"),
            "{}",
            stdout.len()
        );
        for replica in replicas {
            replica.remove().await.unwrap();
        }
    }) else {
        return;
    };
    let count = |call| fake.calls().iter().filter(|it| it.call == call).count();
    assert_eq!((count(CallName::Create), count(CallName::Start)), (4, 4));
    assert_eq!(count(CallName::Remove), 4, "a removal each");
    assert_eq!((fake.objects(), fake.processes()), (vec![], vec![]));
    for call in fake.calls().iter().filter(|it| it.call == CallName::Create) {
        assert_eq!(call.scripted, Duration::from_millis(30));
        assert!(call.held >= call.scripted && call.answered - call.arrived >= call.held);
    }
}

#[test]
fn a_replica_and_its_run_are_removed_at_the_same_time() {
    let name = "lives::a_replica_and_its_run_are_removed_at_the_same_time";
    on_fake(name, delays(&[(CallName::Remove, 200)]), async |run| {
        let network = run.network().await;
        let replica = run.launch(&network, "forever").await;
        let removing = async { tokio::join!(replica.remove(), run.docker.remove_run(&run.owner.run)) };
        let (replica, run) = timeout(PATIENCE, removing).await.expect("neither waits for the other");
        replica.unwrap();
        run.unwrap();
    });
}

#[test]
fn one_that_somebody_else_has_removed_is_removed() {
    let name = "lives::one_that_somebody_else_has_removed_is_removed";
    on_fake(name, Script::default(), async |run| {
        let network = run.network().await;
        let replica = run.launch(&network, "forever").await;
        run.docker.remove_run(&run.owner.run).await.unwrap();
        replica.remove().await.unwrap();
    });
}

#[test]
fn a_replica_is_reached_and_scored_at_an_address_of_its_own() {
    let name = "lives::a_replica_is_reached_and_scored_at_an_address_of_its_own";
    on_fake(name, Script::default(), async |run| {
        let network = run.network().await;
        assert!(network.direct && network.internal);
        let replicas = run
            .launch_all(&network, &["listen; answer 200", "listen; answer 200"])
            .await;
        let addresses: Vec<_> = replicas.iter().map(|replica| replica.address(PORT).unwrap()).collect();
        assert_ne!(addresses[0], addresses[1]);
        for replica in &replicas {
            log_until(replica, "stub: listening").await;
            scores(replica.connect(PORT).await.expect("the host reaches it")).await;
        }
    });
}

#[test]
fn a_client_that_left_before_the_first_answer_is_not_answered() {
    let name = "lives::a_client_that_left_before_the_first_answer_is_not_answered";
    on_fake(name, Script::default(), async |run| {
        let network = run.network().await;
        let script = "listen; wait 500ms; answer 200; wait 200ms; log over; forever";
        let replica = run.launch(&network, script).await;
        answers_nobody_who_has_left(&replica).await;
    });
}

#[test]
fn one_that_was_killed_starts_again_and_its_log_goes_on() {
    let name = "lives::one_that_was_killed_starts_again_and_its_log_goes_on";
    on_fake(name, Script::default(), async |run| {
        let network = run.network().await;
        let mut replica = run.launch(&network, "listen; answer 200").await;
        starts_again(&mut replica).await;
    });
}

#[test]
fn commands_run_inside_and_missing_ones_are_no_engine_error() {
    let name = "lives::commands_run_inside_and_missing_ones_are_no_engine_error";
    on_fake(name, Script::default(), async |run| {
        let network = run.network().await;
        let replica = run.launch(&network, "forever").await;
        runs_commands(&replica, &[127]).await;
        replica.remove().await.unwrap();
    });
}

#[test]
fn usage_is_what_the_process_has_used() {
    on_fake(
        "lives::usage_is_what_the_process_has_used",
        Script::default(),
        async |run| {
            let network = run.network().await;
            let replica = run.launch(&network, "hold 64mb; spin 200ms; log used; forever").await;
            log_until(&replica, "used").await;
            let usage = replica.usage().await.unwrap();
            assert!(usage.cpu_ns.is_some_and(|ns| ns > 0), "{usage:?}");
            assert!(
                usage.peak_memory_bytes.is_some_and(|bytes| bytes > 64_000_000),
                "{usage:?}"
            );
            replica.kill().await.unwrap();
            replica.ended().await.unwrap();
            let usage = replica.usage().await.unwrap();
            assert_eq!((usage.cpu_ns, usage.peak_memory_bytes), (None, None));
        },
    );
}
