//! One life of one replica: watched from its start until it is ready, has ended, or its time is up.

use std::time::Duration;

use seatrial_engine::{Ended, Replica, Stamp, monotonic_of};
use seatrial_index::Stage;
use seatrial_record::{Exit, HealthTransition, LogTail, Observation, Phase, PhaseInstant, ReplicaLife};
use seatrial_spec::{Case, Contract};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};

use super::case_error;
use super::event::{Event, Reporter};
use crate::machine::{Meter, Moment};
use crate::observe::{First200, LogReader, Prober, Seen};
use crate::worlds::Opened;

/// How long a replica without a time of its own is watched.
const WATCHED: Duration = Duration::from_secs(120);
/// How long the log of a container that has ended may take to arrive.
const LOG_DRAIN: Duration = Duration::from_secs(30);

/// What the watching of every life of a case has in common.
pub struct Watching<'a> {
    pub case: &'a Case,
    pub contract: &'a Contract,
    pub worlds: &'a Opened,
    pub reporter: &'a dyn Reporter,
    /// Reads what the machine did until a timed boot was ready; its CPU time is then taken too. `None` for other boots.
    pub meter: Option<&'a Meter>,
}

/// A life, and what has been seen of it so far.
pub struct Life<R> {
    pub who: ReplicaLife,
    pub replica: R,
    /// Its create (or restart) request: the zero of all its instants.
    pub zero: Instant,
    /// When it became ready.
    pub ready: Option<Instant>,
    /// What the machine had done when a timed boot became ready.
    pub machine_at_ready: Option<Moment>,
    /// CPU time of the container, nanoseconds, taken right after it was seen ready: what it used while it was asked is in it.
    pub cpu_ns: Option<u64>,
    /// How it ended, when it did so by itself.
    pub ended: Option<Ended>,
    /// Bytes of the log that belong to earlier lives of the same container.
    pub log_before: u64,
    pub seen: Observation,
    log: Log,
}

/// The log being read.
struct Log {
    told: watch::Receiver<Seen>,
    reading: JoinHandle<LogTail>,
    stop: oneshot::Sender<()>,
}

impl<R: Replica> Life<R> {
    /// Begins to watch a container that has just been started. Its log has so many bytes from before.
    pub fn begin(watching: &Watching<'_>, who: ReplicaLife, replica: R, log_before: u64) -> Life<R> {
        let requested = replica.stamps().iter().find_map(|stamp| match stamp {
            Stamp::CreateRequested(at) => Some(*at),
            _ => None,
        });
        let zero = requested.unwrap_or_else(Instant::now);
        Life {
            zero,
            log: Log::begin(watching, &replica, zero, log_before),
            ready: None,
            machine_at_ready: None,
            cpu_ns: None,
            ended: None,
            seen: Observation {
                replica: who.replica,
                life: who.life,
                began: who.began,
                zero_monotonic_ns: cfg!(target_os = "linux").then(|| monotonic_of(zero)),
                ..Observation::default()
            },
            who,
            replica,
            log_before,
        }
    }

    /// Watches until it is ready, has ended, or its time is up.
    pub async fn settle(&mut self, watching: &Watching<'_>) -> anyhow::Result<()> {
        let number = self.who.replica;
        watching.worlds.reached(number, Stage::Started);
        let prober = Prober::new(&self.replica, &watching.contract.probe)?;
        let (zero, health) = (self.zero, &mut self.seen.health);
        let changed = |state, at: Instant| {
            let after = at.saturating_duration_since(zero);
            health.push(HealthTransition {
                state,
                at_ns: after.as_nanos() as u64,
            });
            watching.reporter.on_event(&Event::Health {
                id: &watching.case.id,
                replica: (watching.case.scenario.replicas.count > 1).then_some(number),
                state,
                after,
            });
        };
        tokio::select! {
            First200 { at, gap } = prober.until_ready(changed) => {
                // First of all: the span of the boot ends here.
                self.machine_at_ready = watching.meter.and_then(Meter::read);
                self.ready = Some(at);
                self.seen.ready_gap_ns = gap.map(|gap| gap.as_nanos() as u64);
                watching.worlds.reached(number, Stage::Ready);
            }
            ended = self.replica.ended() => self.ended = Some(ended?),
            () = sleep_until(zero + watched(watching.case, number)) => {}
            never = tell_installing(self.log.told.clone(), watching.worlds, number) => match never {},
        }
        if watching.meter.is_some() && self.ready.is_some() {
            // A side figure: without it the sample still stands.
            self.cpu_ns = self.replica.usage().await.ok().and_then(|usage| usage.cpu_ns);
        }
        Ok(())
    }

    /// Ends the life: kills the container if it still runs, waits for the rest of its log, and puts every instant in order
    /// of time. The log of a dead container still arrives whole; that of a removed one does not.
    pub async fn finish(mut self) -> (R, Observation) {
        if let Err(error) = self.replica.kill().await {
            self.seen.error.get_or_insert(case_error(error.into()));
        }
        let (tail, told) = self.log.finish().await;
        self.seen.log = tail;
        let mut instants: Vec<(Phase, Instant)> = self.replica.stamps().iter().map(phase_of).collect();
        instants.extend(told.phases);
        instants.extend(self.ready.map(|at| (Phase::Ready, at)));
        let since = |at: Instant| at.saturating_duration_since(self.zero).as_nanos() as u64;
        if let Some(ended) = self.ended {
            instants.push((Phase::Exited, ended.at));
            self.seen.exit = Some(Exit {
                container: ended.code,
                inner: told.inner_exit,
                at_ns: since(ended.at),
            });
        }
        let instants = instants.into_iter().map(|(phase, at)| PhaseInstant {
            phase,
            at_ns: since(at),
        });
        self.seen.phases.extend(instants);
        self.seen.phases.sort_by_key(|instant| instant.at_ns);
        (self.replica, self.seen)
    }
}

impl Log {
    fn begin(watching: &Watching<'_>, replica: &impl Replica, zero: Instant, skipped: u64) -> Log {
        let expect = &watching.case.expect;
        let refuses_log = expect.refuses.iter().filter_map(|(refuses, _)| refuses.log.clone());
        let wanted = expect
            .log
            .iter()
            .map(|(text, _)| text.clone())
            .chain(refuses_log)
            .collect();
        let (reader, told) = LogReader::new(&watching.contract.marks, wanted, zero, skipped);
        let (stop, stopped) = oneshot::channel::<()>();
        let until = async move {
            // A dropped sender must not stop the reading: only an order does.
            if stopped.await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        Log {
            told,
            reading: tokio::spawn(reader.read(replica.logs(), until)),
            stop,
        }
    }

    async fn finish(self) -> (LogTail, Seen) {
        let Log {
            told,
            mut reading,
            stop,
        } = self;
        let tail = match timeout(LOG_DRAIN, &mut reading).await {
            Ok(read) => read,
            Err(_) => {
                let _ = stop.send(());
                reading.await
            }
        };
        let tail = tail.unwrap_or_else(|error| LogTail {
            cut: Some(format!("its reader failed: {error}")),
            ..LogTail::default()
        });
        let seen = told.borrow().clone();
        (tail, seen)
    }
}

fn phase_of(stamp: &Stamp) -> (Phase, Instant) {
    match *stamp {
        Stamp::CreateRequested(at) => (Phase::CreateRequested, at),
        Stamp::Created(at) => (Phase::Created, at),
        Stamp::Started(at) => (Phase::Started, at),
    }
}

/// Tells the index when the log says that the installation has begun.
async fn tell_installing(mut told: watch::Receiver<Seen>, worlds: &Opened, number: usize) -> std::convert::Infallible {
    let begun = |seen: &Seen| seen.phases.iter().any(|(phase, _)| *phase == Phase::InstallBegin);
    if told.wait_for(begun).await.is_ok() {
        worlds.reached(number, Stage::Installing);
    }
    std::future::pending().await
}

/// How long a replica is watched: until what is expected of it is decided.
fn watched(case: &Case, number: usize) -> Duration {
    let concerns = |replicas: &[usize]| replicas.is_empty() || replicas.contains(&number);
    let ready = case
        .expect
        .ready
        .as_ref()
        .filter(|(ready, _)| concerns(&ready.replicas));
    let refuses = case
        .expect
        .refuses
        .as_ref()
        .filter(|(refuses, _)| concerns(&refuses.replicas));
    ready
        .map(|(ready, _)| ready.within)
        .or(refuses.map(|(refuses, _)| refuses.within))
        .unwrap_or(WATCHED)
}

/// A life that could not be begun.
pub fn unborn(who: ReplicaLife, error: seatrial_record::CaseError) -> Observation {
    Observation {
        replica: who.replica,
        life: who.life,
        began: who.began,
        error: Some(error),
        ..Observation::default()
    }
}
