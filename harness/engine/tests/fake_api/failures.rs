//! An engine that refuses, hangs or goes away: each is told apart, says what it was about, and leaves nothing behind.

use futures_util::StreamExt as _;
use seatrial_engine::{Docker, DockerReplica, Engine as _, EngineError, Replica as _, Stamp};
use seatrial_fake_engine::{CallName, FakeEngine, FaultKind};
use tokio::time::timeout;

use crate::stage::{delays, fail, fault, on_fake};
use crate::support::Run;
use crate::support::behaviour::objects::one_without_its_mount_does_not_stop_the_others;
use crate::support::behaviour::{HANGS, PATIENCE, stub_spec, stub_task};

/// What became of three replicas, of which exactly one was not to start.
async fn one_of_three(run: &Run) -> EngineError {
    let network = run.network().await;
    let launched = run.try_launch(&network, stub_spec(&["forever"; 3])).await.unwrap();
    let (good, bad): (Vec<_>, Vec<_>) = launched
        .into_iter()
        .map(|(_, replica)| replica)
        .partition(Result::is_ok);
    for replica in good.into_iter().map(Result::unwrap) {
        replica.remove().await.unwrap();
    }
    let mut bad: Vec<EngineError> = bad.into_iter().filter_map(Result::err).collect();
    assert_eq!(bad.len(), 1, "{bad:?}");
    bad.remove(0)
}

fn left_nothing(fake: &FakeEngine) {
    let containers: Vec<_> = fake
        .objects()
        .into_iter()
        .filter(|name| name.contains("engine-tests"))
        .collect();
    assert_eq!((containers, fake.processes()), (vec![], vec![]));
}

#[test]
fn a_create_that_is_refused_is_a_failed_launch_in_the_engines_words() {
    let name = "failures::a_create_that_is_refused_is_a_failed_launch_in_the_engines_words";
    let script = fault(CallName::Create, 2, fail(409, "the name is in use"));
    let Some(fake) = on_fake(name, script, async |run| {
        let error = one_of_three(&run).await;
        assert!(matches!(error, EngineError::Launch { .. }), "{error:?}");
        assert!(error.to_string().ends_with("failed: the name is in use"), "{error}");
    }) else {
        return;
    };
    left_nothing(&fake);
}

#[test]
fn a_start_that_fails_takes_its_container_with_it_and_not_the_others() {
    let name = "failures::a_start_that_fails_takes_its_container_with_it_and_not_the_others";
    let script = fault(CallName::Start, 1, fail(500, "no space left on device"));
    let Some(fake) = on_fake(name, script, async |run| {
        let error = one_of_three(&run).await;
        assert!(matches!(error, EngineError::Launch { .. }), "{error:?}");
        assert!(error.to_string().contains("no space left on device"), "{error}");
    }) else {
        return;
    };
    left_nothing(&fake);
}

#[test]
fn a_removal_that_is_refused_is_asked_for_once() {
    let name = "failures::a_removal_that_is_refused_is_asked_for_once";
    let script = fault(CallName::Remove, 1, fail(500, "device busy"));
    let Some(fake) = on_fake(name, script, async |run| {
        let network = run.network().await;
        let replica = run.launch(&network, "forever").await;
        let error = replica.remove().await.unwrap_err();
        assert!(error.to_string().ends_with("device busy"), "{error}");
        let swept = run.docker.remove_run(&run.owner.run).await.unwrap();
        assert_eq!(swept.containers, 1, "it was left to the sweep");
    }) else {
        return;
    };
    left_nothing(&fake);
}

#[test]
fn a_mount_that_is_not_there_is_named() {
    let Some(fake) = on_fake(
        "failures::a_mount_that_is_not_there_is_named",
        delays(&[]),
        async |run| {
            let network = run.network().await;
            one_without_its_mount_does_not_stop_the_others(&run.docker, &run.owner, &network).await;
        },
    ) else {
        return;
    };
    left_nothing(&fake);
}

#[test]
fn a_connection_that_is_cut_is_a_failed_call_and_the_engine_is_still_there() {
    let name = "failures::a_connection_that_is_cut_is_a_failed_call_and_the_engine_is_still_there";
    let Some(fake) = on_fake(name, fault(CallName::Start, 3, FaultKind::Cut), async |run| {
        let error = one_of_three(&run).await;
        assert!(matches!(error, EngineError::Launch { .. }), "{error:?}");
        run.docker.facts().await.expect("other calls go through");
    }) else {
        return;
    };
    left_nothing(&fake);
}

#[test]
fn an_engine_that_goes_away_is_unreachable_and_comes_with_advice() {
    let name = "failures::an_engine_that_goes_away_is_unreachable_and_comes_with_advice";
    let Some(fake) = on_fake(name, fault(CallName::Info, 1, FaultKind::Die), async |run| {
        let network = run.network().await;
        let replica = run.launch(&network, "forever").await;
        let mut log = replica.logs();
        timeout(PATIENCE, log.next())
            .await
            .unwrap()
            .unwrap()
            .expect("it goes well so far");
        run.docker.facts().await.expect_err("it dies of this question");

        // Its connection ends in the middle of a line or between two: as an error or as an end, but not as a wait.
        let rest = async { while log.next().await.is_some_and(|chunk| chunk.is_ok()) {} };
        timeout(PATIENCE, rest).await.expect("the log does not hang");
        for error in [
            replica.ended().await.unwrap_err(),
            run.docker.network(&run.owner).await.unwrap_err(),
            Docker::connect().await.unwrap_err(),
        ] {
            assert!(matches!(error, EngineError::Unreachable { .. }), "{error:?}");
            let advised = error.hint().is_some_and(|hint| hint.contains("running"));
            assert!(advised, "{error:?}, {:?}", error.hint());
            assert!(error.to_string().contains("unix://"), "{error}");
        }
        std::mem::forget(replica);
    }) else {
        return;
    };
    assert_eq!(fake.processes().len(), 1, "a dead daemon ends no container");
}

#[test]
fn a_call_that_hangs_is_given_up_with_a_hint() {
    let name = "failures::a_call_that_hangs_is_given_up_with_a_hint";
    let Some(fake) = on_fake(name, fault(CallName::Wait, 1, FaultKind::Hang), async |run| {
        let task = stub_task("exit 0", HANGS);
        let error = run.docker.task(&run.owner, task).await.unwrap_err();
        assert!(matches!(error, EngineError::Timeout { .. }), "{error:?}");
        assert!(error.hint().is_some_and(|hint| hint.contains("overloaded")));
    }) else {
        return;
    };
    assert_eq!(fake.objects(), Vec::<String>::new());
}

#[test]
fn a_log_that_breaks_off_is_an_error_and_no_end() {
    let name = "failures::a_log_that_breaks_off_is_an_error_and_no_end";
    on_fake(
        name,
        fault(CallName::Logs, 1, FaultKind::Break { after: 1000 }),
        async |run| {
            let network = run.network().await;
            let replica = run.launch(&network, "flood 10kb; exit 0").await;
            let (bytes, error) = read_log(&replica).await;
            assert!(bytes <= 1000, "{bytes}");
            let error = error.expect("the first reading breaks off");
            assert!(matches!(error, EngineError::Container { .. }), "{error:?}");
            assert!(error.to_string().contains("reading the log of"), "{error}");
            let (bytes, error) = read_log(&replica).await;
            assert!(bytes >= 10_000 && error.is_none(), "the second is whole: {error:?}");
        },
    );
}

async fn read_log(replica: &DockerReplica) -> (usize, Option<EngineError>) {
    let mut log = replica.logs();
    let mut bytes = 0;
    while let Some(chunk) = timeout(PATIENCE, log.next()).await.expect("it ends") {
        match chunk {
            Ok(chunk) => bytes += chunk.bytes.len(),
            Err(error) => return (bytes, Some(error)),
        }
    }
    (bytes, None)
}

#[test]
fn without_events_a_replica_starts_all_the_same_and_their_stamps_are_left_out() {
    let name = "failures::without_events_a_replica_starts_all_the_same_and_their_stamps_are_left_out";
    on_fake(
        name,
        fault(CallName::Events, 1, fail(500, "no events today")),
        async |run| {
            let network = run.network().await;
            let replica = run.launch(&network, "forever").await;
            assert!(
                matches!(replica.stamps(), [Stamp::CreateRequested(_)]),
                "{:?}",
                replica.stamps()
            );
        },
    );
}

#[test]
fn a_removal_that_somebody_else_has_begun_is_waited_for() {
    let name = "failures::a_removal_that_somebody_else_has_begun_is_waited_for";
    let script = fault(
        CallName::Remove,
        1,
        fail(409, "removal of container x is already in progress"),
    );
    let Some(fake) = on_fake(name, script, async |run| {
        let network = run.network().await;
        let replica = run.launch(&network, "forever").await;
        // Whichever comes first is told that the other is at it, and waits until that has come true.
        let removing = tokio::spawn(replica.remove());
        run.docker.remove_run(&run.owner.run).await.unwrap();
        removing.await.unwrap().unwrap();
    }) else {
        return;
    };
    let waited = fake.calls().iter().filter(|call| call.call == CallName::Wait).count();
    assert_eq!((waited, fake.objects()), (1, vec![]));
}
