//! A script laid out in time: what a replica writes, when it listens, what it answers, when it ends.
//!
//! All of it is known the moment the replica starts, and none of it depends on when somebody wakes up to look: that is
//! what makes the instants exact to the nanosecond.

use std::time::Duration;

use tokio::time::Instant;

use super::script::{Script, Step};
use crate::monotonic_of;

/// Exit code for a script that does not hold.
const BAD_USAGE: i64 = 64;
/// Exit code of one that listens twice.
const CANNOT_LISTEN: i64 = 1;
/// Bytes of a line of `flood`.
const FLOOD_LINE: usize = 100;

/// One life of a replica, from its first instruction on.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Timeline {
    pub(super) lines: Vec<Line>,
    pub(super) listens: Option<Instant>,
    /// In order of time.
    answers: Vec<(Instant, Answer)>,
    /// From when on scored requests are answered so much later, in order of time.
    scores: Vec<(Instant, Duration)>,
    /// When each begins, and how long it lasts.
    spins: Vec<(Instant, Duration)>,
    /// When each is taken, and how many bytes.
    held: Vec<(Instant, u64)>,
    /// When, and with which code; `None`: it stays up.
    pub(super) end: Option<(Instant, i64)>,
}

/// Something that a replica writes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    pub(super) at: Instant,
    pub(super) stderr: bool,
    text: Text,
}

#[derive(Clone, Debug, PartialEq)]
enum Text {
    Line(String),
    /// So many numbered lines.
    Flood(usize),
}

/// What a request gets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Answer {
    /// Nothing yet, but this status from that instant on.
    Later(Instant, u16),
    /// Nothing, ever.
    Hang,
    /// This HTTP status.
    Status(u16),
}

impl Timeline {
    /// The life of a replica whose first instruction is at `start`. A script that does not hold ends it as it ends the stub
    /// image.
    ///
    /// # Errors
    /// Why the stub engine cannot play the script, though the stub image can.
    pub(super) fn new(script: &str, start: Instant) -> Result<Self, String> {
        let mut timeline = Self {
            lines: Vec::new(),
            listens: None,
            answers: Vec::new(),
            scores: Vec::new(),
            spins: Vec::new(),
            held: Vec::new(),
            end: None,
        };
        timeline.write(start, format!("stub: first instruction {}", monotonic_of(start)));
        match script.parse::<Script>() {
            Ok(script) => timeline.lay_out(&script, start)?,
            Err(problem) => timeline.fail(start, format!("stub: {problem}"), BAD_USAGE),
        }
        Ok(timeline)
    }

    fn lay_out(&mut self, script: &Script, start: Instant) -> Result<(), String> {
        let mut now = start;
        for step in script.steps() {
            match step {
                Step::Log(text) => self.write(now, text.clone()),
                Step::Err(text) => self.lines.push(Line::new(now, true, text.clone())),
                Step::Wait(time) => now += *time,
                Step::Spin(time) => {
                    self.spins.push((now, *time));
                    now += *time;
                }
                Step::Hold(bytes) => self.held.push((now, *bytes as u64)),
                Step::Flood(bytes) => self.lines.push(Line {
                    at: now,
                    stderr: false,
                    text: Text::Flood(bytes / FLOOD_LINE),
                }),
                Step::Listen if self.listens.is_some() => {
                    self.fail(now, "stub: cannot listen: it listens already".to_owned(), CANNOT_LISTEN);
                    return Ok(());
                }
                Step::Listen => {
                    self.listens = Some(now);
                    self.write(now, format!("stub: listening {}", monotonic_of(now)));
                }
                Step::Answer(status) => self.answers.push((now, Answer::Status(*status))),
                Step::Score(later) => self.scores.push((now, *later)),
                Step::Hang => self.answers.push((now, Answer::Hang)),
                Step::Reach(_) => return Err(refusal("reach", "it has no network")),
                Step::Install => return Err(refusal("install", "it has neither a network nor files")),
                Step::Inner(code) => self.write(now, format!("stub: inner exit {code}")),
                Step::Exit(code) => {
                    self.end = Some((now, i64::from(*code)));
                    return Ok(());
                }
                Step::Forever => return Ok(()),
            }
        }
        Ok(())
    }

    fn write(&mut self, at: Instant, text: String) {
        self.lines.push(Line::new(at, false, text));
    }

    fn fail(&mut self, at: Instant, problem: String, code: i64) {
        self.lines.push(Line::new(at, true, problem));
        self.end = Some((at, code));
    }

    /// What a request that arrives at this instant gets.
    pub(super) fn answer(&self, now: Instant) -> Answer {
        match self.answers.iter().rev().find(|(at, _)| *at <= now) {
            Some((_, answer)) => *answer,
            None => match self.answers.first() {
                Some((at, Answer::Status(status))) => Answer::Later(*at, *status),
                _ => Answer::Hang,
            },
        }
    }

    /// How much later a scored request that arrives at this instant is answered.
    pub(super) fn scores_later(&self, now: Instant) -> Duration {
        let set = self.scores.iter().rev().find(|(at, _)| *at <= now);
        set.map_or(Duration::ZERO, |(_, later)| *later)
    }

    /// CPU time burnt up to this instant.
    pub(super) fn cpu(&self, now: Instant) -> Duration {
        let burnt = |(from, time): &(Instant, Duration)| now.saturating_duration_since(*from).min(*time);
        self.spins.iter().map(burnt).sum()
    }

    /// Bytes held at this instant, which is also the most that ever were: nothing is given back.
    pub(super) fn memory(&self, now: Instant) -> u64 {
        let taken = self.held.iter().take_while(|(at, _)| *at <= now);
        taken.map(|(_, bytes)| bytes).sum()
    }
}

impl Line {
    pub(super) fn new(at: Instant, stderr: bool, text: String) -> Self {
        Self {
            at,
            stderr,
            text: Text::Line(text),
        }
    }

    /// In how many pieces it is delivered.
    pub(super) fn pieces(&self) -> usize {
        match self.text {
            Text::Line(_) => 1,
            Text::Flood(lines) => lines,
        }
    }

    /// One piece, with its line feed.
    pub(super) fn piece(&self, number: usize) -> Vec<u8> {
        match &self.text {
            Text::Line(text) => format!("{text}\n").into_bytes(),
            Text::Flood(_) => {
                let line = format!("flood {number:09} ");
                format!("{line:.<width$}\n", width = FLOOD_LINE - 1).into_bytes()
            }
        }
    }
}

fn refusal(step: &str, why: &str) -> String {
    format!("the stub engine cannot play the step `{step}`: {why}; the stub image on a real engine can")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn steps_follow_one_another_without_a_gap() {
        let start = Instant::now();
        let script =
            "log a; wait 5ms; spin 7ms; err b; hold 2kb; listen; wait 1s; answer 502; answer 200; exit 3; log c";
        let timeline = Timeline::new(script, start).unwrap();
        let lines: Vec<_> = timeline
            .lines
            .iter()
            .map(|line| (line.at - start, line.stderr))
            .collect();
        assert_eq!(lines, [(ms(0), false), (ms(0), false), (ms(12), true), (ms(12), false)]);
        assert_eq!(timeline.listens, Some(start + ms(12)));
        assert_eq!(timeline.end, Some((start + ms(1_012), 3)));

        let served = start + ms(1_012);
        assert_eq!(timeline.answer(served), Answer::Status(200));
        assert_eq!(timeline.answer(served - ms(1)), Answer::Later(served, 502));
        assert_eq!(timeline.cpu(start + ms(8)), ms(3));
        assert_eq!(timeline.cpu(served), ms(7));
        assert_eq!((timeline.memory(start), timeline.memory(served)), (0, 2_000));
    }

    #[test]
    fn what_only_hangs_never_answers() {
        let start = Instant::now();
        for script in ["listen", "listen; hang; answer 200", "listen; answer 200; hang"] {
            let timeline = Timeline::new(script, start).unwrap();
            let before = start - ms(1);
            let expected = match script {
                "listen; answer 200; hang" => Answer::Later(start, 200),
                _ => Answer::Hang,
            };
            assert_eq!(timeline.answer(before), expected, "{script}");
        }
        let timeline = Timeline::new("listen; answer 200; hang", start).unwrap();
        assert_eq!(timeline.answer(start), Answer::Hang);
    }

    #[test]
    fn a_bad_script_ends_as_it_ends_the_image_and_an_unplayable_one_is_refused() {
        let start = Instant::now();
        let bad = Timeline::new("listen; lisen", start).unwrap();
        assert_eq!(bad.end, Some((start, 64)));
        assert!(bad.lines[1].stderr && bad.lines[1].piece(0).starts_with(b"stub: step 2 `lisen`: unknown step"));
        assert_eq!(Timeline::new("listen; listen", start).unwrap().end, Some((start, 1)));
        for step in ["install", "reach 10.0.0.1:80"] {
            let problem = Timeline::new(step, start).unwrap_err();
            assert!(problem.contains("the stub image on a real engine can"), "{problem}");
        }
    }

    #[test]
    fn a_flood_is_numbered_lines_of_a_hundred_bytes() {
        let timeline = Timeline::new("flood 1kb", Instant::now()).unwrap();
        let flood = &timeline.lines[1];
        assert_eq!(flood.pieces(), 10);
        let line = String::from_utf8(flood.piece(9)).unwrap();
        assert!(
            line.len() == 100 && line.starts_with("flood 000000009 ...") && line.ends_with(".\n"),
            "{line}"
        );
    }
}
