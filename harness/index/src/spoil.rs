//! Spoils answers the way the faults in force say: before there is an answer, and on its body.

use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes, HttpBody as _};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, StreamExt as _, stream};
use tokio::time::{Instant, sleep, sleep_until};

use crate::listener::Cut;
use crate::script::FaultKind;
use crate::sight::Sight;

/// A slowed body is sent in pieces, so many each second: small enough to look slow and not stuck.
const PIECES_PER_SECOND: u64 = 20;

/// Faults that come before the answer, in their order: a wait, or something else in the answer's place. Each is noted when its
/// turn comes: a client that gives up during a wait has not met what follows.
pub(crate) async fn before(sight: &Sight, cut: &Cut) -> Option<Response> {
    for (at, (name, kind)) in sight.faults().iter().enumerate() {
        if matches!(kind, FaultKind::Delay(_)) || kind.takes_the_place() {
            sight.note_change_by(at);
        }
        match kind {
            FaultKind::Delay(by) => sleep(*by).await,
            FaultKind::Answer { status, retry_after } => return Some(answer(name, *status, *retry_after)),
            FaultKind::Reset => {
                cut.reset();
                // Never seen by anybody: the first byte of it resets the connection.
                return Some(StatusCode::SERVICE_UNAVAILABLE.into_response());
            }
            FaultKind::Hang => std::future::pending().await,
            FaultKind::Throttle(_) | FaultKind::Truncate(_) | FaultKind::Corrupt | FaultKind::Stale => {}
        }
    }
    None
}

fn answer(name: &str, status: u16, retry_after: Option<Duration>) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    let mut response = (status, format!("seatrial index: the fault `{name}` of the script\n")).into_response();
    if let Some(after) = retry_after {
        let headers = response.headers_mut();
        headers.insert(header::RETRY_AFTER, after.as_secs().into());
    }
    response
}

/// Where in the body of an answer one changed bit does harm; of an answer that does not say so, in the middle.
#[derive(Clone, Copy)]
pub(crate) struct Heart(pub u64);

/// Faults on the body, and which of them, by their place among `faults`, have changed it. The head stays as it is and so promises the whole, also where less or other bytes follow.
pub(crate) fn body(faults: &[(String, FaultKind)], response: Response, cut: &Cut) -> (Response, Vec<usize>) {
    let spoils = |kind: &FaultKind| {
        matches!(
            kind,
            FaultKind::Throttle(_) | FaultKind::Truncate(_) | FaultKind::Corrupt
        )
    };
    let is_empty = response.body().size_hint().exact() == Some(0);
    if is_empty || !response.status().is_success() || !faults.iter().any(|(_, kind)| spoils(kind)) {
        return (response, Vec::new());
    }
    let (mut parts, mut body) = response.into_parts();
    if let Some(size) = body.size_hint().exact() {
        parts.headers.entry(header::CONTENT_LENGTH).or_insert(size.into());
    }
    let length = parts.headers.get(header::CONTENT_LENGTH);
    let length = length.and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    let length = length.unwrap_or_default();
    let heart = parts.extensions.get().map_or(length / 2, |Heart(at)| *at);
    let cuts = faults.iter().filter_map(|(_, kind)| match kind {
        FaultKind::Truncate(after) => Some(*after),
        _ => None,
    });
    let is_heart_sent = cuts.min().is_none_or(|after| heart < after);
    let (mut left, mut is_corrupt) = (length, false);
    let mut changed = Vec::new();
    for (at, (_, kind)) in faults.iter().enumerate() {
        body = match kind {
            FaultKind::Throttle(rate) => {
                changed.push(at);
                Body::from_stream(throttled(body.into_data_stream(), *rate))
            }
            FaultKind::Truncate(after) if *after < left => {
                changed.push(at);
                left = *after;
                Body::from_stream(truncated(body.into_data_stream(), left, cut.clone()))
            }
            // A bit that is turned over twice is as it was.
            FaultKind::Corrupt if is_heart_sent && !is_corrupt => {
                changed.push(at);
                is_corrupt = true;
                Body::from_stream(corrupted(body.into_data_stream(), heart))
            }
            _ => body,
        };
    }
    (Response::from_parts(parts, body), changed)
}

/// The same bytes, at most `rate` of them a second.
fn throttled(pieces: BodyDataStream, rate: u64) -> impl Stream<Item = Result<Bytes, axum::Error>> {
    let most = (rate / PIECES_PER_SECOND).max(1) as usize;
    let begun = Instant::now();
    stream::try_unfold(
        (pieces, Bytes::new(), 0_u64),
        move |(mut pieces, mut waiting, sent)| async move {
            while waiting.is_empty() {
                match pieces.next().await {
                    Some(piece) => waiting = piece?,
                    None => return Ok(None),
                }
            }
            let piece = waiting.split_to(most.min(waiting.len()));
            let sent = sent + piece.len() as u64;
            sleep_until(begun + Duration::from_secs_f64(sent as f64 / rate.max(1) as f64)).await;
            Ok(Some((piece, (pieces, waiting, sent))))
        },
    )
}

/// The first `after` bytes, then the end of the connection.
fn truncated(pieces: BodyDataStream, after: u64, cut: Cut) -> impl Stream<Item = Result<Bytes, axum::Error>> {
    stream::try_unfold((pieces, after, cut), |(mut pieces, left, cut)| async move {
        if left == 0 {
            cut.close();
            // An error would throw away what the server still holds back of the bytes before.
            return std::future::pending().await;
        }
        let Some(piece) = pieces.next().await.transpose()? else {
            return Ok(None);
        };
        let piece = piece.slice(..piece.len().min(left as usize));
        let left = left - piece.len() as u64;
        Ok(Some((piece, (pieces, left, cut))))
    })
}

/// The same bytes but for one bit of the byte at `position`.
fn corrupted(pieces: BodyDataStream, position: u64) -> impl Stream<Item = Result<Bytes, axum::Error>> {
    pieces.scan(0_u64, move |passed, piece| {
        let piece = piece.map(|piece| {
            let at = position.checked_sub(*passed).filter(|at| *at < piece.len() as u64);
            *passed += piece.len() as u64;
            match at {
                Some(at) => {
                    let mut bytes = piece.to_vec();
                    bytes[at as usize] ^= 1;
                    bytes.into()
                }
                None => piece,
            }
        });
        std::future::ready(Some(piece))
    })
}

#[cfg(test)]
mod tests {
    use tokio::time::timeout;

    use super::*;
    use crate::log::Asked;
    use crate::script::{Action, Event, Fault, Only, Script, Trigger};
    use crate::world::{World, WorldConfig};

    const TEXT: &[u8] = b"0123456789";

    fn faults(kinds: &[FaultKind]) -> Vec<(String, FaultKind)> {
        kinds.iter().map(|kind| ("fault".to_owned(), kind.clone())).collect()
    }

    /// A spoilt answer: its length as promised, and its body, or what of it came.
    async fn spoilt(kinds: &[FaultKind]) -> (u64, Vec<u8>, bool) {
        let (response, _) = body(&faults(kinds), Response::new(Body::from(TEXT)), &Cut::default());
        let promised = response.headers()[header::CONTENT_LENGTH]
            .to_str()
            .unwrap()
            .parse()
            .unwrap();
        let mut pieces = response.into_body().into_data_stream();
        let mut received = Vec::new();
        // A body that breaks off makes the server wait until it has closed the connection.
        while let Ok(piece) = timeout(Duration::from_secs(60), pieces.next()).await {
            match piece {
                Some(piece) => received.extend_from_slice(&piece.unwrap()),
                None => return (promised, received, true),
            }
        }
        (promised, received, false)
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_breaks_off_where_it_should_and_its_head_promises_the_whole() {
        assert_eq!(spoilt(&[FaultKind::Truncate(4)]).await, (10, b"0123".to_vec(), false));
        assert_eq!(spoilt(&[FaultKind::Truncate(99)]).await, (10, TEXT.to_vec(), true));
    }

    #[tokio::test(start_paused = true)]
    async fn one_bit_is_turned_over() {
        assert_eq!(spoilt(&[FaultKind::Corrupt]).await, (10, b"0123446789".to_vec(), true));
        let both = [FaultKind::Corrupt, FaultKind::Truncate(6)];
        assert_eq!(spoilt(&both).await, (10, b"012344".to_vec(), false));
    }

    #[tokio::test]
    async fn a_bit_is_turned_over_at_the_heart_of_an_answer_that_has_one() {
        let mut answer = Response::new(Body::from(TEXT));
        answer.extensions_mut().insert(Heart(1));
        let (answer, _) = body(&faults(&[FaultKind::Corrupt]), answer, &Cut::default());
        let bytes = axum::body::to_bytes(answer.into_body(), TEXT.len()).await.unwrap();
        assert_eq!(bytes, "0023456789");
    }

    #[test]
    fn only_what_changes_the_body_is_told() {
        let told = |kinds: &[FaultKind], status: u16, text: &'static [u8]| {
            let mut answer = Response::new(Body::from(text));
            *answer.status_mut() = StatusCode::from_u16(status).unwrap();
            body(&faults(kinds), answer, &Cut::default()).1
        };
        let (corrupt, truncate) = (FaultKind::Corrupt, FaultKind::Truncate);
        for (kinds, changed) in [
            (vec![FaultKind::Stale, corrupt.clone()], vec![1]),
            (vec![truncate(9), truncate(10), truncate(8)], vec![0, 2]),
            (vec![truncate(10)], vec![]),
            (vec![corrupt.clone(), truncate(5)], vec![1]),
            (vec![truncate(6), corrupt.clone()], vec![0, 1]),
            (vec![corrupt.clone(), corrupt.clone()], vec![0]),
        ] {
            assert_eq!(told(&kinds, 200, TEXT), changed, "{kinds:?}");
            for (status, text) in [(301, TEXT), (304, b"".as_slice()), (404, TEXT), (200, b"")] {
                assert_eq!(told(&kinds, status, text), [0; 0], "{kinds:?} on {status}");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_body_takes_its_time_and_loses_nothing() {
        let begun = Instant::now();
        assert_eq!(spoilt(&[FaultKind::Throttle(5)]).await, (10, TEXT.to_vec(), true));
        assert_eq!(begun.elapsed(), Duration::from_secs(2));
    }

    /// What a request sees in a world with these faults and nothing else.
    fn struck(faults: Vec<(&str, FaultKind)>) -> (World, Sight) {
        let event = |(name, kind): (&str, FaultKind)| Event {
            name: name.to_owned(),
            when: Trigger::Start,
            action: Action::Fault(Fault {
                kind,
                only: Only::default(),
                lasts: None,
                times: None,
            }),
        };
        let config = WorldConfig {
            script: Script(faults.into_iter().map(event).collect()),
            ..WorldConfig::default()
        };
        let world = World::new(World::nowhere().catalogue().clone(), config).unwrap();
        let sight = world.arrives(None, &Asked::Project("acme".into()));
        (world, sight)
    }

    fn late_outage() -> (World, Sight) {
        let outage = FaultKind::Answer {
            status: 503,
            retry_after: Some(Duration::from_secs(3)),
        };
        struck(vec![
            ("slow", FaultKind::Delay(Duration::from_secs(2))),
            ("outage", outage),
        ])
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_may_come_late_and_be_another() {
        let (_, sight) = late_outage();
        let begun = Instant::now();
        let response = before(&sight, &Cut::default()).await.unwrap();
        assert_eq!(begun.elapsed(), Duration::from_secs(2));
        assert_eq!(response.status(), 503);
        assert_eq!(response.headers()[header::RETRY_AFTER], "3");
        assert_eq!(sight.changed_by(), ["slow", "outage"]);
    }

    #[tokio::test(start_paused = true)]
    async fn who_gives_up_during_a_wait_has_not_met_what_follows() {
        let (world, sight) = late_outage();
        let impatient = timeout(Duration::from_secs(1), before(&sight, &Cut::default())).await;
        assert!(impatient.is_err());
        drop(sight);
        let hits: Vec<u64> = world.timeline().iter().map(|event| event.hits).collect();
        assert_eq!(hits, [1, 0]);
    }
}
