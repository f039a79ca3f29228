//! One record written out by hand, with a case of every kind. All view tests start from it.

use std::collections::BTreeMap;

use seatrial_record::{
    Asked, CaseError, CaseRecord, Check, Distribution, Exit, Expectation, FORMAT, HealthState, HealthTransition,
    HostFacts, ImageFacts, Import, IndexRequest, IndexUse, InstallFacts, InstalledFiles, LogTail, Manifest,
    ManifestDiff, Observation, Origin, Phase, PhaseInstant, Place, Resources, RunRecord, Sample, ScoredResponse,
    SnapshotState,
};

const MS: u64 = 1_000_000;
const S: u64 = 1_000 * MS;
const MIB: u64 = 1 << 20;

/// A run with a failed override, a refusal as expected, an image that cannot be had, a snapshot that differs, a new
/// one, a start-up comparison, and an interruption before the last case.
pub fn record() -> RunRecord {
    let mut cases = vec![
        served("startup/by-method", "none", 2_140 * MS),
        served("startup/by-method", "dynamic", 14_200 * MS),
        served("startup/by-method", "dockerfile", 2_310 * MS),
        overridden(),
        refused(),
        unreachable(),
    ];
    cases[1].snapshot = SnapshotState::Differs {
        pending: "reports/snapshots/startup/startup__by-method@dynamic.snap.new".into(),
        diff: "--- accepted\n+++ seen\n@@ -1,2 +1,2 @@\n outcome: passed\n-user: 1000\n+user: 0\n".into(),
    };
    cases[2].snapshot = SnapshotState::New {
        pending: "reports/snapshots/startup/startup__by-method@dockerfile.snap.new".into(),
    };
    cases[2].derived = Some(image("seatrial/azureml-derived:1f0c", 530 * MIB));
    let mut planned: Vec<_> = cases.iter().map(|case| case.id.clone()).collect();
    planned.push("contract/a-name-much-too-long-for-any-column@preinstalled".into());
    RunRecord {
        format: FORMAT.into(),
        seatrial: "0.1.0".into(),
        run: "20260102-030405-abcd".into(),
        started: "2026-01-02T03:04:05Z".into(),
        seed: 7,
        host: HostFacts {
            engine: "Docker 20.10.24".into(),
            cpus: 2,
            isolated: true,
            ..HostFacts::default()
        },
        images: BTreeMap::from([("azureml".into(), image("seatrial/azureml:9a8b", 512 * MIB))]),
        planned,
        cases,
        interrupted: Some("SIGINT".into()),
        refused: 0,
        took_ns: 83 * S,
    }
}

/// The same run without those cases that do not pass, and not interrupted; its installation is known in its parts.
pub fn passing() -> RunRecord {
    let mut record = record();
    record.cases.truncate(3);
    record.planned.truncate(3);
    record.interrupted = None;
    record
        .cases
        .iter_mut()
        .for_each(|case| case.snapshot = SnapshotState::Same);
    let dynamic = &mut record.cases[1].observations[0];
    dynamic.phases.extend(instants(&[
        (Phase::UnpackBegin, 8_900),
        (Phase::UnpackEnd, 11_800),
        (Phase::InstallEnd, 12_100),
    ]));
    dynamic.phases.sort_by_key(|instant| instant.at_ns);
    let file = |at_ms: u64, took_ms: u64| IndexRequest {
        index: "main".into(),
        at_ns: at_ms * MS,
        took_ns: took_ms * MS,
        method: "GET".into(),
        what: Asked::File {
            project: Some("numpy".into()),
            name: "numpy-1.25.2-cp311.whl".into(),
        },
        status: 200,
        bytes: 18_300_000,
        complete: true,
        answer: None,
        after: 0,
        faults: Vec::new(),
    };
    dynamic.index.as_mut().unwrap().log = vec![file(1_900, 5_400)];
    dynamic.install = Some(InstallFacts {
        distributions: vec![InstalledFiles {
            project: "numpy".into(),
            unpacked_ns: 10_050 * MS,
            compiled_ns: Some(11_760 * MS),
        }],
    });
    record
}

/// The same run with its first two cases booted several times: one steadily, the other with a boot that failed and one that
/// was held back.
pub fn sampled() -> RunRecord {
    let mut record = passing();
    let boot = |iteration: usize, ready_ms: Option<u64>| Sample {
        iteration,
        warm_up: iteration == 0,
        phases: ready_ms.map_or_else(Vec::new, |at| instants(&[(Phase::Ready, at)])),
        // A warm-up has more of both, and counts for neither.
        ready_gap_ns: ready_ms.map(|_| {
            if iteration == 0 {
                90 * MS
            } else {
                MS + iteration as u64 * 1_000
            }
        }),
        held_back_ns: if iteration == 0 { 5_000 * MS } else { 0 },
        ..Sample::default()
    };
    let steady = [9_000, 2_140, 2_010, 2_090, 2_300, 2_120, 2_180, 2_100];
    record.cases[0].samples = steady.iter().enumerate().map(|(at, ms)| boot(at, Some(*ms))).collect();
    let mut other = vec![
        boot(0, Some(20_000)),
        boot(1, Some(14_200)),
        boot(2, None),
        boot(3, Some(13_900)),
    ];
    other[3].held_back_ns = 1_400 * MS;
    record.cases[1].samples = other;
    record
}

/// Overriding that did not work: the image's numpy was imported.
pub fn overridden() -> CaseRecord {
    let mut case = served("override/numpy", "dynamic", 9_120 * MS);
    case.why = "The documents promise that a version supplied by the user replaces the image's (numpy 1.26.4).".into();
    case.because = vec!["pip writes into the environment that dockeruser owns, over the image's own copy.".into()];
    case.expectations.push(Expectation {
        check: Check::Package {
            project: "numpy".into(),
            version: Some("1.25.2".into()),
            origins: vec![Origin::Installed],
            copies: Some(1),
            absent: false,
        },
        place: at("override/numpy", 11, "    numpy: { version: 1.25.2, origin: user }", 5),
    });
    case.expectations.push(Expectation {
        check: Check::Score {
            status: 200,
            json: Some(serde_json::json!({"numpy": 1.1})),
        },
        place: at(
            "override/numpy",
            12,
            "  score: { send: { modules: [numpy] }, status: 200, json: { numpy: 1.10 } }",
            3,
        ),
    });
    case.observations[0].log.tail = vec!["\u{1b}[31mpip: requirement already satisfied\u{1b}[0m".into()];
    case.judge();
    case
}

/// A boot that is refused as expected.
pub fn refused() -> CaseRecord {
    let check = Check::Refuses {
        within_ns: 60 * S,
        inner: Some(99),
        container: Some(111),
        log: Some("not found".into()),
        replicas: Vec::new(),
        since: None,
    };
    let place = at(
        "contract/requirements-missing",
        8,
        "  refuses: { within: 60s, inner: 99, container: 111 }",
        3,
    );
    let line = "Expected requirements file not found: requirements.txt".to_owned();
    let seen = Observation {
        phases: instants(&[
            (Phase::Created, 90),
            (Phase::Started, 310),
            (Phase::FirstLog, 390),
            (Phase::Exited, 1_480),
        ]),
        health: vec![health(HealthState::Refused, 320), health(HealthState::Status(502), 600)],
        exit: Some(Exit {
            container: 111,
            inner: Some(99),
            at_ns: 1_480 * MS,
        }),
        log: LogTail {
            tail: vec![line.clone()],
            matched: vec![("not found".into(), line)],
            bytes: 55,
            lines: 1,
            cut: None,
        },
        ..Observation::default()
    };
    let mut case = case(
        "contract/requirements-missing",
        "dynamic",
        vec![Expectation { check, place }],
        vec![seen],
    );
    case.judge();
    case
}

/// A case whose image cannot be had.
fn unreachable() -> CaseRecord {
    let mut case = case("contract/absent", "none", vec![ready("contract/absent")], Vec::new());
    case.image = "absent".into();
    case.error = Some(CaseError {
        what: "no such image: example/absent:1\ncaused by: the registry refused the pull".into(),
        hint: Some("build or pull the image, or name another with --image absent=REF".into()),
    });
    case
}

/// A case that became ready after `ready_ns` and answered.
pub fn served(scenario: &str, method: &str, ready_ns: u64) -> CaseRecord {
    let at_ready = ready_ns / MS;
    let mut phases = instants(&[
        (Phase::CreateRequested, 0),
        (Phase::Created, 90),
        (Phase::Started, 310),
        (Phase::FirstLog, 390),
        (Phase::ServerStart, at_ready - 1_500),
        (Phase::Listen, at_ready - 400),
        (Phase::InitBegin, at_ready - 300),
        (Phase::InitEnd, at_ready - 20),
        (Phase::Ready, at_ready),
        (Phase::FirstResponse, at_ready + 35),
    ]);
    if method == "dynamic" {
        phases.insert(
            4,
            PhaseInstant {
                phase: Phase::InstallBegin,
                at_ns: 500 * MS,
            },
        );
    }
    let numpy = Distribution {
        project: "numpy".into(),
        version: "1.26.4".into(),
        location: "/opt/env/lib/python3.11/site-packages".into(),
        origin: Origin::Image,
        shadowed: false,
        digest: None,
    };
    let body = serde_json::json!({"numpy": "1.26.4"});
    let seen = Observation {
        phases,
        health: vec![
            health(HealthState::Refused, 320),
            health(HealthState::Status(502), 600),
            health(HealthState::Hanging, at_ready - 350),
            health(HealthState::Status(200), at_ready),
        ],
        uid: Some(1000),
        resources: Some(Resources {
            peak_memory_bytes: Some(141 * MIB),
            cpu_ns: Some(2_750 * MS),
        }),
        index: (method == "dynamic").then(|| IndexUse {
            requests: 4,
            bytes: 18_300_000,
            files: vec!["numpy-1.25.2-cp311.whl".into()],
            errors: 0,
            log: Vec::new(),
        }),
        score: Some(ScoredResponse {
            status: Some(200),
            text: body.to_string(),
            json: Some(body),
            error: None,
            took_ns: 5 * MS,
        }),
        imports: vec![Import {
            project: "numpy".into(),
            module: Some("numpy".into()),
            version: Some("1.26.4".into()),
            file: Some("/opt/env/lib/python3.11/site-packages/numpy/__init__.py".into()),
            origin: Some(Origin::Image),
            error: None,
        }],
        manifest: Some(Manifest {
            python: "3.11.2".into(),
            sys_path: Vec::new(),
            distributions: vec![numpy],
            beside: Vec::new(),
        }),
        log: LogTail {
            tail: vec!["Worker with pid 41 ready for serving traffic".into()],
            ..LogTail::default()
        },
        ..Observation::default()
    };
    let mut case = case(scenario, method, vec![ready(scenario)], vec![seen]);
    case.manifest_diff = Some(ManifestDiff::default());
    case.judge();
    case
}

pub fn case(
    scenario: &str,
    method: &str,
    expectations: Vec<Expectation>,
    observations: Vec<Observation>,
) -> CaseRecord {
    CaseRecord {
        id: format!("{scenario}@{method}"),
        why: "The documents say so.".into(),
        image: "azureml".into(),
        method: method.into(),
        expectations,
        observations,
        alone: true,
        ..CaseRecord::default()
    }
}

fn ready(scenario: &str) -> Expectation {
    Expectation {
        check: Check::Ready {
            within_ns: 120 * S,
            at_least: None,
            replicas: Vec::new(),
        },
        place: at(scenario, 7, "  ready: { within: 120s }", 3),
    }
}

pub fn at(scenario: &str, line: usize, snippet: &str, column: usize) -> Place {
    Place {
        file: format!("scenarios/{scenario}.yaml"),
        line,
        column,
        snippet: snippet.into(),
    }
}

fn image(reference: &str, size_bytes: u64) -> ImageFacts {
    ImageFacts {
        reference: reference.into(),
        id: "sha256:0123".into(),
        size_bytes,
        manifest: None,
    }
}

fn health(state: HealthState, at_ms: u64) -> HealthTransition {
    HealthTransition {
        state,
        at_ns: at_ms * MS,
    }
}

fn instants(list: &[(Phase, u64)]) -> Vec<PhaseInstant> {
    list.iter()
        .map(|(phase, at_ms)| PhaseInstant {
            phase: *phase,
            at_ns: at_ms * MS,
        })
        .collect()
}
