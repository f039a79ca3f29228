//! The stamp that a log line carries: nearer to what the line tells of than its arrival.

use jiff::Timestamp;
use seatrial_engine::{instant_of_monotonic, wall_instant};
use seatrial_spec::StampForm;
use tokio::time::Instant;

/// `2026-01-02 03:04:05,678`
const ASCTIME: usize = 23;

/// The instant that a line tells by one of these forms; `mark` is the text in it after which a number may stand. `None`
/// for a line without a stamp that is understood, and for one that lies ahead of us.
pub fn stamp(line: &str, forms: &[StampForm], mark: Option<&str>) -> Option<Instant> {
    forms.iter().find_map(|form| match form {
        StampForm::Rfc3339 => wall(line.split_whitespace().next()?),
        StampForm::AsctimeUtc => wall(&format!("{}Z", line.get(..ASCTIME)?)),
        StampForm::Monotonic => instant_of_monotonic(number_after(line, mark?)?),
    })
}

fn wall(text: &str) -> Option<Instant> {
    let moment: Timestamp = text.parse().ok()?;
    wall_instant(moment.as_nanosecond())
}

/// The integer that follows `text` in `line`.
pub fn number_after<T: std::str::FromStr>(line: &str, text: &str) -> Option<T> {
    let rest = line.split_once(text)?.1.trim_start();
    let digits = rest.find(|character: char| !character.is_ascii_digit());
    rest[..digits.unwrap_or(rest.len())].parse().ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const ALL: [StampForm; 3] = [StampForm::Rfc3339, StampForm::AsctimeUtc, StampForm::Monotonic];

    /// A moment some seconds ago, as text in a form.
    fn ago(age: Duration, form: &str) -> String {
        (Timestamp::now() - age).strftime(form).to_string()
    }

    /// How long before now a line's stamp lies, in seconds, rounded.
    fn age(line: &str, forms: &[StampForm]) -> Option<u64> {
        stamp(line, forms, Some("told at")).map(|at| at.elapsed().as_secs_f64().round() as u64)
    }

    #[test]
    fn lines_of_the_launcher_and_of_the_server_tell_their_moment() {
        let age_of = |seconds, form| age(&ago(Duration::from_secs(seconds), form), &ALL);
        assert_eq!(age_of(30, "%Y-%m-%dT%H:%M:%S,%9f+00:00 | gunicorn/run | x"), Some(30));
        assert_eq!(age_of(40, "%Y-%m-%dT%H:%M:%S.%3fZ x"), Some(40));
        assert_eq!(age_of(50, "%Y-%m-%d %H:%M:%S,%3f I [9] azmlinfsrv - x"), Some(50));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_number_after_the_mark_is_of_the_monotonic_clock() {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        let line = format!("stub: told at {}{:09}", now.tv_sec - 1, now.tv_nsec);
        assert_eq!(age(&line, &[StampForm::Monotonic]), Some(1));
        assert_eq!(stamp(&line, &[StampForm::Monotonic], None), None);
    }

    #[test]
    fn other_lines_tell_nothing() {
        for line in [
            "",
            "Collecting rich==13.9.4",
            "2026-01-02",
            "2026-01-02 03:04",
            "2026-13-02 03:04:05,678 I x",
            "2026-01-02T03:04:05 no zone",
            "told at noon",
            "\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}",
        ] {
            assert_eq!(stamp(line, &ALL, Some("told at")), None, "{line}");
        }
        let ahead = (Timestamp::now() + Duration::from_secs(60)).to_string();
        assert_eq!(stamp(&ahead, &ALL, None), None);
        assert_eq!(
            stamp(&ago(Duration::from_secs(9), "%Y-%m-%d %H:%M:%S,%3f"), &[], None),
            None
        );
    }
}
