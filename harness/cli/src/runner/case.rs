//! Runs one case from its launch to its last fact. What is timed ends before anything inside the container is touched.

use std::net::IpAddr;
use std::time::Duration;

use anyhow::Context as _;
use reqwest::Client;
use seatrial_engine::{Ended, Engine as _, LaunchSpec, Network, Replica, Stamp};
use seatrial_record::{
    Exit, HealthState, HealthTransition, IndexUse, LogTail, Observation, Phase, PhaseInstant, Resources,
};
use seatrial_spec::{Case, Contract};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};

use super::event::{Event, Reporter};
use super::layout::Layout;
use super::prepare::Ready;
use crate::observe::manifest::{self, Origins, Wanted};
use crate::observe::{LogReader, Prober, Seen, score};
use crate::session::Session;

/// How long a case without a time of its own is watched.
const WATCHED: Duration = Duration::from_secs(120);
/// How long the log of a container that has ended may take to arrive.
const LOG_DRAIN: Duration = Duration::from_secs(30);

/// How a replica came out; neither, when its time was up first.
#[derive(Default)]
struct End {
    ready: Option<Instant>,
    exited: Option<Ended>,
}

/// Launches the case's replica, watches it to its end or its time, and reads the facts.
pub async fn run(
    session: &Session,
    network: &Network,
    case: &Case,
    ready: &Ready,
    reporter: &dyn Reporter,
) -> anyhow::Result<Observation> {
    let contract = &ready.image.contract;
    let token = session.index.issue_token(&case.id);
    let index_address = session
        .index
        .listen(network.gateway)
        .await
        .context("the index cannot listen where the run's containers reach this host")?;
    let layout = Layout::make(session, case, ready)?;
    let client = Prober::client()?;
    let spec = LaunchSpec {
        image: ready.derived.as_ref().unwrap_or(&ready.image.info).id.clone(),
        env: vec![layout.environment(
            case,
            contract,
            &session.index.url(index_address, &token),
            &index_address.ip().to_string(),
        )],
        mounts: layout.mounts(contract, ready),
        ports: vec![contract.probe.port],
        case: case.id.clone(),
    };
    let replica = session
        .engine
        .launch(&session.owner, network, spec)
        .await?
        .pop()
        .context("the engine launched no replica")?;

    let watch = Watch::begin(&replica, case, contract);
    // None: it has ended before it could be asked, and its end is what is seen.
    let address = replica.address(contract.probe.port);
    let mut health = Vec::new();
    let mut changed = |state, at: Instant| {
        let after = at.saturating_duration_since(watch.zero);
        health.push(HealthTransition {
            state,
            at_ns: after.as_nanos() as u64,
        });
        reporter.on_event(&Event::Health {
            id: &case.id,
            state,
            after,
        });
    };
    let mut end = End::default();
    tokio::select! {
        at = until_ready(&client, address, contract, watch.zero, &mut changed) => end.ready = Some(at),
        ended = replica.ended() => end.exited = Some(ended?),
        () = sleep_until(watch.zero + watched(case)) => {}
    }

    let mut observation = Observation {
        health,
        ..Observation::default()
    };
    if let (Some(_), Some(address)) = (end.ready, address) {
        let asking = async {
            if let Some((wanted, _)) = &case.expect.score {
                let answer = score(&client, address, &contract.probe.score, &wanted.send).await;
                let answered = answer.status.is_some().then(Instant::now);
                let instant = answered.map(|at| watch.instant(Phase::FirstResponse, at));
                observation.phases.extend(instant);
                observation.score = Some(answer);
            }
            read_inside(&replica, case, ready, &layout, &mut observation).await;
        };
        tokio::select! {
            () = asking => {}
            ended = replica.ended() => end.exited = Some(ended?),
        }
    }
    if end.exited.is_none() {
        // A side figure: without it the rest of the case still stands.
        observation.resources = replica.usage().await.ok().map(|usage| Resources {
            peak_memory_bytes: usage.peak_memory_bytes,
            cpu_ns: usage.cpu_ns,
        });
    }
    // The log of a dead container still arrives whole; that of a removed one does not.
    replica.kill().await?;
    watch.finish(end, replica.stamps(), &mut observation).await;
    replica.remove().await?;
    let served = session.index.served(&token);
    observation.index = Some(IndexUse {
        requests: served.requests,
        bytes: served.bytes,
        files: served.files,
        errors: served.errors,
    });
    Ok(observation)
}

/// The instant of the first 200; never, for a container that has no address.
async fn until_ready(
    client: &Client,
    address: Option<(IpAddr, u16)>,
    contract: &Contract,
    zero: Instant,
    changed: impl FnMut(HealthState, Instant),
) -> Instant {
    let Some(address) = address else {
        return std::future::pending().await;
    };
    let probe = &contract.probe;
    Prober::new(client.clone(), address, &probe.health, probe.hanging_after, zero)
        .until_ready(changed)
        .await
}

/// How long the case is watched: until its own expectation is decided.
fn watched(case: &Case) -> Duration {
    let ready = case.expect.ready.as_ref().map(|(ready, _)| ready.within);
    let refuses = case.expect.refuses.as_ref().map(|(refuses, _)| refuses.within);
    ready.or(refuses).unwrap_or(WATCHED)
}

/// Reads the manifest of the running server, if the image has a Python to read it with.
async fn read_inside(replica: &impl Replica, case: &Case, ready: &Ready, layout: &Layout, into: &mut Observation) {
    let contract = &ready.image.contract;
    let (Some(server), Some(own)) = (&contract.server_process, &ready.image.manifest) else {
        return;
    };
    let imports: Vec<Wanted> = case
        .expect
        .packages
        .iter()
        .map(|(package, _)| Wanted {
            project: package.project.clone(),
            import: package.import.clone(),
        })
        .collect();
    let entry_dir = layout.staged.entry_dir.to_string_lossy();
    let argv = manifest::command(contract, Some(server), &imports, &entry_dir);
    let read = match replica.exec(manifest::exec(argv)).await {
        Ok(output) => manifest::parse(&output),
        Err(error) => Err(error.into()),
    };
    match read {
        Ok(raw) => {
            into.uid = raw.uid;
            let origins = Origins {
                image: Some(own),
                mount: layout.mount_point(contract),
                derived: ready.derived.is_some(),
            };
            let (manifest, imports) = origins.classify(raw);
            into.manifest = Some(manifest);
            into.imports = imports;
        }
        Err(error) => into.manifest_error = Some(format!("{error:#}")),
    }
}

/// The log of a replica being read, and the zero of its clock.
struct Watch {
    zero: Instant,
    told: watch::Receiver<Seen>,
    reading: JoinHandle<LogTail>,
    stop: oneshot::Sender<()>,
}

impl Watch {
    fn begin(replica: &impl Replica, case: &Case, contract: &Contract) -> Watch {
        let zero = replica
            .stamps()
            .iter()
            .find_map(|stamp| match stamp {
                Stamp::CreateRequested(at) => Some(*at),
                _ => None,
            })
            .unwrap_or_else(Instant::now);
        let refuses_log = case
            .expect
            .refuses
            .iter()
            .filter_map(|(refuses, _)| refuses.log.clone());
        let wanted = case
            .expect
            .log
            .iter()
            .map(|(text, _)| text.clone())
            .chain(refuses_log)
            .collect();
        let (reader, told) = LogReader::new(&contract.marks, wanted);
        let (stop, stopped) = oneshot::channel::<()>();
        let until = async move {
            // A dropped sender must not stop the reading: only an order does.
            if stopped.await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        let reading = tokio::spawn(reader.read(replica.logs(), until));
        Watch {
            zero,
            told,
            reading,
            stop,
        }
    }

    fn instant(&self, phase: Phase, at: Instant) -> PhaseInstant {
        PhaseInstant {
            phase,
            at_ns: at.saturating_duration_since(self.zero).as_nanos() as u64,
        }
    }

    /// Waits for the rest of the log, then puts every instant in order of time.
    async fn finish(self, end: End, stamps: &[Stamp], into: &mut Observation) {
        let Watch {
            zero,
            told,
            mut reading,
            stop,
        } = self;
        into.log = match timeout(LOG_DRAIN, &mut reading).await {
            Ok(read) => read,
            Err(_) => {
                let _ = stop.send(());
                reading.await
            }
        }
        .unwrap_or_else(|error| LogTail {
            cut: Some(format!("its reader failed: {error}")),
            ..LogTail::default()
        });
        let seen = told.borrow().clone();
        let mut instants: Vec<(Phase, Instant)> = stamps
            .iter()
            .map(|stamp| match *stamp {
                Stamp::CreateRequested(at) => (Phase::CreateRequested, at),
                Stamp::Created(at) => (Phase::Created, at),
                Stamp::Started(at) => (Phase::Started, at),
            })
            .collect();
        instants.extend(seen.phases);
        instants.extend(end.ready.map(|at| (Phase::Ready, at)));
        if let Some(ended) = end.exited {
            instants.push((Phase::Exited, ended.at));
            let at_ns = ended.at.saturating_duration_since(zero).as_nanos() as u64;
            into.exit = Some(Exit {
                container: ended.code,
                inner: seen.inner_exit,
                at_ns,
            });
        }
        into.phases.extend(instants.into_iter().map(|(phase, at)| PhaseInstant {
            phase,
            at_ns: at.saturating_duration_since(zero).as_nanos() as u64,
        }));
        into.phases.sort_by_key(|instant| instant.at_ns);
    }
}
