//! One container of the stub engine: its lives, what it has written, and who is told when that changes.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::timeline::{Answer, Line, Timeline};
use crate::{Ended, LogChunk, Owner, Usage, monotonic_of};

/// Exit code of a container that was killed.
const KILLED: i64 = 137;

/// What is known of a container, by everyone who has to do with it.
#[derive(Debug)]
pub(super) struct Container {
    pub(super) id: String,
    pub(super) owner: Owner,
    pub(super) port: u16,
    state: watch::Sender<State>,
}

/// A container at any moment, past and future.
#[derive(Debug, Default)]
struct State {
    /// Of all lives, in order of time; also those that are yet to be written.
    lines: Vec<Line>,
    /// The life of the moment, or the last one; `None` before the first.
    life: Option<Timeline>,
    killed: Option<Instant>,
    answered_200: bool,
}

/// How far a reader has got in a log.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Position {
    line: usize,
    piece: usize,
}

/// What comes next in a log, or when to look again.
#[derive(Debug)]
enum Next {
    Chunk(LogChunk),
    At(Instant),
    Change,
    End,
}

impl Container {
    pub(super) fn new(id: String, owner: Owner, port: u16) -> Self {
        Self {
            id,
            owner,
            port,
            state: watch::Sender::new(State::default()),
        }
    }

    /// Begins a life.
    pub(super) fn begin(&self, life: Timeline) {
        self.state.send_modify(|state| {
            state.lines.extend(life.lines.iter().cloned());
            state.life = Some(life);
            state.killed = None;
            state.answered_200 = false;
        });
    }

    /// Ends the life at this instant, if it has not ended before. What would have been written later never is.
    pub(super) fn kill(&self, now: Instant) {
        self.state.send_if_modified(|state| {
            let runs = state.ended(now).is_none();
            if runs {
                state.killed = Some(now);
                state.lines.retain(|line| line.at <= now);
            }
            runs
        });
    }

    pub(super) fn runs(&self, now: Instant) -> bool {
        let state = self.state.borrow();
        state.life.is_some() && state.ended(now).is_none()
    }

    pub(super) fn listens(&self, port: u16, now: Instant) -> bool {
        let state = self.state.borrow();
        let listens = state.life.as_ref().and_then(|life| life.listens);
        port == self.port && listens.is_some_and(|at| at <= now) && state.ended(now).is_none()
    }

    pub(super) fn answer(&self, now: Instant) -> Answer {
        let state = self.state.borrow();
        state.life.as_ref().map_or(Answer::Hang, |life| life.answer(now))
    }

    pub(super) fn scores_later(&self, now: Instant) -> Duration {
        let state = self.state.borrow();
        let life = state.life.as_ref();
        life.map_or(Duration::ZERO, |life| life.scores_later(now))
    }

    /// Writes the mark of the first 200 of this life, answered at `at`.
    pub(super) fn mark_200(&self, at: Instant) {
        let now = Instant::now();
        self.state.send_if_modified(|state| {
            let first = !state.answered_200 && state.ended(at).is_none();
            if first {
                state.answered_200 = true;
                let mark = format!("stub: first 200 {}", monotonic_of(at));
                // Behind everything that a reader may have been given already.
                let place = state.lines.partition_point(|line| line.at <= now);
                state.lines.insert(place, Line::new(at, false, mark));
            }
            first
        });
    }

    /// Accounting of the life of the moment; nothing once it has ended.
    pub(super) fn usage(&self, now: Instant) -> Usage {
        let state = self.state.borrow();
        match (&state.life, state.ended(now)) {
            (Some(life), None) => Usage {
                peak_memory_bytes: Some(life.memory(now)),
                cpu_ns: Some(life.cpu(now).as_nanos() as u64),
            },
            _ => Usage::default(),
        }
    }

    /// Waits for the end of the life of the moment.
    pub(super) async fn ended(&self) -> Ended {
        let mut changes = self.state.subscribe();
        loop {
            let end = changes.borrow_and_update().end();
            match end {
                Some(ended) if ended.at <= Instant::now() => return ended,
                _ => change_or(&mut changes, end.map(|ended| ended.at)).await,
            }
        }
    }

    /// The next piece of the log, as soon as it is written; `None` at the end.
    pub(super) async fn read(&self, position: &mut Position) -> Option<LogChunk> {
        let mut changes = self.state.subscribe();
        loop {
            let next = changes.borrow_and_update().next(position, Instant::now());
            match next {
                Next::Chunk(chunk) => return Some(chunk),
                Next::End => return None,
                Next::At(at) => change_or(&mut changes, Some(at)).await,
                Next::Change => change_or(&mut changes, None).await,
            }
        }
    }
}

impl State {
    /// How the life ends, or has ended.
    fn end(&self) -> Option<Ended> {
        let (at, code) = match self.killed {
            Some(at) => (at, KILLED),
            None => self.life.as_ref()?.end?,
        };
        Some(Ended { code, oom: false, at })
    }

    fn ended(&self, now: Instant) -> Option<Ended> {
        self.end().filter(|ended| ended.at <= now)
    }

    fn next(&self, position: &mut Position, now: Instant) -> Next {
        while let Some(line) = self.lines.get(position.line) {
            if line.at > now {
                return Next::At(line.at);
            }
            if position.piece < line.pieces() {
                let bytes = line.piece(position.piece);
                position.piece += 1;
                return Next::Chunk(LogChunk {
                    at: line.at,
                    stderr: line.stderr,
                    bytes,
                });
            }
            *position = Position {
                line: position.line + 1,
                piece: 0,
            };
        }
        match self.end() {
            Some(end) if end.at <= now => Next::End,
            Some(end) => Next::At(end.at),
            None => Next::Change,
        }
    }
}

/// Waits until something changes, or until an instant if there is one.
async fn change_or(changes: &mut watch::Receiver<State>, at: Option<Instant>) {
    let due = async {
        match at {
            Some(at) => sleep_until(at).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        // The sender lives as long as the container, which the caller holds.
        _ = changes.changed() => {}
        () = due => {}
    }
}
