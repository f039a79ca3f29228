//! The serving process: this program started again, so that its memory is the index's alone.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::Context as _;
use seatrial_benches::Stand;
use seatrial_index::{Contents, Project, Release, Universe};

/// The argument by which it is known.
pub const SERVE: &str = "serve-one-big-file";
/// The project that it serves.
pub const PROJECT: &str = "galleon";

/// Serves a file of `size` bytes out of `cache` until standard input ends.
pub fn serve(cache: &Path, size: u64) -> anyhow::Result<()> {
    let stand = Stand::new(cache)?;
    let release = Release {
        version: "1.0".into(),
        contents: Contents {
            size,
            ..Contents::default()
        },
        ..Release::default()
    };
    let world = stand.world(Universe::new(vec![Project {
        name: PROJECT.into(),
        releases: vec![release],
    }]))?;
    let mut stdout = io::stdout();
    writeln!(stdout, "{} {}", stand.address(), stand.token(&world))?;
    stdout.flush()?;
    // Ends with the one who started it, however that one ends.
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

/// A serving process; it ends when dropped.
pub struct Server {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// Its one token.
    pub token: String,
}

/// Memory of a process, KiB, as `/proc/PID/status` has it.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// Resident now: `VmRSS`.
    pub now: u64,
    /// The most that was resident since [`Server::forget_peak`]: `VmHWM`.
    pub peak: u64,
}

impl Server {
    /// Starts it.
    pub fn start(cache: &Path, size: u64) -> anyhow::Result<Server> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg(SERVE)
            .arg(cache)
            .arg(size.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let stdout = child.stdout.take().context("its output is a pipe")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let told = line.trim().split_once(' ');
        let (address, token) = told.with_context(|| format!("the server said `{line}` instead of where it is"))?;
        Ok(Server {
            child,
            address: address.parse()?,
            token: token.to_owned(),
        })
    }

    /// What it takes.
    pub fn memory(&self) -> anyhow::Result<Memory> {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(&path).with_context(|| format!("cannot read {path}; this needs Linux"))?;
        let field = |name: &str| {
            let line = status
                .lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            let number = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
            number.with_context(|| format!("{path} has no {name} in kB"))
        };
        Ok(Memory {
            now: field("VmRSS")?,
            peak: field("VmHWM")?,
        })
    }

    /// Sets the peak back to what is resident now (proc(5), `clear_refs`).
    pub fn forget_peak(&self) -> anyhow::Result<()> {
        let path = format!("/proc/{}/clear_refs", self.child.id());
        std::fs::write(&path, "5").with_context(|| format!("cannot write {path}; this needs Linux 4.0 or newer"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // What is left to tell of a child that has ended already?
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
