//! The matrix of delays through whole runs: one put into a phase shows in that phase's part, and in no other.
//!
//! The engine and the script are late; everything behind them is what runs use. What a replica of the stub engine cannot
//! show by itself is fed to its observation: the index's log and the times of files.

use std::collections::BTreeMap;

use seatrial_engine::{Delays, StubEngine};
use seatrial_record::{
    Asked, IndexRequest, InstallFacts, InstalledFiles, Observation, Outcome, Part, Phase, breakdown, first_response,
    install_parts,
};

use super::bench::{Bench, IMAGE, case, ms};

/// Injected delays, milliseconds.
const DELAYS: [u64; 3] = [50, 200, 1_000];

/// A contract with every mark. `log` lines stand for the launcher, the installer and the server.
const CONTRACT: &str = include_str!("../../../../../fixtures/stub/every-mark.yaml");

/// Who is late in a step.
#[derive(Clone, Copy)]
enum Step {
    Engine,
    /// The script waits, then goes on with this.
    Script(&'static str),
}

/// The steps of a boot in order, how long each takes (ms), and the part that it belongs to.
const COURSE: [(&str, u64, Step); 13] = [
    ("create", 30, Step::Engine),
    ("start", 170, Step::Engine),
    ("boot", 20, Step::Engine),
    ("launch", 40, Step::Script("log Installing Python packages")),
    ("install_resolve", 60, Step::Script("log Collecting acme")),
    (
        "install_download",
        30,
        Step::Script("log Installing collected packages: acme"),
    ),
    ("install_unpack", 80, Step::Script("log unpacked")),
    (
        "install_compile",
        50,
        Step::Script("log Successfully installed acme-1.0.0"),
    ),
    ("install_rest", 30, Step::Script("log Checking the packages")),
    // Between the installation and the server, the launcher goes on.
    ("server", 90, Step::Script("listen")),
    ("import", 300, Step::Script("log init begins")),
    ("init", 70, Step::Script("log init has ended")),
    ("serve", 10, Step::Script("answer 200")),
];

/// What the boot takes in a step, with `delay` more in one of them.
fn takes(step: &str, delayed: Option<(&str, u64)>) -> u64 {
    let usual = COURSE.iter().find(|(name, ..)| *name == step).map_or(0, |step| step.1);
    usual + delayed.filter(|(name, _)| *name == step).map_or(0, |(_, delay)| delay)
}

/// When a step has ended, nanoseconds since the create request.
fn ends(step: &str, delayed: Option<(&str, u64)>) -> u64 {
    let place = COURSE.iter().position(|(name, ..)| *name == step).unwrap();
    let so_far = COURSE[..=place].iter().map(|(name, ..)| takes(name, delayed));
    so_far.sum::<u64>() * 1_000_000
}

/// A whole run of a boot that goes by the course, and what was seen of it.
async fn boot(delayed: Option<(&str, u64)>) -> Observation {
    let delay = |step| ms(takes(step, delayed));
    let bench = Bench::on(StubEngine::new().with_image(IMAGE).with_delays(Delays {
        create: delay("create"),
        start: delay("start"),
        boot: delay("boot"),
    }));
    bench.file("fixtures/contracts/stub.yaml", CONTRACT);
    let score = delayed.filter(|(step, _)| *step == "first_response");
    let mut script = format!("score {}ms", 10 + score.map_or(0, |(_, delay)| delay));
    for (step, _, late) in COURSE {
        if let Step::Script(then) = late {
            let before = if step == "server" {
                "log Starting the server; "
            } else {
                ""
            };
            script += &format!("; {before}wait {}ms; {then}", takes(step, delayed));
        }
    }
    let expect = "  ready: { within: 60s }\n  score: { send: {} }\n";
    bench.scenario("group/boot", &(script + "; forever"), "tags: [timed]\n", expect);
    let (record, _) = bench.run(1, 1).await;
    let case = case(&record, "group/boot@none");
    assert_eq!(case.outcome(), Outcome::Passed, "{:?} {:?}", case.error, case.verdicts);
    let mut seen = case.observations[0].clone();
    feed(&mut seen, delayed);
    seen
}

/// What pip's requests and files would show: the index sends a wheel while the installer says nothing, and the installer
/// compiles once all is unpacked.
fn feed(seen: &mut Observation, delayed: Option<(&str, u64)>) {
    let at_ns = ends("install_resolve", delayed);
    let name = "acme-1.0.0-py3-none-any.whl".to_owned();
    seen.index.as_mut().expect("an index").log.push(IndexRequest {
        at_ns,
        took_ns: ends("install_download", delayed) - at_ns,
        what: Asked::File { project: None, name },
        ..IndexRequest::default()
    });
    let distribution = InstalledFiles {
        project: "acme".into(),
        unpacked_ns: ends("install_unpack", delayed),
        compiled_ns: Some(ends("install_compile", delayed)),
    };
    seen.install = Some(InstallFacts {
        distributions: vec![distribution],
    });
}

/// All parts but `install`, which its own replace, and the first answer.
fn parts(seen: &Observation) -> BTreeMap<&'static str, i64> {
    let parts = breakdown(seen).into_iter().chain(install_parts(seen));
    let parts = parts.chain(first_response(seen)).filter(|part| part.name != "install");
    parts.map(|Part { name, ns }| (name, ns as i64)).collect()
}

#[tokio::test(start_paused = true)]
async fn a_delay_lands_in_the_part_it_was_put_into() {
    let before = parts(&boot(None).await);
    let steps = COURSE.iter().map(|(step, ..)| *step);
    for step in steps.chain(["first_response"]) {
        for millis in DELAYS {
            let seen = boot(Some((step, millis))).await;
            let (after, delay) = (parts(&seen), millis as i64 * 1_000_000);
            for name in before.keys().chain(after.keys()) {
                let ns = |parts: &BTreeMap<_, i64>| parts.get(name).copied().unwrap_or_default();
                let landed = ns(&after) - ns(&before);
                let told = format!("{millis} ms in {step}: {landed} ns landed in {name}");
                match *name == step {
                    true => assert!(landed * 100 >= delay * 95 && landed * 100 <= delay * 102, "{told}"),
                    false => assert!(landed.abs() * 100 <= delay * 2, "{told}"),
                }
            }
            assert!(after.contains_key(step), "{step}: {after:?}");
            let whole = seen.instant(Phase::Ready).unwrap() as i64;
            let residue = after.get("residue").copied().unwrap_or_default();
            assert!(residue <= (whole / 100).max(2_000_000), "{step}: {residue} of {whole}");
            let summed: i64 = breakdown(&seen).iter().map(|part| part.ns as i64).sum();
            assert_eq!(summed, whole);
        }
    }
}
