//! What the engine keeps besides replicas, on a real Docker: images, networks, helper containers, and their removal.

mod support;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::process::Command;

use seatrial_engine::{BuildSpec, Docker, Engine, EngineError, LaunchSpec, Replica};
use support::behaviour::objects::{
    dead, image_is_removed, is_removed_whole_and_only_once, one_without_its_mount_does_not_stop_the_others,
    reaches_the_host, runs_tasks, sweeps_only_the_dead,
};
use support::behaviour::{STUB, stub_spec};
use support::{Run, docker_cli};

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(no_engine, ignore = "SEATRIAL_TEST_ENGINE=none")]
async fn facts_are_known() {
    let run = Run::begin("facts").await;
    let facts = run.docker.facts().await.unwrap();
    assert!(
        facts.version.starts_with("Docker ") && facts.version.contains('.'),
        "{facts:?}"
    );
    assert!(["1", "2"].contains(&facts.cgroup.as_str()), "{facts:?}");
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(no_engine, ignore = "SEATRIAL_TEST_ENGINE=none")]
async fn an_internal_network_leads_to_the_host_and_nowhere_else() {
    let run = Run::begin("network").await;
    let network = run.network().await;
    assert_eq!(
        (network.internal, network.direct),
        (true, true),
        "these tests expect a local Docker on Linux"
    );

    let seen = docker_cli(&["network", "inspect", "--format", "{{.Internal}}", &network.name]);
    assert_eq!(seen, ["true"]);

    // TEST-NET-1: packets to it need the way out.
    let outside = SocketAddr::from(([192, 0, 2, 1], 80));
    let log = reaches_the_host(&run.docker, &run.owner, &network, &format!("; reach {outside}")).await;
    assert!(
        log.iter()
            .any(|line| line.starts_with(&format!("stub: cannot reach {outside}"))),
        "{log:#?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(no_engine, ignore = "SEATRIAL_TEST_ENGINE=none")]
async fn an_image_that_is_missing_is_named_and_not_pulled() {
    let run = Run::begin("missing").await;
    let network = run.network().await;
    let absent = "seatrial-test/no-such-image:1";
    assert_eq!(run.docker.image(absent).await.unwrap(), None);

    let spec = LaunchSpec {
        image: absent.to_owned(),
        ..stub_spec(&["exit 0"])
    };
    let Err(error) = run.try_launch(&network, spec).await else {
        panic!("an image that is not there was launched")
    };
    assert!(
        matches!(&error, EngineError::NoSuchImage { reference } if reference == absent),
        "{error}"
    );
    assert!(error.hint().is_some());

    let error = run.docker.pull("127.0.0.1:1/nothing:1").await.unwrap_err();
    assert!(matches!(error, EngineError::PullFailed { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(no_engine, ignore = "SEATRIAL_TEST_ENGINE=none")]
async fn one_that_cannot_be_started_leaves_nothing_and_does_not_stop_the_others() {
    let run = Run::begin("half").await;
    let network = run.network().await;
    one_without_its_mount_does_not_stop_the_others(&run.docker, &run.owner, &network).await;
    assert_eq!(run.leftovers(), [network.name]);
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(no_engine, ignore = "SEATRIAL_TEST_ENGINE=none")]
async fn tasks_give_their_output_and_never_stay() {
    let run = Run::begin("task").await;
    runs_tasks(&run.docker, &run.owner).await;
    assert_eq!(run.leftovers(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(no_engine, ignore = "SEATRIAL_TEST_ENGINE=none")]
async fn a_failed_build_shows_the_end_of_its_output() {
    let run = Run::begin("build").await;
    let spec = BuildSpec {
        reference: "seatrial-test/broken:1".to_owned(),
        files: vec![(
            "Dockerfile".to_owned(),
            format!("FROM {STUB}\nRUN [\"/seatrial-stub\", \"err boom; exit 7\"]\n").into(),
            false,
        )],
        dockerfile: "Dockerfile".to_owned(),
        args: BTreeMap::new(),
        labels: BTreeMap::new(),
        host_network: false,
    };
    let mut lines = 0;
    let error = run.docker.build(spec, |_| lines += 1).await.unwrap_err();
    let EngineError::BuildFailed { last_lines, cause, .. } = &error else {
        panic!("{error}")
    };
    assert!(last_lines.iter().any(|line| line.contains("boom")), "{last_lines:#?}");
    assert!(cause.to_string().contains('7'), "{cause}");
    assert!(lines >= last_lines.len());
    assert_eq!(run.docker.image("seatrial-test/broken:1").await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(no_engine, ignore = "SEATRIAL_TEST_ENGINE=none")]
async fn an_archive_is_imported_listed_by_label_and_removed() {
    let mut run = Run::begin("import").await;
    let archive = std::env::temp_dir().join(format!("seatrial-test-{}.tar", std::process::id()));
    let mut tar = tar::Builder::new(std::fs::File::create(&archive).unwrap());
    let mut header = tar::Header::new_gnu();
    header.set_size(3_000_000);
    header.set_mode(0o644);
    tar.append_data(&mut header, "data", vec![b'x'; 3_000_000].as_slice())
        .unwrap();
    tar.into_inner().unwrap().sync_all().unwrap();

    let reference = format!("seatrial-test/import:{}", std::process::id());
    run.images.push(reference.clone());
    let imported = run.docker.import(&archive, &reference).await;
    std::fs::remove_file(&archive).unwrap();
    let imported = imported.unwrap();
    assert_eq!(
        (imported.reference.as_str(), imported.size_bytes),
        (reference.as_str(), 3_000_000)
    );
    assert!(imported.id.starts_with("sha256:"));

    let labelled = run.docker.images_labelled("seatrial.test=stub").await.unwrap();
    assert!(labelled.iter().any(|image| image.reference == STUB), "{labelled:#?}");

    image_is_removed(&run.docker, &reference).await;
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(no_engine, ignore = "SEATRIAL_TEST_ENGINE=none")]
async fn a_run_is_removed_whole_and_only_once() {
    let run = Run::begin("remove").await;
    let network = run.network().await;
    let replicas = run.launch_all(&network, &["forever", "exit 0"]).await;
    assert_eq!(run.leftovers().len(), 3);

    is_removed_whole_and_only_once(&run.docker, &run.owner.run, replicas).await;
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(no_engine, ignore = "SEATRIAL_TEST_ENGINE=none")]
async fn what_a_dead_process_left_is_swept_and_what_a_living_one_has_is_kept() {
    let living = Run::begin("living").await;
    let mut gone = Run::begin("dead").await;
    gone.owner = dead(gone.owner.clone());

    // The engine is shared with tests that run meanwhile: what else it sweeps is theirs.
    let kept = living.network().await;
    let (_, replica) = sweeps_only_the_dead((&living.docker, &living.owner), (&gone.docker, &gone.owner)).await;
    assert_eq!(gone.leftovers(), Vec::<String>::new());
    assert_eq!(living.leftovers(), [kept.name]);
    replica.remove().await.unwrap();
}

/// Needs no Docker: the test runs itself again with a socket that is not there.
#[test]
fn an_engine_that_is_not_there_comes_with_advice() {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--ignored", "--nocapture", "child::connects"])
        .env("DOCKER_HOST", "unix:///no/such/docker.sock")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("unix:///no/such/docker.sock cannot be reached"), "{text}");
    assert!(text.contains("is the Docker daemon installed and running"), "{text}");
}

mod child {
    use super::{Docker, EngineError};

    #[tokio::test]
    #[ignore = "run by an_engine_that_is_not_there_comes_with_advice"]
    async fn connects() {
        let error: EngineError = Docker::connect().await.expect_err("no engine there");
        println!("{error}\n{}", error.hint().unwrap_or("no hint"));
    }
}
