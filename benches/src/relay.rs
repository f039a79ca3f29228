//! A socket between seatrial and the engine that passes everything on, and tells of calls before it does: so a call can be
//! made late, or something be begun for one container only.

use std::io::{self, Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use tempfile::TempDir;

/// Where the engine listens unless `DOCKER_HOST` says otherwise.
const USUAL: &str = "/var/run/docker.sock";
/// Bytes passed on at once.
const PIECE: usize = 64 << 10;

/// A call that is about to be passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call<'a> {
    /// A container of this name is created.
    Create(&'a str),
    /// A container is started.
    Start,
    /// A container is killed or removed.
    End,
}

/// The socket; it is gone once this is dropped.
#[derive(Debug)]
pub struct Relay {
    folder: TempDir,
}

type OnCall = Arc<Mutex<dyn FnMut(Call<'_>) + Send>>;

impl Relay {
    /// Listens, and calls `on_call` before each call is passed on, which waits for it; one at a time.
    ///
    /// # Errors
    /// When there is no socket to be had.
    pub fn start(on_call: impl FnMut(Call<'_>) + Send + 'static) -> io::Result<Relay> {
        let folder = tempfile::tempdir()?;
        let listener = UnixListener::bind(folder.path().join("engine.sock"))?;
        let on_call: OnCall = Arc::new(Mutex::new(on_call));
        thread::spawn(move || {
            for near in listener.incoming().flatten() {
                let on_call = Arc::clone(&on_call);
                // A connection that fails has lost seatrial or the engine, and whoever is left notices.
                thread::spawn(move || pass_on(near, &on_call));
            }
        });
        Ok(Relay { folder })
    }

    /// What `DOCKER_HOST` is to be.
    #[must_use]
    pub fn host(&self) -> String {
        format!("unix://{}", self.folder.path().join("engine.sock").display())
    }
}

fn pass_on(mut near: UnixStream, on_call: &OnCall) -> io::Result<()> {
    let host = std::env::var("DOCKER_HOST").unwrap_or_default();
    let mut far = UnixStream::connect(host.strip_prefix("unix://").unwrap_or(USUAL))?;
    let (mut from_far, mut to_near) = (far.try_clone()?, near.try_clone()?);
    let back = thread::spawn(move || {
        let passed = io::copy(&mut from_far, &mut to_near);
        let _ = to_near.shutdown(Shutdown::Write);
        passed
    });
    let mut piece = vec![0; PIECE];
    loop {
        let read = near.read(&mut piece)?;
        if read == 0 {
            break;
        }
        // A request begins a piece: on one connection the next is sent only after the answer to the last.
        if let Some(call) = call(&piece[..read]) {
            on_call.lock().unwrap_or_else(PoisonError::into_inner)(call);
        }
        far.write_all(&piece[..read])?;
    }
    far.shutdown(Shutdown::Write)?;
    let _ = back.join();
    Ok(())
}

/// The call that begins here, if it is one of those that are told.
fn call(piece: &[u8]) -> Option<Call<'_>> {
    let line = piece.split(|byte| *byte == b'\r').next()?;
    let mut words = std::str::from_utf8(line).ok()?.split(' ');
    let (method, target) = (words.next()?, words.next()?);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let (_, of_container) = path.split_once("/containers/")?;
    match (method, of_container) {
        ("POST", "create") => query
            .split('&')
            .find_map(|pair| pair.strip_prefix("name="))
            .map(Call::Create),
        ("POST", path) if path.ends_with("/start") => Some(Call::Start),
        ("POST", path) if path.ends_with("/kill") => Some(Call::End),
        ("DELETE", _) => Some(Call::End),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_known_by_their_first_line() {
        for (line, told) in [
            (
                "POST /v1.41/containers/create?platform=&name=seatrial-1-a-0 HTTP/1.1",
                Some(Call::Create("seatrial-1-a-0")),
            ),
            ("POST /v1.41/containers/0af/start HTTP/1.1", Some(Call::Start)),
            ("POST /containers/0af/kill?signal=SIGKILL HTTP/1.1", Some(Call::End)),
            ("DELETE /v1.41/containers/0af?force=true HTTP/1.1", Some(Call::End)),
            ("GET /v1.41/containers/0af/json HTTP/1.1", None),
            ("POST /v1.41/networks/create HTTP/1.1", None),
            ("{\"POST\":1}", None),
        ] {
            assert_eq!(call(format!("{line}\r\nhost: x\r\n\r\n").as_bytes()), told, "{line}");
        }
    }
}
