//! What universes expect of resolutions comes out, with pip and with uv.

use std::collections::{BTreeMap, BTreeSet};

use seatrial_spec::{Expected, Project, Resolution as Outcome, Universe};

use super::resolution::{Choice, Resolution, versions};
use super::room::Room;
use super::server::{Server, repository};
use super::{pip, uv};

#[tokio::test]
async fn pip_resolves_as_universes_expect() {
    let room = Room::with_environment().await;
    let mut deviations = Vec::new();
    for universe in universes() {
        let server = Server::seatrial(&["--packages", &universe.name]).await;
        for expected in &universe.expected {
            let resolution = pip::resolve(&room, &server.url, &requirements(expected)).await;
            let holds = match (&expected.resolution, &resolution) {
                (Outcome::Fails(text), Err(failed)) => failed.0.contains(text),
                _ => is_expected(expected, &resolution),
            };
            deviations.extend((!holds).then(|| deviation(expected, &resolution)));
        }
    }
    assert!(deviations.is_empty(), "{}", deviations.join("\n\n"));
}

/// uv fails in other words than pip.
#[tokio::test]
async fn uv_resolves_as_universes_expect() {
    let room = Room::new();
    let mut deviations = Vec::new();
    for universe in universes() {
        let server = Server::seatrial(&["--packages", &universe.name]).await;
        for expected in &universe.expected {
            let resolution = uv::resolve(&room, &server.url, &requirements(expected), &[]).await;
            let holds = is_expected(expected, &resolution);
            deviations.extend((!holds).then(|| deviation(expected, &resolution)));
        }
    }
    assert!(deviations.is_empty(), "{}", deviations.join("\n\n"));
}

/// The universes of this repository.
pub fn universes() -> Vec<Universe> {
    let project = Project::open(&repository()).unwrap();
    assert!(project.problems().is_empty(), "{}", project.problems());
    project.universes().values().cloned().collect()
}

/// What an entry asks for, as clients take it.
pub fn requirements(expected: &Expected) -> Vec<&str> {
    expected.requires.iter().map(String::as_str).collect()
}

fn is_expected(expected: &Expected, resolution: &Resolution) -> bool {
    match (&expected.resolution, resolution) {
        (Outcome::Resolves(wanted), Ok(choices)) => {
            let files = files(choices);
            let holds = |(project, file): (&String, &String)| files.get(project) == Some(file);
            versions(choices) == *wanted && expected.files.iter().all(holds)
        }
        (Outcome::Fails(_), Err(_)) => true,
        _ => false,
    }
}

/// Files by project.
fn files(choices: &BTreeSet<Choice>) -> BTreeMap<String, String> {
    let pair = |choice: &Choice| (choice.project.clone(), choice.file.clone());
    choices.iter().map(pair).collect()
}

fn deviation(expected: &Expected, resolution: &Resolution) -> String {
    let Expected {
        requires,
        resolution: wanted,
        files: wanted_files,
        why,
        at,
    } = expected;
    let came = match resolution {
        Ok(choices) => format!("{:?} in {:?}", versions(choices), files(choices)),
        Err(failed) => failed.0.clone(),
    };
    format!(
        "{}:{}: {requires:?}: expected {wanted:?} in {wanted_files:?}, came {came}\n{why}",
        at.file.display(),
        at.line
    )
}
