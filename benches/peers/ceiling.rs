//! What the engine itself can do: create, start, first 200, removal, by bare clients that do nothing else, as many as
//! seatrial has cases in flight. A process of its own, as every side is.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use serde_json::{Value, json};

use crate::scenarios::{LABEL, PORT};

/// The argument by which the process is known; the path of the list and the number in flight follow.
pub const CEILING: &str = "engine-ceiling";
/// Where the engine listens, unless `DOCKER_HOST` says otherwise.
const SOCKET: &str = "/var/run/docker.sock";
/// Pause between two looks at the health route, as seatrial's shortest.
const PAUSE: Duration = Duration::from_millis(1);
/// A container that is not ready by then never will be.
const DEADLINE: Duration = Duration::from_secs(60);

/// Runs the list and prints the nanoseconds from the first create to the last removal, network not counted.
pub fn run(list: &str, flight: usize) -> anyhow::Result<()> {
    let list: Value = serde_json::from_str(&std::fs::read_to_string(list)?)?;
    let mut engine = Engine::connect()?;
    let name = format!("{LABEL}-{}", std::process::id());
    let network = json!({ "Name": name, "Driver": "bridge", "Internal": true, "Labels": labels(&list) });
    engine.call("POST", "/networks/create", Some(&network))?;
    let taken = cycles(&list, &name, flight);
    engine.call("DELETE", &format!("/networks/{name}"), None)?;
    println!("{}", taken?.as_nanos());
    Ok(())
}

fn cycles(list: &Value, network: &str, flight: usize) -> anyhow::Result<Duration> {
    let scenarios = list["scenarios"].as_array().context("a list of scenarios")?;
    let engines: Vec<Engine> = (0..flight).map(|_| Engine::connect()).collect::<anyhow::Result<_>>()?;
    let left = Mutex::new(scenarios.iter());
    let begun = Instant::now();
    thread::scope(|scope| {
        let work = |mut engine: Engine| {
            let next = || left.lock().ok()?.next();
            let (left, list) = (next, list);
            move || -> anyhow::Result<()> {
                while let Some(scenario) = left() {
                    cycle(&mut engine, list, scenario, network)?;
                }
                Ok(())
            }
        };
        let working: Vec<_> = engines.into_iter().map(|engine| scope.spawn(work(engine))).collect();
        working
            .into_iter()
            .try_for_each(|one| one.join().unwrap_or_else(|_| bail!("a client of the engine panicked")))
    })?;
    Ok(begun.elapsed())
}

/// One container from its create request to the answer to its removal.
fn cycle(engine: &mut Engine, list: &Value, scenario: &Value, network: &str) -> anyhow::Result<()> {
    let script = scenario["script"].as_str().context("a script")?;
    let container = json!({
        "Image": list["image"],
        "Env": [format!("STUB_SCRIPT={script}")],
        "Labels": labels(list),
        "HostConfig": { "NetworkMode": network },
    });
    let created = engine.call("POST", "/containers/create", Some(&container))?;
    let id = created["Id"].as_str().context("an id")?.to_owned();
    let ready = started(engine, &id, network);
    engine.call("DELETE", &format!("/containers/{id}?force=1&v=1"), None)?;
    ready
}

fn started(engine: &mut Engine, id: &str, network: &str) -> anyhow::Result<()> {
    engine.call("POST", &format!("/containers/{id}/start"), None)?;
    let inspected = engine.call("GET", &format!("/containers/{id}/json"), None)?;
    let address = &inspected["NetworkSettings"]["Networks"][network]["IPAddress"];
    let address: Ipv4Addr = address.as_str().unwrap_or_default().parse().context("no address")?;
    let address = SocketAddr::new(IpAddr::V4(address), PORT);
    let deadline = Instant::now() + DEADLINE;
    while !is_ready(address) {
        ensure!(
            Instant::now() < deadline,
            "a container was not ready within {DEADLINE:?}"
        );
        thread::park_timeout(PAUSE);
    }
    Ok(())
}

fn is_ready(address: SocketAddr) -> bool {
    let ask = || -> io::Result<[u8; 12]> {
        let mut stream = TcpStream::connect(address)?;
        stream.write_all(b"GET / HTTP/1.1\r\nhost: stub\r\nconnection: close\r\n\r\n")?;
        let mut head = [0; 12];
        stream.read_exact(&mut head)?;
        Ok(head)
    };
    ask().is_ok_and(|head| &head == b"HTTP/1.1 200")
}

fn labels(list: &Value) -> Value {
    json!({ LABEL: list["run"] })
}

/// One connection to the engine that stays open.
struct Engine {
    stream: BufReader<UnixStream>,
}

impl Engine {
    fn connect() -> anyhow::Result<Engine> {
        let named = std::env::var("DOCKER_HOST").ok();
        let socket = named
            .as_deref()
            .map_or(Some(SOCKET), |host| host.strip_prefix("unix://"));
        let socket =
            socket.context("the ceiling is measured on a local engine only: DOCKER_HOST names no unix:// socket")?;
        let stream = UnixStream::connect(socket).with_context(|| format!("nobody listens at {socket}"))?;
        Ok(Engine {
            stream: BufReader::new(stream),
        })
    }

    /// Sends a request and returns the body of a good answer, null for none.
    fn call(&mut self, method: &str, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        let body = body.map(Value::to_string).unwrap_or_default();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: engine\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        self.stream.get_mut().write_all(request.as_bytes())?;
        let status = self.line()?;
        let (mut length, mut chunked) = (0, false);
        loop {
            let line = self.line()?.to_ascii_lowercase();
            match line.split_once(": ") {
                Some(("content-length", value)) => length = value.parse()?,
                Some(("transfer-encoding", value)) => chunked = value == "chunked",
                Some(_) => {}
                None => break,
            }
        }
        let body = if chunked { self.chunks()? } else { self.bytes(length)? };
        let good = status.split(' ').nth(1).is_some_and(|code| code.starts_with('2'));
        ensure!(good, "{method} {path}: {status}: {}", String::from_utf8_lossy(&body));
        Ok(serde_json::from_slice(&body).unwrap_or_default())
    }

    fn line(&mut self) -> anyhow::Result<String> {
        let mut line = String::new();
        ensure!(self.stream.read_line(&mut line)? > 0, "the engine hung up");
        Ok(line.trim_end().to_owned())
    }

    fn bytes(&mut self, length: usize) -> anyhow::Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        self.stream.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    fn chunks(&mut self) -> anyhow::Result<Vec<u8>> {
        let mut whole = Vec::new();
        loop {
            let length = usize::from_str_radix(&self.line()?, 16)?;
            whole.extend(self.bytes(length)?);
            self.line()?;
            if length == 0 {
                return Ok(whole);
            }
        }
    }
}

/// Removes what a side left behind, should it have failed; returns what there was.
pub fn remove_left(label: &str) -> anyhow::Result<Vec<String>> {
    let mut left = Vec::new();
    for (list, remove) in [
        (&["ps", "--all", "--quiet"][..], &["rm", "--force", "--volumes"][..]),
        (&["network", "ls", "--quiet"], &["network", "rm"]),
    ] {
        let output = Command::new("docker")
            .args(list)
            .args(["--filter", &format!("label={label}")])
            .output();
        let output = output.context("docker could not be started")?;
        let found: Vec<String> = String::from_utf8_lossy(&output.stdout)
            .lines()
            .map(str::to_owned)
            .collect();
        if !found.is_empty() {
            Command::new("docker").args(remove).args(&found).output()?;
        }
        left.extend(found);
    }
    Ok(left)
}
