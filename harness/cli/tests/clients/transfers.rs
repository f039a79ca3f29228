//! What goes over the wire: metadata files, ranges, hashes, upload times, lists of versions.

use std::fs;

use super::process::run;
use super::room::Room;
use super::server::{Server, export};
use super::tools::PIP_NEW;
use super::{pip, uv};

/// A wheel of 5 MB.
const LARGE: &str = "ballast";
const LARGE_METADATA: &str = "ballast-1.0.0-py3-none-any.whl.metadata";

/// Bytes that tell what a wheel needs: a page and its metadata, or the end of the wheel.
const FEW: u64 = 100_000;

/// Between the two releases of acme.
const MOMENT: &str = "2024-01-01T00:00:00Z";

#[tokio::test]
async fn clients_read_metadata_beside_the_wheel() {
    let room = Room::with_environment().await;
    let server = Server::seatrial(&["--packages", "harbour"]).await;
    let would = uv::install(&room, &server.url, &[LARGE, "--dry-run", "--verbose"]).await;
    let log = would.unwrap().stderr;
    assert!(log.contains(LARGE_METADATA), "{log}");
    let served = server.end().await;
    assert!(served.bytes < FEW && served.errors == 0, "{served:?}");

    let server = Server::seatrial(&["--packages", "harbour"]).await;
    let log = pip::install(&room, &PIP_NEW, &server.url, &[LARGE])
        .await
        .unwrap()
        .stdout;
    assert!(log.contains(LARGE_METADATA), "{log}");
    let served = server.end().await;
    assert!(served.bytes > 5_000_000 && served.errors == 0, "{served:?}");
}

/// A server without metadata files stands behind seatrial, so that clients ask for parts of the wheel.
#[tokio::test]
async fn clients_read_ranges_where_there_is_no_metadata() {
    let room = Room::with_environment().await;
    let folder = room.path().join("exported");
    export("harbour", &folder).await;
    let upstream = Server::pypiserver(&folder).await;

    let server = Server::seatrial_before(&upstream.url, &["--upstream", "live"]).await;
    uv::resolve(&room, &server.url, &[LARGE], &[]).await.unwrap();
    let served = server.end().await;
    assert!(served.bytes < FEW && served.errors == 0, "{served:?}");

    let server = Server::seatrial_before(&upstream.url, &["--upstream", "live"]).await;
    let fast = [LARGE, "--dry-run", "--use-feature", "fast-deps"];
    pip::install(&room, &PIP_NEW, &server.url, &fast).await.unwrap();
    let served = server.end().await;
    assert!(served.bytes < FEW && served.errors == 0, "{served:?}");
}

#[tokio::test]
async fn required_hashes_hold_and_others_are_refused() {
    let server = Server::seatrial(&["--packages", "harbour"]).await;
    let room = Room::with_environment().await;
    let chosen = pip::resolve(&room, &server.url, &["acme"]).await.unwrap();
    let sha256 = &chosen.first().unwrap().sha256;
    let pins = room.path().join("requirements.txt");
    let hashed = ["--require-hashes", "--requirement", pins.to_str().unwrap()];

    fs::write(&pins, format!("acme==2.0.0 --hash=sha256:{}\n", "0".repeat(64))).unwrap();
    let refused = pip::install(&room, &PIP_NEW, &server.url, &hashed).await.unwrap_err();
    assert!(refused.0.contains("DO NOT MATCH THE HASHES"), "{refused:?}");
    let refused = uv::install(&room, &server.url, &hashed).await.unwrap_err();
    assert!(refused.0.contains("Hash mismatch"), "{refused:?}");

    fs::write(&pins, format!("acme==2.0.0 --hash=sha256:{sha256}\n")).unwrap();
    let installed = "acme 2.0.0 acme-2.0.0-py3-none-any.whl\n";
    pip::install(&room, &PIP_NEW, &server.url, &hashed).await.unwrap();
    assert_eq!(room.imports().await, installed);
    let room = Room::with_environment().await;
    uv::install(&room, &server.url, &hashed).await.unwrap();
    assert_eq!(room.imports().await, installed);
}

#[tokio::test]
async fn clients_go_back_in_time_by_upload_times() {
    let server = Server::seatrial(&["--packages", "harbour"]).await;
    let room = Room::with_environment().await;
    let before = ["acme", "--uploaded-prior-to", MOMENT];
    let by_pip = pip::resolve(&room, &server.url, &before).await.unwrap();
    let files: Vec<&str> = by_pip.iter().map(|choice| choice.file.as_str()).collect();
    assert_eq!(files, ["acme-1.0.0-cp311-cp311-manylinux_2_17_x86_64.whl"]);

    let by_uv = uv::resolve(&room, &server.url, &["acme"], &["--exclude-newer", MOMENT])
        .await
        .unwrap();
    assert_eq!(by_uv, by_pip);
}

#[tokio::test]
async fn pip_lists_the_versions_of_a_project() {
    let server = Server::seatrial(&["--packages", "harbour"]).await;
    let room = Room::with_environment().await;
    let mut list = pip::pip(&room, &PIP_NEW, &server.url).await;
    let listed = run(list.args(["index", "versions", "acme"])).await.unwrap();
    assert_eq!(listed.stdout, "acme (2.0.0)\nAvailable versions: 2.0.0, 1.0.0\n");
}
