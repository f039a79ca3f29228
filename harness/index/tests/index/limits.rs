//! Faults of a script as clients meet them: whose answers they spoil, which of them, and for how long.

use std::time::Duration;

use seatrial_index::{Action, Fault, FaultKind, Only, Stage, Universe, What, WorldConfig};
use tokio::time::timeout;

use crate::guest::{Alone, Guest, alone, event, fault, from_start, project, ready};
use crate::wire;

const OLD: &str = "acme-1.0-py3-none-any.whl";
const NEW: &str = "acme-2.0-py3-none-any.whl";

/// A fault that answers with a status of its own.
fn answer(status: u16) -> Fault {
    let retry_after = None;
    fault(FaultKind::Answer { status, retry_after })
}

#[tokio::test]
async fn a_fault_lasts_as_long_as_it_should() {
    let stand = Alone::new();
    let lasts = Duration::from_millis(200);
    let outage = Fault {
        lasts: Some(lasts),
        ..answer(500)
    };
    let (world, guest) = stand.guest(vec![from_start(outage)]).await;
    let over = async {
        while guest.status("simple/acme/").await != 200 {
            tokio::task::yield_now().await;
        }
    };
    timeout(wire::DEADLINE, over).await.expect("the fault ends");
    let timeline = world.timeline();
    let (began, ended) = (timeline[0].at.unwrap(), timeline[0].ended.unwrap());
    assert_eq!(ended - began, lasts);
    for request in stand.index.requests(&guest.token) {
        assert_eq!(request.status == 500, request.at < ended, "{request:?}");
    }
}

#[tokio::test]
async fn a_fault_ends_with_another_event() {
    let stand = Alone::new();
    let calm = event("calm", ready(&[0]), Action::End("fault".into()));
    let (world, guest) = stand.guest(vec![from_start(answer(429)), calm]).await;
    assert_eq!(guest.status("simple/acme/").await, 429);
    world.reached(0, Stage::Ready);
    assert_eq!(guest.status("simple/acme/").await, 200);
    let timeline = world.timeline();
    assert_eq!((timeline[0].ended, timeline[0].hits), (timeline[1].at, 1));
}

#[tokio::test]
async fn a_fault_is_for_those_it_names_alone() {
    let stand = Alone::new();
    let mut narrow = answer(500);
    narrow.only = Only {
        projects: vec!["acme".into()],
        what: Some(What::Metadata),
        replicas: vec![1],
        ..Only::default()
    };
    let world = stand.world(vec![from_start(narrow)]);
    let one = Guest::of(&stand.index, &world, 0).await;
    let other = Guest::of(&stand.index, &world, 1).await;
    let builder = Guest::with(&stand.index, stand.index.issue_token_for("build", &world)).await;
    let acme = one.link("acme", OLD).await;
    let bolt = one.link("bolt", "bolt-1.0-py3-none-any.whl").await;
    for (guest, path, status) in [
        (&other, format!("{acme}.metadata"), 500),
        (&other, acme.clone(), 200),
        (&other, "simple/acme/".to_owned(), 200),
        (&other, format!("{bolt}.metadata"), 200),
        (&one, format!("{acme}.metadata"), 200),
        (&builder, format!("{acme}.metadata"), 200),
    ] {
        assert_eq!(guest.status(&path).await, status, "{path}");
    }
}

#[tokio::test]
async fn a_fault_of_a_file_is_for_it_and_its_metadata_alone() {
    let stand = Alone::new();
    let mut narrow = answer(500);
    narrow.only.files = vec![OLD.into()];
    let (_, still) = stand.guest(vec![]).await;
    let (old, new) = (still.link("acme", OLD).await, still.link("acme", NEW).await);
    let (_, guest) = stand.guest(vec![from_start(narrow)]).await;
    for (path, status) in [
        (old.clone(), 500),
        (format!("{old}.metadata"), 500),
        (new.clone(), 200),
        (format!("{new}.metadata"), 200),
        ("simple/acme/".to_owned(), 200),
    ] {
        assert_eq!(guest.status(&path).await, status, "{path}");
    }
}

#[tokio::test]
async fn the_same_seed_takes_the_same_course_whoever_comes_first() {
    let stand = Alone::new();
    let course = async |seed: u64, order: [usize; 2]| {
        let mut half = answer(500);
        half.only.share = Some(50);
        let universe = Universe::new(vec![project("acme", &["1.0"]), project("bolt", &["1.0"])]);
        let config = WorldConfig {
            seed,
            ..alone(universe, vec![from_start(half)])
        };
        let world = stand.index.world(config).unwrap();
        let guests = [
            Guest::of(&stand.index, &world, 0).await,
            Guest::of(&stand.index, &world, 1).await,
        ];
        let mut statuses = [vec![], vec![]];
        for round in 0..20 {
            for replica in order {
                let project = if round % 3 == 0 { "bolt" } else { "acme" };
                statuses[replica].push(guests[replica].status(&format!("simple/{project}/")).await);
            }
        }
        let hits = statuses.iter().flatten().filter(|status| **status == 500).count() as u64;
        assert_eq!(world.timeline()[0].hits, hits);
        statuses
    };
    let one = course(1, [0, 1]).await;
    assert_eq!(one, course(1, [1, 0]).await);
    assert_ne!(one, course(2, [0, 1]).await);
    assert_ne!(one[0], one[1], "replicas draw their own lots");
}
