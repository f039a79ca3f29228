//! A container's log: whole, and stamped by the engine.
//!
//! The engine stamps every message as it takes it from the container, which is earlier than a reader can know of it by
//! as long as the engine and the reader are busy. Asked for, the stamp stands before the bytes of each frame (RFC 3339
//! with nanoseconds, one space). A line of more than 16 KiB comes as several messages, in a frame each; all of them have
//! a stamp before them, that of the line's first (tried on Docker 20.10).
//!
//! Docker's follower may end with the container although its reader has not got everything yet (20.10: 20 of 50 MB). So
//! what it brings is only believed to be all once the log's last message is among it, or the engine, asked again without
//! following, has nothing to add.

use std::collections::BTreeMap;

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use testcontainers::bollard::container::LogOutput;
use testcontainers::bollard::errors::Error;
use testcontainers::bollard::query_parameters::LogsOptions;
use tokio::time::Instant;

use super::Docker;
use super::failure::{Failure, answered};
use super::replica::failed;
use crate::EngineError;
use crate::LogChunk;
use crate::clock::{CLOCKS_HOLD, Clocks};

/// Bytes of a stamp and the space behind it: the engine always writes nine digits of the second's fraction.
const STAMP: usize = 31;
/// Bytes of a stamp before the fraction.
const WHOLE: usize = 19;
/// How far the stamps of standard output and error may be out of order: each is stamped before it is put in line.
const DISORDER_SECONDS: i64 = 1;

/// Follows both streams of a container's log from byte 0 to its end.
///
/// The log is read as fast as the stream is polled and no faster; nothing piles up in between. A container that writes
/// more than the log's bound (see `bounded_log`) may outrun its reader, who then misses the rest.
pub(super) fn logs(docker: &Docker, container: &str) -> BoxStream<'static, Result<LogChunk, EngineError>> {
    stream::unfold(Log::follow(docker, container), |mut log| async {
        let chunk = log.next().await?;
        Some((chunk, log))
    })
    .boxed()
}

/// One reading of a log, over as many answers as it takes.
struct Log {
    docker: Docker,
    container: String,
    answer: BoxStream<'static, Result<LogOutput, Error>>,
    clocks: Clocks,
    stamps: Stamps,
    delivered: Delivered,
    last: Option<LogOutput>,
    /// Messages of this answer that an earlier one has brought.
    known: u64,
    /// Whether this answer has brought something, so that there may be more.
    news: bool,
    /// The follower has ended, and is not taken at its word.
    completing: bool,
    over: bool,
}

impl Log {
    fn follow(docker: &Docker, container: &str) -> Self {
        Self {
            answer: ask(docker, container, 0, "all", true),
            docker: docker.clone(),
            container: container.to_owned(),
            clocks: Clocks::sample(),
            stamps: Stamps::default(),
            delivered: Delivered::default(),
            last: None,
            known: 0,
            news: true,
            completing: false,
            over: false,
        }
    }

    async fn next(&mut self) -> Option<Result<LogChunk, EngineError>> {
        while !self.over {
            let error = match self.answer.next().await {
                Some(Ok(_)) if self.known > 0 => {
                    self.known -= 1;
                    continue;
                }
                Some(Ok(message)) => return Some(Ok(self.chunk(message))),
                Some(Err(error)) => error,
                None => match self.ask_for_the_rest().await {
                    Ok(()) => continue,
                    Err(error) => error,
                },
            };
            self.over = true;
            // A container that was removed meanwhile has no more to tell.
            let removed = answered(&error, 404) || answered(&error, 409);
            if !(self.completing && removed) {
                return Some(Err(error).or_failed(|cause| failed("reading the log of", &self.container, cause)));
            }
        }
        None
    }

    /// An answer has ended: the log is over, or is asked for again from about where the answer broke off.
    async fn ask_for_the_rest(&mut self) -> Result<(), Error> {
        self.completing = true;
        if !self.news || self.is_whole().await? {
            self.over = true;
            return Ok(());
        }
        let (since, known) = self.delivered.resume();
        self.answer = ask(&self.docker, &self.container, since, "all", false);
        self.known = known;
        self.news = false;
        Ok(())
    }

    /// Whether the last message of the log is certainly the one delivered last. The engine looks that up at the log's end,
    /// where all since some moment makes it read the log from its beginning.
    async fn is_whole(&mut self) -> Result<bool, Error> {
        let mut end = ask(&self.docker, &self.container, 0, "1", false);
        let mut last = None;
        while let Some(message) = end.next().await {
            last = Some(message?);
        }
        // The parts of one line have one stamp and may be equal; its end is not equal to any of them.
        let unique = last.as_ref().is_none_or(|message| message.as_ref().ends_with(b"\n"));
        Ok(unique && last == self.last)
    }

    fn chunk(&mut self, message: LogOutput) -> LogChunk {
        self.news = true;
        self.last = Some(message.clone());
        let arrival = Instant::now();
        let stderr = matches!(message, LogOutput::StdErr { .. });
        let frame = message.into_bytes();
        let (stamp, bytes) = self.stamps.take(&frame);
        self.delivered.note(stamp.map(|stamp| stamp.second));
        LogChunk {
            at: stamp.map_or(arrival, |stamp| self.instant(stamp, arrival)),
            stderr,
            bytes: bytes.to_vec(),
        }
    }

    /// A stamp on the monotonic clock, never later than its arrival.
    fn instant(&mut self, stamp: Stamp, arrival: Instant) -> Instant {
        if arrival.saturating_duration_since(self.clocks.sampled()) > CLOCKS_HOLD {
            self.clocks = Clocks::sample();
        }
        let at = self.clocks.instant_at(stamp.unix_ns());
        at.map_or(arrival, |at| at.min(arrival))
    }
}

/// The last so many messages since that second, and if wanted what comes after.
fn ask(
    docker: &Docker,
    container: &str,
    since: i32,
    tail: &str,
    follow: bool,
) -> BoxStream<'static, Result<LogOutput, Error>> {
    let options = LogsOptions {
        follow,
        stdout: true,
        stderr: true,
        since,
        timestamps: true,
        tail: tail.to_owned(),
        ..LogsOptions::default()
    };
    docker.api.logs(container, Some(options)).boxed()
}

/// Reads the engine's stamps, `2026-11-24T09:32:35.322114024Z`. A flood has hundreds of thousands within one second, so
/// what is before the fraction is only worked out when it changes.
#[derive(Debug, Default)]
struct Stamps {
    whole: Vec<u8>,
    second: i64,
}

/// A moment since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Stamp {
    second: i64,
    nanosecond: u32,
}

impl Stamp {
    fn unix_ns(self) -> i128 {
        i128::from(self.second) * 1_000_000_000 + i128::from(self.nanosecond)
    }
}

impl Stamps {
    /// Takes the stamp off a frame.
    fn take<'a>(&mut self, frame: &'a [u8]) -> (Option<Stamp>, &'a [u8]) {
        match frame.split_at_checked(STAMP) {
            Some((stamp, bytes)) => match self.read(stamp) {
                Some(stamp) => (Some(stamp), bytes),
                None => (None, frame),
            },
            None => (None, frame),
        }
    }

    fn read(&mut self, stamp: &[u8]) -> Option<Stamp> {
        let (whole, fraction) = stamp.split_at(WHOLE);
        let digits = fraction.strip_prefix(b".")?.strip_suffix(b"Z ")?;
        let mut nanosecond = 0;
        for digit in digits {
            let digit = digit.is_ascii_digit().then(|| u32::from(digit - b'0'))?;
            nanosecond = nanosecond * 10 + digit;
        }
        if self.whole != whole {
            let text = std::str::from_utf8(whole).ok()?;
            let at: jiff::Timestamp = format!("{text}Z").parse().ok()?;
            self.second = at.as_second();
            self.whole = whole.to_vec();
        }
        Some(Stamp {
            second: self.second,
            nanosecond,
        })
    }
}

/// How many messages have been delivered of each of the last seconds: enough to ask for the log from then on, and to
/// pass over what is known. Messages have no name, but their order in the log is fixed.
#[derive(Debug, Default)]
struct Delivered(BTreeMap<i64, u64>);

impl Delivered {
    /// One more message of that second; one without a stamp counts to the newest.
    fn note(&mut self, second: Option<i64>) {
        let newest = self.newest();
        *self.0.entry(second.unwrap_or(newest)).or_default() += 1;
        if self.newest() > newest {
            let kept = self.newest() - DISORDER_SECONDS;
            self.0 = self.0.split_off(&kept);
        }
    }

    /// The second from which to ask on, and how many of the messages since then are known.
    fn resume(&self) -> (i32, u64) {
        let since = (self.newest() - DISORDER_SECONDS).max(0);
        let known = self.0.range(since..).map(|(_, count)| count).sum();
        (i32::try_from(since).unwrap_or_default(), known)
    }

    fn newest(&self) -> i64 {
        self.0.last_key_value().map_or(0, |(second, _)| *second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stamp_is_taken_off_and_nothing_else() {
        let mut stamps = Stamps::default();
        let mut take = |frame: &'static [u8]| {
            let (stamp, bytes) = stamps.take(frame);
            (stamp.map(Stamp::unix_ns), bytes)
        };
        for (frame, unix_ns, bytes) in [
            (
                &b"2026-11-24T09:32:35.322114024Z  two spaces\n"[..],
                1_795_512_755_322_114_024,
                &b" two spaces\n"[..],
            ),
            (b"2026-11-24T09:32:35.000000007Z \n", 1_795_512_755_000_000_007, b"\n"),
            (b"2026-11-24T09:33:00.000000000Z ", 1_795_512_780_000_000_000, b""),
        ] {
            assert_eq!(take(frame), (Some(unix_ns), bytes));
        }
        for plain in [
            &b"no stamp\n"[..],
            b"",
            b"2026-13-24T09:32:35.322114024Z no month\n",
            b"2026-11-24T09:32:35.32211402xZ no digit\n",
            b"2026-11-24T09:32:35.322114024Z",
            b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff.322114024Z x",
        ] {
            assert_eq!(take(plain), (None, plain));
        }
    }

    #[test]
    fn reading_goes_on_a_second_before_the_newest_stamp() {
        let mut delivered = Delivered::default();
        assert_eq!(delivered.resume(), (0, 0));
        for second in [100, 101, 101, 103, 102, 103] {
            delivered.note(Some(second));
        }
        delivered.note(None);
        assert_eq!(delivered.resume(), (102, 4));
        // Known to be older than what is asked for.
        delivered.note(Some(90));
        assert_eq!(delivered.resume(), (102, 4));
    }

    #[test]
    fn without_stamps_all_is_asked_for_again_and_passed_over() {
        let mut delivered = Delivered::default();
        delivered.note(None);
        delivered.note(None);
        assert_eq!(delivered.resume(), (0, 2));
    }
}
