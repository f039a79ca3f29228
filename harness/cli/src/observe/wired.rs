//! A replica for tests that is nothing but its connections.

use std::io;
use std::net::IpAddr;

use futures_util::stream::BoxStream;
use seatrial_engine::{Command, CommandOutput, Connection, Ended, EngineError, LogChunk, Replica, Stamp, Usage};

/// Makes what a client of the replica gets when it connects.
type Connect = Box<dyn Fn() -> io::Result<Connection> + Send + Sync>;

/// A replica that can be connected to, and nothing else.
pub struct Wired(Connect);

impl Wired {
    pub fn new(connect: impl Fn() -> io::Result<Connection> + Send + Sync + 'static) -> Wired {
        Wired(Box::new(connect))
    }

    /// One that listens on a port of this host, or does not listen right now.
    pub fn on(port: u16) -> Wired {
        Wired::new(move || {
            let stream = std::net::TcpStream::connect((std::net::Ipv4Addr::LOCALHOST, port))?;
            stream.set_nonblocking(true)?;
            Ok(Box::new(tokio::net::TcpStream::from_std(stream)?))
        })
    }
}

impl Replica for Wired {
    async fn connect(&self, _port: u16) -> io::Result<Connection> {
        (self.0)()
    }

    fn number(&self) -> usize {
        0
    }

    fn id(&self) -> &str {
        "wired"
    }

    fn address(&self, _port: u16) -> Option<(IpAddr, u16)> {
        None
    }

    fn stamps(&self) -> &[Stamp] {
        &[]
    }

    fn logs(&self) -> BoxStream<'static, Result<LogChunk, EngineError>> {
        unreachable!("only its connections are tested")
    }

    async fn ended(&self) -> Result<Ended, EngineError> {
        std::future::pending().await
    }

    async fn exec(&self, _command: Command) -> Result<CommandOutput, EngineError> {
        unreachable!("only its connections are tested")
    }

    async fn usage(&self) -> Result<Usage, EngineError> {
        Ok(Usage::default())
    }

    async fn kill(&self) -> Result<(), EngineError> {
        Ok(())
    }

    async fn restart(&mut self) -> Result<(), EngineError> {
        unreachable!("only its connections are tested")
    }

    async fn remove(self) -> Result<(), EngineError> {
        Ok(())
    }
}
