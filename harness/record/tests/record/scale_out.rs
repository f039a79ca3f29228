//! A record of cases with several replicas, written out by hand: a drift, thirty with an odd one, a restart, some of N.

use std::collections::BTreeMap;

use seatrial_record::{
    Asked, Beginning, CaseError, CaseRecord, Check, Contents, Distribution, Exit, Expectation, IndexCourse, IndexEvent,
    IndexRequest, IndexUse, ManifestDiff, Observation, Origin, Phase, Place, RunRecord, differences,
};

use crate::literal;

const MS: u64 = 1_000_000;
const S: u64 = 1_000 * MS;

/// Digests of files by project and path.
type Files = BTreeMap<String, BTreeMap<String, String>>;

/// A run of the four cases below.
pub fn record() -> RunRecord {
    let cases = vec![release_midway(), odd_one_out(), restarted(), some_of_three()];
    RunRecord {
        planned: cases.iter().map(|case| case.id.clone()).collect(),
        cases,
        interrupted: None,
        ..literal::record()
    }
}

/// acme 2.0.0 is published once two of three replicas are ready: the third gets it, as expected.
pub fn release_midway() -> CaseRecord {
    let mut release = event(
        "release",
        "acme 2.0.0 published",
        Some("acme"),
        "when replicas 0 and 1 are ready",
    );
    release.at_ns = Some(6_310 * MS);
    let mut late = event("late", "bolt 3.0.0 published", Some("bolt"), "after 90 s");
    late.at_ns = None;
    let mut lives = vec![
        life(
            0,
            0,
            6_100,
            vec![page("acme", 1_920, 0, "3fa9c1d2"), wheel("acme-1.0.0", 1_960)],
        ),
        life(
            1,
            12,
            6_298,
            vec![page("acme", 2_028, 0, "3fa9c1d2"), wheel("acme-1.0.0", 2_068)],
        ),
        life(
            2,
            6_350,
            6_550,
            vec![page("acme", 1_850, 1, "77aa00bb"), wheel("acme-2.0.0", 1_890)],
        ),
    ];
    for (seen, version) in lives.iter_mut().zip(["1.0.0", "1.0.0", "2.0.0"]) {
        install(seen, "acme", version, &version.repeat(4));
    }
    let checks = vec![
        ready(None),
        Check::Drift {
            projects: vec!["acme".into()],
            odd: vec![2],
            since: Some("release".into()),
        },
        Check::Event {
            name: "release".into(),
            index: "main".into(),
        },
    ];
    let mut case = case(
        "scale-out/release-midway",
        checks,
        lives,
        &[Files::new(), Files::new(), Files::new()],
    );
    case.course = Some(IndexCourse {
        seed: 7,
        refused: 0,
        events: vec![release, late],
    });
    case.judge();
    case
}

/// Thirty replicas are expected to be the same, and one was sent a file with another byte; it also asked too often.
pub fn odd_one_out() -> CaseRecord {
    const ODD: usize = 17;
    let mut rot = event("rot", "one byte changed", Some("acme"), "from the start");
    rot.at_ns = Some(0);
    rot.hits = 1;
    let mut lives = Vec::new();
    let mut files = Vec::new();
    for replica in 0..30 {
        let at = replica as u64 * 3;
        let mut log = vec![page("acme", 40 + at, 1, "3fa9c1d2"), wheel("acme-1.0.0", 60 + at)];
        let byte = if replica == ODD { "b" } else { "a" };
        if replica == ODD {
            log[1].faults = vec!["rot".into()];
        }
        let mut seen = life(replica, at, 2_000 + at, log);
        install(&mut seen, "acme", "1.0.0", &byte.repeat(64));
        if replica == ODD {
            let index = seen.index.as_mut().unwrap();
            (index.requests, index.errors) = (14, 9);
        }
        lives.push(seen);
        let own = BTreeMap::from([
            ("acme/__init__.py".to_owned(), byte.repeat(64)),
            ("acme/py.typed".to_owned(), "c".repeat(64)),
        ]);
        files.push(Files::from([("acme".to_owned(), own)]));
    }
    let checks = vec![ready(None), Check::Identical, Check::IndexRequests { at_most: 10 }];
    let mut case = case("scale-out/odd-one-out", checks, lives, &files);
    case.course = Some(IndexCourse {
        seed: 7,
        refused: 0,
        events: vec![rot],
    });
    case.alone = false;
    case.judge();
    case
}

/// A restarted replica keeps what it has, and the page that moved meanwhile does no harm.
pub fn restarted() -> CaseRecord {
    let mut release = event(
        "release",
        "acme 2.0.0 published",
        Some("acme"),
        "when replicas 0 and 1 are ready",
    );
    release.at_ns = Some(6_400 * MS);
    let mut lives = vec![
        life(
            0,
            0,
            6_100,
            vec![page("acme", 1_920, 0, "3fa9c1d2"), wheel("acme-1.0.0", 1_960)],
        ),
        life(
            1,
            12,
            6_298,
            vec![page("acme", 2_028, 0, "3fa9c1d2"), wheel("acme-1.0.0", 2_068)],
        ),
        life(0, 20_000, 3_100, Vec::new()),
        life(
            1,
            24_000,
            6_200,
            vec![page("acme", 1_900, 1, "77aa00bb"), wheel("acme-1.0.0", 1_930)],
        ),
    ];
    (lives[2].life, lives[2].began) = (1, Beginning::Restarted);
    (lives[3].life, lives[3].began) = (1, Beginning::Recreated);
    lives
        .iter_mut()
        .for_each(|seen| install(seen, "acme", "1.0.0", &"a".repeat(64)));
    let files = [(); 4].map(|()| Files::new());
    let mut case = case(
        "scale-out/restart-after-move",
        vec![ready(None), Check::Identical],
        lives,
        &files,
    );
    case.course = Some(IndexCourse {
        seed: 7,
        refused: 2,
        events: vec![release],
    });
    case.judge();
    case
}

/// Two of three suffice: one ends, and one more than planned could not be launched at all.
pub fn some_of_three() -> CaseRecord {
    let log = |at| vec![page("acme", at, 0, "3fa9c1d2"), wheel("acme-1.0.0", at + 40)];
    let mut lives = vec![
        life(0, 0, 6_100, log(1_920)),
        life(1, 12, 9_000, log(2_028)),
        life(2, 20, 9_000, log(2_100)),
    ];
    lives[..2]
        .iter_mut()
        .for_each(|seen| install(seen, "acme", "1.0.0", &"a".repeat(64)));
    let ended = &mut lives[2];
    ended.phases.retain(|instant| instant.phase < Phase::ServerStart);
    ended.health.truncate(2);
    ended.manifest = None;
    ended.exit = Some(Exit {
        container: 111,
        inner: Some(95),
        at_ns: 4_200 * MS,
    });
    lives.push(Observation {
        replica: 3,
        launched_ns: 30 * MS,
        error: Some(CaseError {
            what: "the engine refused the container: no space left on device".into(),
            hint: Some("free some space, then run the case again".into()),
        }),
        ..Observation::default()
    });
    let files = [(); 4].map(|()| Files::new());
    let mut case = case(
        "scale-out/some-of-four",
        vec![ready(Some(2)), Check::Identical],
        lives,
        &files,
    );
    case.judge();
    case
}

/// A case whose differences come from its own manifests.
fn case(scenario: &str, checks: Vec<Check>, observations: Vec<Observation>, files: &[Files]) -> CaseRecord {
    let expectations = checks.into_iter().enumerate().map(|(at, check)| Expectation {
        place: literal::at(scenario, 9 + at, &format!("  {}: as written", check.subject()), 3),
        check,
    });
    let mut case = literal::case(scenario, "dynamic", expectations.collect(), observations);
    let contents: Vec<_> = case
        .observations
        .iter()
        .zip(files)
        .filter_map(|(seen, files)| {
            Some(Contents {
                replica: seen.replica,
                life: seen.life,
                began: seen.began,
                manifest: seen.manifest.as_ref()?,
                files,
            })
        })
        .collect();
    case.differences = (contents.len() > 1).then(|| differences(&contents));
    case.manifest_diff = Some(ManifestDiff::default());
    case
}

fn ready(at_least: Option<usize>) -> Check {
    Check::Ready {
        within_ns: 60 * S,
        at_least,
        replicas: Vec::new(),
    }
}

/// A replica that serves, launched and ready after so many milliseconds.
fn life(replica: usize, launched_ms: u64, ready_ms: u64, log: Vec<IndexRequest>) -> Observation {
    let mut seen = literal::served("scale-out/any", "dynamic", ready_ms * MS)
        .observations
        .remove(0);
    seen.replica = replica;
    seen.launched_ns = launched_ms * MS;
    seen.index = Some(IndexUse {
        requests: log.len() as u64,
        bytes: log.iter().map(|request| request.bytes).sum(),
        files: Vec::new(),
        errors: 0,
        log,
    });
    seen
}

fn install(seen: &mut Observation, project: &str, version: &str, digest: &str) {
    let installed = Distribution {
        project: project.into(),
        version: version.into(),
        location: "/opt/env/lib/python3.11/site-packages".into(),
        origin: Origin::Installed,
        shadowed: false,
        digest: Some(digest.into()),
    };
    seen.manifest.get_or_insert_default().distributions.insert(0, installed);
}

fn page(project: &str, at_ms: u64, after: usize, answer: &str) -> IndexRequest {
    let project = project.into();
    request(Asked::Page { project }, at_ms, after, answer)
}

fn wheel(release: &str, at_ms: u64) -> IndexRequest {
    let what = Asked::File {
        project: release.split_once('-').map(|(project, _)| project.into()),
        name: format!("{release}-py3-none-any.whl"),
    };
    request(what, at_ms, 0, release)
}

fn request(what: Asked, at_ms: u64, after: usize, answer: &str) -> IndexRequest {
    IndexRequest {
        index: "main".into(),
        at_ns: at_ms * MS,
        took_ns: 3 * MS,
        method: "GET".into(),
        what,
        status: 200,
        bytes: 1_000,
        complete: true,
        answer: Some(answer.into()),
        after,
        faults: Vec::new(),
    }
}

fn event(name: &str, what: &str, project: Option<&str>, when: &str) -> IndexEvent {
    IndexEvent {
        index: "main".into(),
        name: name.into(),
        what: what.into(),
        project: project.map(str::to_owned),
        when: when.into(),
        at_ns: None,
        ended_ns: None,
        fault: false,
        hits: 0,
        place: Place {
            file: "scenarios/scale-out/any.yaml".into(),
            line: 20,
            column: 5,
            snippet: format!("  - name: {name}"),
        },
    }
}
