//! A universe served alone: its list, its pages in both forms, its files, and nothing made before it is asked for.

use reqwest::{Method, StatusCode, header};
use seatrial_index::{Behind, Index, IndexConfig, Kind, Project, Release, Source, Universe, WorldConfig};
use serde_json::{Value, json};

use crate::fake_upstream::{JSON, sha256};
use crate::guest::{Alone, Guest, alone, project, wheel};

const WHEEL: &str = "acme_tools-1.0-py3-none-any.whl";
const SDIST: &str = "acme_tools-1.0.tar.gz";
const REASON: &str = "\"broken\" <& worse> \u{1f4a5}";

/// `Acme.Tools` with a plain wheel and a source distribution, and a yanked release that bears everything a page can say.
fn acme() -> Project {
    Project {
        name: "Acme.Tools".into(),
        releases: vec![
            Release {
                version: "1.0".into(),
                files: vec![wheel("py3-none-any"), Kind::Sdist],
                ..Release::default()
            },
            Release {
                version: "2.0".into(),
                requires: vec!["bolt>=1".into()],
                requires_python: Some(">=3.8,<4".into()),
                uploaded: Some("2024-05-01T02:03:04Z".into()),
                yanked: Some(REASON.into()),
                ..Release::default()
            },
        ],
    }
}

async fn stand() -> (Alone, Guest) {
    let stand = Alone::new();
    let universe = Universe::new(vec![acme(), project("bolt", &["1.0"])]);
    let world = stand.index.world(alone(universe, vec![])).unwrap();
    let guest = Guest::of(&stand.index, &world, 0).await;
    (stand, guest)
}

#[tokio::test]
async fn the_list_of_projects_comes_in_both_forms() {
    let (_stand, guest) = stand().await;
    let expected =
        json!({ "meta": { "api-version": "1.1" }, "projects": [{ "name": "acme-tools" }, { "name": "bolt" }] });
    assert_eq!(guest.json("").await, expected);
    let html = guest.html("simple/").await;
    assert!(html.contains("<a href=\"acme-tools/\">acme-tools</a>"), "{html}");
    assert!(html.contains("<a href=\"bolt/\">bolt</a>"), "{html}");
}

#[tokio::test]
async fn a_page_tells_all_it_knows_in_json() {
    let (_stand, guest) = stand().await;
    let page = guest.json("acme-tools/").await;
    assert_eq!(page["meta"], json!({ "api-version": "1.1" }));
    assert_eq!(page["name"], "acme-tools");
    assert_eq!(page["versions"], json!(["1.0", "2.0"]));
    let [wheel, sdist, yanked] = &page["files"].as_array().unwrap()[..] else {
        panic!("three files: {page}");
    };
    assert_eq!((&wheel["filename"], &sdist["filename"]), (&json!(WHEEL), &json!(SDIST)));
    for (file, uploaded, python, reason) in [
        (wheel, "2020-01-01T00:00:00Z", Value::Null, json!(false)),
        (sdist, "2020-01-01T00:00:00Z", Value::Null, json!(false)),
        (yanked, "2024-05-01T02:03:04Z", json!(">=3.8,<4"), json!(REASON)),
    ] {
        assert_eq!(file["upload-time"], uploaded);
        assert_eq!((&file["requires-python"], &file["yanked"]), (&python, &reason));
        let path = guest.link("acme-tools", file["filename"].as_str().unwrap()).await;
        let body = guest.get(&path).await.bytes().await.unwrap();
        assert_eq!(
            (&file["size"], &file["hashes"]["sha256"]),
            (&json!(body.len()), &json!(sha256(&body)))
        );

        // Not in the older spelling, which breaks some pips (PEP 714); a source distribution has no metadata file.
        assert_eq!(file.get("dist-info-metadata"), None);
        let metadata = guest.get(&format!("{path}.metadata")).await;
        match file["core-metadata"]["sha256"].as_str() {
            Some(digest) => assert_eq!(sha256(&metadata.bytes().await.unwrap()), digest),
            None => assert_eq!((file, metadata.status()), (sdist, StatusCode::NOT_FOUND)),
        }
    }
}

#[tokio::test]
async fn a_page_tells_the_same_in_html() {
    let (_stand, guest) = stand().await;
    let page = guest.json("acme-tools/").await;
    let html = guest.html("simple/acme-tools/").await;
    let anchors: Vec<&str> = html.lines().filter(|line| line.starts_with("<a ")).collect();
    for (anchor, file) in anchors.iter().zip(page["files"].as_array().unwrap()) {
        let digest = file["hashes"]["sha256"].as_str().unwrap();
        let href = format!("href=\"{}#sha256={digest}\"", file["url"].as_str().unwrap());
        assert!(anchor.contains(&href), "{anchor}");
        for name in ["data-core-metadata", "data-dist-info-metadata"] {
            let metadata = file["core-metadata"]["sha256"].as_str();
            match metadata {
                Some(digest) => assert!(anchor.contains(&format!("{name}=\"sha256={digest}\"")), "{anchor}"),
                None => assert!(!anchor.contains(name), "{anchor}"),
            }
        }
    }
    assert_eq!(anchors.len(), 3);
    assert!(!anchors[0].contains("data-yanked") && !anchors[0].contains("data-requires-python"));
    assert!(
        anchors[2].contains("data-requires-python=\"&gt;=3.8,&lt;4\""),
        "{}",
        anchors[2]
    );
    let yanked = "data-yanked=\"&quot;broken&quot; &lt;&amp; worse&gt; \u{1f4a5}\"";
    assert!(anchors[2].contains(yanked), "{}", anchors[2]);
}

#[tokio::test]
async fn a_metadata_file_is_what_the_wheel_says_of_itself() {
    let (_stand, guest) = stand().await;
    let path = guest.link("acme-tools", "acme_tools-2.0-py3-none-any.whl").await;
    assert_eq!(
        guest.html(&format!("{path}.metadata")).await,
        "Metadata-Version: 2.1\nName: Acme.Tools\nVersion: 2.0\nSummary: Made up by seatrial\n\
         Requires-Python: >=3.8,<4\nRequires-Dist: bolt>=1\n"
    );
}

#[tokio::test]
async fn whoever_has_it_already_is_told_so_and_whoever_asks_for_the_head_gets_the_head() {
    let (_stand, guest) = stand().await;
    let file = guest.link("acme-tools", WHEEL).await;
    for path in ["simple/", "simple/acme-tools/", &file, &format!("{file}.metadata")] {
        let whole = guest.get(path).await;
        let tag = whole.headers()[header::ETAG].to_str().unwrap().to_owned();
        let length = whole.bytes().await.unwrap().len().to_string();

        let head = guest.ask(Method::HEAD, path, &[]).await;
        assert_eq!(head.status(), StatusCode::OK, "{path}");
        assert_eq!(head.headers()[header::CONTENT_LENGTH], length.as_str(), "{path}");
        assert_eq!(head.headers()[header::ETAG], tag.as_str(), "{path}");
        assert!(head.bytes().await.unwrap().is_empty(), "{path}");

        for known in [tag.as_str(), &format!("\"other\", W/{tag}"), "*"] {
            let answer = guest.ask(Method::GET, path, &[(header::IF_NONE_MATCH, known)]).await;
            assert_eq!(answer.status(), StatusCode::NOT_MODIFIED, "{path} {known}");
            assert_eq!(answer.headers()[header::ETAG], tag.as_str(), "{path}");
        }
        let changed = guest
            .ask(Method::GET, path, &[(header::IF_NONE_MATCH, "\"other\"")])
            .await;
        assert_eq!(changed.status(), StatusCode::OK, "{path}");
    }
    let json = [(header::ACCEPT, JSON)];
    let other_form = guest.ask(Method::GET, "simple/acme-tools/", &json).await;
    let tag = other_form.headers()[header::ETAG].to_str().unwrap();
    let answer = guest
        .ask(Method::GET, "simple/acme-tools/", &[(header::IF_NONE_MATCH, tag)])
        .await;
    assert_eq!(answer.status(), StatusCode::OK, "the forms do not share a tag");
    assert_eq!(answer.headers()[header::VARY], "Accept");
}

#[tokio::test]
async fn files_are_sent_in_ranges() {
    let (_stand, guest) = stand().await;
    let file = guest.link("acme-tools", WHEEL).await;
    let whole = guest.get(&file).await.bytes().await.unwrap();
    let size = whole.len();
    let ask = async |range: &str| guest.ask(Method::GET, &file, &[(header::RANGE, range)]).await;

    let part = ask("bytes=-22").await;
    assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
    let content_range = format!("bytes {}-{}/{size}", size - 22, size - 1);
    assert_eq!(part.headers()[header::CONTENT_RANGE], content_range.as_str());
    assert_eq!(part.bytes().await.unwrap(), whole[size - 22..]);

    let beyond = ask(&format!("bytes={size}-")).await;
    assert_eq!(beyond.status(), StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(
        beyond.headers()[header::CONTENT_RANGE],
        format!("bytes */{size}").as_str()
    );
    assert!(beyond.bytes().await.unwrap().is_empty());
}

#[tokio::test]
async fn other_spellings_are_redirected_and_what_is_not_there_is_404() {
    let (_stand, guest) = stand().await;
    for written in ["Acme.Tools/", "acme_tools", "ACME--tools/"] {
        let answer = guest.get(&format!("simple/{written}")).await;
        assert_eq!(answer.status(), StatusCode::MOVED_PERMANENTLY, "{written}");
        let page = format!("/{}/simple/acme-tools/", guest.token);
        assert_eq!(answer.headers()[header::LOCATION], page.as_str());
    }
    let (wheel, sdist) = (
        guest.link("acme-tools", WHEEL).await,
        guest.link("acme-tools", SDIST).await,
    );
    let other_key = wheel.replace(WHEEL, SDIST);
    assert_ne!(other_key, sdist);
    let older = format!("{wheel}.metadata.metadata");
    for path in [
        "simple/nitro/",
        &other_key,
        &older,
        &format!("files/{}/{WHEEL}", "0".repeat(64)),
        "files/",
    ] {
        assert_eq!(guest.status(path).await, 404, "{path}");
    }
}

#[tokio::test]
async fn an_empty_universe_before_nothing_has_nothing() {
    let stand = Alone::new();
    let config = WorldConfig {
        behind: Behind::Nothing,
        ..WorldConfig::default()
    };
    let guest = Guest::of(&stand.index, &stand.index.world(config).unwrap(), 0).await;
    for path in ["simple/", "simple/acme/", &format!("files/{}/{WHEEL}", "0".repeat(64))] {
        assert_eq!(guest.status(path).await, 404, "{path}");
    }
}

#[tokio::test]
async fn one_page_is_the_same_bytes_for_every_token() {
    let stand = Alone::new();
    let world = stand.world(vec![]);
    let (one, other) = (
        Guest::of(&stand.index, &world, 0).await,
        Guest::of(&stand.index, &world, 1).await,
    );
    assert_ne!(one.token, other.token);
    for path in ["simple/", "simple/acme/"] {
        for form in ["text/html", JSON, "application/vnd.pypi.simple.v1+html"] {
            let ask = async |guest: &Guest| {
                let answer = guest.ask(Method::GET, path, &[(header::ACCEPT, form)]).await;
                (answer.headers()[header::ETAG].clone(), answer.bytes().await.unwrap())
            };
            assert_eq!(ask(&one).await, ask(&other).await, "{path} {form}");
        }
    }
}

/// Each wheel is big enough to be made on disk, where it can be seen that it was made.
#[tokio::test]
async fn of_ten_thousand_projects_only_the_one_asked_for_is_made() {
    let stand = Alone::new();
    let big = |number: usize| {
        let mut project = project(&format!("p{number}"), &["1.0"]);
        project.releases[0].contents.size = 5 << 20;
        project
    };
    let universe = Universe::new((0..10_000).map(big).collect());
    let world = stand.index.world(alone(universe, vec![])).unwrap();
    let guest = Guest::of(&stand.index, &world, 0).await;
    assert_eq!(guest.json("").await["projects"].as_array().unwrap().len(), 10_000);
    assert!(stand.cached().is_empty());

    let digest = guest.json("p4711/").await["files"][0]["hashes"]["sha256"].clone();
    let [made] = &stand.cached()[..] else {
        panic!("made: {:?}", stand.cached());
    };
    assert_eq!(made.file_name().unwrap().to_str(), digest.as_str());
}

#[tokio::test]
async fn a_file_that_cannot_be_made_is_named() {
    // An index before an upstream does so itself; reqwest makes no client without it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = tempfile::tempdir().unwrap();
    let (cache, source) = (folder.path().to_owned(), Source::Nothing);
    let index = Index::start(IndexConfig { cache, source }).unwrap();
    let mut big = project("acme", &["1.0"]);
    big.releases[0].contents.size = 5 << 20;
    let world = index.world(alone(Universe::new(vec![big]), vec![])).unwrap();
    let guest = Guest::of(&index, &world, 0).await;
    // A big file is begun in there.
    std::fs::remove_dir(folder.path().join("partial")).unwrap();
    let answer = guest.get("simple/acme/").await;
    assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let words = answer.text().await.unwrap();
    let expected = "the universe's file `acme-1.0-py3-none-any.whl` cannot be made: ";
    assert!(
        words.contains(expected) && words.contains("space and rights"),
        "{words}"
    );
}
