//! The document of one comparison, written after every pair: what each boot of both sides showed. What it comes to follows
//! from it alone, so that a stored one can be shown and judged again.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::boots::BootPair;
use super::calibration::Calibration;
use super::measured::Pair;
use super::rule::Rule;
use super::suite::SuiteComparison;
use super::summary::Comparison;
use crate::exit::ExitCode;
use crate::run::{CaseError, HostFacts};

/// Format version of the document: major breaks readers, minor adds (reports/FORMAT.md).
pub const COMPARISON_FORMAT: &str = "comparison/1.0";

/// The chance, at most, of any false alarm in each direction over all cases of one comparison.
pub const SUITE_ERROR: f64 = 0.05;

/// One invocation of `seatrial compare` or `seatrial calibrate`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ComparisonRecord {
    /// [`COMPARISON_FORMAT`] of the writer.
    pub format: String,
    /// Version of seatrial.
    pub seatrial: String,
    /// Unique id of the run.
    pub run: String,
    /// Wall clock at the start, RFC 3339 UTC.
    pub started: String,
    /// Seed of the order of cases in a round, and of sides within a pair.
    pub seed: u64,
    /// Host and engine.
    pub host: HostFacts,
    /// What is compared with what.
    pub sides: Sides,
    /// The rule by which each case is decided, fixed before the first pair.
    pub rule: Rule,
    /// What is compared, in plan order.
    pub cases: Vec<ComparedCase>,
    /// Selected cases that are not compared.
    pub left_out: Vec<LeftOut>,
    /// What this class of hosts shows when both sides are the same; absent when nobody has measured it.
    pub calibration: Option<Calibration>,
    /// Signal that ended the comparison early: `SIGINT` or `SIGTERM`.
    pub interrupted: Option<String>,
    /// Whether every case got the pairs that it was to have; false while they are made, and for ever when the process was killed.
    #[serde(default = "finished")]
    pub finished: bool,
    /// Duration of the whole so far, nanoseconds.
    pub took_ns: u64,
}

/// What a record without the field says.
fn finished() -> bool {
    true
}

/// What is compared with what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Sides {
    /// Two images, each in the place of the same named one.
    Images {
        /// The name.
        image: String,
        /// What stands in its place on the old side, as typed.
        old: String,
        /// The same on the new side.
        new: String,
    },
    /// Two extension methods of the same scenario on the same image.
    Methods {
        /// The method that the other is held against.
        old: String,
        /// The one that is judged.
        new: String,
    },
    /// Each case with itself: a calibration.
    Same,
}

/// A case on both sides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ComparedCase {
    /// Its id; of two methods that of the new side, `against` the variant of the old.
    pub name: String,
    /// What the new side is held against.
    pub old: ComparedSide,
    /// What is judged.
    pub new: ComparedSide,
    /// Every pair, in the order in which they were made, the warm-up first.
    pub pairs: Vec<BootPair>,
}

/// One side of a case.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ComparedSide {
    /// What was launched: the named image, what stands in its place, or what is derived from it; absent when it could not be had.
    pub image: Option<ImageReference>,
    /// Why it could not be made ready for its boots.
    pub error: Option<CaseError>,
}

/// An image, by name and by content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImageReference {
    /// Reference as used.
    pub reference: String,
    /// Content id.
    pub id: String,
}

/// A selected case that is not compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LeftOut {
    /// Its id.
    pub case: String,
    /// Why.
    pub why: String,
}

/// What keeps a case from being compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// A side could not run.
    CouldNotRun(String),
    /// A side that is to be ready was not.
    NotReady(String),
}

impl Obstacle {
    /// The reason in words.
    pub fn why(&self) -> &str {
        match self {
            Self::CouldNotRun(why) | Self::NotReady(why) => why,
        }
    }
}

impl ComparedCase {
    /// The pairs that count, as measured.
    pub fn measured(&self) -> Vec<Pair> {
        self.pairs.iter().filter_map(BootPair::measured).collect()
    }

    /// What keeps it from being compared, if anything does; the old side is told first.
    pub fn obstacle(&self) -> Option<Obstacle> {
        let sides = [("old", &self.old), ("new", &self.new)];
        let unprepared = sides.into_iter().find_map(|(side, it)| {
            let error = it.error.as_ref()?;
            Some(Obstacle::CouldNotRun(format!(
                "the {side} side could not run: {}",
                error.what
            )))
        });
        unprepared.or_else(|| self.pairs.iter().find_map(BootPair::obstacle))
    }

    /// What its pairs come to, by themselves.
    pub fn comparison(&self, rule: &Rule) -> Comparison {
        match self.obstacle() {
            Some(obstacle) => Comparison::incomparable(obstacle.why(), rule),
            None => Comparison::of(&self.measured(), rule),
        }
    }

    /// Whether both sides launched the same image.
    pub fn same_image(&self) -> bool {
        let id = |side: &ComparedSide| side.image.as_ref().map(|image| image.id.clone());
        id(&self.old).is_some_and(|old| id(&self.new) == Some(old))
    }
}

impl ComparisonRecord {
    /// All cases judged together.
    pub fn suite(&self) -> SuiteComparison {
        let comparisons = self
            .cases
            .iter()
            .map(|case| (case.name.clone(), case.comparison(&self.rule)));
        SuiteComparison::of(comparisons.collect(), SUITE_ERROR)
    }

    /// What the process ends with: of several the lowest of 3, 4 and 6. A case that regressed is 6, unless each case was
    /// compared with itself. A comparison that ended without a signal and before its end (the process was killed) could not run.
    pub fn exit_code(&self) -> ExitCode {
        match self.interrupted.as_deref() {
            Some("SIGTERM") => return ExitCode::Terminated,
            Some(_) => return ExitCode::Interrupted,
            None if !self.finished => return ExitCode::CouldNotRun,
            None => {}
        }
        let obstacles = self
            .cases
            .iter()
            .filter_map(ComparedCase::obstacle)
            .map(|obstacle| match obstacle {
                Obstacle::CouldNotRun(_) => ExitCode::CouldNotRun,
                Obstacle::NotReady(_) => ExitCode::ExpectationFailed,
            });
        let regressed = self.sides != Sides::Same && self.suite().regressed().next().is_some();
        obstacles
            .chain(regressed.then_some(ExitCode::Regressed))
            .min()
            .unwrap_or(ExitCode::Expected)
    }

    /// How many cases came to each outcome, the most urgent first; those that none came to are left out.
    pub fn totals(&self) -> Vec<(&'static str, usize)> {
        let words: Vec<_> = self.suite().members.iter().map(|member| member.change.word()).collect();
        WORDS
            .into_iter()
            .map(|word| (word, words.iter().filter(|one| **one == word).count()))
            .filter(|(_, count)| *count > 0)
            .collect()
    }
}

/// Words of [`Change`](super::Change), the most urgent first.
const WORDS: [&str; 5] = ["regressed", "incomparable", "inconclusive", "improved", "unchanged"];

impl SuiteComparison {
    /// The comparison of a member, coming to what it comes to among the others.
    pub fn judged(&self) -> impl Iterator<Item = (&str, Comparison)> {
        self.members.iter().map(|member| {
            let comparison = Comparison {
                change: member.change.clone(),
                ..member.comparison.clone()
            };
            (member.name.as_str(), comparison)
        })
    }
}
