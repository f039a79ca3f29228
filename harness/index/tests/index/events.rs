//! Events of a script as clients see them: what sets them off, what they do to pages and links, what is told of them.

use std::time::Duration;

use seatrial_index::{Action, Kind, Stage, Trigger, Universe};
use tokio::time::Instant;

use crate::guest::{Alone, Guest, alone, event, project, publish, ready, wheel};
use crate::wire;

const OLD: &str = "acme-1.0-py3-none-any.whl";
const NEW: &str = "acme-2.0-py3-none-any.whl";

/// The links of `acme` in a world where nothing happens, so that all of them are there.
async fn all_links(stand: &Alone) -> [(String, String); 2] {
    let (_, still) = stand.guest(vec![]).await;
    still.links("acme").await.try_into().unwrap()
}

/// Statuses of the links and of the metadata behind them.
async fn statuses(guest: &Guest, links: &[(String, String)]) -> Vec<(u16, u16)> {
    let mut statuses = Vec::new();
    for (_, link) in links {
        statuses.push((
            guest.status(link).await,
            guest.status(&format!("{link}.metadata")).await,
        ));
    }
    statuses
}

#[tokio::test]
async fn a_release_that_is_published_is_nowhere_before() {
    let stand = Alone::new();
    let links = all_links(&stand).await;
    let (world, guest) = stand.guest(vec![publish(ready(&[0, 1]))]).await;
    assert_eq!(guest.files("acme").await, [OLD]);
    assert_eq!(guest.json("acme/").await["versions"], serde_json::json!(["1.0"]));
    assert_eq!(statuses(&guest, &links).await, [(200, 200), (404, 404)]);

    world.reached(0, Stage::Ready);
    world.reached(1, Stage::Installing);
    assert_eq!(guest.files("acme").await, [OLD], "one of two replicas is not both");
    world.reached(1, Stage::Ready);
    assert_eq!(guest.files("acme").await, [OLD, NEW]);
    assert_eq!(statuses(&guest, &links).await, [(200, 200), (200, 200)]);
}

#[tokio::test]
async fn a_file_that_joins_a_release_is_nowhere_before() {
    let stand = Alone::new();
    let mut acme = project("acme", &["1.0"]);
    acme.releases[0].files = vec![Kind::Sdist, wheel("py3-none-any")];
    let universe = Universe::new(vec![acme]);
    let add = Action::Add {
        project: "acme".into(),
        version: "1.0".into(),
        file: OLD.into(),
    };
    let still = stand.index.world(alone(universe.clone(), vec![])).unwrap();
    let link = Guest::of(&stand.index, &still, 0).await.link("acme", OLD).await;
    let moving = alone(universe, vec![event("wheel", ready(&[0]), add)]);
    let world = stand.index.world(moving).unwrap();
    let guest = Guest::of(&stand.index, &world, 0).await;
    assert_eq!(guest.files("acme").await, ["acme-1.0.tar.gz"]);
    assert_eq!(guest.status(&link).await, 404);
    world.reached(0, Stage::Ready);
    assert_eq!(guest.files("acme").await, ["acme-1.0.tar.gz", OLD]);
    assert_eq!(guest.status(&link).await, 200);
}

#[tokio::test]
async fn a_yank_is_on_the_page_and_the_file_stays() {
    let stand = Alone::new();
    let yank = Action::Yank {
        project: "acme".into(),
        version: "2.0".into(),
        reason: "eats disks".into(),
    };
    let (world, guest) = stand.guest(vec![event("yank", ready(&[0]), yank)]).await;
    let yanked = async || guest.json("acme/").await["files"][1]["yanked"].clone();
    assert_eq!(yanked().await, false);
    let before = guest.html("simple/acme/").await;
    world.reached(0, Stage::Ready);
    assert_eq!(yanked().await, "eats disks");
    let after = guest.html("simple/acme/").await;
    assert!(
        !before.contains("data-yanked") && after.contains("data-yanked=\"eats disks\""),
        "{after}"
    );
    assert_eq!(guest.status(&guest.link("acme", NEW).await).await, 200);
}

#[tokio::test]
async fn what_is_deleted_is_gone_from_page_links_and_list() {
    let stand = Alone::new();
    let links = all_links(&stand).await;
    let delete = |version: Option<&str>| Action::Delete {
        project: "acme".into(),
        version: version.map(str::to_owned),
    };
    let (world, guest) = stand
        .guest(vec![
            event("one", ready(&[0]), delete(Some("2.0"))),
            event("all", ready(&[1]), delete(None)),
        ])
        .await;
    assert_eq!(guest.files("acme").await, [OLD, NEW]);
    world.reached(0, Stage::Ready);
    assert_eq!(guest.files("acme").await, [OLD]);
    assert_eq!(statuses(&guest, &links).await, [(200, 200), (404, 404)]);
    world.reached(1, Stage::Ready);
    assert_eq!(guest.status("simple/acme/").await, 404);
    assert_eq!(statuses(&guest, &links).await, [(404, 404), (404, 404)]);
    assert_eq!(
        guest.json("").await["projects"],
        serde_json::json!([{ "name": "bolt" }])
    );
}

#[tokio::test]
async fn the_nth_request_of_a_project_is_the_first_to_see_the_change() {
    let stand = Alone::new();
    let third = Trigger::Request {
        number: 3,
        project: Some("acme".into()),
    };
    let (_, guest) = stand.guest(vec![publish(third)]).await;
    for (project, files) in [("acme", 1), ("bolt", 1), ("acme", 1), ("bolt", 1), ("acme", 2)] {
        let page = guest.json(&format!("{project}/")).await;
        assert_eq!(page["files"].as_array().unwrap().len(), files, "{project}");
    }
    let after: Vec<usize> = stand.index.requests(&guest.token).iter().map(|it| it.after).collect();
    assert_eq!(after, [0, 0, 0, 0, 1]);
}

#[tokio::test]
async fn bytes_served_count_for_all_clients_together_and_their_download_sets_the_event_off() {
    let stand = Alone::new();
    let link = all_links(&stand).await[0].1.clone();
    let (_, still) = stand.guest(vec![]).await;
    let size = still.get(&link).await.bytes().await.unwrap().len() as u64;

    let world = stand.world(vec![publish(Trigger::Served(2 * size))]);
    let one = Guest::of(&stand.index, &world, 0).await;
    let other = Guest::of(&stand.index, &world, 1).await;
    for (guest, happened) in [(&one, false), (&other, true)] {
        guest.get(&link).await.bytes().await.unwrap();
        assert_eq!(world.timeline()[0].at.is_some(), happened);
    }
    assert_eq!(one.files("acme").await, [OLD, NEW]);
}

#[tokio::test]
async fn a_replica_that_asks_is_installing() {
    let stand = Alone::new();
    let installing = Trigger::Reached {
        stage: Stage::Installing,
        replicas: vec![1],
    };
    let world = stand.world(vec![publish(installing)]);
    let first = Guest::of(&stand.index, &world, 0).await;
    let second = Guest::of(&stand.index, &world, 1).await;
    assert_eq!(first.files("acme").await, [OLD]);
    assert_eq!(
        second.files("acme").await,
        [OLD, NEW],
        "its own first request sees the change"
    );
    assert_eq!(first.files("acme").await, [OLD, NEW]);
}

#[tokio::test]
async fn time_counts_from_the_first_request_and_each_request_knows_what_it_came_after() {
    let stand = Alone::new();
    let delay = Duration::from_millis(200);
    let (world, guest) = stand.guest(vec![publish(Trigger::After(delay))]).await;
    let seen = async {
        while guest.json("acme/").await["versions"] != serde_json::json!(["1.0", "2.0"]) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(wire::DEADLINE, seen)
        .await
        .expect("the release appears");

    let published = world.timeline()[0].at.unwrap();
    let requests = stand.index.requests(&guest.token);
    assert_eq!(published, requests[0].at + delay, "when it was due, whoever looks");
    for request in &requests {
        assert_eq!(request.after, usize::from(request.at >= published), "{request:?}");
        assert_eq!(request.answer == requests[0].answer, request.after == 0, "{request:?}");
    }
    assert!(requests.iter().all(|request| request.answer.is_some()) && requests.last().unwrap().after == 1);
}

#[tokio::test]
async fn the_timeline_tells_what_happened_in_its_order_and_then_what_did_not() {
    let stand = Alone::new();
    let delete = Action::Delete {
        project: "bolt".into(),
        version: None,
    };
    let (world, guest) = stand
        .guest(vec![
            event("never", ready(&[9]), delete.clone()),
            event("last", ready(&[1]), delete),
            publish(Trigger::Start),
        ])
        .await;
    assert!(
        world.timeline().iter().all(|happened| happened.at.is_none()),
        "nobody has looked yet"
    );
    let before = Instant::now();
    assert_eq!(guest.files("acme").await, [OLD, NEW], "so from the start");
    world.reached(1, Stage::Ready);

    let timeline = world.timeline();
    let names: Vec<&str> = timeline.iter().map(|happened| happened.event.name.as_str()).collect();
    assert_eq!(names, ["release", "last", "never"]);
    let at = |number: usize| timeline[number].at;
    assert!(Some(before) <= at(0) && at(0) < at(1) && at(1) <= Some(Instant::now()));
    assert_eq!(at(2), None);
    assert!(
        timeline
            .iter()
            .all(|happened| happened.ended.is_none() && happened.hits == 0)
    );
    assert_eq!(timeline[1].event.action.to_string(), "bolt deleted");
}
