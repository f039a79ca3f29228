//! Clients that mean no good, or cannot do better: they are refused, counted, and nothing comes of it.

use std::net::SocketAddr;
use std::time::Duration;

use seatrial_index::{Asked, Fault, FaultKind, Patience, Universe};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpSocket, TcpStream};

use crate::fake_upstream::{LOCALHOST, sha256};
use crate::guest::{Alone, Guest, alone, fault, from_start, project};
use crate::hostile_upstream::Stand;
use crate::wire;

/// How long an impatient index waits.
const SOON: Duration = Duration::from_millis(100);

/// An index with one world, a replica in it, and where it listens.
async fn stand() -> (Alone, Guest, SocketAddr) {
    let stand = Alone::new();
    let (_, guest) = stand.guest(vec![]).await;
    let address = stand.index.listen(LOCALHOST).await.unwrap();
    (stand, guest, address)
}

/// As [`stand`], with an index that is not patient with the heads of requests.
async fn impatient() -> (Alone, Guest, SocketAddr) {
    let mut stand = Alone::new();
    stand.index = stand.index.with_patience(Patience {
        head: SOON,
        ..Patience::default()
    });
    let (_, guest) = stand.guest(vec![]).await;
    let address = stand.index.listen(LOCALHOST).await.unwrap();
    (stand, guest, address)
}

async fn refused(stand: &Alone, times: u64) {
    wire::until(&format!("{times} refused"), || stand.index.refused() >= times).await;
    assert_eq!(stand.index.refused(), times);
}

/// Sends what is no request; the answer is one of these statuses, or the connection ends without one.
async fn is_turned_away(address: SocketAddr, request: &[u8], statuses: &[u16]) {
    let shown = String::from_utf8_lossy(&request[..request.len().min(40)]).into_owned();
    match wire::exchange(address, request).await {
        Ok(answer) if answer.is_empty() => {}
        Ok(answer) => {
            let status = wire::status(&answer);
            assert!(
                status.is_some_and(|status| statuses.contains(&status)),
                "{shown}: {status:?}"
            );
        }
        // A server that closes while bytes are still coming in resets the connection.
        Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{shown}"),
    }
}

#[tokio::test]
async fn who_has_no_token_is_counted_and_gets_nothing_but_403() {
    let (stand, guest, _) = stand().await;
    let token = &guest.token;
    let escaped = format!("%{:02x}{}", token.as_bytes()[0], &token[1..]);
    let paths = [
        "/".to_owned(),
        "/simple/acme/".to_owned(),
        format!("/{}/simple/acme/", token.to_uppercase() + "0"),
        format!("/{}/simple/acme/", &token[1..]),
        format!("/{escaped}/simple/acme/"),
        format!("/x/../{token}x/simple/acme/"),
        format!("/simple/acme/?{token}"),
    ];
    for path in &paths {
        assert_eq!(guest.status(path).await, 403, "{path}");
    }
    refused(&stand, paths.len() as u64).await;
    assert_eq!(stand.index.requests(token), []);
}

#[tokio::test]
async fn no_encoding_leads_out_of_the_index() {
    let stand = Stand::new().await;
    let (upstream, guest) = (&stand.upstream, &stand.guest);
    let wheel = "acme-1.0-py3-none-any.whl";
    upstream.serve_project("acme", wheel, b"wheel", &sha256(b"wheel"));
    let outside = ["/etc/passwd", "/etc/passwd/", "/simple/", "/files/passwd"];
    for path in outside {
        upstream.serve(path, "text/html", "root:");
    }
    let address = stand.index.listen(LOCALHOST).await.unwrap();
    let (_, link) = guest.links("acme").await.remove(0);
    let key = link.split('/').nth(1).unwrap();
    let paths = [
        "simple/..%2f..%2fetc%2fpasswd/".to_owned(),
        "simple/%2e%2e/".to_owned(),
        "simple/acme%00/".to_owned(),
        "simple/acme%0d%0aset-cookie:%20x/".to_owned(),
        "simple/%ff%fe/".to_owned(),
        "../../etc/passwd".to_owned(),
        format!("files/{key}/..%2f..%2f..%2f..%2fetc%2fpasswd"),
        format!("files/{key}/%252e%252e%252fpasswd"),
        format!("files/{key}/..%5c..%5cwin.ini"),
        format!("files/{key}/%2fetc%2fpasswd"),
        format!("files/{key}/../../../../etc/passwd"),
        format!("files/..%2f{key}/acme-1.0-py3-none-any.whl"),
        format!("files/{key}/acme-1.0-py3-none-any.whl%00.metadata"),
        format!("files/{key}/%1b%5b2Jacme-1.0-py3-none-any.whl"),
        format!("files/{key}/\u{9b}2Jacme-1.0-py3-none-any.whl"),
        "simple/acme\u{9b}2J/".to_owned(),
        "\u{9b}2J".to_owned(),
    ];
    for path in &paths {
        // Raw requests: an HTTP client would tidy these paths up before sending them.
        let request = wire::get(&format!("/{}/{path}", guest.token)).replace("host: x", "host: x\r\nconnection: close");
        let answer = wire::exchange(address, request.as_bytes()).await.unwrap();
        assert!(matches!(wire::status(&answer), Some(400 | 404)), "{path}: {answer:?}");
        let answer = String::from_utf8(answer).unwrap();
        assert!(
            !answer.contains("\r\nset-cookie") && !answer.contains("root:"),
            "{path}: {answer}"
        );
        assert!(
            !answer.contains(['\0', '\u{1b}', '\u{9b}']),
            "no control characters come back: {answer:?}"
        );
    }
    stand.holds(&[]);
    assert_eq!(outside.map(|path| upstream.hits(path)), [0; 4]);
    assert_eq!(guest.html(&link).await, "wheel");
    stand.holds(&[b"wheel"]);

    let requests = stand.index.requests(&guest.token);
    assert_eq!(requests.len(), paths.len() + 2, "they are on record");
    for request in requests {
        let (Asked::Project(name) | Asked::File(name) | Asked::Metadata(name) | Asked::Other(name)) = request.what;
        assert!(!name.chars().any(char::is_control), "{name:?}");
    }
}

#[tokio::test]
async fn heads_without_measure_are_refused_and_counted() {
    let (stand, guest, address) = stand().await;
    let path = format!("/{}/simple/acme/", guest.token);
    let with = |lines: &str| wire::get(&path).replace("host: x\r\n", &format!("host: x\r\n{lines}"));
    let lines: String = (0..1_000).map(|number| format!("x-{number}: y\r\n")).collect();
    let heads = [
        with(&format!("cookie: {}\r\n", "x".repeat(1 << 20))),
        with(&lines),
        wire::get(&format!("{path}?{}", "x".repeat(100_000))),
        // Never an end: refused for its size, not for its time.
        format!("GET {path} HTTP/1.1\r\n{}", "x: y\r\n".repeat(100_000)),
    ];
    for (number, head) in heads.iter().enumerate() {
        is_turned_away(address, head.as_bytes(), &[414, 431]).await;
        refused(&stand, number as u64 + 1).await;
    }
    assert_eq!(stand.index.requests(&guest.token), []);
    assert_eq!(guest.status("simple/acme/").await, 200, "others are served on");
}

#[tokio::test]
async fn bytes_that_are_no_request_are_counted() {
    let (stand, _, address) = stand().await;
    let garbage: [&[u8]; 6] = [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\0\0\0\0\0\0\0\0\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost x\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
    ];
    for (number, bytes) in garbage.iter().enumerate() {
        is_turned_away(address, bytes, &[400]).await;
        refused(&stand, number as u64 + 1).await;
    }
}

#[tokio::test]
async fn a_head_that_drags_on_is_cut_off_and_counted() {
    let (stand, guest, address) = impatient().await;
    let mut connection = TcpStream::connect(address).await.unwrap();
    let begun = tokio::time::Instant::now();
    let start = format!("GET /{}/simple/acme/ HTTP/1.1\r\n", guest.token);
    connection.write_all(start.as_bytes()).await.unwrap();
    // A byte now and then does not buy more time.
    let drip = async {
        while connection.write_all(b"x").await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(wire::DEADLINE, drip)
        .await
        .expect("the connection ends");
    assert!(begun.elapsed() >= SOON);
    refused(&stand, 1).await;
    assert_eq!(stand.index.requests(&guest.token), []);
}

#[tokio::test]
async fn so_is_one_that_began_with_the_request_before() {
    let (stand, guest, address) = impatient().await;
    let whole = wire::get(&format!("/{}/simple/acme/", guest.token));
    let answer = wire::exchange(address, format!("{whole}GET /").as_bytes())
        .await
        .unwrap();
    assert_eq!(wire::status(&answer), Some(200));
    refused(&stand, 1).await;
    assert_eq!(stand.index.requests(&guest.token).len(), 1);
}

#[tokio::test]
async fn a_connection_that_is_idle_is_closed_and_nothing_to_count() {
    let (stand, guest, address) = impatient().await;
    let mut silent = TcpStream::connect(address).await.unwrap();
    assert_eq!(wire::rest(&mut silent).await.unwrap(), b"");

    let mut kept = TcpStream::connect(address).await.unwrap();
    let request = wire::get(&format!("/{}/simple/acme/", guest.token));
    for _ in 0..2 {
        kept.write_all(request.as_bytes()).await.unwrap();
        assert!(wire::answer(&mut kept, "</html>\n").await.starts_with("HTTP/1.1 200 "));
    }
    // An empty line before a request is none of it (RFC 9112, 2.2).
    kept.write_all(b"\r\n").await.unwrap();
    assert_eq!(wire::rest(&mut kept).await.unwrap(), b"");
    assert_eq!(
        (stand.index.refused(), stand.index.requests(&guest.token).len()),
        (0, 2)
    );
}

#[tokio::test]
async fn a_body_that_nobody_asked_for_is_not_waited_for() {
    let (stand, guest, address) = stand().await;
    let request = format!(
        "POST /{}/simple/acme/ HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000000\r\n\r\nsome of it",
        guest.token
    );
    let answer = wire::exchange(address, request.as_bytes()).await.unwrap();
    assert_eq!(wire::status(&answer), Some(405));
    let request = stand.index.requests(&guest.token).pop().unwrap();
    assert_eq!((request.method.as_str(), request.status), ("POST", 405));
}

/// An index that is not patient with clients that do not read, a world of one file of 16 MiB in which this happens from the
/// start, and the path of that file.
async fn of_one_big_file(faults: Vec<Fault>) -> (Alone, Guest, String) {
    let mut stand = Alone::new();
    stand.index = stand.index.with_patience(Patience {
        answer: SOON,
        ..Patience::default()
    });
    let mut big = project("big", &["1.0"]);
    big.releases[0].contents.size = 16 << 20;
    let events = faults.into_iter().map(from_start).collect();
    let world = stand.index.world(alone(Universe::new(vec![big]), events)).unwrap();
    let guest = Guest::of(&stand.index, &world, 0).await;
    let (_, link) = guest.links("big").await.remove(0);
    (stand, guest, link)
}

#[tokio::test]
async fn a_client_that_asks_and_does_not_read_is_cut_off() {
    let (stand, guest, link) = of_one_big_file(vec![]).await;
    let address = stand.index.listen(LOCALHOST).await.unwrap();
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4 << 10).unwrap();
    let mut deaf = socket.connect(address).await.unwrap();
    deaf.write_all(wire::get(&format!("/{}/{link}", guest.token)).as_bytes())
        .await
        .unwrap();
    let requests = || stand.index.requests(&guest.token);
    wire::until("its request is on record", || requests().len() == 2).await;
    let request = requests().remove(1);
    assert!(!request.complete && request.duration >= SOON, "{request:?}");
    let end = wire::rest(&mut deaf).await.unwrap_err();
    assert_eq!(end.kind(), std::io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn an_answer_that_takes_its_time_is_not_cut_off() {
    let slowly = [FaultKind::Delay(3 * SOON), FaultKind::Throttle(40 << 20)].map(fault);
    let (stand, guest, link) = of_one_big_file(slowly.into()).await;
    let body = guest.get(&link).await.bytes().await.unwrap();
    assert!(body.len() > 16 << 20);
    let request = stand.index.requests(&guest.token).remove(1);
    assert!(request.complete && request.duration > 6 * SOON, "{request:?}");
}
