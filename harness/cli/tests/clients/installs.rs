//! Every client installs one of everything: a wheel, an sdist, an extra, a yanked pin, a release for this Python, a name in
//! odd spelling, a command.

use std::fs;

use super::process::run;
use super::room::Room;
use super::server::Server;
use super::tools::{PDM, PIP_NEW, PIP_OLD};
use super::{pip, uv};

const WANTED: [&str; 7] = [
    "acme",
    "caulk",
    "engine[diesel]",
    "anchor==1.1.0",
    "tide",
    "CARGO_.hold",
    "helm",
];

const INSTALLED: &str = "\
Cargo.Hold 1.0.0 cargo_hold-1.0.0-py3-none-any.whl
acme 2.0.0 acme-2.0.0-py3-none-any.whl
anchor 1.1.0 anchor-1.1.0-py3-none-any.whl
bolt 1.0.0 bolt-1.0.0-py3-none-any.whl
caulk 1.0.0 caulk-1.0.0.tar.gz
engine 1.0.0 engine-1.0.0-py3-none-any.whl
helm 1.0.0 helm-1.0.0-py3-none-any.whl
pitch 1.0.0 pitch-1.0.0-py3-none-any.whl
tank 2.0.0 tank-2.0.0-py3-none-any.whl
tide 1.0.0 tide-1.0.0-py3-none-any.whl
";

#[tokio::test]
async fn pip_of_2021_installs_one_of_everything() {
    let (room, server) = room_and_server().await;
    pip::install(&room, &PIP_OLD, &server.url, &WANTED).await.unwrap();
    assert_all_is_installed(&room, server).await;
}

#[tokio::test]
async fn the_newest_pip_installs_one_of_everything() {
    let (room, server) = room_and_server().await;
    pip::install(&room, &PIP_NEW, &server.url, &WANTED).await.unwrap();
    assert_all_is_installed(&room, server).await;
}

#[tokio::test]
async fn uv_installs_one_of_everything() {
    let (room, server) = room_and_server().await;
    uv::install(&room, &server.url, &WANTED).await.unwrap();
    assert_all_is_installed(&room, server).await;
}

#[tokio::test]
async fn pdm_installs_one_of_everything() {
    let (room, server) = room_and_server().await;
    // Under this name a source takes the place of pdm's own.
    let project = format!(
        "[project]\nname = \"shore\"\nversion = \"1\"\nrequires-python = \">=3.11\"\ndependencies = {WANTED:?}\n\
         [[tool.pdm.source]]\nname = \"pypi\"\nurl = {:?}\n",
        server.url
    );
    fs::write(room.path().join("pyproject.toml"), project).unwrap();
    let mut pdm = room.client(&PDM.program("python").await);
    run(pdm.args(["-m", "pdm", "install", "--no-self"])).await.unwrap();
    assert_all_is_installed(&room, server).await;
}

async fn room_and_server() -> (Room, Server) {
    let room = Room::with_environment().await;
    (room, Server::seatrial(&["--packages", "harbour"]).await)
}

async fn assert_all_is_installed(room: &Room, server: Server) {
    assert_eq!(room.imports().await, INSTALLED);
    let helm = run(&mut room.client(&room.program("helm"))).await.unwrap();
    assert_eq!(helm.stdout, "helm 1.0.0 helm-1.0.0-py3-none-any.whl\n");
    assert_eq!(server.end().await.errors, 0);
}
