//! Which answers a fault has changed: those count, and no others.

use reqwest::{Method, header};
use seatrial_index::{Fault, FaultKind, Stage};

use crate::guest::{Alone, fault, from_start, publish, ready};

const OLD: &str = "acme-1.0-py3-none-any.whl";

/// A fault that ends once it has changed so many answers.
fn ending_after(times: u64, kind: FaultKind) -> Fault {
    Fault {
        times: Some(times),
        ..fault(kind)
    }
}

#[tokio::test]
async fn a_body_that_is_not_sent_is_not_changed() {
    let stand = Alone::new();
    let (_, still) = stand.guest(vec![]).await;
    let link = still.link("acme", OLD).await;
    let whole = still.get(&link).await;
    let tag = whole.headers()[header::ETAG].to_str().unwrap().to_owned();
    let whole = whole.bytes().await.unwrap();

    for spoils in [FaultKind::Throttle(1), FaultKind::Truncate(1), FaultKind::Stale] {
        let (world, guest) = stand.guest(vec![from_start(ending_after(1, spoils.clone()))]).await;
        assert_eq!(guest.status("simple/Acme/").await, 301);
        assert_eq!(guest.status("simple/nitro/").await, 404);
        assert_eq!(guest.ask(Method::HEAD, &link, &[]).await.status(), 200);
        assert_eq!(world.timeline()[0].hits, 0, "{spoils:?}");
    }
    let twice = from_start(ending_after(2, FaultKind::Corrupt));
    let (world, guest) = stand.guest(vec![twice]).await;
    assert_eq!(guest.status("simple/Acme/").await, 301);
    assert_eq!(guest.status("simple/nitro/").await, 404);
    assert_eq!(guest.ask(Method::HEAD, &link, &[]).await.status(), 200);
    let known = [(header::IF_NONE_MATCH, tag.as_str())];
    assert_eq!(guest.ask(Method::GET, &link, &known).await.status(), 304);
    assert_eq!(world.timeline()[0].hits, 0);
    for is_whole in [false, false, true] {
        assert_eq!(guest.get(&link).await.bytes().await.unwrap() == whole, is_whole);
    }

    let told = &world.timeline()[0];
    assert_eq!((told.hits, told.ended.is_some()), (2, true));
    let requests = stand.index.requests(&guest.token);
    let faults: Vec<usize> = requests.iter().map(|request| request.faults.len()).collect();
    assert_eq!(faults, [0, 0, 0, 0, 1, 1, 0]);
}

#[tokio::test]
async fn a_body_no_longer_than_the_cut_is_not_changed() {
    let stand = Alone::new();
    let (_, still) = stand.guest(vec![]).await;
    let link = still.link("acme", OLD).await;
    let metadata = still.html(&format!("{link}.metadata")).await;

    let once = from_start(ending_after(1, FaultKind::Truncate(metadata.len() as u64)));
    let (world, guest) = stand.guest(vec![once]).await;
    assert_eq!(guest.html(&format!("{link}.metadata")).await, metadata);
    assert_eq!(world.timeline()[0].hits, 0);
    assert!(guest.get(&link).await.bytes().await.is_err(), "it breaks off");
    assert!(guest.get(&link).await.bytes().await.is_ok(), "that was the only time");
    assert_eq!(world.timeline()[0].hits, 1);
}

#[tokio::test]
async fn a_stale_page_like_that_of_today_is_not_changed() {
    let stand = Alone::new();
    let once = from_start(ending_after(1, FaultKind::Stale));
    let (world, guest) = stand.guest(vec![once, publish(ready(&[0]))]).await;
    assert_eq!(guest.json("bolt/").await["versions"], serde_json::json!(["1.0"]));
    assert_eq!(guest.json("acme/").await["versions"], serde_json::json!(["1.0"]));
    assert_eq!(world.timeline()[0].hits, 0);

    world.reached(0, Stage::Ready);
    assert_eq!(guest.json("acme/").await["versions"], serde_json::json!(["1.0"]));
    assert_eq!(guest.json("acme/").await["versions"], serde_json::json!(["1.0", "2.0"]));
    assert_eq!(world.timeline()[0].hits, 1);
    let requests = stand.index.requests(&guest.token);
    let faults: Vec<usize> = requests.iter().map(|request| request.faults.len()).collect();
    assert_eq!(faults, [0, 0, 1, 0]);
}
