//! Runs a plan: gets everything ready, then runs the cases, and tells what happens as events. Timed cases run alone;
//! functional ones, whose verdict does not hang on the clock, may overlap.

mod case;
mod event;
mod fleet;
mod inside;
mod layout;
mod life;
mod order;
mod prepare;
mod roster;

use std::collections::BTreeMap;

use anyhow::Context as _;
use futures_util::{StreamExt as _, stream};
use seatrial_engine::{Engine, Network};
use seatrial_record::{CaseError, CaseRecord, ImageFacts, ManifestDiff, RunRecord, SnapshotState};
use seatrial_spec::{Plan, Project};
use tokio::time::Instant;

use case::Seen;
pub use event::{Event, Reporter};
use prepare::PreparedCase;

use crate::expectations;
use crate::failure::Failure;
use crate::host;
use crate::session::Session;
use crate::signals::Cancel;
use crate::snapshots::Snapshots;
use crate::store::Store;

/// What a run is asked to do, apart from the plan.
pub struct Orders {
    /// References that take the place of named images.
    pub instead: BTreeMap<String, String>,
    /// Seed of the order of cases.
    pub seed: u64,
    /// How many functional cases boot at once, and how many things are built at once.
    pub jobs: usize,
    /// Wall clock at the start.
    pub started: jiff::Timestamp,
}

/// Runs every case of the plan; the record is stored after each. An interrupt ends the run early, the record says so.
pub async fn run(
    session: &Session<impl Engine>,
    project: &Project,
    plan: &Plan,
    orders: &Orders,
    store: &Store,
    cancel: &Cancel,
    reporter: &dyn Reporter,
) -> Result<RunRecord, Failure> {
    let begun = Instant::now();
    let network = session
        .engine
        .network(&session.owner)
        .await
        .map_err(Failure::could_not_run)?;
    let mut record = blank_record(session, plan, orders, &network).await?;
    store.write(&record).map_err(Failure::could_not_run)?;

    reporter.on_event(&Event::RunStarted {
        cases: plan.cases.len(),
    });
    let say = |text: &str| reporter.on_event(&Event::Preparing { what: text });
    let prepared = tokio::select! {
        prepared = prepare::all(session, project, plan, orders, &say) => prepared,
        () = cancel.cancelled() => return interrupted(record, cancel, begun, store),
    };
    record.images = prepared.images;

    let snapshots = Snapshots::open(project.root(), &orders.instead);
    let cases = order::shuffled(prepared.cases, orders.seed);
    let (timed, functional): (Vec<_>, Vec<_>) = cases.iter().partition(|case| case.is_timed());
    let network = &network;
    for (cases, jobs) in [(timed, 1), (functional, orders.jobs)] {
        let alone = jobs == 1 || cases.len() == 1;
        let mut ending = stream::iter(cases)
            .map(|case| async move { (case, observe(session, project, network, case, reporter).await) })
            .buffer_unordered(jobs);
        loop {
            let (case, seen) = tokio::select! {
                ended = ending.next() => match ended {
                    Some(ended) => ended,
                    None => break,
                },
                () = cancel.cancelled() => return interrupted(record, cancel, begun, store),
            };
            let mut ended = case_record(case, project, seen);
            ended.alone = alone;
            ended.judge();
            snapshots.compare(&mut ended).map_err(Failure::could_not_run)?;
            reporter.on_event(&Event::CaseFinished {
                case: &ended,
                done: record.cases.len() + 1,
            });
            record.cases.push(ended);
            record.refused = session.index.refused();
            record.took_ns = begun.elapsed().as_nanos() as u64;
            store.write(&record).map_err(Failure::could_not_run)?;
        }
    }
    reporter.on_event(&Event::RunFinished);
    Ok(record)
}

async fn observe(
    session: &Session<impl Engine>,
    project: &Project,
    network: &Network,
    prepared: &PreparedCase,
    reporter: &dyn Reporter,
) -> Seen {
    reporter.on_event(&Event::CaseStarted { id: &prepared.case.id });
    let ran = match &prepared.ready {
        Ok(ready) => case::run(session, project, network, &prepared.case, ready, reporter)
            .await
            .map_err(case_error),
        Err(error) => Err(error.clone()),
    };
    ran.unwrap_or_else(|error| Seen {
        error: Some(error),
        ..Seen::default()
    })
}

/// The error of a case, with the hint that the failing library gives.
fn case_error(error: anyhow::Error) -> CaseError {
    let failure = Failure::could_not_run(error);
    CaseError {
        what: format!("{:#}", failure.error),
        hint: failure.hint,
    }
}

fn case_record(prepared: &PreparedCase, project: &Project, seen: Seen) -> CaseRecord {
    let case = &prepared.case;
    let ready = prepared.ready.as_ref().ok();
    let own = ready.and_then(|ready| ready.image.manifest.as_ref());
    let first = seen
        .observations
        .first()
        .and_then(|observation| observation.manifest.as_ref());
    let manifest_diff = own.zip(first).map(|(own, first)| ManifestDiff::between(own, first));
    CaseRecord {
        id: case.id.clone(),
        why: case.scenario.why.clone(),
        because: case.because.clone(),
        image: case.image.clone(),
        method: case.method.to_string(),
        derived: ready
            .and_then(|ready| ready.derived.as_ref())
            .map(|info| image_facts(info, None)),
        expectations: expectations::of(case, project),
        observations: seen.observations,
        error: seen.error,
        verdicts: vec![],
        alone: true,
        snapshot: SnapshotState::NotCompared,
        manifest_diff,
        course: seen.course,
        differences: seen.differences,
        samples: vec![],
    }
}

fn image_facts(info: &seatrial_engine::ImageInfo, manifest: Option<seatrial_record::Manifest>) -> ImageFacts {
    ImageFacts {
        reference: info.reference.clone(),
        id: info.id.clone(),
        size_bytes: info.size_bytes,
        manifest,
    }
}

async fn blank_record(
    session: &Session<impl Engine>,
    plan: &Plan,
    orders: &Orders,
    network: &Network,
) -> Result<RunRecord, Failure> {
    let engine = session
        .engine
        .facts()
        .await
        .context("cannot ask the engine for its version")
        .map_err(Failure::could_not_run)?;
    Ok(RunRecord {
        format: seatrial_record::FORMAT.to_owned(),
        seatrial: env!("CARGO_PKG_VERSION").to_owned(),
        run: session.owner.run.clone(),
        started: orders.started.to_string(),
        seed: orders.seed,
        host: host::facts(&engine, Some(network)),
        images: BTreeMap::new(),
        planned: plan.cases.iter().map(|case| case.id.clone()).collect(),
        cases: vec![],
        interrupted: None,
        refused: 0,
        took_ns: 0,
    })
}

fn interrupted(mut record: RunRecord, cancel: &Cancel, begun: Instant, store: &Store) -> Result<RunRecord, Failure> {
    record.interrupted = cancel.signal().map(str::to_owned);
    record.took_ns = begun.elapsed().as_nanos() as u64;
    store.write(&record).map_err(Failure::could_not_run)?;
    Ok(record)
}
