//! Images, networks, helper containers, and their removal.

use std::time::Duration;

use seatrial_engine::{BuildSpec, Engine as _, EngineError, Replica as _};
use seatrial_fake_engine::Script;

use crate::stage::{on_fake, run as another_run};
use crate::support::behaviour::objects::{
    dead, image_is_removed, is_removed_whole_and_only_once, reaches_the_host, runs_tasks, sweeps_only_the_dead,
};
use crate::support::behaviour::{PROGRAM, STUB, stub_task};

#[test]
fn a_run_is_removed_whole_and_only_once() {
    let name = "objects::a_run_is_removed_whole_and_only_once";
    let Some(fake) = on_fake(name, Script::default(), async |run| {
        let network = run.network().await;
        let replicas = run.launch_all(&network, &["forever", "exit 0"]).await;
        is_removed_whole_and_only_once(&run.docker, &run.owner.run, replicas).await;
    }) else {
        return;
    };
    assert_eq!((fake.objects(), fake.processes()), (vec![], vec![]));
}

#[test]
fn what_a_dead_process_left_is_swept_and_what_a_living_one_has_is_kept() {
    let name = "objects::what_a_dead_process_left_is_swept_and_what_a_living_one_has_is_kept";
    on_fake(name, Script::default(), async |living| {
        let mut gone = another_run("dead").await;
        gone.owner = dead(gone.owner.clone());
        living.network().await;
        let (swept, replica) = sweeps_only_the_dead((&living.docker, &living.owner), (&gone.docker, &gone.owner)).await;
        assert_eq!((swept.containers, swept.networks), (1, 1));
        assert_eq!(swept.runs, std::slice::from_ref(&gone.owner.run));
        replica.remove().await.unwrap();
        is_removed_whole_and_only_once(&living.docker, &living.owner.run, Vec::new()).await;
    });
}

#[test]
fn tasks_give_their_output_and_never_stay() {
    let name = "objects::tasks_give_their_output_and_never_stay";
    let Some(fake) = on_fake(name, Script::default(), async |run| {
        runs_tasks(&run.docker, &run.owner).await;

        let mut absent = stub_task("exit 0", Duration::from_secs(30));
        absent.command[0] = "/no/such/program".to_owned();
        let error = run.docker.task(&run.owner, absent).await.unwrap_err();
        assert!(matches!(error, EngineError::Launch { .. }), "{error}");
        assert!(error.to_string().contains("/no/such/program"), "{error}");
    }) else {
        return;
    };
    assert_eq!((fake.objects(), fake.processes()), (vec![], vec![]));
}

#[test]
fn containers_reach_the_host_at_the_gateway() {
    let name = "objects::containers_reach_the_host_at_the_gateway";
    on_fake(name, Script::default(), async |run| {
        let network = run.network().await;
        reaches_the_host(&run.docker, &run.owner, &network, "").await;
    });
}

#[test]
fn images_are_built_listed_and_removed_and_what_would_have_to_run_fails() {
    let name = "objects::images_are_built_listed_and_removed_and_what_would_have_to_run_fails";
    on_fake(name, Script::default(), async |run| {
        let spec = |reference: &str, dockerfile: String| BuildSpec {
            reference: reference.to_owned(),
            files: vec![
                ("Dockerfile".to_owned(), dockerfile.into(), false),
                ("program".to_owned(), b"1234567".to_vec(), true),
            ],
            dockerfile: "Dockerfile".to_owned(),
            args: Default::default(),
            labels: [("seatrial.test".to_owned(), "built".to_owned())].into(),
            host_network: true,
        };
        let dockerfile = "FROM scratch\nCOPY program /program\nUSER 7\nENTRYPOINT [\"/program\"]\n";
        let mut lines = Vec::new();
        let built = run.docker.build(spec("fake/built:1", dockerfile.to_owned()), |line| {
            lines.push(line.to_owned())
        });
        let built = built.await.unwrap();
        assert_eq!((built.size_bytes, built.user.as_str()), (7, "7"));
        assert!(
            lines.contains(&"Step 2/4 : COPY program /program".to_owned()),
            "{lines:#?}"
        );
        let labelled = run.docker.images_labelled("seatrial.test=built").await.unwrap();
        assert_eq!(labelled, std::slice::from_ref(&built));

        let broken = format!("FROM {STUB}\nRUN [\"{PROGRAM}\", \"exit 7\"]\n");
        let error = run
            .docker
            .build(spec("fake/broken:1", broken), |_| {})
            .await
            .unwrap_err();
        let EngineError::BuildFailed { last_lines, cause, .. } = &error else {
            panic!("{error}")
        };
        assert!(cause.to_string().contains("RUN"), "{cause}");
        assert_eq!(last_lines.len(), 2, "{last_lines:#?}");

        image_is_removed(&run.docker, "fake/built:1").await;
        let facts = run.docker.facts().await.unwrap();
        assert_eq!(
            (facts.version.as_str(), facts.cgroup.as_str()),
            ("Docker 20.10.0-fake", "unknown")
        );
    });
}
