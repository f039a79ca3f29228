//! Files: verified, cached, fetched once, sent in ranges, and nothing else is ever sent.

use futures_util::future::join_all;
use reqwest::{Client, StatusCode, header};
use seatrial_index::Asked;

use crate::fake_upstream::{JSON, LOCALHOST, Stand, sha256, start};
use crate::wire;

const WHEEL: &str = "acme-1.0-py3-none-any.whl";

#[tokio::test]
async fn a_crowd_of_sixteen_costs_upstream_one_download() {
    let stand = Stand::new().await;
    let body: Vec<u8> = (0..1_000_000_u32).map(|i| (i % 251) as u8).collect();
    stand.upstream.serve_project("acme", WHEEL, &body, &sha256(&body));
    let link = stand.first_link("acme").await;

    let download = async || reqwest::get(&link).await.unwrap().bytes().await.unwrap();
    for received in join_all((0..16).map(|_| download())).await {
        assert_eq!(sha256(&received), sha256(&body));
    }
    assert_eq!(stand.upstream.hits(&format!("/files/{WHEEL}")), 1);
    assert_eq!(stand.cached().len(), 1);
}

#[tokio::test]
async fn another_process_finds_the_file_in_the_cache() {
    let cache = tempfile::tempdir().unwrap();
    let stand = Stand::new().await;
    stand.upstream.serve_project("acme", WHEEL, b"wheel", &sha256(b"wheel"));
    let upstream = stand.upstream.listen().await;
    for _ in 0..2 {
        let index = start(cache.path(), &format!("http://{upstream}/simple"));
        let address = index.listen(LOCALHOST).await.unwrap();
        let token = index.issue_token("build");
        let page = format!("{}acme/", index.url(address, &token));
        assert!(reqwest::get(page).await.unwrap().status().is_success());
        let link = format!("http://{address}/{token}/files/{}/{WHEEL}", sha256(b"wheel"));
        assert_eq!(reqwest::get(link).await.unwrap().text().await.unwrap(), "wheel");
        index.shutdown().await;
    }
    assert_eq!(stand.upstream.hits(&format!("/files/{WHEEL}")), 1);
}

#[tokio::test]
async fn a_file_with_the_wrong_hash_is_refused_and_not_kept() {
    let stand = Stand::new().await;
    stand
        .upstream
        .serve_project("acme", WHEEL, b"forged", &sha256(b"wheel"));
    let link = stand.first_link("acme").await;
    let answer = reqwest::get(&link).await.unwrap();
    assert_eq!(answer.status(), StatusCode::BAD_GATEWAY);
    let body = answer.text().await.unwrap();
    for part in [WHEEL, &sha256(b"wheel"), &sha256(b"forged")] {
        assert!(body.contains(part), "{body}");
    }
    assert_eq!(stand.cached(), Vec::<std::path::PathBuf>::new());

    stand
        .upstream
        .serve(&format!("/files/{WHEEL}"), "application/zip", "wheel");
    assert_eq!(
        reqwest::get(&link).await.unwrap().text().await.unwrap(),
        "wheel",
        "a failure is not remembered"
    );
}

#[tokio::test]
async fn a_file_longer_than_announced_is_cut_off() {
    let stand = Stand::new().await;
    stand.upstream.serve_project("acme", WHEEL, b"wheel", &sha256(b"wheel"));
    stand
        .upstream
        .serve(&format!("/files/{WHEEL}"), "application/zip", "wheel and more");
    let answer = reqwest::get(stand.first_link("acme").await).await.unwrap();
    assert_eq!(answer.status(), StatusCode::BAD_GATEWAY);
    assert!(answer.text().await.unwrap().contains("larger than the 5 bytes"));
}

#[tokio::test]
async fn a_file_without_sha256_is_served_and_cached_by_the_one_it_has() {
    let stand = Stand::new().await;
    stand.upstream.serve(
        "/simple/acme/",
        "text/html",
        format!(r#"<a href="/files/{WHEEL}">x</a>"#),
    );
    stand
        .upstream
        .serve(&format!("/files/{WHEEL}"), "application/zip", "wheel");
    let link = stand.first_link("acme").await;
    for _ in 0..2 {
        assert_eq!(reqwest::get(&link).await.unwrap().text().await.unwrap(), "wheel");
    }
    assert_eq!(stand.upstream.hits(&format!("/files/{WHEEL}")), 1);
    assert!(stand.cached()[0].ends_with(sha256(b"wheel")));
}

#[tokio::test]
async fn metadata_comes_from_upstream_and_is_verified_too() {
    let stand = Stand::new().await;
    let page = |metadata: &str| {
        format!(
            r#"{{"meta": {{"api-version": "1.0"}}, "files": [{{"filename": "{WHEEL}", "url": "/files/{WHEEL}?key=1",
                "hashes": {{"sha256": "{}"}}, "core-metadata": {{"sha256": "{}"}}}}]}}"#,
            sha256(b"wheel"),
            sha256(metadata.as_bytes())
        )
    };
    stand.upstream.serve("/simple/acme/", JSON, page("Name: acme"));
    stand.upstream.serve(
        "/simple/forged/",
        JSON,
        page("something else").replace("acme-1", "forged-1"),
    );
    for wheel in [WHEEL, "forged-1.0-py3-none-any.whl"] {
        stand
            .upstream
            .serve(&format!("/files/{wheel}.metadata"), "text/plain", "Name: acme");
    }
    let metadata_of = async |project| {
        let link = format!("{}.metadata", stand.first_link(project).await);
        let answer = reqwest::get(link).await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    assert_eq!(metadata_of("acme").await, (200, "Name: acme".to_owned()));
    assert_eq!(metadata_of("forged").await.0, 502);
    let asked: Vec<Asked> = stand
        .index
        .requests(&stand.token)
        .into_iter()
        .map(|request| request.what)
        .collect();
    assert!(
        asked.contains(&Asked::Metadata(format!("{WHEEL}.metadata"))),
        "{asked:?}"
    );
    assert_eq!(
        stand.index.served(&stand.token).files,
        Vec::<String>::new(),
        "metadata is no distribution"
    );
}

#[tokio::test]
async fn ranges_heads_and_conditions_are_honoured() {
    let stand = Stand::new().await;
    stand
        .upstream
        .serve_project("acme", WHEEL, b"0123456789", &sha256(b"0123456789"));
    let link = stand.first_link("acme").await;
    let client = Client::new();

    let head = client.head(&link).send().await.unwrap();
    assert_eq!(head.status(), StatusCode::OK);
    assert_eq!(head.headers()[header::CONTENT_LENGTH], "10");
    assert_eq!(head.headers()[header::ACCEPT_RANGES], "bytes");
    let tag = head.headers()[header::ETAG].clone();
    let recorded = stand.index.requests(&stand.token).pop().unwrap();
    assert_eq!(
        (recorded.method.as_str(), recorded.bytes, recorded.complete),
        ("HEAD", 0, true)
    );

    let part = client
        .get(&link)
        .header(header::RANGE, "bytes=-4")
        .send()
        .await
        .unwrap();
    assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(part.headers()[header::CONTENT_RANGE], "bytes 6-9/10");
    assert_eq!(part.text().await.unwrap(), "6789");

    let beyond = client
        .get(&link)
        .header(header::RANGE, "bytes=10-")
        .send()
        .await
        .unwrap();
    assert_eq!(beyond.status(), StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(beyond.headers()[header::CONTENT_RANGE], "bytes */10");

    let stale = client
        .get(&link)
        .header(header::RANGE, "bytes=0-1")
        .header(header::IF_RANGE, "\"other\"");
    assert_eq!(stale.send().await.unwrap().text().await.unwrap(), "0123456789");
    let known = client
        .get(&link)
        .header(header::IF_NONE_MATCH, tag)
        .send()
        .await
        .unwrap();
    assert_eq!(known.status(), StatusCode::NOT_MODIFIED);
}

#[tokio::test]
async fn what_no_page_announced_is_not_served() {
    let stand = Stand::new().await;
    stand.upstream.serve_project("acme", WHEEL, b"wheel", &sha256(b"wheel"));
    let unannounced = stand.get(&format!("files/{}/{WHEEL}", sha256(b"wheel"))).await;
    assert_eq!(unannounced.status(), StatusCode::NOT_FOUND);
    stand.first_link("acme").await;
    let digest = sha256(b"wheel");
    // Raw requests: an HTTP client would tidy these paths up before sending them.
    for path in [
        format!("files/{digest}/..%2f..%2f..%2fetc%2fpasswd"),
        format!("files/{digest}/../../../../etc/passwd"),
        format!("files/..%2f..%2f{digest}/{WHEEL}"),
        format!("files/{digest}/%00"),
        "simple/..%2f..%2fetc/".to_owned(),
    ] {
        let request =
            wire::get(&format!("/{}/{path}", stand.token)).replace("\r\n\r\n", "\r\nconnection: close\r\n\r\n");
        let status = wire::status(&wire::exchange(stand.address, request.as_bytes()).await.unwrap());
        assert!(matches!(status, Some(400 | 404)), "{path}: {status:?}");
    }
    assert_eq!(stand.cached(), Vec::<std::path::PathBuf>::new());
}
