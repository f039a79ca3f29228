//! What the engine itself can do: create, start, first 200, removal, by bare clients that do nothing else, as many as
//! seatrial has cases in flight. A process of its own, as every side is.

use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::process::Command;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use seatrial_benches::EngineClient;
use serde_json::{Value, json};

use crate::scenarios::{LABEL, PORT};

/// The argument by which the process is known; the path of the list and the number in flight follow.
pub const CEILING: &str = "engine-ceiling";
/// Pause between two looks at the health route, as seatrial's shortest.
const PAUSE: Duration = Duration::from_millis(1);
/// A container that is not ready by then never will be.
const DEADLINE: Duration = Duration::from_secs(60);

/// Runs the list and prints the nanoseconds from the first create to the last removal, network not counted.
pub fn run(list: &str, flight: usize) -> anyhow::Result<()> {
    let list: Value = serde_json::from_str(&std::fs::read_to_string(list)?)?;
    let mut engine = EngineClient::connect()?;
    let name = format!("{LABEL}-{}", std::process::id());
    let network = json!({ "Name": name, "Driver": "bridge", "Internal": true, "Labels": labels(&list) });
    good(&mut engine, "POST", "/networks/create", Some(&network))?;
    let taken = cycles(&list, &name, flight);
    good(&mut engine, "DELETE", &format!("/networks/{name}"), None)?;
    println!("{}", taken?.as_nanos());
    Ok(())
}

fn cycles(list: &Value, network: &str, flight: usize) -> anyhow::Result<Duration> {
    let scenarios = list["scenarios"].as_array().context("a list of scenarios")?;
    let engines: Vec<EngineClient> = (0..flight)
        .map(|_| EngineClient::connect())
        .collect::<anyhow::Result<_>>()?;
    let left = Mutex::new(scenarios.iter());
    let begun = Instant::now();
    thread::scope(|scope| {
        let work = |mut engine: EngineClient| {
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
fn cycle(engine: &mut EngineClient, list: &Value, scenario: &Value, network: &str) -> anyhow::Result<()> {
    let script = scenario["script"].as_str().context("a script")?;
    let container = json!({
        "Image": list["image"],
        "Env": [format!("STUB_SCRIPT={script}")],
        "Labels": labels(list),
        "HostConfig": { "NetworkMode": network },
    });
    let created = good(engine, "POST", "/containers/create", Some(&container))?;
    let id = created["Id"].as_str().context("an id")?.to_owned();
    let ready = started(engine, &id, network);
    good(engine, "DELETE", &format!("/containers/{id}?force=1&v=1"), None)?;
    ready
}

fn started(engine: &mut EngineClient, id: &str, network: &str) -> anyhow::Result<()> {
    good(engine, "POST", &format!("/containers/{id}/start"), None)?;
    let inspected = good(engine, "GET", &format!("/containers/{id}/json"), None)?;
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

/// The body of a good answer, null for none.
fn good(engine: &mut EngineClient, method: &str, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
    let (status, body) = engine.call(method, path, body)?;
    let told = String::from_utf8_lossy(&body);
    ensure!((200..300).contains(&status), "{method} {path}: {status}: {told}");
    Ok(serde_json::from_slice(&body).unwrap_or_default())
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
