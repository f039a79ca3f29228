//! The stub engine in paused time: every instant is the one that the script gives, to the nanosecond.

use std::io::ErrorKind;
use std::time::Duration;

use futures_util::StreamExt;
use seatrial_engine::{
    BuildSpec, Command, Delays, Engine, EngineError, LaunchSpec, Left, LogChunk, Network, Owner, Replica, ReplicaSpec,
    Stamp, StubEngine, StubReplica, TaskSpec, instant_of_monotonic,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep, sleep_until, timeout};

const STUB: &str = "stub:1";
const PORT: u16 = 5001;
/// Longer than any script here; in paused time it costs nothing.
const PATIENCE: Duration = Duration::from_secs(3_600);

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn slow() -> Delays {
    Delays {
        create: ms(30),
        start: ms(170),
    }
}

fn engine() -> StubEngine {
    StubEngine::new().with_image(STUB).with_delays(slow())
}

fn owner() -> Owner {
    Owner::this_process("stub-test".to_owned())
}

fn spec(scripts: &[&str]) -> LaunchSpec {
    let replica = |(number, script): (usize, &&str)| ReplicaSpec {
        number,
        env: [("STUB_SCRIPT".to_owned(), (*script).to_owned())].into(),
        mounts: Vec::new(),
    };
    LaunchSpec {
        image: STUB.to_owned(),
        replicas: scripts.iter().enumerate().map(replica).collect(),
        ports: vec![PORT],
        case: "engine/tests@stub".to_owned(),
    }
}

type Launched = Vec<(usize, Result<StubReplica, EngineError>)>;

/// What becomes of each replica, in the order in which they come.
async fn launch_all(engine: &StubEngine, network: &Network, scripts: &[&str]) -> Launched {
    let launching = engine.launch(&owner(), network, spec(scripts)).await.expect("a launch");
    launching.collect().await
}

async fn launch(engine: &StubEngine, script: &str) -> StubReplica {
    let network = engine.network(&owner()).await.unwrap();
    let mut launched = launch_all(engine, &network, &[script]).await;
    launched.remove(0).1.expect("a replica")
}

fn stamps(replica: &StubReplica) -> [Instant; 3] {
    let [
        Stamp::CreateRequested(requested),
        Stamp::Created(created),
        Stamp::Started(started),
    ] = replica.stamps()
    else {
        panic!("unexpected stamps: {:?}", replica.stamps());
    };
    [*requested, *created, *started]
}

/// The whole log, with the instant at which each chunk arrived.
async fn log(replica: &StubReplica) -> Vec<(LogChunk, Instant)> {
    let arrived = replica.logs().map(|chunk| (chunk.unwrap(), Instant::now()));
    timeout(PATIENCE, arrived.collect()).await.expect("the log ends")
}

fn texts(log: &[(LogChunk, Instant)]) -> Vec<String> {
    let text = |(chunk, _): &(LogChunk, Instant)| String::from_utf8(chunk.bytes.clone()).unwrap();
    log.iter().map(text).collect()
}

/// The instant that the mark with this name carries.
fn mark(log: &[(LogChunk, Instant)], name: &str) -> Instant {
    let texts = texts(log);
    let ns = texts
        .iter()
        .find_map(|text| text.strip_prefix(name)?.trim().parse().ok());
    instant_of_monotonic(ns.unwrap_or_else(|| panic!("no `{name}` in {texts:#?}"))).unwrap()
}

/// One exchange: the whole answer.
async fn ask(replica: &StubReplica, request: &str) -> std::io::Result<String> {
    let mut connection = replica.connect(PORT).await?;
    connection.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await?;
    Ok(answer)
}

async fn health(replica: &StubReplica) -> std::io::Result<String> {
    ask(replica, "GET / HTTP/1.1\r\nHost: x\r\n\r\n").await
}

#[tokio::test(start_paused = true)]
async fn a_boot_has_the_instants_of_its_script() {
    let engine = engine();
    let zero = Instant::now();
    let replica = launch(
        &engine,
        "log one; wait 1s; err two; listen; wait 250ms; answer 200; wait 1s; exit 7",
    )
    .await;
    assert_eq!(stamps(&replica), [zero, zero + ms(30), zero + ms(200)]);
    assert_eq!(Instant::now(), zero + ms(200));

    let (log, ended) = tokio::join!(log(&replica), replica.ended());
    let ended = ended.unwrap();
    assert_eq!((ended.code, ended.oom, ended.at), (7, false, zero + ms(2_450)));
    assert_eq!(Instant::now(), ended.at);
    let times: Vec<_> = log.iter().map(|(chunk, arrived)| (chunk.at, *arrived)).collect();
    let expected = [200, 200, 1_200, 1_200].map(|millis| (zero + ms(millis), zero + ms(millis)));
    assert_eq!(times, expected);
    assert_eq!(texts(&log)[1..3], ["one\n", "two\n"]);
    assert!(log[2].0.stderr && !log[1].0.stderr);
    assert_eq!(mark(&log, "stub: first instruction "), zero + ms(200));
    assert_eq!(mark(&log, "stub: listening "), zero + ms(1_200));
}

/// tokio wakes on full milliseconds; what the engine says does not depend on it.
#[tokio::test(start_paused = true)]
async fn instants_between_milliseconds_are_exact_too() {
    let engine = StubEngine::new().with_image(STUB).with_delays(Delays {
        create: Duration::from_nanos(1_234_567),
        start: Duration::from_nanos(7_000_001),
    });
    let zero = Instant::now();
    let started = zero + Duration::from_nanos(8_234_568);
    let replica = launch(&engine, "wait 3ms; log here; exit 0").await;
    assert_eq!(
        stamps(&replica),
        [zero, zero + Duration::from_nanos(1_234_567), started]
    );
    let log = log(&replica).await;
    let (line, arrived) = &log[1];
    assert_eq!(line.at, started + ms(3));
    assert!(*arrived >= line.at && *arrived < line.at + ms(1));
    assert_eq!(mark(&log, "stub: first instruction "), started);
    assert_eq!(replica.ended().await.unwrap().at, started + ms(3));
}

#[tokio::test(start_paused = true)]
async fn health_is_refused_then_hangs_then_answers() {
    let engine = engine();
    let replica = launch(
        &engine,
        "wait 100ms; listen; wait 1s; answer 502; wait 400ms; answer 200; wait 1s; hang; wait 1s; exit 0",
    )
    .await;
    let [.., started] = stamps(&replica);
    assert_eq!(health(&replica).await.unwrap_err().kind(), ErrorKind::ConnectionRefused);
    sleep_until(started + ms(99)).await;
    assert_eq!(health(&replica).await.unwrap_err().kind(), ErrorKind::ConnectionRefused);

    sleep_until(started + ms(100)).await;
    let other = replica.connect(PORT + 1).await.err().expect("nobody listens there");
    assert_eq!(other.kind(), ErrorKind::ConnectionRefused);
    let held = health(&replica).await.unwrap();
    assert!(held.starts_with("HTTP/1.1 502 "), "{held}");
    assert_eq!(Instant::now(), started + ms(1_100));

    sleep_until(started + ms(1_500)).await;
    let request = "POST /score HTTP/1.1\r\nContent-Length: 7\r\n\r\n{\"a\":1}";
    let scored = ask(&replica, request).await.unwrap();
    assert!(
        scored.starts_with("HTTP/1.1 200 ") && scored.ends_with("\r\n\r\n{\"a\":1}"),
        "{scored}"
    );
    assert!(health(&replica).await.unwrap().ends_with("\r\n\r\nstub\n"));
    assert_eq!(Instant::now(), started + ms(1_500));

    sleep_until(started + ms(2_500)).await;
    assert_eq!(
        health(&replica).await.unwrap(),
        "",
        "it hangs until the container has ended"
    );
    assert_eq!(Instant::now(), started + ms(3_500));
    assert_eq!(health(&replica).await.unwrap_err().kind(), ErrorKind::ConnectionRefused);
    let log = log(&replica).await;
    assert_eq!(mark(&log, "stub: first 200 "), started + ms(1_500));
    let marks = texts(&log).iter().filter(|text| text.contains("first 200")).count();
    assert_eq!(marks, 1);
}

#[tokio::test(start_paused = true)]
async fn a_held_request_is_answered_at_the_very_instant() {
    let engine = engine();
    let replica = launch(&engine, "listen; wait 5s; answer 200").await;
    let [.., started] = stamps(&replica);
    let mut following = replica.logs();
    for _ in 0..2 {
        following.next().await.unwrap().unwrap();
    }
    let (answer, written) = tokio::join!(health(&replica), following.next());
    assert!(answer.unwrap().starts_with("HTTP/1.1 200 "));
    let written = written.unwrap().unwrap();
    assert_eq!((written.at, Instant::now()), (started + ms(5_000), started + ms(5_000)));
    assert!(written.bytes.starts_with(b"stub: first 200 "));
}

#[tokio::test(start_paused = true)]
async fn replicas_of_a_group_start_together_and_one_that_fails_does_not_stop_the_others() {
    let engine = engine().with_failing(1, "no space left on device");
    let network = engine.network(&owner()).await.unwrap();
    let zero = Instant::now();
    let mut launched = launch_all(
        &engine,
        &network,
        &["forever", "forever", "exit 3", "reach 10.0.0.1:80"],
    )
    .await;
    assert_eq!(Instant::now(), zero + ms(200));
    launched.sort_by_key(|(number, _)| *number);
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
        .launch(&owner(), &network, spec(&["forever", "forever"]))
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
async fn a_killed_container_starts_again_and_its_log_goes_on() {
    let engine = engine();
    let mut replica = launch(&engine, "log up; listen; answer 200; wait 10s; log never").await;
    let [.., started] = stamps(&replica);
    health(&replica).await.unwrap();
    sleep(ms(500)).await;
    replica.kill().await.unwrap();
    let ended = replica.ended().await.unwrap();
    assert_eq!((ended.code, ended.at), (137, started + ms(500)));
    let first = texts(&log(&replica).await);
    assert!(!first.contains(&"never\n".to_owned()) && first.len() == 4, "{first:#?}");
    assert!(replica.usage().await.unwrap().cpu_ns.is_none());

    sleep(ms(300)).await;
    replica.restart().await.unwrap();
    let again = started + ms(800);
    let [Stamp::CreateRequested(requested), Stamp::Started(restarted)] = replica.stamps() else {
        panic!("unexpected stamps: {:?}", replica.stamps());
    };
    assert_eq!((*requested, *restarted), (again, again + ms(170)));
    health(&replica).await.unwrap();
    replica.kill().await.unwrap();
    let both = log(&replica).await;
    let (before, after) = both.split_at(first.len());
    assert_eq!(texts(before), first);
    assert_eq!(mark(after, "stub: first instruction "), again + ms(170));
    assert_eq!(mark(after, "stub: first 200 "), again + ms(170));
    replica.remove().await.unwrap();
    assert_eq!(engine.left().containers, 0);
}

#[tokio::test(start_paused = true)]
async fn commands_tasks_and_accounting() {
    let engine = engine();
    let replica = launch(&engine, "hold 64mb; wait 1s; spin 400ms; hold 1mb; forever").await;
    let command = |argv: &[&str]| Command {
        argv: argv.iter().map(|word| (*word).to_owned()).collect(),
        user: None,
        deadline: ms(500),
    };
    let manifest = replica
        .exec(command(&["/seatrial-stub", "manifest", "/site-packages"]))
        .await;
    assert!(manifest.unwrap().stdout.starts_with(b"seatrial-manifest:{"));
    assert_eq!(replica.exec(command(&["sh", "-c", "true"])).await.unwrap().code, 127);
    let error = replica.exec(command(&["/seatrial-stub", "forever"])).await.unwrap_err();
    assert!(matches!(error, EngineError::Timeout { .. }), "{error}");
    assert_eq!(replica.usage().await.unwrap().cpu_ns, Some(0));
    sleep(ms(700)).await;
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

    let task = TaskSpec {
        image: STUB.to_owned(),
        command: vec!["/seatrial-stub".to_owned(), "log done; exit 4".to_owned()],
        env: Default::default(),
        user: None,
        mounts: Vec::new(),
        host_network: false,
        deadline: PATIENCE,
    };
    let output = engine.task(&owner(), task.clone()).await.unwrap();
    assert!(output.code == 4 && output.stdout.ends_with(b"done\n"));
    replica.kill().await.unwrap();
    let error = replica.exec(command(&["/seatrial-stub", "exit 0"])).await.unwrap_err();
    assert!(matches!(error, EngineError::Exec { .. }), "{error}");
    let absent = TaskSpec {
        image: "absent".to_owned(),
        ..task
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
    engine.remove_image("built:1").await.unwrap();
    assert_eq!(engine.image("built:1").await.unwrap(), None);
    assert!(engine.image("pulled:1").await.unwrap().is_some());
    let error = engine.import("/no/such/archive".as_ref(), "x:1").await.unwrap_err();
    assert!(matches!(error, EngineError::ImportFailed { .. }), "{error}");
}

#[tokio::test(start_paused = true)]
async fn what_a_dead_process_left_is_swept_and_what_a_living_one_has_is_kept() {
    let engine = engine();
    let kept = launch(&engine, "forever").await;
    let mut process = std::process::Command::new("true").spawn().unwrap();
    process.wait().unwrap();
    let gone = Owner {
        run: "gone".to_owned(),
        pid: process.id(),
        ..owner()
    };
    let network = engine.network(&gone).await.unwrap();
    let launching = engine.launch(&gone, &network, spec(&["forever"])).await.unwrap();
    let mut launched: Launched = launching.collect().await;
    let swept = engine.sweep().await.unwrap();
    assert_eq!(
        (swept.containers, swept.networks, swept.runs),
        (1, 1, vec!["gone".to_owned()])
    );
    let removed = launched.remove(0).1.unwrap();
    assert_eq!(removed.ended().await.unwrap().code, 137);
    removed.remove().await.expect("removing what is gone is no error");
    drop(kept);
    let swept = engine.remove_run(&owner().run).await.unwrap();
    assert_eq!((swept.containers, swept.networks), (0, 1));
    assert_eq!(engine.remove_run(&owner().run).await.unwrap(), Default::default());
    assert_eq!(engine.left(), Left::default());
}

/// Drawn delays change when things are heard of, never what happened, and the same seed draws the same ones.
#[tokio::test(start_paused = true)]
async fn latencies_are_drawn_from_the_seed() {
    let boot = async |seed: u64| {
        let zero = Instant::now();
        let engine = engine().with_latency(seed, ms(50));
        let replica = launch(&engine, "log one; wait 1s; log two; exit 3").await;
        let [requested, created, started] = stamps(&replica);
        assert!(created >= requested + ms(30) && created <= requested + ms(80));
        let log = log(&replica).await;
        let (two, arrived) = &log[2];
        assert_eq!(two.at, started + ms(1_000));
        assert!(*arrived >= two.at);
        let ended = replica.ended().await.unwrap();
        assert_eq!(ended.at, two.at);
        [requested, created, started, *arrived, Instant::now()].map(|at| at - zero)
    };
    let one = boot(1).await;
    assert_eq!(one, boot(1).await);
    assert_ne!(one, boot(2).await);
}

#[tokio::test(start_paused = true)]
async fn a_flood_is_delivered_line_by_line() {
    let engine = engine();
    let replica = launch(&engine, "flood 100kb; log after; exit 0").await;
    let log = log(&replica).await;
    assert_eq!(log.len(), 1 + 1_000 + 1);
    assert!(log[1_000].0.bytes.starts_with(b"flood 000000999 "));
}
