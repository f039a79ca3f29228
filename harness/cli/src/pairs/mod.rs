//! Compares two sides by pairs of boots: each pair in random order, the pairs of all cases interleaved in rounds, one boot at
//! a time, until every case is decided.

mod contest;
mod sides;
#[cfg(test)]
mod tests;

use seatrial_engine::Engine;
use seatrial_record::HostFacts;
use seatrial_record::comparison::{COMPARISON_FORMAT, Calibration, ComparisonRecord, HostClass, Rule, Sides};
use seatrial_spec::Project;
use tokio::time::Instant;

use contest::Contest;
pub use sides::{Matched, images, methods, themselves};

use crate::failure::Failure;
use crate::runner::{End, Event, Orders, Reporter, Setting, seed_of_round, shuffled};
use crate::session::Session;
use crate::signals::Cancel;
use crate::store::Store;

/// When a case has enough pairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// The rule has decided, or so many pairs were made.
    Decided {
        /// At most so many.
        most: usize,
    },
    /// So many pairs were made, whatever they show.
    Made(usize),
}

/// What is to be compared, and how.
pub struct Task {
    /// What each case is compared with.
    pub sides: Sides,
    /// The cases.
    pub matched: Matched,
    /// By which each is decided.
    pub rule: Rule,
    /// When each has enough pairs.
    pub until: Until,
}

/// What a comparison is made with.
pub struct Means<'a, E> {
    pub session: &'a Session<E>,
    pub project: &'a Project,
    pub store: &'a Store,
    pub cancel: &'a Cancel,
    pub reporter: &'a dyn Reporter,
}

/// Makes pairs until every case has enough; the record is stored after every pair of a case up to its 64th, then after every
/// 16th. What `calibration` knows of this class of hosts goes into the record.
pub async fn run<E: Engine>(
    means: &Means<'_, E>,
    task: Task,
    mut orders: Orders,
    calibration: impl FnOnce(&HostClass) -> Option<Calibration>,
) -> Result<ComparisonRecord, Failure> {
    let Means { session, cancel, .. } = *means;
    let begun = Instant::now();
    let (network, host) = session.ground().await?;
    let calibration = calibration(&HostClass::of(&host));
    let Matched { pairs, left_out } = task.matched;
    let mut record = ComparisonRecord {
        left_out,
        calibration,
        ..blank(session.owner.run.clone(), &orders, host, task.sides, task.rule)
    };
    let mut book = Book { means, begun };
    book.write(&mut record)?;

    let say = |text: &str| means.reporter.on_event(&Event::Preparing { what: text });
    means.reporter.on_event(&Event::RunStarted { cases: pairs.len() });
    let preparing = sides::prepared(session, means.project, pairs, &record.sides, &mut orders, &say);
    let prepared = tokio::select! {
        prepared = preparing => prepared,
        () = cancel.cancelled() => return book.interrupted(record),
    };
    let setting = Setting {
        session,
        project: means.project,
        network: &network,
        gate: &orders.gate,
        page_cache: &orders.page_cache,
        reporter: means.reporter,
        begun,
    };
    let contests: Vec<Contest> = prepared.into_iter().map(|pair| Contest::of(pair, task.until)).collect();
    record.cases = contests.iter().map(Contest::case).collect();
    book.write(&mut record)?;
    if rounds(&mut book, &setting, contests, &mut record).await? == End::Cancelled {
        return book.interrupted(record);
    }
    record.finished = true;
    book.write(&mut record)?;
    means.reporter.on_event(&Event::RunFinished);
    Ok(record)
}

/// Makes pairs in rounds: each makes one pair of every case that still needs one, in an order of its own.
async fn rounds<E: Engine>(
    book: &mut Book<'_, E>,
    setting: &Setting<'_, E>,
    mut contests: Vec<Contest>,
    record: &mut ComparisonRecord,
) -> Result<End, Failure> {
    let Means { cancel, reporter, .. } = *book.means;
    for round in 0.. {
        let due: Vec<usize> = (0..contests.len()).filter(|at| contests[*at].goes_on()).collect();
        if due.is_empty() {
            break;
        }
        let of_round = seed_of_round(record.seed, round);
        for at in shuffled(due, of_round) {
            let pair = tokio::select! {
                pair = contests[at].pair(setting, seed_of_round(of_round, at)) => pair,
                () = cancel.cancelled() => return Ok(End::Cancelled),
            };
            record.cases[at].pairs.push(pair);
            contests[at].take_in(&record.cases[at], &record.rule, reporter);
            if written_after(record.cases[at].pairs.len()) {
                book.write(record)?;
            }
        }
    }
    Ok(End::Made)
}

/// Whether the record is written after so many pairs of a case: always where cases are decided, in a long series so seldom
/// that writing it does not disturb the boots that follow.
fn written_after(pairs: usize) -> bool {
    pairs <= 64 || pairs.is_multiple_of(16)
}

fn blank(run: String, orders: &Orders, host: HostFacts, sides: Sides, rule: Rule) -> ComparisonRecord {
    ComparisonRecord {
        format: COMPARISON_FORMAT.to_owned(),
        seatrial: env!("CARGO_PKG_VERSION").to_owned(),
        run,
        started: orders.started.to_string(),
        seed: orders.seed,
        host,
        sides,
        rule,
        cases: vec![],
        left_out: vec![],
        calibration: None,
        interrupted: None,
        finished: false,
        took_ns: 0,
    }
}

/// Writes the record down.
struct Book<'a, E> {
    means: &'a Means<'a, E>,
    begun: Instant,
}

impl<E: Engine> Book<'_, E> {
    fn write(&mut self, record: &mut ComparisonRecord) -> Result<(), Failure> {
        record.took_ns = self.begun.elapsed().as_nanos() as u64;
        self.means
            .store
            .write_comparison(record)
            .map_err(Failure::could_not_run)
    }

    /// The record of a comparison that a signal has ended.
    fn interrupted(mut self, mut record: ComparisonRecord) -> Result<ComparisonRecord, Failure> {
        record.interrupted = self.means.cancel.signal().map(str::to_owned);
        self.write(&mut record)?;
        Ok(record)
    }
}
