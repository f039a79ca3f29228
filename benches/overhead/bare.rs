//! The yardstick: a client on keep-alive connections that makes the calls of a life one after the other, and knows nothing.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, bail, ensure};
use seatrial_benches::EngineClient;
use seatrial_engine::Owner;
use seatrial_fake_engine::CallName;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::watched::{PORT, until_ready};

/// The client, with one connection for all calls that are answered at once.
pub struct Bare {
    engine: EngineClient,
    image: String,
    labels: Value,
    run: String,
    network: String,
    lives: usize,
}

/// What is open and known of one container.
struct Container {
    begun: SystemTime,
    id: String,
    address: Option<Ipv4Addr>,
    events: Option<EngineClient>,
    log: Option<EngineClient>,
    wait: Option<EngineClient>,
    /// Whether the log was asked for.
    followed: bool,
    told: String,
    removed: bool,
}

impl Bare {
    /// Connects; containers will be on this network, and their owner's.
    pub fn connect(image: &str, owner: &Owner, network: &str) -> anyhow::Result<Bare> {
        Ok(Bare {
            engine: EngineClient::connect()?,
            image: image.to_owned(),
            labels: json!({ "seatrial.run": owner.run, "seatrial.owner": owner.label(), "seatrial.case": "bare" }),
            run: owner.run.clone(),
            network: network.to_owned(),
            lives: 0,
        })
    }

    /// One life of a stub with this script; returns its log. Once the calls that seatrial makes before it is ready have been
    /// made, which are those before the kill, it is watched until it is ready.
    pub async fn live(&mut self, calls: &[CallName], script: &str) -> anyhow::Result<String> {
        self.lives += 1;
        let mut container = Container::new();
        for call in calls {
            if *call == CallName::Kill {
                container.settle().await?;
            }
            self.make(*call, script, &mut container)
                .with_context(|| format!("{call:?} by the bare client"))?;
        }
        ensure!(container.removed, "its life did not end with a removal: {calls:?}");
        Ok(container.told)
    }

    fn make(&mut self, call: CallName, script: &str, container: &mut Container) -> anyhow::Result<()> {
        let id = container.id.clone();
        let of_it = |rest: &str| format!("/containers/{id}{rest}");
        match call {
            CallName::ImageInspect => drop(self.good("GET", &format!("/images/{}/json", self.image), None)?),
            CallName::NetworkInspect => drop(self.good("GET", &format!("/networks/{}", self.network), None)?),
            CallName::Events => container.events = Some(open("GET", &self.events(container.begun))?),
            CallName::Create => {
                let name = format!("{}-bare-{}", self.run, self.lives);
                let path = format!("/containers/create?name={name}");
                let created = self.good("POST", &path, Some(&self.container(script)))?;
                container.id = created["Id"].as_str().context("an id")?.to_owned();
            }
            CallName::Start => drop(self.good("POST", &of_it("/start"), None)?),
            CallName::Inspect => {
                let inspected = self.good("GET", &of_it("/json"), None)?;
                let address = &inspected["NetworkSettings"]["Networks"][&self.network]["IPAddress"];
                container.address = Some(address.as_str().unwrap_or_default().parse().context("no address")?);
            }
            CallName::Logs if !container.followed => {
                container.followed = true;
                container.log = Some(open("GET", &of_it(&logs("follow=true&tail=all")))?);
            }
            CallName::Logs => {
                // Only once the follower has come to its end, as seatrial does.
                container.read_log()?;
                self.good("GET", &of_it(&logs("follow=false&tail=1")), None)?;
            }
            CallName::Wait => container.wait = Some(open("POST", &of_it("/wait?condition=not-running"))?),
            CallName::Kill => drop(self.good("POST", &of_it("/kill"), None)?),
            CallName::Remove => {
                container.read_log()?;
                let (status, told) = self.engine.call("DELETE", &of_it("?force=true&v=true"), None)?;
                let told = String::from_utf8_lossy(&told);
                ensure!(
                    status == 204 || (status == 404 && container.removed),
                    "{status}: {told}"
                );
                container.removed = true;
            }
            other => bail!("seatrial makes a call that the bare client does not know: {other:?}"),
        }
        Ok(())
    }

    /// The body of a good answer, null for none.
    fn good(&mut self, method: &str, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        let (status, body) = self.engine.call(method, path, body)?;
        let told = String::from_utf8_lossy(&body);
        ensure!((200..300).contains(&status), "{method} {path}: {status}: {told}");
        Ok(serde_json::from_slice(&body).unwrap_or_default())
    }

    /// As of the beginning of the life: the engine replays what happened before the request.
    fn events(&self, begun: SystemTime) -> String {
        let now = begun.duration_since(UNIX_EPOCH).unwrap_or_default();
        let launch = format!("seatrial.launch=bare-{}", self.lives);
        let run = format!("seatrial.run={}", self.run);
        let filters = json!({ "type": ["container"], "event": ["create", "start"], "label": [run, launch] });
        let since = format!("{}.{:09}", now.as_secs(), now.subsec_nanos());
        format!("/events?since={since}&filters={}", in_query(&filters.to_string()))
    }

    fn container(&self, script: &str) -> Value {
        let mut labels = self.labels.clone();
        labels["seatrial.launch"] = format!("bare-{}", self.lives).into();
        let log = json!({ "Type": "json-file", "Config": { "max-size": "1g", "max-file": "2" } });
        json!({
            "Image": self.image,
            "Env": [format!("STUB_SCRIPT={script}")],
            "Labels": labels,
            "HostConfig": { "NetworkMode": self.network, "LogConfig": log, "PublishAllPorts": false },
        })
    }
}

impl Container {
    fn new() -> Container {
        Container {
            begun: SystemTime::now(),
            id: String::new(),
            address: None,
            events: None,
            log: None,
            wait: None,
            followed: false,
            told: String::new(),
            removed: false,
        }
    }

    /// Waits for both events, and until it is ready; then nobody waits for its end any longer.
    async fn settle(&mut self) -> anyhow::Result<()> {
        let mut events = self.events.take().context("events were not asked for")?;
        events.head()?;
        let mut told = String::new();
        while told.matches("\"Action\":\"start\"").count() == 0 {
            let piece = events.piece()?.context("the events ended")?;
            told += &String::from_utf8_lossy(&piece);
        }
        let address = self.address.context("its address was not asked for")?;
        let address = SocketAddr::from((address, PORT));
        until_ready(|| TcpStream::connect(address)).await?;
        self.wait = None;
        Ok(())
    }

    /// Takes the log to its end, once, without the stamps that the engine puts before each line.
    fn read_log(&mut self) -> anyhow::Result<()> {
        let Some(mut log) = self.log.take() else {
            return Ok(());
        };
        ensure!(log.head()? == 200, "the log was refused");
        let mut frames = Vec::new();
        while let Some(piece) = log.piece()? {
            frames.extend(piece);
        }
        let mut left = frames.as_slice();
        // A frame is its stream, three zeros, and its length in network order.
        while let Some(([_, _, _, _, length @ ..], rest)) = left.split_first_chunk::<8>() {
            let (frame, rest) = rest
                .split_at_checked(u32::from_be_bytes(*length) as usize)
                .context("a frame of the log is cut short")?;
            let line = String::from_utf8_lossy(frame);
            self.told += line.split_once(' ').map_or("", |(_, line)| line);
            left = rest;
        }
        Ok(())
    }
}

/// A call on a connection of its own, whose answer is read later.
fn open(method: &str, path: &str) -> anyhow::Result<EngineClient> {
    let mut engine = EngineClient::connect()?;
    engine.send(method, path, None)?;
    Ok(engine)
}

fn logs(how: &str) -> String {
    format!("/logs?stdout=true&stderr=true&timestamps=true&since=0&{how}")
}

/// Text as the value of a query (RFC 3986, 2.1).
fn in_query(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(byte).collect()
}
