//! Splits a replica's log into lines as it arrives, and keeps what matters of it: marks, expected texts, a bounded tail.

use std::collections::VecDeque;

use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use seatrial_engine::{EngineError, LogChunk};
use seatrial_record::{LogTail, Phase, sanitize};
use seatrial_spec::{Marks, StampForm};
use tokio::sync::watch;
use tokio::time::Instant;

use super::stamps::{number_after, stamp};

/// Lines kept of the end of the log.
const TAIL_LINES: usize = 200;
/// Bytes kept of a line; what is longer is cut, not split.
const LINE_BYTES: usize = 4096;

/// What the log has told so far.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Instants of marks, the first of each: by the line's own stamp where it has one that can be, else its arrival.
    pub phases: Vec<(Phase, Instant)>,
    /// Exit code inside, as the contract's line tells it.
    pub inner_exit: Option<i64>,
}

/// Reads one replica's log to its end.
pub struct LogReader {
    marks: Vec<(Phase, String)>,
    stamps: Vec<StampForm>,
    /// No line of this life is older.
    from: Instant,
    inner_exit: Option<String>,
    wanted: Vec<String>,
    seen: Seen,
    tell: watch::Sender<Seen>,
    tail: VecDeque<String>,
    matched: Vec<(String, String)>,
    /// Bytes at its start that are passed over.
    skip: u64,
    bytes: u64,
    lines: u64,
    cut: Option<String>,
}

impl LogReader {
    /// A reader that looks for the contract's marks and the expected texts. The life began at `from`; the first `skip` bytes,
    /// which earlier lives of the same container have written, are passed over.
    pub fn new(marks: &Marks, wanted: Vec<String>, from: Instant, skip: u64) -> (LogReader, watch::Receiver<Seen>) {
        let (tell, told) = watch::channel(Seen::default());
        let named = [
            (Phase::FirstInstruction, &marks.first_instruction),
            (Phase::InstallBegin, &marks.install_begin),
            (Phase::UnpackBegin, &marks.unpack_begin),
            (Phase::UnpackEnd, &marks.unpack_end),
            (Phase::InstallEnd, &marks.install_end),
            (Phase::ServerStart, &marks.server_start),
            (Phase::Listen, &marks.listen),
            (Phase::InitBegin, &marks.init_begin),
            (Phase::InitEnd, &marks.init_end),
            (Phase::Answering, &marks.ready),
        ];
        let phases = named
            .into_iter()
            .filter_map(|(phase, text)| Some((phase, text.clone()?)))
            .collect::<Vec<_>>();
        let reader = LogReader {
            marks: phases,
            stamps: marks.stamps.clone(),
            from,
            inner_exit: marks.inner_exit.clone(),
            wanted,
            seen: Seen::default(),
            tell,
            tail: VecDeque::new(),
            matched: Vec::new(),
            skip,
            bytes: 0,
            lines: 0,
            cut: None,
        };
        (reader, told)
    }

    /// Reads until the log ends or `until` resolves.
    pub async fn read(
        mut self,
        mut log: BoxStream<'static, Result<LogChunk, EngineError>>,
        until: impl Future<Output = ()>,
    ) -> LogTail {
        // Two streams may each stop in the middle of a line, which has come with the last chunk of its stream.
        let mut open = [(Vec::new(), self.from), (Vec::new(), self.from)];
        tokio::pin!(until);
        loop {
            let chunk = tokio::select! {
                chunk = log.next() => chunk,
                () = &mut until => {
                    self.cut = Some("it did not arrive in time".to_owned());
                    break;
                }
            };
            let mut chunk = match chunk {
                Some(Ok(chunk)) => chunk,
                Some(Err(error)) => {
                    self.cut = Some(error.to_string());
                    break;
                }
                None => break,
            };
            let skipped = self.skip.min(chunk.bytes.len() as u64);
            self.skip -= skipped;
            chunk.bytes.drain(..skipped as usize);
            self.bytes += chunk.bytes.len() as u64;
            let (open, last) = &mut open[usize::from(chunk.stderr)];
            self.split(open, &chunk);
            *last = chunk.at;
        }
        for (rest, at) in open.iter().filter(|(rest, _)| !rest.is_empty()) {
            self.line(rest, *at);
        }
        LogTail {
            tail: self.tail.into(),
            matched: self.matched,
            bytes: self.bytes,
            lines: self.lines,
            cut: self.cut,
        }
    }

    fn split(&mut self, open: &mut Vec<u8>, chunk: &LogChunk) {
        let mut rest = chunk.bytes.as_slice();
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            append_bounded(open, &rest[..end]);
            self.line(open, chunk.at);
            open.clear();
            rest = &rest[end + 1..];
        }
        append_bounded(open, rest);
    }

    fn line(&mut self, bytes: &[u8], at: Instant) {
        self.lines += 1;
        let line = sanitize(bytes);
        let mut told: Vec<(Phase, Option<&str>)> = vec![(Phase::FirstLog, None)];
        let marks = self.marks.iter().filter(|(_, text)| line.contains(text));
        told.extend(marks.map(|(phase, text)| (*phase, Some(text.as_str()))));
        told.retain(|(phase, _)| !self.seen.phases.iter().any(|(known, _)| known == phase));
        let instants: Vec<_> = told
            .into_iter()
            .map(|(phase, mark)| (phase, self.instant(&line, mark, at)))
            .collect();
        let mut news = !instants.is_empty();
        self.seen.phases.extend(instants);
        if let Some(code) = self.inner_exit.as_deref().and_then(|text| number_after(&line, text)) {
            self.seen.inner_exit.get_or_insert(code);
            news = true;
        }
        for text in &self.wanted {
            if line.contains(text) && !self.matched.iter().any(|(known, _)| known == text) {
                self.matched.push((text.clone(), line.clone()));
            }
        }
        if self.tail.len() == TAIL_LINES {
            self.tail.pop_front();
        }
        self.tail.push_back(line);
        if news {
            self.tell.send_replace(self.seen.clone());
        }
    }

    /// When a line was written: by its own stamp, unless that lies before this life or after the line's arrival.
    fn instant(&self, line: &str, mark: Option<&str>, arrived: Instant) -> Instant {
        stamp(line, &self.stamps, mark)
            .filter(|at| (self.from..=arrived).contains(at))
            .unwrap_or(arrived)
    }
}

fn append_bounded(line: &mut Vec<u8>, more: &[u8]) {
    let room = LINE_BYTES.saturating_sub(line.len());
    line.extend_from_slice(&more[..more.len().min(room)]);
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn chunk(bytes: &[u8]) -> Result<LogChunk, EngineError> {
        Ok(LogChunk {
            at: Instant::now(),
            stderr: false,
            bytes: bytes.to_vec(),
        })
    }

    async fn read(chunks: &[&[u8]]) -> (LogTail, Seen) {
        read_after(0, chunks).await
    }

    async fn read_after(skip: u64, chunks: &[&[u8]]) -> (LogTail, Seen) {
        let marks = Marks {
            server_start: Some("Starting".into()),
            inner_exit: Some("finish".into()),
            ..Marks::default()
        };
        let (reader, told) = LogReader::new(&marks, vec!["needle".into()], Instant::now(), skip);
        let chunks: Vec<_> = chunks.iter().map(|bytes| chunk(bytes)).collect();
        let log = futures_util::stream::iter(chunks).boxed();
        let tail = reader.read(log, std::future::pending()).await;
        let seen = told.borrow().clone();
        (tail, seen)
    }

    #[tokio::test]
    async fn lines_are_found_across_chunks() {
        let (tail, seen) = read(&[b"one\nSta", b"rting it\n| finish 99", b" 0\nthe needle"]).await;
        assert_eq!(tail.tail, ["one", "Starting it", "| finish 99 0", "the needle"]);
        assert_eq!(seen.inner_exit, Some(99));
        assert!(seen.phases.iter().any(|(phase, _)| *phase == Phase::ServerStart));
        assert_eq!(tail.matched, [("needle".to_owned(), "the needle".to_owned())]);
    }

    #[tokio::test]
    async fn what_an_earlier_life_wrote_is_passed_over() {
        let (tail, seen) = read_after(12, &[b"| finish ", b"95\nStarting again\n"]).await;
        assert_eq!((tail.tail, tail.bytes), (vec!["Starting again".to_owned()], 15));
        assert_eq!(seen.inner_exit, None);
    }

    #[tokio::test]
    async fn an_unfinished_line_came_with_its_last_chunk() {
        let from = Instant::now() - Duration::from_secs(60);
        let at = from + Duration::from_secs(20);
        let (reader, told) = LogReader::new(&Marks::default(), vec![], from, 0);
        let chunk = Ok(LogChunk {
            at,
            stderr: false,
            bytes: b"no end of line".to_vec(),
        });
        let log = futures_util::stream::iter([chunk]).boxed();
        reader.read(log, std::future::pending()).await;
        assert_eq!(told.borrow().phases, [(Phase::FirstLog, at)]);
    }

    #[tokio::test]
    async fn a_flood_stays_bounded() {
        let long = vec![b'x'; 1 << 20];
        let mut chunks: Vec<&[u8]> = vec![&long; 8];
        let line = b"short\n".repeat(1000);
        chunks.push(&line);
        let (tail, _) = read(&chunks).await;
        assert_eq!(tail.tail.len(), TAIL_LINES);
        assert_eq!(tail.bytes, (8 << 20) + 6000);
        assert!(tail.tail.iter().all(|line| line.len() <= LINE_BYTES));
    }

    /// The instant of a marked line with this stamp that arrives now, in a life that began a minute ago.
    async fn marked(stamp: &str) -> (Instant, Instant) {
        let marks = Marks {
            stamps: vec![StampForm::Rfc3339],
            listen: Some("Listening".into()),
            ..Marks::default()
        };
        let from = Instant::now() - Duration::from_secs(60);
        let (reader, told) = LogReader::new(&marks, Vec::new(), from, 0);
        let line = chunk(format!("a line before\n{stamp} Listening\n").as_bytes());
        let arrived = line.as_ref().unwrap().at;
        let log = futures_util::stream::iter([line]).boxed();
        reader.read(log, std::future::pending()).await;
        let seen = told.borrow().clone();
        let listen = seen.phases.iter().find(|(phase, _)| *phase == Phase::Listen);
        (listen.unwrap().1, arrived)
    }

    #[tokio::test]
    async fn a_lines_own_stamp_is_believed_where_it_can_be() {
        let ago = |seconds: i64| jiff::Timestamp::now() - jiff::SignedDuration::from_secs(seconds);
        let (at, arrived) = marked(&ago(20).to_string()).await;
        assert!(at < arrived - Duration::from_secs(19), "{:?}", arrived - at);
        for unbelieved in [ago(90).to_string(), ago(-90).to_string(), "no stamp".into()] {
            let (at, arrived) = marked(&unbelieved).await;
            assert_eq!(at, arrived, "{unbelieved}");
        }
    }
}
