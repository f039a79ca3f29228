//! Tokens, listeners and the log: who asked for what, and who may not ask.

use std::net::TcpStream;
use std::time::Duration;

use reqwest::StatusCode;
use seatrial_index::{Asked, WorldConfig};
use tokio::time::{Instant, timeout};

use crate::fake_upstream::{LOCALHOST, Stand, sha256};

const WHEEL: &str = "acme-1.0-py3-none-any.whl";

#[tokio::test]
async fn without_a_token_there_is_nothing_but_403() {
    let stand = Stand::new().await;
    stand.upstream.serve_project("acme", WHEEL, b"wheel", &sha256(b"wheel"));
    let almost = format!("{}0/simple/acme/", stand.token);
    for path in ["", "simple/acme/", "0123456789abcdef/simple/acme/", &almost] {
        let answer = reqwest::get(format!("http://{}/{path}", stand.address)).await.unwrap();
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{path}");
        assert!(answer.text().await.unwrap().contains("not a token of this index"));
    }
    assert_eq!(stand.upstream.hits("/simple/acme/"), 0);
    assert_eq!(stand.index.requests(&stand.token), []);
}

#[tokio::test]
async fn each_request_is_logged_under_its_own_token() {
    let before = Instant::now();
    let stand = Stand::new().await;
    stand.upstream.serve_project("acme", WHEEL, b"wheel", &sha256(b"wheel"));
    let other = stand.index.issue_token("case/replica-1");
    assert_ne!(other, stand.token);

    let link = stand.first_link("acme").await;
    reqwest::get(&link).await.unwrap().bytes().await.unwrap();
    let others = format!("{}missing/", stand.index.url(stand.address, &other));
    reqwest::get(others).await.unwrap().bytes().await.unwrap();

    let requests = stand.index.requests(&stand.token);
    let seen: Vec<_> = requests
        .iter()
        .map(|request| (request.what.clone(), request.status))
        .collect();
    assert_eq!(
        seen,
        [(Asked::Project("acme".into()), 200), (Asked::File(WHEEL.into()), 200)]
    );
    assert_eq!((requests[1].bytes, requests[1].complete), (5, true));
    assert!(before <= requests[0].at && requests[0].at <= requests[1].at && requests[1].at <= Instant::now());

    let served = stand.index.served(&stand.token);
    assert_eq!(
        (served.requests, served.errors, served.files.as_slice()),
        (2, 0, &[WHEEL.to_owned()][..])
    );
    assert_eq!(served.bytes, requests[0].bytes + 5);
    let others = stand.index.served(&other);
    assert_eq!((others.requests, others.errors, others.files.len()), (1, 1, 0));
}

#[tokio::test]
async fn a_token_that_was_forgotten_is_none() {
    let stand = Stand::new().await;
    stand.upstream.serve_project("acme", WHEEL, b"wheel", &sha256(b"wheel"));
    let other = stand.index.issue_token("case/replica-1");
    let client = reqwest::Client::new();
    let ask = async |token: &str| {
        let page = format!("{}acme/", stand.index.url(stand.address, token));
        client.get(page).send().await.unwrap().status()
    };
    assert_eq!(ask(&stand.token).await, StatusCode::OK);
    stand.index.forget(&[stand.token.clone(), "never-issued".to_owned()]);
    assert_eq!(
        ask(&stand.token).await,
        StatusCode::FORBIDDEN,
        "on the same connection too"
    );
    assert_eq!(stand.index.requests(&stand.token), []);
    assert_eq!(stand.index.served(&stand.token).requests, 0);
    assert_eq!((ask(&other).await, stand.index.refused()), (StatusCode::OK, 1));
}

#[tokio::test]
async fn who_comes_again_finds_the_same_urls_and_a_new_log() {
    let stand = Stand::new().await;
    stand.upstream.serve_project("acme", WHEEL, b"wheel", &sha256(b"wheel"));
    let boot = async |who: &str| {
        let world = stand.index.world(WorldConfig::default()).unwrap();
        let token = stand.index.issue_token_again(&world, 0, who);
        let url = stand.index.url(stand.address, &token);
        let page = reqwest::get(format!("{url}acme/")).await.unwrap();
        assert_eq!(page.status(), StatusCode::OK);
        assert_eq!(stand.index.served(&token).requests, 1, "of this boot alone");
        stand.index.forget(std::slice::from_ref(&token));
        assert_eq!(reqwest::get(&url).await.unwrap().status(), StatusCode::FORBIDDEN);
        url
    };
    let first = boot("replica 0 of a").await;
    assert_eq!(boot("replica 0 of a").await, first);
    assert_ne!(boot("replica 0 of b").await, first);
    let world = stand.index.world(WorldConfig::default()).unwrap();
    let fresh = || stand.index.issue_token_in(&world, 0);
    assert_ne!(fresh(), fresh());
}

#[tokio::test]
async fn listening_twice_is_listening_once_and_shutdown_ends_it() {
    let stand = Stand::new().await;
    assert!(stand.address.ip().is_loopback());
    assert_eq!(stand.index.listen(LOCALHOST).await.unwrap(), stand.address);
    let elsewhere = stand.index.listen("127.0.0.2".parse().unwrap()).await.unwrap();
    assert_eq!(elsewhere.ip().to_string(), "127.0.0.2");

    let foreign = stand.index.listen("192.0.2.1".parse().unwrap()).await.unwrap_err();
    assert!(foreign.to_string().contains("192.0.2.1"), "{foreign}");

    stand.index.shutdown().await;
    for address in [stand.address, elsewhere] {
        assert!(TcpStream::connect(address).is_err(), "{address} still listens");
    }
}

#[tokio::test]
async fn dropping_the_index_closes_its_listeners() {
    let stand = Stand::new().await;
    let address = stand.address;
    drop(stand);
    let closed = async {
        while tokio::net::TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(10), closed)
        .await
        .expect("the listener closes");
}
