//! A bare client of the engine: one connection to its Unix socket that stays open, and nothing else.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;

use anyhow::{Context as _, ensure};
use serde_json::Value;

/// Where the engine listens, unless `DOCKER_HOST` says otherwise.
const SOCKET: &str = "/var/run/docker.sock";

/// One connection.
#[derive(Debug)]
pub struct EngineClient {
    stream: BufReader<UnixStream>,
    /// Of the answer whose body is being read.
    chunked: bool,
    length: usize,
}

impl EngineClient {
    /// Connects to the engine that `DOCKER_HOST` names, else to the local one.
    ///
    /// # Errors
    /// When nobody listens there, or it is no Unix socket.
    pub fn connect() -> anyhow::Result<EngineClient> {
        let named = std::env::var("DOCKER_HOST").ok();
        let socket = named
            .as_deref()
            .map_or(Some(SOCKET), |host| host.strip_prefix("unix://"));
        let socket = socket.context("a bare client needs a local engine: DOCKER_HOST names no unix:// socket")?;
        let stream = UnixStream::connect(socket).with_context(|| format!("nobody listens at {socket}"))?;
        Ok(EngineClient {
            stream: BufReader::new(stream),
            chunked: false,
            length: 0,
        })
    }

    /// Sends a request and returns the status and the whole body of the answer.
    ///
    /// # Errors
    /// When the connection breaks, or what comes is no answer.
    pub fn call(&mut self, method: &str, path: &str, body: Option<&Value>) -> anyhow::Result<(u16, Vec<u8>)> {
        self.send(method, path, body)?;
        let status = self.head()?;
        let mut whole = Vec::new();
        while let Some(piece) = self.piece()? {
            whole.extend(piece);
        }
        Ok((status, whole))
    }

    /// Sends a request and reads nothing.
    ///
    /// # Errors
    /// When the connection breaks.
    pub fn send(&mut self, method: &str, path: &str, body: Option<&Value>) -> anyhow::Result<()> {
        let body = body.map(Value::to_string).unwrap_or_default();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: engine\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        Ok(self.stream.get_mut().write_all(request.as_bytes())?)
    }

    /// Reads the head of an answer and returns its status.
    ///
    /// # Errors
    /// As [`EngineClient::call`].
    pub fn head(&mut self) -> anyhow::Result<u16> {
        let status = self.line()?;
        (self.length, self.chunked) = (0, false);
        loop {
            let line = self.line()?.to_ascii_lowercase();
            match line.split_once(": ") {
                Some(("content-length", value)) => self.length = value.parse()?,
                Some(("transfer-encoding", value)) => self.chunked = value == "chunked",
                Some(_) => {}
                None => break,
            }
        }
        let code = status.split(' ').nth(1).and_then(|code| code.parse().ok());
        code.with_context(|| format!("the engine answered `{status}`"))
    }

    /// The next piece of the body of the answer whose head has been read; `None` at its end.
    ///
    /// # Errors
    /// As [`EngineClient::call`].
    pub fn piece(&mut self) -> anyhow::Result<Option<Vec<u8>>> {
        let length = match self.chunked {
            true => usize::from_str_radix(&self.line()?, 16)?,
            false => std::mem::take(&mut self.length),
        };
        let mut piece = vec![0; length];
        self.stream.read_exact(&mut piece)?;
        if self.chunked {
            self.line()?;
        }
        Ok((length > 0).then_some(piece))
    }

    fn line(&mut self) -> anyhow::Result<String> {
        let mut line = String::new();
        ensure!(self.stream.read_line(&mut line)? > 0, "the engine hung up");
        Ok(line.trim_end().to_owned())
    }
}
