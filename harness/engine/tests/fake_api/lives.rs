//! Replicas from launch to removal.

use std::time::Duration;

use futures_util::StreamExt as _;
use seatrial_engine::{Command, DockerReplica, Engine as _, EngineError, Replica as _, Stamp};
use seatrial_fake_engine::{CallName, Script};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{Instant, timeout};

use crate::stage::{delays, on_fake};
use crate::support::{PATIENCE, PORT, log_until};

fn command(argv: &[&str]) -> Command {
    Command {
        argv: argv.iter().map(|word| (*word).to_owned()).collect(),
        user: None,
        deadline: PATIENCE,
    }
}

/// Both streams of a log to its end.
async fn whole_log(replica: &DockerReplica) -> [Vec<u8>; 2] {
    let chunks: Vec<_> = timeout(PATIENCE, replica.logs().collect()).await.expect("the log ends");
    let mut streams = [Vec::new(), Vec::new()];
    for chunk in chunks {
        let chunk = chunk.unwrap();
        streams[usize::from(chunk.stderr)].extend(chunk.bytes);
    }
    streams
}

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
            let [
                Stamp::CreateRequested(requested),
                Stamp::Created(created),
                Stamp::Started(started),
            ] = replica.stamps()
            else {
                panic!("unexpected stamps: {:?}", replica.stamps());
            };
            assert!(
                *created - *requested >= Duration::from_millis(30),
                "{:?}",
                replica.stamps()
            );
            assert!(
                *started - *created >= Duration::from_millis(39),
                "{:?}",
                replica.stamps()
            );
        }
        for (index, code) in [(0, 0), (1, 3), (3, 111)] {
            let ended = timeout(PATIENCE, replicas[index].ended()).await.unwrap().unwrap();
            assert_eq!((ended.code, ended.oom), (code, false), "{}", scripts[index]);
            let again = replicas[index].ended().await.unwrap();
            let apart = again.at.max(ended.at) - again.at.min(ended.at);
            assert!(apart < Duration::from_millis(5), "the end moved by {apart:?}");
        }
        let [stdout, stderr] = whole_log(&replicas[1]).await;
        assert!(stdout.starts_with(b"stub: first instruction ") && stdout.ends_with(b"x\n"));
        assert_eq!(stderr, b"y\n");
        let [stdout, _] = whole_log(&replicas[3]).await;
        assert!(
            stdout.len() >= 2_000_000 && stdout.ends_with(b"after\n"),
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
            let mut connection = replica.connect(PORT).await.expect("the host reaches it");
            let request = b"POST /score HTTP/1.1\r\nContent-Length: 7\r\n\r\n{\"a\":1}";
            connection.write_all(request).await.unwrap();
            let mut answer = String::new();
            connection.read_to_string(&mut answer).await.unwrap();
            assert!(
                answer.starts_with("HTTP/1.1 200") && answer.ends_with("{\"a\":1}"),
                "{answer}"
            );
        }
    });
}

#[test]
fn one_that_was_killed_starts_again_and_its_log_goes_on() {
    let name = "lives::one_that_was_killed_starts_again_and_its_log_goes_on";
    on_fake(name, Script::default(), async |run| {
        let network = run.network().await;
        let mut replica = run.launch(&network, "listen; answer 200").await;
        log_until(&replica, "stub: listening").await;
        replica.kill().await.unwrap();
        let ended = timeout(PATIENCE, replica.ended()).await.unwrap().unwrap();
        assert_eq!(ended.code, 137);
        replica.kill().await.expect("killing what has ended is no error");

        let before = Instant::now();
        replica.restart().await.unwrap();
        let [Stamp::CreateRequested(requested), Stamp::Started(started)] = replica.stamps() else {
            panic!("unexpected stamps: {:?}", replica.stamps());
        };
        assert!(before <= *requested && requested < started && *started < Instant::now());
        let connected = async {
            while replica.connect(PORT).await.is_err() {
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, connected).await.expect("it listens again");
        replica.kill().await.unwrap();
        let [stdout, _] = whole_log(&replica).await;
        let text = String::from_utf8(stdout).unwrap();
        assert_eq!(text.matches("stub: first instruction").count(), 2, "{text}");
    });
}

#[test]
fn commands_run_inside_and_missing_ones_are_no_engine_error() {
    let name = "lives::commands_run_inside_and_missing_ones_are_no_engine_error";
    on_fake(name, Script::default(), async |run| {
        let network = run.network().await;
        let replica = run.launch(&network, "forever").await;
        let output = replica
            .exec(command(&["/seatrial-stub", "log out; err oops; exit 9"]))
            .await
            .unwrap();
        assert_eq!((output.code, output.stderr.as_slice()), (9, b"oops\n".as_slice()));
        assert!(output.stdout.ends_with(b"out\n"));

        let manifest = replica
            .exec(command(&["/seatrial-stub", "manifest", "/site-packages"]))
            .await
            .unwrap();
        let text = String::from_utf8(manifest.stdout).unwrap();
        assert!(text.contains("\"sys_path\":[\"/site-packages\"]"), "{text}");

        let missing = replica.exec(command(&["/no/such/program"])).await.unwrap();
        assert_eq!(missing.code, 127);
        let flood = replica
            .exec(command(&["/seatrial-stub", "flood 20mb; exit 0"]))
            .await
            .unwrap();
        assert_eq!((flood.code, flood.stdout.len()), (0, 16 << 20));

        let hanging = Command {
            deadline: Duration::from_millis(100),
            ..command(&["/seatrial-stub", "forever"])
        };
        let error = replica.exec(hanging).await.unwrap_err();
        assert!(matches!(error, EngineError::Timeout { .. }), "{error}");
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
