//! An HTTP/1.1 client over one socket that stays open: it writes a request, reads the answer, and does nothing else, so
//! that it is not the client that is measured.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// An answer that takes longer is none.
const PATIENCE: Duration = Duration::from_secs(60);
/// Bytes read at once at most; also what a head may take.
const PIECE: usize = 64 << 10;

/// One open connection.
#[derive(Debug)]
pub struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// What is known of an answer once its head has been read: some of its body may lie in the buffer already.
struct Begun {
    /// Where the body begins in the buffer.
    body: usize,
    /// Where what has been read ends in the buffer.
    end: usize,
    /// Bytes of the body in all.
    length: usize,
}

/// The bytes of a request for a path, prepared once so that nothing is put together while the clock runs.
#[must_use]
pub fn request(path: &str, accept: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: index\r\naccept: {accept}\r\n\r\n").into_bytes()
}

impl Client {
    /// Opens a connection.
    ///
    /// # Errors
    /// When nobody listens there.
    pub fn connect(address: SocketAddr) -> io::Result<Client> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Client {
            stream,
            buffer: vec![0; PIECE],
        })
    }

    /// Sends a request and returns the body of the answer.
    ///
    /// # Errors
    /// When the answer is not a 200 with a `Content-Length`, or breaks off.
    pub fn get(&mut self, request: &[u8]) -> io::Result<&[u8]> {
        let Begun { body, end, length } = self.ask(request)?;
        let whole = body + length;
        if self.buffer.len() < whole {
            self.buffer.resize(whole, 0);
        }
        if end < whole {
            self.stream.read_exact(&mut self.buffer[end..whole])?;
        }
        Ok(&self.buffer[body..whole])
    }

    /// Sends a request and hands the body of the answer on as it comes; returns its length in bytes.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub fn pour(&mut self, request: &[u8], mut into: impl FnMut(&[u8])) -> io::Result<u64> {
        let Begun { body, end, length } = self.ask(request)?;
        into(&self.buffer[body..end]);
        let mut left = length - (end - body);
        while left > 0 {
            let room = left.min(self.buffer.len());
            let read = match self.stream.read(&mut self.buffer[..room])? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => read,
            };
            into(&self.buffer[..read]);
            left -= read;
        }
        Ok(length as u64)
    }

    fn ask(&mut self, request: &[u8]) -> io::Result<Begun> {
        self.stream.write_all(request)?;
        let mut end = 0;
        loop {
            let read = match self.stream.read(&mut self.buffer[end..])? {
                0 => return Err(unusable("it broke off, or its head is too long")),
                read => read,
            };
            // The end of the head may lie across two reads.
            let unseen = end.saturating_sub(3);
            end += read;
            let Some(at) = self.buffer[unseen..end].windows(4).position(|four| four == b"\r\n\r\n") else {
                continue;
            };
            let body = unseen + at + 4;
            let head = String::from_utf8_lossy(&self.buffer[..body]);
            if !head.starts_with("HTTP/1.1 200 ") {
                return Err(unusable(head.lines().next().unwrap_or_default()));
            }
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                let is_it = name.eq_ignore_ascii_case("content-length");
                is_it.then(|| value.trim().parse().ok())?
            });
            let length = length.ok_or_else(|| unusable("it does not say its length"))?;
            return Ok(Begun { body, end, length });
        }
    }
}

fn unusable(what: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("the answer is not a 200 with a length: {what}"),
    )
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    /// A client of a server that answers two requests with these pieces, one write each.
    fn client(pieces: &'static [&'static str]) -> Client {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.set_nodelay(true).unwrap();
            for _ in 0..2 {
                let mut asked = [0; 256];
                assert!(stream.read(&mut asked).unwrap() > 0);
                for piece in pieces {
                    stream.write_all(piece.as_bytes()).unwrap();
                }
            }
        });
        Client::connect(address).unwrap()
    }

    #[test]
    fn answers_are_whole_however_they_come() {
        let request = request("/simple/", "text/html");
        for pieces in [
            &["HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabcdef"][..],
            &["HTTP/1.1 200 OK\r\ncontent-length:6\r\n\r", "\nabc", "def"],
        ] {
            let mut client = client(pieces);
            assert_eq!(client.get(&request).unwrap(), b"abcdef");
            let mut poured = Vec::new();
            let length = client.pour(&request, |piece| poured.extend_from_slice(piece)).unwrap();
            assert_eq!((length, poured.as_slice()), (6, &b"abcdef"[..]));
        }
    }

    #[test]
    fn what_is_no_page_is_an_error() {
        for (pieces, told) in [
            (&["HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"][..], "404"),
            (&["HTTP/1.1 200 OK\r\n\r\n"], "length"),
        ] {
            let error = client(pieces).get(&request("/", "*/*")).unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
        }
    }
}
