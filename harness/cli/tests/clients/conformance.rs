//! The same requirements get the same files: with pip and with uv, through seatrial, through another index server and from
//! upstream itself.

use std::collections::BTreeSet;

use seatrial_spec::{Expected, Resolution as Outcome};

use super::expected::{requirements, universes};
use super::resolution::Choice;
use super::room::Room;
use super::server::{Server, export};
use super::{pip, uv};

/// pypiserver knows no yanks, so that it offers what this asks for in its yanked release. It knows neither metadata files
/// nor requires-python in pages, which changes nothing: clients read both from the wheel.
const NEEDS_YANKS: [&str; 1] = ["anchor"];

/// With few dependencies and metadata files for all of them.
const REAL: [&str; 10] = [
    "requests",
    "flask<3",
    "numpy",
    "pandas==2.2.*",
    "httpx[http2]",
    "rich",
    "pytest",
    "fastapi",
    "sqlalchemy",
    "boto3",
];

#[tokio::test]
async fn a_universe_is_the_same_behind_another_server() {
    let room = Room::with_environment().await;
    let folder = room.path().join("exported");
    export("harbour", &folder).await;
    let other = Server::pypiserver(&folder).await;
    let server = Server::seatrial(&["--packages", "harbour"]).await;
    let universes = universes();
    let harbour = universes.iter().find(|universe| universe.name == "harbour").unwrap();
    let sets: Vec<&Expected> = harbour
        .expected
        .iter()
        .filter(|expected| matches!(expected.resolution, Outcome::Resolves(_)))
        .collect();
    assert!(sets.len() >= 20, "{} sets", sets.len());

    for expected in sets {
        let requires = requirements(expected);
        let through_seatrial = both(&room, &server, &requires).await;
        let through_other = both(&room, &other, &requires).await;
        if requires == NEEDS_YANKS {
            assert_ne!(through_seatrial, through_other, "{requires:?}");
        } else {
            assert_eq!(through_seatrial, through_other, "{requires:?}");
        }
    }
    assert_eq!(server.end().await.errors, 0);
}

/// Needs the package index that this host's pip is set up for.
#[tokio::test]
async fn real_packages_are_the_same_as_upstream() {
    let room = Room::with_environment().await;
    let server = Server::seatrial(&["--upstream", "live"]).await;
    for requirement in REAL {
        let through_seatrial = both(&room, &server, &[requirement]).await;
        let from_upstream = pip::resolve_without_seatrial(requirement).await.unwrap();
        assert_eq!(through_seatrial, from_upstream, "{requirement}");
    }
    assert_eq!(server.end().await.errors, 0);
}

/// What pip and uv choose alike.
async fn both(room: &Room, server: &Server, requires: &[&str]) -> BTreeSet<Choice> {
    let by_pip = pip::resolve(room, &server.url, requires).await.unwrap();
    let by_uv = uv::resolve(room, &server.url, requires, &[]).await.unwrap();
    assert_eq!(by_pip, by_uv, "{requires:?} at {}", server.url);
    by_pip
}
