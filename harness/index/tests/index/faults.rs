//! Faults of a script as clients meet them: how each spoils an answer.

use std::io::{Cursor, ErrorKind, Read as _};
use std::time::Duration;

use reqwest::{Method, StatusCode, header};
use seatrial_index::{Action, Asked, Fault, FaultKind, Only, Stage, Trigger, Universe, What};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, timeout};
use zip::ZipArchive;

use crate::fake_upstream::{JSON, LOCALHOST};
use crate::guest::{Alone, Guest, alone, event, fault, from_start, project, publish, ready};
use crate::wire;

const OLD: &str = "acme-1.0-py3-none-any.whl";

fn files() -> Only {
    Only {
        what: Some(What::Files),
        ..Only::default()
    }
}

/// A world with this fault from the start, the link to `acme` 1.0, and what that file is.
async fn spoilt(fault: Fault) -> (Alone, Guest, String, Vec<u8>) {
    let stand = Alone::new();
    let (_, still) = stand.guest(vec![]).await;
    let link = still.link("acme", OLD).await;
    let body = still.get(&link).await.bytes().await.unwrap().to_vec();
    let (_, guest) = stand.guest(vec![from_start(fault)]).await;
    (stand, guest, link, body)
}

#[tokio::test]
async fn an_answer_of_its_own_comes_as_often_as_it_should() {
    let answer = FaultKind::Answer {
        status: 503,
        retry_after: Some(Duration::from_secs(3)),
    };
    let twice = Fault {
        times: Some(2),
        ..fault(answer)
    };
    let stand = Alone::new();
    let (world, guest) = stand.guest(vec![from_start(twice)]).await;
    for _ in 0..2 {
        let answer = guest.get("simple/acme/").await;
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(answer.headers()[header::RETRY_AFTER], "3");
        assert!(answer.text().await.unwrap().contains("the fault `fault`"));
    }
    assert_eq!(guest.status("simple/acme/").await, 200);

    let requests = stand.index.requests(&guest.token);
    let seen: Vec<(u16, usize)> = requests.iter().map(|it| (it.status, it.faults.len())).collect();
    assert_eq!(seen, [(503, 1), (503, 1), (200, 0)]);
    assert_eq!(requests[0].faults, ["fault"]);
    let timeline = world.timeline();
    assert_eq!(timeline[0].hits, 2);
    let ended = timeline[0].ended.expect("it has struck as often as it may");
    assert!(requests[1].at <= ended && ended <= requests[2].at);
}

#[tokio::test]
async fn answers_come_late_and_bodies_slowly() {
    let late = Duration::from_millis(150);
    let (_stand, guest, link, body) = spoilt(fault(FaultKind::Delay(late))).await;
    let asked = Instant::now();
    assert_eq!(guest.get(&link).await.bytes().await.unwrap(), body);
    assert!(asked.elapsed() >= late);

    let rate = body.len() as u64 * 5;
    let (stand, guest, link, body) = spoilt(fault(FaultKind::Throttle(rate))).await;
    let asked = Instant::now();
    assert_eq!(guest.get(&link).await.bytes().await.unwrap(), body);
    assert!(
        asked.elapsed() >= Duration::from_millis(200),
        "a fifth of a second at five bodies a second"
    );
    let request = stand.index.requests(&guest.token).pop().unwrap();
    assert!(
        request.duration >= Duration::from_millis(200) && request.complete,
        "{request:?}"
    );
}

#[tokio::test]
async fn a_body_breaks_off_after_so_many_bytes() {
    let only_files = Fault {
        only: files(),
        ..fault(FaultKind::Truncate(100))
    };
    let (stand, guest, link, body) = spoilt(only_files).await;
    let answer = guest.get(&link).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(
        answer.headers()[header::CONTENT_LENGTH],
        body.len().to_string().as_str()
    );
    assert!(answer.bytes().await.is_err(), "the body is shorter than promised");

    let request = wire::get(&format!("/{}/{link}", guest.token));
    let address = stand.index.listen(LOCALHOST).await.unwrap();
    let received = wire::exchange(address, request.as_bytes()).await.unwrap();
    let head = received.windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 4;
    assert_eq!(received[head..], body[..100]);

    wire::until("both are on record", || stand.index.requests(&guest.token).len() == 2).await;
    for request in stand.index.requests(&guest.token) {
        assert_eq!((request.status, request.bytes, request.complete), (200, 100, false));
        assert_eq!(request.faults, ["fault"]);
    }
}

/// More than fits between server and client, so that the server still holds bytes back when the body breaks off.
#[tokio::test]
async fn a_slow_client_gets_every_byte_before_the_break() {
    const AFTER: u64 = 6_000_000;
    let stand = Alone::new();
    let mut acme = project("acme", &["1.0"]);
    acme.releases[0].contents.size = 8_000_000;
    let fault = Fault {
        only: files(),
        ..fault(FaultKind::Truncate(AFTER))
    };
    let config = alone(Universe::new(vec![acme]), vec![from_start(fault)]);
    let guest = Guest::of(&stand.index, &stand.index.world(config).unwrap(), 0).await;
    let link = guest.link("acme", OLD).await;

    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let address = stand.index.listen(LOCALHOST).await.unwrap();
    let mut connection = socket.connect(address).await.unwrap();
    let request = wire::get(&format!("/{}/{link}", guest.token));
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut received = Vec::with_capacity(8_000_000);
    let read = async {
        while (&mut connection).take(1_000).read_to_end(&mut received).await.unwrap() > 0 {
            tokio::task::yield_now().await;
        }
    };
    timeout(wire::DEADLINE, read)
        .await
        .expect("the server closes the connection");
    let head = received.windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 4;
    assert_eq!((received.len() - head) as u64, AFTER);
}

#[tokio::test]
async fn a_connection_is_reset_also_when_it_has_served_before() {
    let stand = Alone::new();
    let reset = Fault {
        only: files(),
        ..fault(FaultKind::Reset)
    };
    let (world, guest) = stand.guest(vec![from_start(reset)]).await;
    let link = guest.link("acme", OLD).await;
    let address = stand.index.listen(LOCALHOST).await.unwrap();
    for pages_before in [0, 2] {
        let mut connection = TcpStream::connect(address).await.unwrap();
        for _ in 0..pages_before {
            let request = wire::get(&format!("/{}/simple/acme/", guest.token));
            connection.write_all(request.as_bytes()).await.unwrap();
            let page = wire::answer(&mut connection, "</html>\n").await;
            assert!(page.starts_with("HTTP/1.1 200 "), "{page}");
        }
        let request = wire::get(&format!("/{}/{link}", guest.token));
        connection.write_all(request.as_bytes()).await.unwrap();
        let error = wire::rest(&mut connection).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    }
    assert_eq!(world.timeline()[0].hits, 2);
    let request = stand.index.requests(&guest.token).pop().unwrap();
    assert_eq!(
        (request.status, request.bytes, request.complete),
        (499, 0, false),
        "there was no answer"
    );
    assert_eq!(stand.index.refused(), 0);
}

#[tokio::test]
async fn a_request_that_hangs_goes_on_record_when_its_client_gives_up() {
    let stand = Alone::new();
    let (world, guest) = stand.guest(vec![from_start(fault(FaultKind::Hang))]).await;
    let (patience, token) = (Duration::from_millis(100), guest.token.clone());
    let mut hanging = tokio::spawn(async move { guest.status("simple/acme/").await });
    wire::until("the request arrives", || world.timeline()[0].hits == 1).await;
    assert!(timeout(patience, &mut hanging).await.is_err(), "there is no answer");
    assert_eq!(stand.index.requests(&token), []);
    hanging.abort();
    wire::until("it is on record", || stand.index.requests(&token).len() == 1).await;
    let request = stand.index.requests(&token).pop().unwrap();
    assert_eq!((request.status, request.bytes, request.complete), (499, 0, false));
    assert!(request.duration >= patience, "{request:?}");
}

#[tokio::test]
async fn a_request_that_hangs_does_not_hold_up_the_end_of_the_index() {
    let stand = Alone::new();
    let (world, guest) = stand.guest(vec![from_start(fault(FaultKind::Hang))]).await;
    let hanging = tokio::spawn(async move { guest.status("simple/acme/").await });
    wire::until("the request arrives", || world.timeline()[0].hits == 1).await;
    stand.index.shutdown().await;
    assert_eq!(hanging.await.unwrap(), 503);
}

/// The members of a wheel by path, read past their checksums as an installer does that verifies nothing.
fn unpacked(wheel: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut archive = ZipArchive::new(Cursor::new(wheel)).unwrap();
    let numbers = 0..archive.len();
    let read = |number| {
        let mut member = archive.by_index_raw(number).unwrap();
        let mut content = Vec::new();
        member.read_to_end(&mut content).unwrap();
        (member.name().to_owned(), content)
    };
    numbers.map(read).collect()
}

fn differing(one: &[u8], other: &[u8]) -> Vec<usize> {
    assert_eq!(one.len(), other.len());
    (0..one.len()).filter(|&at| one[at] != other[at]).collect()
}

#[tokio::test]
async fn one_bit_of_a_module_is_turned_over() {
    let stand = Alone::new();
    let names = ["acme", "a", "a-project-of-a-much-longer-name"];
    let universe = Universe::new(names.map(|name| project(name, &["1.0", "1.0.post1"])).into());
    let corrupt = Fault {
        only: files(),
        ..fault(FaultKind::Corrupt)
    };
    let still = stand.index.world(alone(universe.clone(), vec![])).unwrap();
    let spoilt = stand.index.world(alone(universe, vec![from_start(corrupt)])).unwrap();
    let still = Guest::of(&stand.index, &still, 0).await;
    let spoilt = Guest::of(&stand.index, &spoilt, 0).await;
    for name in names {
        for (_, link) in still.links(name).await {
            let body = still.get(&link).await.bytes().await.unwrap();
            let received = spoilt.get(&link).await.bytes().await.unwrap();
            let [at] = differing(&body, &received)[..] else {
                panic!("one byte of {link} differs");
            };
            let module = format!("{}/__init__.py", name.replace('-', "_"));
            for ((path, sent), (_, made)) in unpacked(&received).iter().zip(unpacked(&body)) {
                assert_eq!(*sent == made, *path != module, "{path} of {link}");
            }

            let part = async |range: &str| {
                let part = spoilt.ask(Method::GET, &link, &[(header::RANGE, range)]).await;
                part.bytes().await.unwrap()
            };
            let rest = part(&format!("bytes={}-", at - 3)).await;
            assert_eq!(
                differing(&body[at - 3..], &rest),
                [3],
                "the same bit where it is in the part"
            );
            let start = part(&format!("bytes=0-{}", at - 1)).await;
            assert_eq!(differing(&body[..at], &start), [at / 2], "else the one in the middle");
        }
    }
}

#[tokio::test]
async fn of_what_has_no_module_the_bit_in_the_middle_is_turned_over() {
    let (stand, guest, link, _) = spoilt(fault(FaultKind::Corrupt)).await;
    let (_, still) = stand.guest(vec![]).await;
    for path in [format!("{link}.metadata"), "simple/acme/".to_owned()] {
        let body = still.get(&path).await.bytes().await.unwrap();
        let received = guest.get(&path).await.bytes().await.unwrap();
        assert_eq!(differing(&body, &received), [body.len() / 2], "{path}");
    }
}

#[tokio::test]
async fn a_stale_page_is_that_of_the_start_and_its_links_are_of_today() {
    let stand = Alone::new();
    let delete = Action::Delete {
        project: "acme".into(),
        version: Some("1.0".into()),
    };
    let mut stale = fault(FaultKind::Stale);
    stale.only.replicas = vec![1];
    let world = stand.world(vec![
        publish(Trigger::Start),
        from_start(stale),
        event("gone", ready(&[0]), delete),
    ]);
    let fresh = Guest::of(&stand.index, &world, 0).await;
    let stale = Guest::of(&stand.index, &world, 1).await;
    let start = fresh.files("acme").await;
    assert_eq!(
        start,
        [OLD, "acme-2.0-py3-none-any.whl"],
        "what is so from the start is part of it"
    );
    world.reached(0, Stage::Ready);
    assert_eq!(fresh.files("acme").await, start[1..]);
    assert_eq!(stale.files("acme").await, start);
    let dead = stale.link("acme", OLD).await;
    assert_eq!(stale.status(&dead).await, 404);
}

#[tokio::test]
async fn faults_add_up_in_the_order_in_which_they_began() {
    let stand = Alone::new();
    let late = fault(FaultKind::Delay(Duration::from_millis(50)));
    let (_, guest) = stand
        .guest(vec![
            event("late", Trigger::Start, Action::Fault(late)),
            event("corrupt", Trigger::Start, Action::Fault(fault(FaultKind::Corrupt))),
            publish(Trigger::Start),
        ])
        .await;
    let asked = Instant::now();
    let page = guest.ask(Method::GET, "simple/acme/", &[(header::ACCEPT, JSON)]).await;
    assert_eq!(page.headers()[header::CONTENT_TYPE], JSON);
    assert!(asked.elapsed() >= Duration::from_millis(50));
    let request = stand.index.requests(&guest.token).pop().unwrap();
    assert_eq!(
        (request.what, request.faults),
        (Asked::Project("acme".into()), vec!["late".into(), "corrupt".into()])
    );
    assert_eq!(request.after, 3);
}
