//! Locks: what was recorded before an upstream is replayed without it, to the byte, and nothing else is.

use std::path::{Path, PathBuf};

use futures_util::future::join_all;
use reqwest::{Method, header};
use seatrial_index::{Behind, Index, IndexConfig, Source, Universe, Upstream, WorldConfig};
use tempfile::TempDir;

use crate::fake_upstream::{FakeUpstream, JSON, files_below, sha256};
use crate::guest::{Guest, alone, project};

const LIST: &str = "index.lock.json";
const WHEEL: &str = "acme-1.0-py3-none-any.whl";

/// A lock in a temporary folder, and an upstream of `acme`, in HTML, and `bolt`, in JSON.
struct Recorder {
    upstream: FakeUpstream,
    url: String,
    folder: TempDir,
}

impl Recorder {
    async fn new() -> Recorder {
        let upstream = FakeUpstream::default();
        let address = upstream.listen().await;
        let anchor = format!(
            "<a href=\"../../files/{WHEEL}#sha256={}\" data-yanked=\"&lt;why&gt;\">acme</a>",
            sha256(b"wheel")
        );
        upstream.serve("/simple/acme/", "text/html", anchor);
        upstream.serve(&format!("/files/{WHEEL}"), "application/zip", "wheel");
        upstream.serve_project("bolt", "bolt-1.0.tar.gz", b"bolt", &sha256(b"bolt"));
        Recorder {
            upstream,
            url: format!("http://me:s3cret@{address}/simple"),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// The root of the upstream, without credentials.
    fn root(&self) -> String {
        self.url.replace("me:s3cret@", "").replace("/simple", "")
    }

    fn lock(&self) -> PathBuf {
        self.folder.path().join("lock")
    }

    /// An index that records, its cache empty.
    fn record(&self) -> Started {
        start(Source::Recorded {
            upstream: Upstream::at(&self.url).unwrap(),
            lock: self.lock(),
        })
    }

    /// An index that replays, its cache empty.
    fn replay(&self) -> Started {
        start(Source::Replayed(self.lock()))
    }

    /// What an index that replays says of the lock.
    fn refusal(&self) -> String {
        self.refusal_of(Source::Replayed(self.lock()))
    }

    /// What an index that records says of the lock.
    fn refusal_to_record(&self) -> String {
        self.refusal_of(Source::Recorded {
            upstream: Upstream::at(&self.url).unwrap(),
            lock: self.lock(),
        })
    }

    fn refusal_of(&self, source: Source) -> String {
        let cache = self.folder.path().join("cache");
        Index::start(IndexConfig { cache, source })
            .err()
            .expect("it is refused")
            .to_string()
    }

    /// Records the page and the file of a project; returns its file's path.
    async fn recorded(&self, project: &str, filename: &str) -> String {
        let recording = self.record();
        let guest = recording.guest().await;
        let link = guest.link(project, filename).await;
        guest.get(&link).await.bytes().await.unwrap();
        recording.index.shutdown().await;
        link
    }

    /// The one file of the lock that has these bytes.
    fn blob(&self, bytes: &[u8]) -> PathBuf {
        let digest = sha256(bytes);
        self.lock().join("files").join(&digest[..2]).join(digest)
    }
}

struct Started {
    index: Index,
    _cache: TempDir,
}

impl Started {
    /// A client that sees the source as it is.
    async fn guest(&self) -> Guest {
        let world = self.index.world(WorldConfig::default()).unwrap();
        Guest::of(&self.index, &world, 0).await
    }
}

fn start(source: Source) -> Started {
    // Made before the index, which has TLS prepared only where it has an upstream.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let cache = tempfile::tempdir().unwrap();
    let index = Index::start(IndexConfig {
        cache: cache.path().to_owned(),
        source,
    });
    Started {
        index: index.unwrap(),
        _cache: cache,
    }
}

/// Paths and contents of all files below a folder.
fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = files_below(folder);
    files.sort();
    files
        .into_iter()
        .map(|path| (path.clone(), std::fs::read(path).unwrap()))
        .collect()
}

/// What a client gets: both forms of both pages, and of both files all bytes.
async fn all(guest: &Guest) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for (project, filename) in [("acme", WHEEL), ("bolt", "bolt-1.0.tar.gz")] {
        let (page, file) = (format!("simple/{project}/"), guest.link(project, filename).await);
        for (path, form) in [(&page, "text/html"), (&page, JSON), (&file, "*/*")] {
            let answer = guest.ask(Method::GET, path, &[(header::ACCEPT, form)]).await;
            assert_eq!(answer.status(), 200, "{path}");
            all.push(answer.bytes().await.unwrap().to_vec());
        }
    }
    all
}

#[tokio::test]
async fn a_run_is_repeated_to_the_byte_when_upstream_is_gone() {
    let recorder = Recorder::new().await;
    let recording = recorder.record();
    let guest = recording.guest().await;
    let first = all(&guest).await;
    assert_eq!(guest.status("simple/nitro/").await, 404);
    let asked = |path: &str| recorder.upstream.hits(path);
    assert_eq!((asked("/simple/acme/"), asked("/simple/nitro/")), (1, 1));
    recording.index.shutdown().await;

    recorder.upstream.serve("/simple/acme/", "text/html", "moved on");
    let before = contents(&recorder.lock());
    let replaying = recorder.replay();
    let guest = replaying.guest().await;
    assert_eq!(all(&guest).await, first);
    assert_eq!(
        guest.status("simple/nitro/").await,
        404,
        "upstream had none, and that is recorded"
    );
    assert_eq!((asked("/simple/acme/"), asked("/simple/nitro/")), (1, 1));
    assert_eq!(
        contents(&recorder.lock()),
        before,
        "replaying changes nothing in the lock"
    );
}

#[tokio::test]
async fn what_was_not_asked_for_then_is_refused_in_words() {
    let recorder = Recorder::new().await;
    recorder.record().guest().await.files("acme").await;
    let replaying = recorder.replay();
    let guest = replaying.guest().await;
    for (path, what) in [
        ("simple/bolt/".to_owned(), "the page of `bolt`".to_owned()),
        (guest.link("acme", WHEEL).await, format!("the file `{WHEEL}`")),
    ] {
        let answer = guest.get(&path).await;
        assert_eq!(answer.status(), 424, "{path}");
        let words = answer.text().await.unwrap();
        assert!(words.contains(&what) && words.contains("`--record-index`"), "{words}");
    }
}

#[tokio::test]
async fn a_lock_grows() {
    let recorder = Recorder::new().await;
    recorder.recorded("acme", WHEEL).await;
    let before = contents(&recorder.lock());
    recorder.recorded("bolt", "bolt-1.0.tar.gz").await;
    let after = contents(&recorder.lock());
    for known in before.iter().filter(|(path, _)| !path.ends_with(LIST)) {
        assert!(after.contains(known), "{known:?}");
    }
    all(&recorder.replay().guest().await).await;
}

#[tokio::test]
async fn a_universe_stands_before_a_lock_as_before_an_upstream() {
    let recorder = Recorder::new().await;
    recorder.recorded("bolt", "bolt-1.0.tar.gz").await;
    let replaying = recorder.replay();
    let universe = Universe::new(vec![project("acme", &["3.0"])]);
    let world = replaying.index.world(WorldConfig {
        behind: Behind::Source,
        ..alone(universe, vec![])
    });
    let guest = Guest::of(&replaying.index, &world.unwrap(), 0).await;
    assert_eq!(guest.files("acme").await, ["acme-3.0-py3-none-any.whl"]);
    assert_eq!(guest.files("bolt").await, ["bolt-1.0.tar.gz"]);
}

#[tokio::test]
async fn a_list_that_is_none_is_refused_and_the_lock_named() {
    let recorder = Recorder::new().await;
    assert!(recorder.refusal().contains("No such file"), "{}", recorder.refusal());
    recorder.recorded("acme", WHEEL).await;
    let list = recorder.lock().join(LIST);
    let whole = std::fs::read_to_string(&list).unwrap();
    for (text, reason) in [
        (
            whole.replace("\"version\": 1", "\"version\": 2, \"news\": []"),
            "it has version 2, and this seatrial reads 1",
        ),
        (whole.replace("\"pages\"", "\"leaves\""), "unknown field `leaves`"),
        (whole[..whole.len() / 2].to_owned(), "EOF"),
        ("[]".to_owned(), "invalid"),
    ] {
        assert_ne!(text, whole);
        std::fs::write(&list, text).unwrap();
        let refusal = recorder.refusal();
        assert!(refusal.contains(reason), "{refusal}");
        assert!(
            refusal.contains(list.to_str().unwrap()) && refusal.contains("`--record-index`"),
            "{refusal}"
        );
        let refusal = recorder.refusal_to_record();
        assert!(refusal.contains(reason) && refusal.contains("a new one"), "{refusal}");
    }
}

#[tokio::test]
async fn a_lock_has_one_recorder_at_a_time() {
    let recorder = Recorder::new().await;
    let first = recorder.record();
    let refusal = recorder.refusal_to_record();
    assert!(refusal.contains(recorder.lock().to_str().unwrap()), "{refusal}");
    assert!(
        refusal.contains("another seatrial is recording in it") && refusal.contains("record in another folder"),
        "{refusal}"
    );
    first.guest().await.files("acme").await;
    recorder.replay().guest().await.files("acme").await;
    first.index.shutdown().await;
    recorder.recorded("bolt", "bolt-1.0.tar.gz").await;
}

#[tokio::test]
async fn what_was_answered_is_on_disk_however_many_ask_at_once() {
    let recorder = Recorder::new().await;
    let names: Vec<String> = (0..50).map(|number| format!("p{number}")).collect();
    for name in &names {
        let wheel = format!("{name}-1.0.tar.gz");
        recorder
            .upstream
            .serve_project(name, &wheel, name.as_bytes(), &sha256(name.as_bytes()));
    }
    let recording = recorder.record();
    let guest = recording.guest().await;
    let ask = async |name: &String| {
        let (_, link) = guest.links(name).await.remove(0);
        assert_eq!(&guest.html(&link).await, name);
        let list = std::fs::read_to_string(recorder.lock().join(LIST)).unwrap();
        let list: serde_json::Value = serde_json::from_str(&list).unwrap();
        let address = format!("{}/files/{name}-1.0.tar.gz", recorder.root());
        assert!(
            list["pages"][name].is_object() && list["files"][&address].is_object(),
            "{name}: {list}"
        );
    };
    join_all(names.iter().map(ask)).await;
}

#[tokio::test]
async fn what_is_kept_has_the_rights_of_any_new_file() {
    let recorder = Recorder::new().await;
    recorder.recorded("acme", WHEEL).await;
    let new = recorder.folder.path().join("new");
    std::fs::write(&new, "").unwrap();
    let rights = |path: &Path| std::fs::metadata(path).unwrap().permissions();
    for path in files_below(&recorder.lock()) {
        assert_eq!(rights(&path), rights(&new), "{}", path.display());
    }
}

#[tokio::test]
async fn a_lock_that_fails_is_named() {
    let recorder = Recorder::new().await;
    let recording = recorder.record();
    let guest = recording.guest().await;
    std::fs::remove_dir_all(recorder.lock()).unwrap();
    for path in ["simple/acme/", "simple/nitro/"] {
        let answer = guest.get(path).await;
        assert_eq!(answer.status(), 500, "{path}");
        let words = answer.text().await.unwrap();
        let expected = format!("the lock `{}` failed: ", recorder.lock().display());
        assert!(
            words.contains(&expected) && words.contains("check space and rights"),
            "{words}"
        );
    }
}

#[tokio::test]
async fn an_index_tells_what_it_replays_and_whether_it_records() {
    let recorder = Recorder::new().await;
    recorder.recorded("acme", WHEEL).await;
    let recording = recorder.record();
    assert_eq!((recording.index.lock_digest(), recording.index.records()), (None, true));
    recording.index.shutdown().await;

    let digest = || {
        let replaying = recorder.replay();
        assert!(!replaying.index.records());
        replaying.index.lock_digest().unwrap()
    };
    let first = digest();
    assert_eq!(first.len(), 64);
    let list = recorder.lock().join(LIST);
    let text = std::fs::read_to_string(&list).unwrap();
    let lines: String = text.lines().map(str::trim_start).collect();
    std::fs::write(&list, lines).unwrap();
    assert_eq!(digest(), first, "the same said in one line");
    recorder.recorded("bolt", "bolt-1.0.tar.gz").await;
    assert_ne!(digest(), first);
    assert_eq!(start(Source::Nothing).index.lock_digest(), None);
}

#[tokio::test]
async fn bytes_that_are_missing_or_changed_are_refused_and_recording_again_heals() {
    let recorder = Recorder::new().await;
    let link = recorder.recorded("acme", WHEEL).await;
    let page = recorder.upstream.body("/simple/acme/");
    for (path, what, blob) in [
        ("simple/acme/", "the page of `acme`", recorder.blob(&page)),
        (&link, "the file `acme-1.0-py3-none-any.whl`", recorder.blob(b"wheel")),
    ] {
        let changed = std::fs::read(&blob).unwrap().to_ascii_uppercase();
        for now in [None, Some(changed)] {
            std::fs::remove_file(&blob).unwrap();
            if let Some(changed) = now {
                std::fs::write(&blob, changed).unwrap();
            }
            let replaying = recorder.replay();
            let guest = replaying.guest().await;
            if path != "simple/acme/" {
                guest.files("acme").await;
            }
            let answer = guest.get(path).await;
            assert_eq!(answer.status(), 424, "{what}");
            let words = answer.text().await.unwrap();
            let expected = format!("the bytes of {what} as they were recorded");
            assert!(
                words.contains(&expected) && words.contains("`--record-index`"),
                "{words}"
            );

            recorder.recorded("acme", WHEEL).await;
            let healed = recorder.replay();
            let guest = healed.guest().await;
            guest.files("acme").await;
            assert_eq!(guest.status(path).await, 200, "{what}");
        }
    }
}

#[tokio::test]
async fn the_credentials_of_upstream_are_not_in_the_lock() {
    let recorder = Recorder::new().await;
    recorder.recorded("acme", WHEEL).await;
    assert!(recorder.upstream.authorization().is_some(), "they were used");
    for (path, bytes) in contents(&recorder.lock()) {
        let text = String::from_utf8_lossy(&bytes);
        // "me:s3cret" in base64.
        for secret in ["s3cret", "me:", "bWU6czNjcmV0"] {
            assert!(!text.contains(secret), "{}: {text}", path.display());
        }
    }
}
