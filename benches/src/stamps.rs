//! What the stub itself says of its boot, on the clock that it shares with its host.

/// Instants on CLOCK_MONOTONIC, nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamps {
    /// First instruction.
    pub first: u64,
    /// From when on a request gets 200: it listens, and has been told to answer so.
    pub able: u64,
}

impl Stamps {
    /// Reads the marks out of a log; `None` when one is missing.
    #[must_use]
    pub fn read<'a>(log: impl Iterator<Item = &'a str>) -> Option<Stamps> {
        let [mut first, mut listening, mut answers] = [None; 3];
        for line in log {
            let stamp = |mark: &str| line.strip_prefix(mark)?.trim().parse::<u64>().ok();
            first = first.or(stamp("stub: first instruction "));
            listening = listening.or(stamp("stub: listening "));
            answers = answers.or(stamp("stub: answers 200 "));
        }
        Some(Stamps {
            first: first?,
            able: listening?.max(answers?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stub_is_able_when_it_listens_and_answers_200() {
        let log = "stub: first instruction 5\nstub: listening 7\nstub: answers 502 8\nstub: answers 200 9\n";
        assert_eq!(Stamps::read(log.lines()), Some(Stamps { first: 5, able: 9 }));
        let log = "stub: first instruction 5\nstub: answers 200 6\nstub: listening 7\n";
        assert_eq!(Stamps::read(log.lines()), Some(Stamps { first: 5, able: 7 }));
        assert_eq!(Stamps::read("stub: listening 7".lines()), None);
    }
}
