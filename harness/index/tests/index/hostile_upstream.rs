//! An upstream that means no good: what it sends is bounded and checked, and nothing is written outside the cache.

use std::path::{Path, PathBuf};

use seatrial_index::Index;
use tempfile::TempDir;

use crate::fake_upstream::{FakeUpstream, JSON, files_below, sha256, start};
use crate::guest::Guest;

/// Names of files that are none, as JSON has them.
const NAMES: [&str; 11] = [
    "",
    "..",
    "../up-1.0.whl",
    "../../../../../../../../tmp/up-1.0.whl",
    "/etc/abs-1.0.whl",
    "a/b-1.0.whl",
    "a\\\\b-1.0.whl",
    "nul-1.0.whl\\u0000.whl",
    "esc-\\u001b[2J-1.0.whl",
    "line-1.0\\r\\nset-cookie: x.whl",
    ".hidden-1.0.whl",
];

/// An index whose cache lies in a folder with another file beside it.
pub struct Stand {
    pub upstream: FakeUpstream,
    pub guest: Guest,
    pub index: Index,
    // Dropped last: the index works in it.
    folder: TempDir,
}

impl Stand {
    pub async fn new() -> Stand {
        let upstream = FakeUpstream::default();
        let address = upstream.listen().await;
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("beside"), "mine").unwrap();
        let index = start(&folder.path().join("cache"), &format!("http://{address}/simple"));
        Stand {
            upstream,
            guest: Guest::with(&index, index.issue_token("build")).await,
            index,
            folder,
        }
    }

    /// What lies beside the cache is as it was, and in the cache is nothing but these files under their digests.
    pub fn holds(&self, expected: &[&[u8]]) {
        let (cached, beside): (Vec<PathBuf>, Vec<PathBuf>) = files_below(self.folder.path())
            .into_iter()
            .partition(|path| path.starts_with(self.folder.path().join("cache")));
        assert_eq!(beside, [self.folder.path().join("beside")]);
        assert_eq!(std::fs::read(&beside[0]).unwrap(), b"mine");
        let place = |bytes: &&[u8]| {
            let digest = sha256(bytes);
            Path::new("cache/files").join(&digest[..2]).join(digest)
        };
        let mut cached: Vec<&Path> = cached
            .iter()
            .map(|path| path.strip_prefix(self.folder.path()).unwrap())
            .collect();
        let mut expected: Vec<PathBuf> = expected.iter().map(place).collect();
        cached.sort();
        expected.sort();
        assert_eq!(cached, expected);
    }

    async fn refusal(&self, path: &str) -> String {
        let answer = self.guest.get(path).await;
        assert_eq!(answer.status(), 502, "{path}");
        answer.text().await.unwrap()
    }
}

/// A JSON page of a file for each name, all at the same address, and without a hash.
fn page(names: &[&str]) -> String {
    let file = |name: &&str| format!(r#"{{"filename": "{name}", "url": "/files/any", "hashes": {{}}}}"#);
    let files: Vec<String> = names.iter().map(file).collect();
    format!(
        r#"{{"meta": {{"api-version": "1.0"}}, "files": [{}]}}"#,
        files.join(",")
    )
}

#[tokio::test]
async fn names_that_lead_elsewhere_are_left_out_and_their_links_lead_nowhere() {
    let stand = Stand::new().await;
    stand.upstream.serve("/files/any", "application/zip", "any");
    let good = "acme-1.0-py3-none-any.whl";
    let names: Vec<&str> = NAMES.into_iter().chain([good]).collect();
    stand.upstream.serve("/simple/acme/", JSON, page(&names));
    let links = stand.guest.links("acme").await;
    let [(name, link)] = &links[..] else {
        panic!("only one is a file name: {links:?}");
    };
    assert_eq!(name, good);
    for name in NAMES {
        let name: String = serde_json::from_str(&format!("\"{name}\"")).unwrap();
        let escaped: String = name.bytes().map(|byte| format!("%{byte:02x}")).collect();
        assert_eq!(stand.guest.status(&link.replace(good, &escaped)).await, 404, "{name:?}");
    }
    stand.holds(&[]);
    assert_eq!(stand.guest.html(link).await, "any");
    stand.holds(&[b"any"]);
}

#[tokio::test]
async fn an_html_page_fares_no_better() {
    let stand = Stand::new().await;
    let html = "<a href='/files/..%2f..%2fup-1.0.whl'>x</a><a href='/files/a%5cb-1.0.whl'>x</a>\
                <a href='/files/nul%00-1.0.whl'>x</a><a href='/files/%1b[2J-1.0.whl'>x</a>\
                <a href='/files/.hidden-1.0.whl'>x</a><a href='file:///etc/acme-1.0.whl'>x</a>\
                <a href='data:,acme-1.0.whl'>x</a><a href='/files/%2e%2e/acme-2.0.tar.gz'>x</a>";
    stand.upstream.serve("/simple/acme/", "text/html", html);
    stand.upstream.serve("/acme-2.0.tar.gz", "application/gzip", "two");
    let links = stand.guest.links("acme").await;
    assert_eq!(links.len(), 1, "{links:?}");
    assert_eq!(stand.guest.html(&links[0].1).await, "two");
    stand.holds(&[b"two"]);
}

#[tokio::test]
async fn a_page_without_measure_is_cut_off() {
    let stand = Stand::new().await;
    stand
        .upstream
        .serve("/simple/acme/", "text/html", vec![b' '; (64 << 20) + 1]);
    let words = stand.refusal("simple/acme/").await;
    assert!(
        words.contains("`acme`") && words.contains("larger than 64 MiB"),
        "{words}"
    );
    stand
        .upstream
        .serve("/simple/acme/", "text/html", "<a href='/acme-1.0.whl'>x</a>");
    assert_eq!(
        stand.guest.files("acme").await,
        ["acme-1.0.whl"],
        "a failure is not remembered"
    );
}

#[tokio::test]
async fn metadata_without_measure_is_cut_off() {
    let stand = Stand::new().await;
    let html = "<a href='/files/acme-1.0-py3-none-any.whl' data-core-metadata='true'>x</a>";
    stand.upstream.serve("/simple/acme/", "text/html", html);
    let metadata = "/files/acme-1.0-py3-none-any.whl.metadata";
    stand.upstream.serve(metadata, "text/plain", vec![b' '; (16 << 20) + 1]);
    let (_, link) = stand.guest.links("acme").await.remove(0);
    let words = stand.refusal(&format!("{link}.metadata")).await;
    assert!(words.contains("larger than the 16777216 bytes"), "{words}");
    stand.holds(&[]);
}

#[tokio::test]
async fn a_file_that_is_not_what_its_page_promises_is_nowhere() {
    let stand = Stand::new().await;
    let wheel = "acme-1.0-py3-none-any.whl";
    stand
        .upstream
        .serve_project("acme", wheel, b"forged", &sha256(b"wheel!"));
    let (_, link) = stand.guest.links("acme").await.remove(0);
    for _ in 0..2 {
        let words = stand.refusal(&link).await;
        assert!(
            words.contains("nothing was kept") && words.contains(&sha256(b"forged")),
            "{words}"
        );
    }
    assert_eq!(
        stand.upstream.hits(&format!("/files/{wheel}")),
        2,
        "it is not believed the second time either"
    );
    stand.holds(&[]);
}

#[tokio::test]
async fn pages_that_are_none_are_refused_in_words() {
    let stand = Stand::new().await;
    for (project, media_type, body, words) in [
        ("picture", "image/png", "", "`image/png`"),
        (
            "newer",
            JSON,
            r#"{"meta": {"api-version": "2.0"}, "files": []}"#,
            "`2.0`",
        ),
        (
            "broken",
            JSON,
            r#"{"meta": {"api-version": "1.0"}, "files": ["#,
            "PEP 691",
        ),
        ("deep", JSON, &"[".repeat(100_000), "PEP 691"),
        (
            "newest",
            "text/html",
            "<meta name='pypi:repository-version' content='9.0'>",
            "`9.0`",
        ),
    ] {
        stand
            .upstream
            .serve(&format!("/simple/{project}/"), media_type, body.to_owned());
        let refusal = stand.refusal(&format!("simple/{project}/")).await;
        assert!(refusal.contains(words), "{refusal}");
    }
    stand.holds(&[]);
}
