//! One HTTP/1.1 request to a replica, on a connection of its own.

use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use hyper::body::{Body as _, Incoming};
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, CONTENT_TYPE, HOST};
use hyper::http::request::Builder;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use seatrial_engine::{Connection, Replica};

/// Why a request got no answer.
#[derive(Debug)]
pub enum Unanswered {
    /// There was no connection.
    Refused(io::Error),
    /// The connection ended, or what came on it is no HTTP.
    Closed(hyper::Error),
}

/// An answer whose head has come. Nothing is followed, and the connection ends with it.
pub struct Answer {
    response: Response<Incoming>,
    connection: Wire,
}

/// A request for `path`. Its host is named as the server itself would name it, whatever way leads to it.
pub fn get(path: &str, port: u16) -> hyper::http::Result<Request<String>> {
    to(path, port).body(String::new())
}

/// The same with JSON to take.
pub fn post(path: &str, port: u16, json: String) -> hyper::http::Result<Request<String>> {
    // Without this type the server hands an empty string to run() (image-contract 2.6).
    let builder = to(path, port).method("POST").header(CONTENT_TYPE, "application/json");
    builder.body(json)
}

fn to(path: &str, port: u16) -> Builder {
    let host = format!("localhost:{port}");
    Request::builder().uri(path).header(HOST, host).header(ACCEPT, "*/*")
}

/// Connects and asks. Nothing of HTTP is made before the connection stands, so that being refused costs little more than
/// the kernel's answer.
pub async fn ask(replica: &impl Replica, port: u16, request: Request<String>) -> Result<Answer, Unanswered> {
    let stream = replica.connect(port).await.map_err(Unanswered::Refused)?;
    let opened = http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = opened.map_err(Unanswered::Closed)?;
    let mut connection = Wire(Some(connection));
    let mut response = pin!(sender.send_request(request));
    let response = poll_fn(|context| {
        connection.work(context);
        response.as_mut().poll(context)
    });
    Ok(Answer {
        response: response.await.map_err(Unanswered::Closed)?,
        connection,
    })
}

impl Answer {
    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// The body, or the first `most` bytes of it.
    pub async fn body(mut self, most: usize) -> hyper::Result<Vec<u8>> {
        let mut body = Vec::new();
        while body.len() < most {
            let frame = poll_fn(|context| {
                self.connection.work(context);
                Pin::new(self.response.body_mut()).poll_frame(context)
            });
            let Some(frame) = frame.await else {
                break;
            };
            if let Ok(data) = frame?.into_data() {
                let room = most - body.len();
                body.extend_from_slice(&data[..data.len().min(room)]);
            }
        }
        Ok(body)
    }
}

/// The connection, until it has ended. It reads and writes only while it is polled: whoever waits for something of it
/// has it work first, so that it needs no task of its own and ends when nobody waits any more.
struct Wire(Option<http1::Connection<TokioIo<Connection>, String>>);

impl Wire {
    fn work(&mut self, context: &mut Context<'_>) {
        if let Some(connection) = &mut self.0 {
            // How it ended is told to whoever waits for the answer.
            if let Poll::Ready(_ended) = Pin::new(connection).poll(context) {
                self.0 = None;
            }
        }
    }
}
