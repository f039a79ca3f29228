//! The floor under a request: a server that has its answers ready and thinks about nothing. What is left of a request then
//! is the client, the loopback device and two wake-ups.

use std::collections::HashMap;
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

/// Whole answers by path.
#[derive(Clone, Debug, Default)]
pub struct Bare(HashMap<String, Vec<u8>>);

impl Bare {
    /// Has this body ready for a path.
    pub fn add(&mut self, path: &str, media_type: &str, body: &[u8]) {
        let length = body.len();
        let head = format!("HTTP/1.1 200 OK\r\ncontent-type: {media_type}\r\ncontent-length: {length}\r\n\r\n");
        self.0.insert(path.to_owned(), [head.as_bytes(), body].concat());
    }

    /// Answers on a thread for each connection until the process ends; a path that it has nothing for gets 404.
    ///
    /// # Errors
    /// When there is no free port.
    pub fn serve(self) -> io::Result<SocketAddr> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let answers = Arc::new(self.0);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let answers = Arc::clone(&answers);
                // A connection that fails has lost its client, who notices.
                thread::spawn(move || stream.and_then(|stream| answer(stream, &answers)));
            }
        });
        Ok(address)
    }
}

fn answer(mut stream: TcpStream, answers: &HashMap<String, Vec<u8>>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut asked = [0; 4096];
    let mut end = 0;
    loop {
        match stream.read(&mut asked[end..])? {
            0 => return Ok(()),
            read => end += read,
        }
        if asked[..end].ends_with(b"\r\n\r\n") {
            let path = asked[..end].split(|byte| *byte == b' ').nth(1).unwrap_or_default();
            let ready = std::str::from_utf8(path).ok().and_then(|path| answers.get(path));
            let missing = || &b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"[..];
            stream.write_all(ready.map_or_else(missing, Vec::as_slice))?;
            end = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Bare;
    use crate::client::{Client, request};

    #[test]
    fn each_path_has_its_answer_and_others_have_none() {
        let mut bare = Bare::default();
        bare.add("/page/", "text/html", b"page");
        bare.add("/file", "application/zip", b"file");
        let mut client = Client::connect(bare.serve().unwrap()).unwrap();
        for (path, body) in [("/page/", b"page"), ("/file", b"file"), ("/page/", b"page")] {
            assert_eq!(client.get(&request(path, "*/*")).unwrap(), body);
        }
        let error = client.get(&request("/other", "*/*")).unwrap_err();
        assert!(error.to_string().contains("404"), "{error}");
    }
}
