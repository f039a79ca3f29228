//! Pairs: two sides timed one right after the other, in random order, so that what the machine does meanwhile meets both.

use std::fmt;
use std::time::Duration;

use seatrial_record::numbers;

use crate::figure::Figure;

/// One side of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// What is being judged.
    Tried,
    /// What it is measured against.
    Yardstick,
}

/// Both sides, timed once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// Of [`Side::Tried`].
    pub tried: Duration,
    /// Of [`Side::Yardstick`].
    pub yardstick: Duration,
    /// Which was timed first.
    pub first: Side,
}

/// All pairs of one comparison.
#[derive(Clone, Debug)]
pub struct Pairs {
    /// What is compared, in a few words that also make a file name.
    pub name: &'static str,
    /// What the two sides are, in a word each: tried, yardstick.
    pub sides: [&'static str; 2],
    pairs: Vec<Pair>,
}

/// What a comparison is meant to come to, at most.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Goal {
    /// The median of tried / yardstick.
    Ratio(f64),
    /// The median of the tried side alone.
    Time(Duration),
}

impl Side {
    /// Both sides in random order.
    pub fn drawn(lots: &mut fastrand::Rng) -> [Side; 2] {
        if lots.bool() {
            [Side::Tried, Side::Yardstick]
        } else {
            [Side::Yardstick, Side::Tried]
        }
    }
}

impl Pair {
    /// Times both sides in random order.
    ///
    /// # Errors
    /// Those of `time`, which times the side that it is told.
    pub fn time<E>(lots: &mut fastrand::Rng, mut time: impl FnMut(Side) -> Result<Duration, E>) -> Result<Pair, E> {
        let [first, second] = Side::drawn(lots);
        let (one, other) = (time(first)?, time(second)?);
        Ok(Pair::of(first, one, other))
    }

    /// A pair from its times in the order in which they were taken.
    #[must_use]
    pub fn of(first: Side, one: Duration, other: Duration) -> Pair {
        let (tried, yardstick) = match first {
            Side::Tried => (one, other),
            Side::Yardstick => (other, one),
        };
        Pair {
            tried,
            yardstick,
            first,
        }
    }

    /// Tried less yardstick, seconds.
    fn difference(&self) -> f64 {
        self.tried.as_secs_f64() - self.yardstick.as_secs_f64()
    }

    fn ratio(&self) -> f64 {
        self.tried.as_secs_f64() / self.yardstick.as_secs_f64()
    }
}

impl Pairs {
    /// A comparison without pairs yet.
    #[must_use]
    pub fn new(name: &'static str, sides: [&'static str; 2]) -> Pairs {
        Pairs {
            name,
            sides,
            pairs: Vec::new(),
        }
    }

    /// Adds a pair.
    pub fn add(&mut self, pair: Pair) {
        self.pairs.push(pair);
    }

    /// Whether there is no pair yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// Tried / yardstick of each pair.
    ///
    /// # Panics
    /// When there is no pair, as [`Pairs::time`] does.
    #[must_use]
    pub fn ratio(&self) -> Figure {
        Figure::of(self.pairs.iter().map(Pair::ratio))
    }

    /// Tried less yardstick of each pair, seconds.
    pub fn differences(&self) -> impl Iterator<Item = f64> {
        self.pairs.iter().map(Pair::difference)
    }

    /// Seconds of one side.
    #[must_use]
    pub fn time(&self, side: Side) -> Figure {
        Figure::of(self.pairs.iter().map(|pair| match side {
            Side::Tried => pair.tried.as_secs_f64(),
            Side::Yardstick => pair.yardstick.as_secs_f64(),
        }))
    }

    /// Names of the columns of [`Pairs::rows`].
    #[must_use]
    pub fn columns(&self) -> [String; 3] {
        let [tried, yardstick] = self.sides;
        [format!("{tried}_ns"), format!("{yardstick}_ns"), "first".to_owned()]
    }

    /// The raw samples, a row for each pair in the order in which they were taken.
    pub fn rows(&self) -> impl Iterator<Item = [String; 3]> {
        self.pairs.iter().map(|pair| {
            let first = match pair.first {
                Side::Tried => self.sides[0],
                Side::Yardstick => self.sides[1],
            };
            let [tried, yardstick] = [pair.tried, pair.yardstick].map(|time| time.as_nanos().to_string());
            [tried, yardstick, first.to_owned()]
        })
    }

    /// How the figures stand to the goal: the whole interval has to be on one side of it.
    #[must_use]
    pub fn verdict(&self, goal: Goal) -> &'static str {
        let (figure, limit) = match goal {
            Goal::Ratio(limit) => (self.ratio(), limit),
            Goal::Time(limit) => (self.time(Side::Tried), limit.as_secs_f64()),
        };
        figure.verdict(limit)
    }
}

/// Ratio and both times, a line each.
impl fmt::Display for Pairs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [tried, yardstick] = self.sides;
        let ratio = self.ratio();
        writeln!(
            f,
            "{}: {tried} / {yardstick}, {}",
            self.name,
            numbers::counted(ratio.count, "pair")
        )?;
        writeln!(f, "  ratio  {}", ratio.told(|ratio| format!("{ratio:.3}")))?;
        for (side, name) in [(Side::Tried, tried), (Side::Yardstick, yardstick)] {
            writeln!(f, "  {name}  {}", self.time(side).told(time))?;
        }
        Ok(())
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Goal::Ratio(limit) => write!(f, "ratio <= {limit}"),
            Goal::Time(limit) => write!(f, "median <= {}", time(limit.as_secs_f64())),
        }
    }
}

/// Seconds with the digits that a short time needs.
pub(crate) fn time(seconds: f64) -> String {
    match seconds {
        _ if seconds < 9.995e-4 => format!("{:.1} µs", seconds * 1e6),
        _ if seconds < 9.9995e-3 => format!("{:.3} ms", seconds * 1e3),
        _ => numbers::duration((seconds * 1e9) as u64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(ratios: &[u64]) -> Pairs {
        let mut pairs = Pairs::new("acme", ["index", "folder"]);
        for ratio in ratios {
            let (one, other) = (Duration::from_millis(100), Duration::from_millis(*ratio));
            pairs.add(Pair::of(Side::Yardstick, one, other));
        }
        pairs
    }

    #[test]
    fn a_goal_is_met_or_missed_by_the_whole_interval() {
        let verdict = |ratios: &[u64]| pairs(ratios).verdict(Goal::Ratio(1.05));
        assert_eq!(verdict(&[101, 105, 102, 105, 103, 104]), "met");
        assert_eq!(verdict(&[101, 106, 102, 105, 103, 104]), "open");
        assert_eq!(verdict(&[106, 111, 107, 110, 108, 109]), "missed");
        assert_eq!(verdict(&[101, 101]), "open", "so few have no interval");
        let in_time = Goal::Time(Duration::from_millis(103));
        assert_eq!(pairs(&[101, 103, 101, 103, 101, 103]).verdict(in_time), "met");
    }

    #[test]
    fn either_side_comes_first_and_each_gets_its_own_time() {
        let mut lots = fastrand::Rng::with_seed(7);
        let mut first = [0, 0];
        for _ in 0..100 {
            let pair = Pair::time(&mut lots, |side| Ok::<_, ()>(Duration::from_secs(1 + side as u64)));
            let pair = pair.unwrap();
            assert_eq!((pair.tried.as_secs(), pair.yardstick.as_secs()), (1, 2));
            first[pair.first as usize] += 1;
        }
        assert!(first.iter().all(|times| *times > 30), "{first:?}");
    }

    #[test]
    fn samples_and_figures_are_told() {
        let pairs = pairs(&[104, 104, 104, 104, 104, 104]);
        assert_eq!(pairs.columns(), ["index_ns", "folder_ns", "first"]);
        assert_eq!(pairs.rows().next().unwrap(), ["104000000", "100000000", "folder"]);
        assert_eq!(
            pairs.to_string(),
            "acme: index / folder, 6 pairs\n  \
             ratio  1.040 [1.040, 1.040], quartiles 1.040 to 1.040\n  \
             index  104 ms [104 ms, 104 ms], quartiles 104 ms to 104 ms\n  \
             folder  100 ms [100 ms, 100 ms], quartiles 100 ms to 100 ms\n"
        );
        assert_eq!([4.2e-6, 0.3e-3].map(time), ["4.2 µs", "300.0 µs"]);
    }
}
