//! Groups of replicas, commands, images, and what is left in the end.

use futures_util::StreamExt;
use seatrial_engine::{BuildSpec, Engine, EngineError, Left, Owner, Replica, StubEngine, TaskSpec};
use tokio::time::{Instant, sleep, timeout};

use super::behaviour::lives::runs_commands;
use super::behaviour::objects::{
    dead, image_is_removed, is_removed_whole_and_only_once, runs_tasks, sweeps_only_the_dead,
};
use super::behaviour::{self, HANGS, PATIENCE, PROGRAM, command, stamps, stub_spec, stub_task};
use super::{engine, launch, ms, owner};

#[tokio::test(start_paused = true)]
async fn replicas_of_a_group_start_together_and_one_that_fails_does_not_stop_the_others() {
    let engine = engine().with_failing(1, "no space left on device");
    let network = engine.network(&owner()).await.unwrap();
    let zero = Instant::now();
    let spec = stub_spec(&["forever", "forever", "exit 3", "reach 10.0.0.1:80"]);
    let launched = behaviour::launch(&engine, &owner(), &network, spec).await.unwrap();
    assert_eq!(Instant::now(), zero + ms(200));
    let numbers: Vec<_> = launched
        .iter()
        .map(|(number, replica)| (*number, replica.is_ok()))
        .collect();
    assert_eq!(numbers, [(0, true), (1, false), (2, true), (3, false)]);
    for (number, replica) in &launched {
        match replica {
            Ok(replica) => assert_eq!(stamps(replica), [zero, zero + ms(30), zero + ms(200)]),
            Err(error) => {
                let expected = if *number == 1 {
                    "no space left"
                } else {
                    "the stub image on a real engine can"
                };
                assert!(
                    matches!(error, EngineError::Launch { .. }) && error.to_string().contains(expected),
                    "{error}"
                );
            }
        }
    }
    assert_eq!((engine.left().containers, engine.left().networks), (2, 1));
    drop(launched);
    assert_eq!(engine.left().containers, 0, "a dropped replica stays");
    engine.remove_run(&owner().run).await.unwrap();
    assert_eq!(engine.left(), Left::default());
}

#[tokio::test(start_paused = true)]
async fn a_launch_given_up_leaves_nothing() {
    let engine = engine();
    let network = engine.network(&owner()).await.unwrap();
    let mut launching = engine
        .launch(&owner(), &network, stub_spec(&["forever", "forever"]))
        .await
        .unwrap();
    assert!(
        timeout(ms(100), launching.next()).await.is_err(),
        "nothing has started yet"
    );
    assert_eq!(engine.left().containers, 2);
    drop(launching);
    sleep(ms(1)).await;
    assert_eq!(engine.left().containers, 0);
}

#[tokio::test(start_paused = true)]
async fn commands_tasks_and_accounting() {
    let engine = engine();
    let replica = launch(&engine, "hold 64mb; wait 1s; spin 400ms; hold 1mb; forever").await;
    // In paused time they take as long as the one of them that hangs.
    let before = Instant::now();
    runs_commands(&replica, &[127]).await;
    assert_eq!(Instant::now(), before + HANGS);
    let shell = replica.exec(command(&["sh", "-c", "true"], PATIENCE)).await;
    assert_eq!(shell.unwrap().code, 127);
    assert_eq!(replica.usage().await.unwrap().cpu_ns, Some(0));
    sleep(ms(1_200) - HANGS).await;
    let usage = replica.usage().await.unwrap();
    assert_eq!(
        (usage.cpu_ns, usage.peak_memory_bytes),
        (Some(200_000_000), Some(64_000_000))
    );
    sleep(ms(700)).await;
    let usage = replica.usage().await.unwrap();
    assert_eq!(
        (usage.cpu_ns, usage.peak_memory_bytes),
        (Some(400_000_000), Some(65_000_000))
    );

    runs_tasks(&engine, &owner()).await;
    replica.kill().await.unwrap();
    let error = replica.exec(command(&[PROGRAM, "exit 0"], PATIENCE)).await.unwrap_err();
    assert!(matches!(error, EngineError::Exec { .. }), "{error}");
    let absent = TaskSpec {
        image: "absent".to_owned(),
        ..stub_task("exit 0", PATIENCE)
    };
    let error = engine.task(&owner(), absent).await.unwrap_err();
    assert!(matches!(error, EngineError::NoSuchImage { .. }), "{error}");
}

#[tokio::test(start_paused = true)]
async fn images_are_built_pulled_and_removed() {
    let engine = StubEngine::new();
    let build = BuildSpec {
        reference: "built:1".to_owned(),
        files: vec![("Dockerfile".to_owned(), b"FROM scratch\nCOPY a /a\n".to_vec(), false)],
        dockerfile: "Dockerfile".to_owned(),
        args: Default::default(),
        labels: [("kind".to_owned(), "test".to_owned())].into(),
        host_network: false,
    };
    let mut steps = 0;
    let built = engine.build(build.clone(), |_| steps += 1).await.unwrap();
    assert_eq!(
        (steps, engine.image("built:1").await.unwrap()),
        (2, Some(built.clone()))
    );
    assert_eq!(engine.images_labelled("kind=test").await.unwrap(), [built]);
    let broken = BuildSpec {
        dockerfile: "absent".to_owned(),
        ..build
    };
    assert!(matches!(
        engine.build(broken, |_| ()).await,
        Err(EngineError::BuildFailed { .. })
    ));
    engine.pull("pulled:1").await.unwrap();
    image_is_removed(&engine, "built:1").await;
    assert!(engine.image("pulled:1").await.unwrap().is_some());
    let error = engine.import("/no/such/archive".as_ref(), "x:1").await.unwrap_err();
    assert!(matches!(error, EngineError::ImportFailed { .. }), "{error}");
}

#[tokio::test(start_paused = true)]
async fn what_a_dead_process_left_is_swept_and_what_a_living_one_has_is_kept() {
    let engine = engine();
    let kept = launch(&engine, "forever").await;
    let gone = dead(Owner {
        run: "gone".to_owned(),
        ..owner()
    });
    let (swept, removed) = sweeps_only_the_dead((&engine, &owner()), (&engine, &gone)).await;
    assert_eq!(
        (swept.containers, swept.networks, swept.runs),
        (1, 1, vec!["gone".to_owned()])
    );
    assert_eq!(removed.ended().await.unwrap().code, 137);
    removed.remove().await.expect("removing what is gone is no error");
    drop(kept);
    is_removed_whole_and_only_once(&engine, &owner().run, Vec::new()).await;
    assert_eq!(engine.left(), Left::default());
}
