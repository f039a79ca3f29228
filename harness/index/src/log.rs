//! The request log: what each token asked for, what it got, and when.
//!
//! A request is on record once its answer has been handed to the connection to the last byte, or broken off.

mod asked;

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes, HttpBody as _};
use axum::http::{Method, StatusCode, header};
use axum::response::Response;
use futures_util::{Stream, StreamExt as _};
use tokio::time::Instant;

pub use self::asked::Asked;
use self::asked::kept;
use crate::sight::Sight;

/// Requests kept per token; those beyond are counted, not kept.
const KEPT: usize = 10_000;

/// Characters of an entity tag that are kept: 64 bits of a digest.
const KEPT_TAG: usize = 16;

/// The status on record when the connection ended before there was an answer, as web servers have it in their logs.
const NO_ANSWER: u16 = 499;

/// One request and its answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// When it arrived.
    pub at: Instant,
    /// `GET`, `HEAD` or whatever else the client tried.
    pub method: String,
    /// What it asked for.
    pub what: Asked,
    /// HTTP status of the answer; 499 when there was none: the client went away, or a fault reset its connection.
    pub status: u16,
    /// Bytes of the body that were handed to the connection.
    pub bytes: u64,
    /// From arrival to the last byte of the answer.
    pub duration: Duration,
    /// Whether the whole body was handed over.
    pub complete: bool,
    /// Start of the entity tag of the answer: equal answers have equal ones. `None` where it has none.
    pub answer: Option<String>,
    /// So many events of the index's script had happened when it arrived.
    pub after: usize,
    /// Names of the faults that have changed its answer, in the order in which they began.
    pub faults: Vec<String>,
}

/// What one token was served, in sum.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Served {
    /// Number of requests.
    pub requests: u64,
    /// Bytes of response bodies.
    pub bytes: u64,
    /// Wheels and source distributions served in whole or in part, by file name, in the order of their first answer.
    pub files: Vec<String>,
    /// Answers with a status of 400 or more.
    pub errors: u64,
}

/// The log of one token. Cheap to clone; clones share it.
#[derive(Clone, Default)]
pub(crate) struct Account(Arc<Mutex<Tally>>);

#[derive(Default)]
struct Tally {
    kept: Vec<Request>,
    served: Served,
}

impl Account {
    /// Opens the record of a request that has just arrived and sees this.
    pub(crate) fn begin(&self, sight: &Sight, method: &Method, what: Asked) -> Recording {
        let request = Request {
            at: sight.at(),
            method: kept(method.as_str()),
            what,
            status: NO_ANSWER,
            bytes: 0,
            duration: Duration::ZERO,
            complete: false,
            answer: None,
            after: sight.after(),
            faults: Vec::new(),
        };
        Recording {
            account: self.clone(),
            sight: sight.clone(),
            request: Some(request),
        }
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.lock().kept.clone()
    }

    pub(crate) fn served(&self) -> Served {
        self.lock().served.clone()
    }

    fn record(&self, request: Request) {
        let mut tally = self.lock();
        let served = &mut tally.served;
        served.requests += 1;
        served.bytes += request.bytes;
        served.errors += u64::from(request.status >= 400);
        if let Asked::File(name) = &request.what
            && matches!(request.status, 200 | 206)
            && request.bytes > 0
            && !served.files.contains(name)
        {
            served.files.push(name.clone());
        }
        if tally.kept.len() < KEPT {
            tally.kept.push(request);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Tally> {
        self.0.lock().expect("nothing panics while holding this lock")
    }
}

/// A request under way; closed, or dropped with the connection, it goes on record.
pub(crate) struct Recording {
    account: Account,
    /// Its world is told of the bytes handed out, which may set an event off.
    sight: Sight,
    /// Gone once recorded.
    request: Option<Request>,
}

impl Recording {
    /// Follows an answer to its last byte. The body of an answer to `HEAD` is left out here.
    pub(crate) fn follow(mut self, response: Response) -> Response {
        let (mut parts, body) = response.into_parts();
        let size = body.size_hint().exact();
        if let Some(size) = size {
            parts.headers.entry(header::CONTENT_LENGTH).or_insert(size.into());
        }
        let promised = parts
            .headers
            .get(header::CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok()?.parse().ok());
        let Some(request) = &mut self.request else {
            return Response::from_parts(parts, body);
        };
        request.status = parts.status.as_u16();
        request.answer = parts
            .headers
            .get(header::ETAG)
            .and_then(|tag| Some(tag.to_str().ok()?.trim_matches('"').chars().take(KEPT_TAG).collect()));
        if request.method == "HEAD" || size == Some(0) {
            if parts.status == StatusCode::NOT_MODIFIED {
                // Its length would speak of the file, which is not sent.
                parts.headers.remove(header::CONTENT_LENGTH);
            }
            self.close(true);
            return Response::from_parts(parts, Body::empty());
        }
        let followed = Followed {
            body: body.into_data_stream(),
            promised,
            recording: self,
        };
        Response::from_parts(parts, Body::from_stream(followed))
    }

    fn close(&mut self, complete: bool) {
        if let Some(mut request) = self.request.take() {
            request.complete = complete;
            request.duration = request.at.elapsed();
            request.faults = self.sight.changed_by();
            self.account.record(request);
        }
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        self.close(false);
    }
}

/// A body that counts what it hands over.
struct Followed {
    body: BodyDataStream,
    /// Bytes that the answer's head promises.
    promised: Option<u64>,
    recording: Recording,
}

impl Followed {
    /// Goes on record before the client can have the last byte, so that whoever waits for the client finds it there.
    fn count(&mut self, bytes: u64) {
        let Some(request) = &mut self.recording.request else {
            return;
        };
        request.bytes += bytes;
        self.recording.sight.world().serves(bytes);
        if self.promised == Some(request.bytes) {
            self.recording.close(true);
        }
    }
}

impl Stream for Followed {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        let piece = std::task::ready!(this.body.poll_next_unpin(context));
        match &piece {
            Some(Ok(bytes)) => this.count(bytes.len() as u64),
            None => this.recording.close(true),
            Some(Err(_)) => {}
        }
        Poll::Ready(piece)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::World;

    /// Opens a record in a world where nothing happens.
    fn begin(account: &Account, path: &str) -> Recording {
        let asked = Asked::from_path(path);
        account.begin(&World::nowhere().arrives(None, &asked), &Method::GET, asked)
    }

    #[test]
    fn memory_is_bounded_and_nothing_goes_uncounted() {
        let account = Account::default();
        for _ in 0..KEPT + 5 {
            drop(begin(&account, "/simple/acme/"));
        }
        assert_eq!(account.requests().len(), KEPT);
        assert_eq!(account.served().requests, KEPT as u64 + 5);
        assert_eq!(account.requests()[0].status, NO_ANSWER);
    }

    #[tokio::test]
    async fn an_answer_broken_off_is_on_record_with_the_bytes_that_went() {
        let account = Account::default();
        let pieces = ["abc", "def"].map(|piece| Ok::<_, std::io::Error>(Bytes::from(piece)));
        let response = Response::new(Body::from_stream(futures_util::stream::iter(pieces)));
        let mut body = begin(&account, "/files/k/a.whl")
            .follow(response)
            .into_body()
            .into_data_stream();
        assert_eq!(body.next().await.unwrap().unwrap(), "abc");
        assert_eq!(account.requests(), []);
        drop(body);
        let request = &account.requests()[0];
        assert_eq!((request.status, request.bytes, request.complete), (200, 3, false));
        assert_eq!(account.served().files, ["a.whl"]);
    }
}
