//! An index that was recorded is replayed without its upstream, to the byte.

use std::fs;
use std::net::TcpListener;

use super::pip;
use super::process::run;
use super::room::Room;
use super::server::Server;
use super::tools::PIP_NEW;

const REQUIREMENT: &str = "six==1.16.0";
const WHEEL: &str = "six-1.16.0-py2.py3-none-any.whl";

/// Needs the package index that this host's pip is set up for.
#[tokio::test]
async fn a_recorded_index_is_replayed_without_its_upstream() {
    let room = Room::with_environment().await;
    let lock = room.path().join("lock");
    let lock = lock.to_str().unwrap();
    let server = Server::seatrial(&["--upstream", "live", "--record-index", lock]).await;
    let recorded = wheel(&server).await;
    server.end().await;

    let server = Server::seatrial_before(&closed_address(), &["--replay-index", lock]).await;
    assert!(recorded == wheel(&server).await, "the wheel has other bytes");
    for unseen in ["idna", "six==1.15.0"] {
        pip::install(&room, &PIP_NEW, &server.url, &[unseen]).await.unwrap_err();
    }
    let told = server.end().await.stderr;
    for unseen in ["the page of `idna`", "the file `six-1.15.0-py2.py3-none-any.whl`"] {
        let words = format!("the lock does not hold {unseen}; record it again with `--record-index`");
        assert!(told.contains(&words), "{told}");
    }
}

/// Installs the project in a room of its own; returns the wheel that it came in.
async fn wheel(server: &Server) -> Vec<u8> {
    let room = Room::with_environment().await;
    pip::install(&room, &PIP_NEW, &server.url, &[REQUIREMENT])
        .await
        .unwrap();
    let mut download = pip::pip(&room, &PIP_NEW, &server.url).await;
    run(download.args(["download", "--no-cache-dir", REQUIREMENT]))
        .await
        .unwrap();
    let mut python = room.client(&room.program("python"));
    let imported = run(python.args(["-I", "-c", "import six; print(six.__version__)"])).await;
    assert_eq!(imported.unwrap().stdout, "1.16.0\n");
    fs::read(room.path().join(WHEEL)).unwrap()
}

/// The address of an index where nothing listens.
fn closed_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}/simple/", listener.local_addr().unwrap())
}
