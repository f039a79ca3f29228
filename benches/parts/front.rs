//! A project of 500 scenario files, from the folder on disk to the plan.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use criterion::{Criterion, SamplingMode};
use seatrial_benches::{Bench, Goal, Pair, Pairs, STUB_CONTRACT, Side, write_project};
use seatrial_spec::{Project, Selection};

/// Scenario files.
const SCENARIOS: usize = 500;
/// criterion's own least number of samples; each is many pairs.
const FEWEST: usize = 10;
/// Files of a group.
const GROUP: usize = 25;
/// The issue's.
const GOAL: Goal = Goal::Time(Duration::from_millis(20));

pub fn measure(bench: &mut Bench, criterion: &mut Criterion) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let files: Vec<(String, String)> = (0..SCENARIOS).map(scenario).collect();
    let all = [&fixtures()[..], &files].concat();
    write_project(folder.path(), STUB_CONTRACT, "seatrial-bench/stub:latest", &all)?;
    let paths: Vec<PathBuf> = files.iter().map(|(name, _)| folder.path().join(name)).collect();
    let bytes: usize = files.iter().map(|(_, text)| text.len()).sum();
    println!(
        "parts: {SCENARIOS} scenario files of {} bytes on average",
        bytes / SCENARIOS
    );

    let mut pairs = Pairs::new("plan of 500 scenarios", ["plan", "read"]);
    let mut group = criterion.benchmark_group("front");
    // As many rounds for the last sample as for the first: criterion's own way would take minutes.
    group.sampling_mode(SamplingMode::Flat).sample_size(FEWEST);
    group.bench_function("plan of 500 scenarios", |bencher| {
        bencher.iter_custom(|rounds| {
            let mut sum = Duration::ZERO;
            for _ in 0..rounds {
                let pair = Pair::time(bench.lots(), |side| {
                    let begun = Instant::now();
                    let found = match side {
                        Side::Tried => plan(folder.path())?,
                        Side::Yardstick => read(&paths)?,
                    };
                    let taken = begun.elapsed();
                    let expected = if side == Side::Tried { cases() } else { bytes };
                    ensure!(found == expected, "{found} came out instead of {expected}");
                    Ok(taken)
                });
                let pair = pair.expect("the project holds, and all of it is planned");
                sum += pair.tried;
                pairs.add(pair);
            }
            sum
        });
    });
    group.finish();
    bench.report(&pairs, Some(GOAL))
}

/// Opens the project, reads and checks all of it, and plans; the number of cases.
fn plan(root: &Path) -> anyhow::Result<usize> {
    let planned = Project::open(root).and_then(|project| project.load(&Selection::default()));
    let (plan, _) = planned?;
    Ok(plan.cases.len())
}

/// The same files, read and nothing else; the number of bytes.
fn read(paths: &[PathBuf]) -> anyhow::Result<usize> {
    let lengths = paths.iter().map(|path| {
        let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
        anyhow::Ok(text.len())
    });
    lengths.sum()
}

/// Every other scenario has two methods.
fn cases() -> usize {
    (0..SCENARIOS).map(|number| 1 + number % 2).sum()
}

/// An image whose contract has a Python, so that packages can be expected, and an app. It is never launched.
fn fixtures() -> [(String, String); 3] {
    let contract = include_str!("../../fixtures/contracts/azureml.yaml");
    let image = "version: 1\nwhy: It is planned for.\ncontract: azureml\nsource: { reference: \"seatrial-bench/azureml:latest\" }\n";
    [
        ("fixtures/contracts/azureml.yaml".to_owned(), contract.to_owned()),
        ("fixtures/images/azureml/image.yaml".to_owned(), image.to_owned()),
        ("fixtures/apps/greeter/main.py".to_owned(), "# It greets.\n".to_owned()),
    ]
}

/// As long as the scenarios of this repository, and with as much in it.
fn scenario(number: usize) -> (String, String) {
    let (group, name) = (number / GROUP, number % GROUP);
    let mut text = format!(
        "# yaml-language-server: $schema=../scenario.schema.json\nversion: 1\nwhy: >-\n  Scenario {number} of {SCENARIOS}: two \
         packages and what they need. Without a method the image keeps its own\n  requests and has no rich at all.\ntags: \
         [timed, group-{group}]\nimage: azureml\napp: greeter\nenv: {{ GREETING: \"ahoy, {number}\" }}\n\
         index:\n  projects:\n    freight: [{{ version: 1.{number}.0, size: 20kb }}, {{ version: 2.0.0, requires: [] }}]\n\
         extend:\n  requirements:\n    - freight==1.{number}.0\n    # Pinned: what this measures must not change.\n    \
         - requests==2.32.3\n    - rich==13.9.4\n"
    );
    let via = if number.is_multiple_of(2) {
        "dynamic"
    } else {
        "none, dynamic"
    };
    let _ = write!(
        text,
        "  via: [{via}]\nexpect:\n  ready: {{ within: {}s }}\n  packages:\n    requests: {{ version: 2.32.3, origin: user }}\n    \
         rich: {{ version: 13.9.4, origin: user }}\n  score: {{ send: {{ modules: [requests, rich] }}, status: 200, json: {{ \
         requests: 2.32.3, rich: 13.9.4 }} }}\n  health: [502, 200]\n  log: [\"ready for serving traffic\"]\n",
        60 + number % 60
    );
    if number % 2 == 1 {
        text += "except:\n  - when: { via: [none] }\n    why: Nothing is added, so the image's own packages are what is imported.\n    \
                 expect:\n      packages:\n        requests: { origin: image }\n        rich: { absent: true }\n      index: { asked: \
                 false }\n";
    }
    (format!("scenarios/group-{group}/scenario-{name}.yaml"), text)
}
