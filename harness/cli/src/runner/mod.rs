//! Runs a plan: gets everything ready, then runs the cases, and tells what happens as events. Timed cases are booted one at a
//! time, their samples interleaved; functional ones, whose verdict does not hang on the clock, may overlap.

mod book;
mod case;
mod event;
mod fleet;
mod inside;
mod layout;
mod life;
mod order;
pub mod prepare;
mod roster;
mod sampling;
#[cfg(test)]
pub mod tests;
mod timed;
mod trial;

use std::collections::BTreeMap;

use futures_util::{StreamExt as _, stream};
use seatrial_engine::{Engine, Network};
use seatrial_record::{CaseError, CaseRecord, HostFacts, ImageFacts, ManifestDiff, RunRecord, SnapshotState};
use seatrial_spec::{Plan, Project};
use tokio::time::Instant;

use book::Book;
pub use case::{Boot, Seen, run as boot};
pub use event::{Event, Reporter};
pub use order::{seed_of_round, shuffled};
pub use prepare::{PreparedCase, Ready};
pub use sampling::{Instead, unrepeatable};
pub use timed::{End, sample};

use crate::expectations;
use crate::failure::Failure;
use crate::machine::{Gate, PageCache};
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
    /// How often timed cases are booted, when it is not as their scenarios say.
    pub sampling: Instead,
    /// What holds timed boots back.
    pub gate: Gate,
    /// What is dropped before cold boots.
    pub page_cache: PageCache,
    /// How many functional cases boot at once, and how many things are built at once.
    pub jobs: usize,
    /// Wall clock at the start.
    pub started: jiff::Timestamp,
}

/// What all boots of a run share.
pub struct Setting<'a, E> {
    pub session: &'a Session<E>,
    pub project: &'a Project,
    pub network: &'a Network,
    /// Holds timed boots back while others use the processors.
    pub gate: &'a Gate,
    pub page_cache: &'a PageCache,
    pub reporter: &'a dyn Reporter,
    /// Zero of the run's clock.
    pub begun: Instant,
}

/// Runs every case of the plan; the record is stored after each, and after every round of timed boots. An interrupt ends the
/// run early, the record says so.
pub async fn run<E: Engine>(
    session: &Session<E>,
    project: &Project,
    plan: &Plan,
    orders: &Orders,
    store: &Store,
    cancel: &Cancel,
    reporter: &dyn Reporter,
) -> Result<RunRecord, Failure> {
    let begun = Instant::now();
    let (network, host) = session.ground().await?;
    let setting = Setting {
        session,
        project,
        network: &network,
        gate: &orders.gate,
        page_cache: &orders.page_cache,
        reporter,
        begun,
    };
    let mut book = Book {
        record: blank_record(&session.owner.run, plan, orders, host),
        snapshots: Snapshots::open(project.root(), &orders.instead),
        setting: &setting,
        store,
        unfinished: vec![],
        done: 0,
    };
    book.write()?;

    reporter.on_event(&Event::RunStarted {
        cases: plan.cases.len(),
    });
    let say = |text: &str| reporter.on_event(&Event::Preparing { what: text });
    let prepared = tokio::select! {
        prepared = prepare::all(session, project, plan, orders, &say) => prepared,
        () = cancel.cancelled() => return book.interrupted(cancel),
    };
    book.record.images = prepared.images;

    let cases = order::shuffled(prepared.cases, orders.seed);
    let (timed, functional): (Vec<_>, Vec<_>) = cases.iter().partition(|case| case.is_timed());
    if timed::run(&mut book, &timed, orders.seed, cancel).await? == End::Cancelled
        || overlapping(&mut book, functional, orders.jobs, cancel).await? == End::Cancelled
    {
        return book.interrupted(cancel);
    }
    reporter.on_event(&Event::RunFinished);
    Ok(book.record)
}

/// Runs functional cases, so many at a time.
async fn overlapping<E: Engine>(
    book: &mut Book<'_, E>,
    cases: Vec<&PreparedCase>,
    jobs: usize,
    cancel: &Cancel,
) -> Result<End, Failure> {
    let setting = book.setting;
    let alone = jobs == 1 || cases.len() == 1;
    let mut ending = stream::iter(cases)
        .map(|case| async move { (case, observe(setting, case).await) })
        .buffer_unordered(jobs);
    loop {
        let (case, seen) = tokio::select! {
            ended = ending.next() => match ended {
                Some(ended) => ended,
                None => return Ok(End::Made),
            },
            () = cancel.cancelled() => return Ok(End::Cancelled),
        };
        book.enter(case_record(case, setting.project, seen), alone)?;
    }
}

async fn observe<E: Engine>(setting: &Setting<'_, E>, prepared: &PreparedCase) -> Seen {
    setting.reporter.on_event(&Event::CaseStarted { id: &prepared.case.id });
    let once = Boot {
        iteration: 0,
        timed: false,
        facts: true,
    };
    let ran = match &prepared.ready {
        Ok(ready) => case::run(setting, &prepared.case, ready, once)
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
pub fn case_error(error: anyhow::Error) -> CaseError {
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

fn blank_record(run: &str, plan: &Plan, orders: &Orders, host: HostFacts) -> RunRecord {
    RunRecord {
        format: seatrial_record::FORMAT.to_owned(),
        seatrial: env!("CARGO_PKG_VERSION").to_owned(),
        run: run.to_owned(),
        started: orders.started.to_string(),
        seed: orders.seed,
        host,
        images: BTreeMap::new(),
        planned: plan.cases.iter().map(|case| case.id.clone()).collect(),
        cases: vec![],
        interrupted: None,
        refused: 0,
        took_ns: 0,
    }
}
