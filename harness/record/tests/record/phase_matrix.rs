//! The matrix of delays: one put into a phase shows in that phase's part, and in no other.
//!
//! This is the pure half of it, from instants to parts. Its counterpart runs whole boots with scripted delays on the stub
//! engine and is `cli/src/runner/tests/phase_matrix.rs`.

use std::collections::BTreeMap;

use seatrial_record::{
    Asked, IndexRequest, IndexUse, InstallFacts, InstalledFiles, Observation, Phase, PhaseInstant, breakdown,
    install_parts,
};

const MS: u64 = 1_000_000;
/// Injected delays.
const DELAYS: [u64; 3] = [50 * MS, 200 * MS, 1_000 * MS];

/// What happens in a boot, in order, with how long it takes (ms) and the part that it belongs to. The same part may come
/// several times.
const COURSE: [(&str, u64, &str); 19] = [
    ("create", 12, "create"),
    ("start", 180, "start"),
    ("boot", 25, "boot"),
    ("checks before", 300, "launch"),
    ("installer's start", 320, "install_resolve"),
    ("page", 40, "install_resolve"),
    ("file", 80, "install_download"),
    ("choice", 60, "install_resolve"),
    ("another file", 30, "install_download"),
    ("unpack one", 200, "install_unpack"),
    ("compile one", 90, "install_compile"),
    ("unpack two", 110, "install_unpack"),
    ("compile two", 70, "install_compile"),
    ("installer's end", 380, "install_rest"),
    ("checks after", 700, "launch"),
    ("server", 600, "server"),
    ("import", 1_300, "import"),
    ("init", 40, "init"),
    ("first 200", 15, "serve"),
];

/// A boot that goes by the course, with `delay` more in one step of it.
fn boot(delayed: Option<(&str, u64)>) -> Observation {
    let mut at = 0;
    let times: BTreeMap<&str, (u64, u64)> = COURSE
        .iter()
        .map(|&(step, ms, _)| {
            let from = at;
            at += ms * MS + delayed.filter(|(name, _)| *name == step).map_or(0, |(_, delay)| delay);
            (step, (from, at))
        })
        .collect();
    let begin = |step: &str| times[step].0;
    let end = |step: &str| times[step].1;
    let asked = |what, step: &str| IndexRequest {
        at_ns: begin(step),
        took_ns: end(step) - begin(step),
        what,
        ..IndexRequest::default()
    };
    let file = |name: &str| Asked::File {
        project: None,
        name: name.into(),
    };
    let files = |project: &str, unpack: &str, compile: &str| InstalledFiles {
        project: project.into(),
        unpacked_ns: end(unpack),
        compiled_ns: Some(end(compile)),
    };
    let instants = [
        (Phase::CreateRequested, 0),
        (Phase::Created, end("create")),
        (Phase::Started, end("start")),
        (Phase::FirstLog, end("boot")),
        (Phase::InstallBegin, end("checks before")),
        (Phase::UnpackBegin, end("another file")),
        (Phase::UnpackEnd, end("compile two")),
        (Phase::InstallEnd, end("installer's end")),
        (Phase::ServerStart, end("checks after")),
        (Phase::Listen, end("server")),
        (Phase::InitBegin, end("import")),
        (Phase::InitEnd, end("init")),
        (Phase::Ready, end("first 200")),
    ];
    Observation {
        phases: instants.map(|(phase, at_ns)| PhaseInstant { phase, at_ns }).into(),
        index: Some(IndexUse {
            log: vec![
                asked(Asked::Page { project: "one".into() }, "page"),
                asked(file("one-1-py3-none-any.whl"), "file"),
                asked(file("two-1-py3-none-any.whl"), "another file"),
            ],
            ..IndexUse::default()
        }),
        install: Some(InstallFacts {
            distributions: vec![
                files("one", "unpack one", "compile one"),
                files("two", "unpack two", "compile two"),
            ],
        }),
        ..Observation::default()
    }
}

/// All parts but `install`, which its own replace.
fn parts(seen: &Observation) -> BTreeMap<&'static str, u64> {
    let parts = breakdown(seen).into_iter().chain(install_parts(seen));
    parts
        .filter(|part| part.name != "install")
        .map(|part| (part.name, part.ns))
        .collect()
}

#[test]
fn a_delay_lands_in_the_part_it_was_put_into() {
    let before = parts(&boot(None));
    assert_eq!(
        before.values().sum::<u64>(),
        COURSE.iter().map(|step| step.1 * MS).sum::<u64>()
    );
    for (step, _, part) in COURSE {
        for delay in DELAYS {
            let after = parts(&boot(Some((step, delay))));
            for (name, ns) in &after {
                let landed = ns - before[name];
                match *name == part {
                    true => assert!(landed * 100 >= delay * 95, "{step}: {landed} of {delay} in {name}"),
                    false => assert!(landed * 100 <= delay * 2, "{step}: {landed} of {delay} in {name}"),
                }
            }
            assert!(!after.contains_key("residue"), "{step}: {after:?}");
        }
    }
}
