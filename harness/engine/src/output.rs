//! Output of a command, kept up to a bound and drained beyond it.

use crate::CommandOutput;

/// Most bytes kept of each stream.
const BOUND: usize = 16 << 20;

/// Collects both streams of one command.
#[derive(Debug, Default)]
pub(crate) struct Collector {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

impl Collector {
    /// Keeps what still fits; the rest is read and dropped, so that the writer does not block.
    pub(crate) fn push(&mut self, stderr: bool, bytes: &[u8]) {
        let kept = if stderr { &mut self.stderr } else { &mut self.stdout };
        let room = BOUND - kept.len();
        kept.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// The command ended.
    pub(crate) fn finish(self, code: i64) -> CommandOutput {
        CommandOutput {
            code,
            stdout: self.stdout,
            stderr: self.stderr,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_stream_is_bounded_by_itself() {
        let mut collector = Collector::default();
        for _ in 0..3 {
            collector.push(false, &vec![b'x'; BOUND / 2 + 1]);
        }
        collector.push(true, b"oops");
        let output = collector.finish(7);
        assert_eq!(
            (output.code, output.stdout.len(), output.stderr.as_slice()),
            (7, BOUND, b"oops".as_slice())
        );
    }
}
