//! Runs one case from its first launch to its last fact. What is timed ends before anything inside a container is touched.

use std::time::Duration;

use anyhow::Context as _;
use seatrial_engine::Engine;
use seatrial_record::{CaseError, Difference, IndexCourse, MachineLoad, Observation};
use seatrial_spec::{Caches, Case};
use tokio::time::Instant;

use super::Setting;
use super::event::Event;
use super::layout::Layout;
use super::life::Watching;
use super::prepare::Ready;
use super::trial::{Trial, lay_out};
use crate::course;
use crate::machine::Held;
use crate::session::Session;
use crate::worlds::Opened;

/// One boot of a case.
#[derive(Clone, Copy, Debug)]
pub struct Boot {
    /// Number within its case, from 0.
    pub iteration: usize,
    /// Whether it is about time: held back while others use the processors, its load on the machine measured.
    pub timed: bool,
    /// Whether the facts of its replicas are read, and those started again that are to be; else it ends once they are ready.
    pub facts: bool,
}

/// All that was seen of a case.
#[derive(Default)]
pub struct Seen {
    /// One per life, by replica.
    pub observations: Vec<Observation>,
    pub course: Option<IndexCourse>,
    pub differences: Option<Vec<Difference>>,
    /// Why some replica could not be launched or watched.
    pub error: Option<CaseError>,
    /// The first create request.
    pub began: Option<Instant>,
    /// How long a timed boot was held back because others used the processors.
    pub held_back: Duration,
    /// What the machine did until a timed boot was ready, where it tells.
    pub load: Option<MachineLoad>,
    /// CPU time of the replica until a timed boot was ready.
    pub cpu_ns: Option<u64>,
}

/// Launches the replicas of a case, watches each to its end or its time, starts some again, and reads the facts.
pub async fn run<E: Engine>(setting: &Setting<'_, E>, case: &Case, ready: &Ready, boot: Boot) -> anyhow::Result<Seen> {
    let (session, network) = (setting.session, setting.network);
    let replicas = 0..case.scenario.replicas.count;
    let worlds = ready.worlds.open(&session.index)?;
    let address = session
        .index
        .listen(network.gateway)
        .await
        .context("the index cannot listen where the run's containers reach this host")?;
    let layouts = lay_out(session, case, ready, boot.iteration, replicas.clone(), 0).await?;
    // Before there are tokens that would have to be forgotten, and after what laying out has read.
    if case.caches == Caches::Cold
        && let Err(error) = setting.page_cache.drop().await
    {
        clear_away(layouts).await;
        return Err(error);
    }
    let trial = Trial {
        session,
        network,
        ready,
        address,
        iteration: boot.iteration,
        tokens: replicas
            .map(|replica| tokens(session, case, &worlds, replica))
            .collect(),
        // The same for all, and spec lets no case have none.
        places: layouts[0].places(&ready.image.contract),
        watching: Watching {
            case,
            contract: &ready.image.contract,
            worlds: &worlds,
            reporter: setting.reporter,
            meter: boot.timed.then(|| setting.gate.meter()),
        },
    };
    let held = hold(setting, boot).await;
    let before = boot.timed.then(|| setting.gate.meter().read()).flatten();
    // The script's clock begins with the first launch: nothing may come between.
    let zero = Instant::now();
    worlds.begin();
    let mut roster = trial.boot(zero, &layouts).await;
    // Only cases of one replica are sampled.
    let sole = roster.lives.first();
    let at_ready = sole.and_then(|life| life.machine_at_ready);
    let load = before.zip(at_ready).map(|(before, at_ready)| at_ready.since(&before));
    let cpu_ns = sole.and_then(|life| life.cpu_ns);
    if boot.facts {
        trial.read(&mut roster).await;
        for restart in &case.scenario.replicas.restarts {
            trial.restart(restart, &mut roster).await;
        }
    }
    trial.finish(&mut roster).await;

    let zero = roster.begun.values().min().copied().unwrap_or(zero);
    let mut seen = Seen {
        course: course::of(&worlds, case, setting.project, ready.worlds.seed(), zero),
        began: Some(zero),
        held_back: held.back,
        load,
        cpu_ns,
        ..Seen::default()
    };
    roster
        .observations
        .sort_by_key(|observation| (observation.replica, observation.life));
    trial.note_index(&mut roster, zero);
    // The run goes on, and with it the index, which would keep worlds and logs of every case.
    let tokens = trial.tokens.into_iter().flatten().map(|(_, token)| token);
    session.index.forget(&tokens.collect::<Vec<_>>());
    seen.differences = roster.differences();
    seen.error = roster
        .observations
        .iter()
        .find_map(|observation| observation.error.clone());
    seen.observations = roster.observations;
    if boot.timed {
        clear_away(layouts).await;
    }
    Ok(seen)
}

/// Holds a timed boot back until others leave it the machine.
async fn hold<E: Engine>(setting: &Setting<'_, E>, boot: Boot) -> Held {
    if !boot.timed {
        return Held::default();
    }
    let held = setting.gate.wait().await;
    if let Some(share) = held.unquiet {
        let waited = held.back;
        setting.reporter.on_event(&Event::Unquiet { share, waited });
    }
    held
}

/// Removes the app folders of a boot: there may be many boots. What cannot be removed goes with the run's folder.
async fn clear_away(layouts: Vec<Layout>) {
    let clearing = tokio::task::spawn_blocking(move || layouts.iter().for_each(Layout::remove));
    if let Err(error) = clearing.await {
        tracing::warn!("the app folders of a boot stay for the clean-up: {error}");
    }
}

/// The name of each index with the token that a replica has there. pip keeps what it fetched by its URL, in which the token
/// stands: a replica that is to find it again has the same at every boot.
fn tokens(session: &Session<impl Engine>, case: &Case, worlds: &Opened, replica: usize) -> Vec<(&'static str, String)> {
    let token = |(name, world)| {
        let token = match case.caches {
            Caches::Warm => {
                let who = format!("{name} of replica {replica} of {}", case.id);
                session.index.issue_token_again(world, replica, &who)
            }
            Caches::Fresh | Caches::Cold => session.index.issue_token_in(world, replica),
        };
        (name, token)
    };
    worlds.named().map(token).collect()
}
