//! A record of cases with several replicas, written out by hand: a drift, thirty with an odd one, a restart, some of N.

use std::collections::BTreeMap;

use seatrial_record::{
    Asked, Beginning, CaseRecord, Check, Contents, Distribution, EventKind, Exit, Expectation, IndexCourse, IndexEvent,
    IndexRequest, IndexUse, ManifestDiff, Observation, Origin, Phase, Place, RunRecord, differences,
};

use crate::literal;

const MS: u64 = 1_000_000;
const S: u64 = 1_000 * MS;

/// Digests of files by project and path.
type Files = BTreeMap<String, BTreeMap<String, String>>;

/// A run of the four cases below.
pub fn record() -> RunRecord {
    let cases = vec![release_midway(), odd_one_out(), restarted(), some_of_four()];
    RunRecord {
        planned: cases.iter().map(|case| case.id.clone()).collect(),
        cases,
        interrupted: None,
        refused: 2,
        ..literal::record()
    }
}

/// acme 2.0.0 is published once two of three replicas are ready: the third gets it, as expected.
pub fn release_midway() -> CaseRecord {
    let release = published("release", "acme", "2.0.0", Some(6_310));
    let late = published("late", "bolt", "3.0.0", None);
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
            hits: false,
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
        events: vec![release, late],
    });
    case.judge();
    case
}

/// Thirty replicas are expected to be the same, and one was sent a file with another bit; it also asked too often.
pub fn odd_one_out() -> CaseRecord {
    const ODD: usize = 17;
    let rot = IndexEvent {
        what: "one bit changed (files of acme, replica 17)".into(),
        kind: EventKind::Corrupted,
        version: None,
        when: "from the start".into(),
        hits: 1,
        ..published("rot", "acme", "", Some(0))
    };
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
        events: vec![rot],
    });
    case.alone = false;
    case.judge();
    case
}

/// A restarted replica keeps what it has, and the page that moved meanwhile does no harm.
pub fn restarted() -> CaseRecord {
    let release = published("release", "acme", "2.0.0", Some(6_400));
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
        events: vec![release],
    });
    case.judge();
    case
}

/// Two of four suffice: the index fails the other two, and their containers end.
pub fn some_of_four() -> CaseRecord {
    let log = || vec![page("acme", 1_920, 0, "3fa9c1d2"), wheel("acme-1.0.0", 1_960)];
    let mut lives: Vec<_> = [(0, 6_100), (12, 9_000), (20, 9_000), (31, 9_000)]
        .into_iter()
        .enumerate()
        .map(|(replica, (launched, ready))| life(replica, launched, ready, log()))
        .collect();
    let (serving, ended) = lives.split_at_mut(2);
    serving
        .iter_mut()
        .for_each(|seen| install(seen, "acme", "1.0.0", &"a".repeat(64)));
    for seen in ended {
        seen.phases.retain(|instant| instant.phase < Phase::ServerStart);
        seen.health.truncate(2);
        seen.manifest = None;
        seen.exit = Some(Exit {
            container: 111,
            inner: Some(95),
            at_ns: 4_200 * MS,
        });
        let index = seen.index.as_mut().unwrap();
        index.log.truncate(1);
        (index.log[0].status, index.log[0].answer) = (503, None);
        index.log[0].faults = vec!["outage".into()];
        index.log = vec![index.log[0].clone(); 6];
        (index.requests, index.errors) = (6, 6);
    }
    let files = [(); 4].map(|()| Files::new());
    let mut case = case(
        "scale-out/some-of-four",
        vec![ready(Some(2)), Check::Identical],
        lives,
        &files,
    );
    let outage = IndexEvent {
        what: "503 (replicas 2 and 3)".into(),
        kind: EventKind::Answered,
        project: None,
        version: None,
        when: "from the start".into(),
        hits: 12,
        ..published("outage", "acme", "1.0.0", Some(0))
    };
    case.course = Some(IndexCourse {
        seed: 7,
        events: vec![outage],
    });
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

/// A release that appears when two replicas are ready, after so many milliseconds; or has not, because it waits for longer
/// than the case takes.
fn published(name: &str, project: &str, version: &str, at_ms: Option<u64>) -> IndexEvent {
    let when = match at_ms {
        Some(_) => "when replicas 0 and 1 are ready",
        None => "after 90 s",
    };
    IndexEvent {
        index: "main".into(),
        name: name.into(),
        what: format!("{project} {version} published"),
        kind: EventKind::Published,
        project: Some(project.into()),
        version: Some(version.into()),
        when: when.into(),
        at_ns: at_ms.map(|at| at * MS),
        ended_ns: None,
        hits: 0,
        place: Place {
            file: "scenarios/scale-out/any.yaml".into(),
            line: 20,
            column: 5,
            snippet: format!("  - name: {name}"),
        },
    }
}
