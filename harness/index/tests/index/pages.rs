//! Project pages: negotiation, links, names, and what happens when upstream has none or is gone.

use reqwest::{Client, StatusCode, header, redirect};
use tokio::net::TcpSocket;

use crate::fake_upstream::{FakeUpstream, JSON, Stand, sha256};

const WHEEL: &str = "acme-1.0-py3-none-any.whl";

#[tokio::test]
async fn a_page_comes_in_the_form_the_client_prefers_with_links_to_us() {
    let stand = Stand::new().await;
    let digest = sha256(b"wheel");
    stand.upstream.serve_project("acme", WHEEL, b"wheel", &digest);
    let link = format!("../../files/{digest}/{WHEEL}");

    let ask = async |accept: &str| {
        let request = Client::new()
            .get(stand.at("simple/acme/"))
            .header(header::ACCEPT, accept);
        let answer = request.send().await.unwrap();
        let media_type = answer.headers()[header::CONTENT_TYPE].to_str().unwrap().to_owned();
        (answer.status(), media_type, answer.text().await.unwrap())
    };
    let (_, media_type, json) = ask(JSON).await;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(media_type, JSON);
    assert_eq!(json["meta"]["api-version"], "1.1");
    assert_eq!(json["files"][0]["url"], link);
    assert_eq!(json["files"][0]["requires-python"], ">=3.7");
    assert_eq!(json["files"][0]["upload-time"], "2024-01-02T03:04:05.000006Z");

    let (_, media_type, html) = ask("text/html").await;
    assert_eq!(media_type, "text/html; charset=utf-8");
    assert!(
        html.contains(&format!(
            r#"href="{link}#sha256={digest}" data-requires-python="&gt;=3.7""#
        )),
        "{html}"
    );

    let (status, _, refusal) = ask("image/png").await;
    assert_eq!(status, StatusCode::NOT_ACCEPTABLE, "{refusal}");
    assert_eq!(
        stand.upstream.hits("/simple/acme/"),
        1,
        "one page for the life of the server"
    );
}

#[tokio::test]
async fn an_upstream_that_speaks_only_html_is_served_as_json_too() {
    let stand = Stand::new().await;
    let html = format!(r#"<a href="../../pool/{WHEEL}#sha256={}">x</a>"#, sha256(b"wheel"));
    stand.upstream.serve("/simple/acme/", "text/html", html);
    stand
        .upstream
        .serve(&format!("/pool/{WHEEL}"), "application/zip", "wheel");
    let file = reqwest::get(stand.first_link("acme").await).await.unwrap();
    assert_eq!(file.text().await.unwrap(), "wheel");
}

#[tokio::test]
async fn names_that_are_not_normal_are_redirected() {
    let stand = Stand::new().await;
    let client = Client::builder().redirect(redirect::Policy::none()).build().unwrap();
    for written in ["Acme.Tools/", "acme-tools", "ACME__tools"] {
        let answer = client.get(stand.at(&format!("simple/{written}"))).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::MOVED_PERMANENTLY, "{written}");
        assert_eq!(
            answer.headers()[header::LOCATION],
            format!("/{}/simple/acme-tools/", stand.token)
        );
    }
}

#[tokio::test]
async fn refusals_say_why() {
    let stand = Stand::new().await;
    stand.upstream.serve("/simple/login/", "image/png", "");
    for (path, status, words) in [
        ("simple/missing/", 404, "no project `missing`"),
        ("simple/", 404, "does not list all projects"),
        ("simple/-x/", 400, "not a project name"),
        ("simple/login/", 502, "`image/png`"),
        ("legacy/", 404, "nothing is served here"),
    ] {
        let answer = stand.get(path).await;
        assert_eq!(answer.status(), status, "{path}");
        let body = answer.text().await.unwrap();
        assert!(body.contains(words), "{path}: {body}");
    }
}

#[tokio::test]
async fn an_unreachable_upstream_is_502_without_its_password_and_is_asked_again() {
    let upstream = FakeUpstream::default();
    // Bound, so that nobody else gets the port, and not listening.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let gone = socket.local_addr().unwrap();
    let stand = Stand::before(upstream, &format!("http://me:s3cret@{gone}/simple")).await;
    for _ in 0..2 {
        let answer = stand.get("simple/acme/").await;
        assert_eq!(answer.status(), StatusCode::BAD_GATEWAY);
        let body = answer.text().await.unwrap();
        assert!(body.contains("page of `acme`") && body.contains("refused"), "{body}");
        assert!(!body.contains("s3cret"), "{body}");
    }
    assert_eq!(stand.index.served(&stand.token).errors, 2);
}

#[tokio::test]
async fn credentials_in_the_url_reach_upstream() {
    let upstream = FakeUpstream::default();
    let address = upstream.listen().await;
    upstream.serve_project("acme", WHEEL, b"wheel", &sha256(b"wheel"));
    let stand = Stand::before(upstream, &format!("http://user:p%40ss@{address}/simple/")).await;
    let link = stand.first_link("acme").await;
    assert!(!link.contains("p%40ss"), "{link}");
    assert!(reqwest::get(link).await.unwrap().status().is_success());
    // "user:p@ss" in base64.
    assert_eq!(stand.upstream.authorization().as_deref(), Some("Basic dXNlcjpwQHNz"));
}
