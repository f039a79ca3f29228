//! An upstream index that serves what a test gives it and counts what it is asked, with our index before it.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use seatrial_index::{Index, IndexConfig, Source, Upstream};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use tokio::net::TcpListener;

pub const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
pub const JSON: &str = "application/vnd.pypi.simple.v1+json";

/// What the fake answers, by path. Anything else is 404.
#[derive(Clone, Default)]
pub struct FakeUpstream(Arc<Mutex<Shelf>>);

#[derive(Default)]
struct Shelf {
    answers: HashMap<String, (&'static str, Bytes)>,
    hits: HashMap<String, usize>,
    /// The `Authorization` header of the latest request.
    authorization: Option<String>,
}

impl FakeUpstream {
    /// Serves `body` at `path`.
    pub fn serve(&self, path: &str, media_type: &'static str, body: impl Into<Bytes>) {
        self.0
            .lock()
            .unwrap()
            .answers
            .insert(path.to_owned(), (media_type, body.into()));
    }

    /// Serves a project of one file as a JSON page, its promised digest as given.
    pub fn serve_project(&self, project: &str, filename: &str, body: &[u8], digest: &str) {
        let page = format!(
            r#"{{"meta": {{"api-version": "1.1"}}, "name": "{project}", "versions": ["1.0"], "files": [{{
                "filename": "{filename}", "url": "/files/{filename}", "hashes": {{"sha256": "{digest}"}},
                "requires-python": ">=3.7", "size": {}, "upload-time": "2024-01-02T03:04:05.000006Z"}}]}}"#,
            body.len()
        );
        self.serve(&format!("/simple/{project}/"), JSON, page);
        self.serve(&format!("/files/{filename}"), "application/octet-stream", body.to_vec());
    }

    /// What is served at a path.
    pub fn body(&self, path: &str) -> Bytes {
        self.0.lock().unwrap().answers[path].1.clone()
    }

    /// How often a path was asked for.
    pub fn hits(&self, path: &str) -> usize {
        self.0.lock().unwrap().hits.get(path).copied().unwrap_or_default()
    }

    pub fn authorization(&self) -> Option<String> {
        self.0.lock().unwrap().authorization.clone()
    }

    /// Listens on this host until the test's runtime ends.
    pub async fn listen(&self) -> SocketAddr {
        let listener = TcpListener::bind((LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(answer).with_state(self.clone());
        tokio::spawn(axum::serve(listener, router).into_future());
        address
    }
}

async fn answer(State(fake): State<FakeUpstream>, uri: Uri, headers: HeaderMap) -> Response {
    let mut shelf = fake.0.lock().unwrap();
    *shelf.hits.entry(uri.path().to_owned()).or_default() += 1;
    shelf.authorization = headers
        .get(header::AUTHORIZATION)
        .map(|value| value.to_str().unwrap().to_owned());
    match shelf.answers.get(uri.path()).cloned() {
        Some((media_type, body)) => ([(header::CONTENT_TYPE, media_type)], Body::from(body)).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Our index before a fake upstream, with one token and a cache that goes with the test.
pub struct Stand {
    pub upstream: FakeUpstream,
    pub index: Index,
    pub address: SocketAddr,
    pub token: String,
    cache: TempDir,
}

impl Stand {
    pub async fn new() -> Stand {
        let upstream = FakeUpstream::default();
        let address = upstream.listen().await;
        Stand::before(upstream, &format!("http://{address}/simple")).await
    }

    /// As [`Stand::new`], with the upstream's URL as given.
    pub async fn before(upstream: FakeUpstream, url: &str) -> Stand {
        let cache = tempfile::tempdir().unwrap();
        let index = start(cache.path(), url);
        let address = index.listen(LOCALHOST).await.unwrap();
        let token = index.issue_token("case/replica-0");
        Stand {
            upstream,
            index,
            address,
            token,
            cache,
        }
    }

    /// The URL of a path behind the token.
    pub fn at(&self, path: &str) -> String {
        format!("http://{}/{}/{path}", self.address, self.token)
    }

    pub async fn get(&self, path: &str) -> reqwest::Response {
        reqwest::get(self.at(path)).await.unwrap()
    }

    /// The link to the first file on the page of a project.
    pub async fn first_link(&self, project: &str) -> String {
        let page = reqwest::Client::new().get(self.at(&format!("simple/{project}/")));
        let page = page
            .header(header::ACCEPT, JSON)
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap();
        let page: serde_json::Value = serde_json::from_str(&page).unwrap();
        let link = page["files"][0]["url"].as_str().unwrap();
        let page = reqwest::Url::parse(&self.at(&format!("simple/{project}/"))).unwrap();
        page.join(link).unwrap().to_string()
    }

    /// All files in the cache, partial ones included.
    pub fn cached(&self) -> Vec<PathBuf> {
        files_below(self.cache.path())
    }
}

/// An index before the upstream at `url`.
pub fn start(cache: &Path, url: &str) -> Index {
    Index::start(IndexConfig {
        cache: cache.to_owned(),
        source: Source::Live(Upstream::at(url).unwrap()),
    })
    .unwrap()
}

pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// All files below a folder.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_below(&path))
        } else {
            files.push(path)
        }
    }
    files
}
