//! A universe before an upstream, travelling in time, and worlds beside each other in one index.

use seatrial_index::{Action, Behind, Trigger, Universe, WorldConfig};

use crate::fake_upstream::{JSON, Stand, sha256};
use crate::guest::{Guest, alone, event, project};

const WHEEL: &str = "acme-1.0-py3-none-any.whl";

/// A universe of `acme` 1.0 before the upstream, or nothing.
fn config(behind: Behind) -> WorldConfig {
    WorldConfig {
        behind,
        ..alone(Universe::new(vec![project("acme", &["1.0"])]), vec![])
    }
}

/// An upstream with an `acme` 9.0 and a `bolt` 1.0.
async fn stand() -> Stand {
    let stand = Stand::new().await;
    let (acme, bolt) = ("acme-9.0-py3-none-any.whl", "bolt-1.0-py3-none-any.whl");
    stand
        .upstream
        .serve_project("acme", acme, b"theirs", &sha256(b"theirs"));
    stand.upstream.serve_project("bolt", bolt, b"bolt", &sha256(b"bolt"));
    stand
}

async fn guest(stand: &Stand, config: WorldConfig) -> Guest {
    Guest::of(&stand.index, &stand.index.world(config).unwrap(), 0).await
}

#[tokio::test]
async fn the_universe_wins_and_what_it_lacks_comes_from_upstream() {
    let stand = stand().await;
    let guest = guest(&stand, config(Behind::Source)).await;
    assert_eq!(guest.files("acme").await, [WHEEL]);
    assert_eq!(stand.upstream.hits("/simple/acme/"), 0);
    let bolt = guest.link("bolt", "bolt-1.0-py3-none-any.whl").await;
    assert_eq!(guest.html(&bolt).await, "bolt");
    assert_eq!(guest.status("simple/nitro/").await, 404);

    let list = guest.json("").await;
    assert_eq!(
        list["projects"].as_array().unwrap().len(),
        1,
        "upstream cannot be listed: {list}"
    );
}

#[tokio::test]
async fn what_the_script_took_away_does_not_come_from_upstream_instead() {
    let stand = stand().await;
    let delete = Action::Delete {
        project: "acme".into(),
        version: None,
    };
    let mut config = config(Behind::Source);
    config.script.0.push(event("gone", Trigger::Start, delete));
    let guest = guest(&stand, config).await;
    // Whoever has no world of their own makes the index know upstream's file.
    let theirs = stand.first_link("acme").await;
    let theirs = theirs.split_once(&stand.token).unwrap().1.trim_start_matches('/');
    assert_eq!(guest.status("simple/acme/").await, 404);
    assert_eq!(guest.status(theirs).await, 404);
}

#[tokio::test]
async fn before_nothing_upstream_is_not_asked() {
    let stand = stand().await;
    let guest = guest(&stand, config(Behind::Nothing)).await;
    assert_eq!(guest.files("acme").await, [WHEEL]);
    assert_eq!(guest.status("simple/bolt/").await, 404);
    stand.first_link("bolt").await;
    let known = format!("files/{}/bolt-1.0-py3-none-any.whl", sha256(b"bolt"));
    assert_eq!(
        guest.status(&known).await,
        404,
        "not even what another world has announced"
    );
    assert_eq!(stand.upstream.hits("/simple/bolt/"), 1);
}

#[tokio::test]
async fn as_of_a_moment_later_uploads_are_not_there() {
    let stand = stand().await;
    let file = |version: &str, uploaded: &str| {
        format!(
            r#"{{"filename": "nitro-{version}.tar.gz", "url": "/files/nitro-{version}.tar.gz", "size": 5,
                "hashes": {{"sha256": "{}"}}, "upload-time": "{uploaded}"}}"#,
            sha256(version.as_bytes())
        )
    };
    let (old, new) = (
        file("1.0.0", "2024-03-01T12:00:00.5Z"),
        file("2.0.0", "2024-03-01T12:00:01Z"),
    );
    let page =
        format!(r#"{{"meta": {{"api-version": "1.1"}}, "versions": ["1.0.0", "2.0.0"], "files": [{old}, {new}]}}"#);
    stand.upstream.serve("/simple/nitro/", JSON, page);
    for version in ["1.0.0", "2.0.0"] {
        stand
            .upstream
            .serve(&format!("/files/nitro-{version}.tar.gz"), "application/gzip", version);
    }
    let at = async |moment: &str| guest(&stand, config(Behind::AsOf(moment.to_owned()))).await;

    let then = at("2024-03-01T12:00:00.5Z").await;
    assert_eq!(
        then.files("nitro").await,
        ["nitro-1.0.0.tar.gz"],
        "the moment itself belongs to it"
    );
    let page = then.json("nitro/").await;
    assert_eq!(
        page.get("versions"),
        None,
        "today's list of versions is not that of then"
    );
    assert_eq!(then.files("acme").await, [WHEEL], "the universe is not from then");

    let later = at("2024-03-01T13:00:01+01:00").await;
    assert_eq!(later.files("nitro").await.len(), 2);
    let newer = later.link("nitro", "nitro-2.0.0.tar.gz").await;
    assert_eq!(later.html(&newer).await, "2.0.0");
    assert_eq!(then.status(&newer).await, 404, "a link does not lead into the future");
    let older = then.link("nitro", "nitro-1.0.0.tar.gz").await;
    assert_eq!(then.html(&older).await, "1.0.0");
    assert_eq!(at("2024-03-01T12:00:00Z").await.status("simple/nitro/").await, 404);
    assert_eq!(stand.upstream.hits("/simple/nitro/"), 1);
}

#[tokio::test]
async fn as_of_a_moment_nothing_is_shown_whose_upload_time_is_unknown() {
    let stand = stand().await;
    stand
        .upstream
        .serve("/simple/old/", "text/html", "<a href=\"/files/old-1.0.tar.gz\">old</a>");
    let guest = guest(&stand, config(Behind::AsOf("2024-01-01T00:00:00Z".into()))).await;
    let answer = guest.get("simple/old/").await;
    assert_eq!(answer.status(), 502);
    let words = answer.text().await.unwrap();
    assert!(
        words.contains("`old` cannot be shown as of a date") && words.contains("PEP 700"),
        "{words}"
    );
}

#[tokio::test]
async fn a_moment_that_is_none_is_refused() {
    let stand = stand().await;
    for text in [
        "",
        "yesterday",
        "2024-05-01",
        "2024-05-01T00:00:00",
        "2024-13-01T00:00:00Z",
    ] {
        let refused = stand
            .index
            .world(config(Behind::AsOf(text.into())))
            .unwrap_err()
            .to_string();
        assert!(refused.contains(&format!("`{text}` is not a moment")), "{refused}");
        assert!(refused.contains("2024-05-01T00:00:00Z"), "{refused}");
    }
}

#[tokio::test]
async fn worlds_beside_each_other_do_not_see_each_other() {
    let stand = stand().await;
    let other = alone(
        Universe::new(vec![project("acme", &["2.0"]), project("nitro", &["1.0"])]),
        vec![],
    );
    let (one, other) = (guest(&stand, config(Behind::Nothing)).await, guest(&stand, other).await);
    assert_eq!(one.files("acme").await, [WHEEL]);
    assert_eq!(other.files("acme").await, ["acme-2.0-py3-none-any.whl"]);
    assert_eq!(one.status("simple/nitro/").await, 404);

    let (ours, theirs) = (one.links("acme").await, other.links("acme").await);
    let nitro = other.link("nitro", "nitro-1.0-py3-none-any.whl").await;
    for (guest, path, expected) in [
        (&one, &ours[0].1, 200),
        (&other, &ours[0].1, 404),
        (&other, &theirs[0].1, 200),
        (&one, &theirs[0].1, 404),
        (&one, &nitro, 404),
    ] {
        assert_eq!(guest.status(path).await, expected, "{path}");
        assert_eq!(guest.status(&format!("{path}.metadata")).await, expected, "{path}");
    }
}
