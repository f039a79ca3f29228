//! Timings that somebody accepted on one class of hosts. A stored number judges nothing, because hosts drift: it only says
//! when a comparison of both sides on one host is worth making.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::host_class::HostClass;
use super::record::ImageReference;
use super::rule::Rule;
use crate::numbers::{counted, duration};
use crate::run::{CaseRecord, RunRecord};
use crate::sample::Sample;
use crate::stats::{mad, median};

/// Format version of the document: major breaks readers, minor adds (reports/FORMAT.md).
pub const BASELINE_FORMAT: &str = "baseline/1.0";

/// Fewest boots that are accepted, or held against what was accepted: fewer have no spread to speak of.
pub const FEWEST: usize = 5;

/// A median of absolute deviations, this many times, is a standard deviation where times are normal (Rousseeuw and Croux,
/// "Alternatives to the Median Absolute Deviation", JASA 88, 1993).
const SCALE: f64 = 1.4826;

/// So many standard deviations off the accepted median is outside its spread.
const OUTSIDE: f64 = 3.0;

/// Accepted timings of one class of hosts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// [`BASELINE_FORMAT`] of the writer.
    pub format: String,
    /// The class.
    pub host: HostClass,
    /// By id of the case.
    pub cases: BTreeMap<String, Accepted>,
}

/// The accepted time to ready of one case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Accepted {
    /// Median, nanoseconds.
    pub median_ns: u64,
    /// Median of the absolute deviations from it, nanoseconds.
    pub mad_ns: u64,
    /// Boots that both are of.
    pub boots: usize,
    /// When they were made: the start of their run, RFC 3339 UTC.
    pub measured: String,
    /// Their run.
    pub run: String,
    /// The named image, or what stood in its place.
    pub image: ImageReference,
}

/// A case whose times are no longer what was accepted.
#[derive(Clone, Debug, PartialEq)]
pub struct Departure<'a> {
    /// Its id.
    pub case: &'a str,
    /// Name of its image.
    pub image: &'a str,
    /// What was accepted.
    pub accepted: &'a Accepted,
    /// Median of this run, nanoseconds.
    pub median_ns: u64,
    /// Boots that it is of.
    pub boots: usize,
    /// The image of this run.
    pub now: ImageReference,
}

impl Baseline {
    /// Nothing accepted yet.
    pub fn empty(host: HostClass) -> Self {
        Self {
            format: BASELINE_FORMAT.to_owned(),
            host,
            cases: BTreeMap::new(),
        }
    }

    /// Accepts the times of every case of a run that was sampled, in place of what was accepted of it before. Returns the
    /// ids of those accepted, and of the others each with why it was not.
    pub fn accept(&mut self, record: &RunRecord) -> (Vec<String>, Vec<(String, String)>) {
        let (mut taken, mut left) = (Vec::new(), Vec::new());
        for case in &record.cases {
            let accepted = Times::of(case).and_then(|times| {
                let image = image(record, case).ok_or("its image is not known")?;
                Ok(Accepted {
                    median_ns: times.median as u64,
                    mad_ns: times.mad as u64,
                    boots: times.boots,
                    measured: record.started.clone(),
                    run: record.run.clone(),
                    image,
                })
            });
            match accepted {
                Ok(accepted) => {
                    self.cases.insert(case.id.clone(), accepted);
                    taken.push(case.id.clone());
                }
                Err(why) => left.push((case.id.clone(), why.to_owned())),
            }
        }
        (taken, left)
    }

    /// Cases of a run whose median lies outside the spread of what was accepted, and further off than what matters by the
    /// rule: faster ones too, as something has changed there as well.
    pub fn departures<'a>(&'a self, record: &'a RunRecord, rule: &Rule) -> Vec<Departure<'a>> {
        let departure = |case: &'a CaseRecord| {
            let accepted = self.cases.get(&case.id)?;
            let times = Times::of(case).ok()?;
            accepted.is_left_by(times.median, rule).then_some(Departure {
                case: &case.id,
                image: &case.image,
                accepted,
                median_ns: times.median as u64,
                boots: times.boots,
                now: image(record, case)?,
            })
        };
        record.cases.iter().filter_map(departure).collect()
    }
}

impl Accepted {
    fn is_left_by(&self, now: f64, rule: &Rule) -> bool {
        let then = self.median_ns as f64;
        let outside = (now - then).abs() > OUTSIDE * SCALE * self.mad_ns as f64;
        let margin = rule.margin(f64::midpoint(now, then));
        outside && (now.max(1.0) / then.max(1.0)).ln().abs() > margin
    }

    /// Its figures: `7.33 s (spread 0.12 s, 10 boots)`.
    pub fn told(&self) -> String {
        let (median, spread) = (duration(self.median_ns), duration(self.mad_ns));
        format!("{median}, spread {spread}, {}", counted(self.boots, "boot"))
    }
}

impl Departure<'_> {
    /// What departed from what, in a sentence.
    pub fn told(&self) -> String {
        let word = if self.median_ns > self.accepted.median_ns {
            "slower"
        } else {
            "faster"
        };
        format!(
            "{} is {word} than accepted: median {} of {}; accepted {} ({})",
            self.case,
            duration(self.median_ns),
            counted(self.boots, "boot"),
            self.accepted.told(),
            self.accepted.measured
        )
    }
}

/// The times to ready of a case.
struct Times {
    median: f64,
    mad: f64,
    boots: usize,
}

impl Times {
    /// Of the samples that are no warm-up; why there are none to go by otherwise.
    fn of(case: &CaseRecord) -> Result<Self, &'static str> {
        if case.error.is_some() || !case.alone {
            return Err("it could not run, or not alone");
        }
        let counted: Vec<&Sample> = case.samples.iter().filter(|sample| !sample.warm_up).collect();
        let times: Option<Vec<f64>> = counted.iter().map(|sample| Some(sample.ready_ns()? as f64)).collect();
        let times = times.ok_or("not every boot became ready")?;
        if times.len() < FEWEST {
            return Err("it was booted too few times (`run --samples N`, of timed cases)");
        }
        let (Some(median), Some(mad)) = (median(&times), mad(&times)) else {
            return Err("its times are no numbers");
        };
        Ok(Self {
            median,
            mad,
            boots: times.len(),
        })
    }
}

fn image(record: &RunRecord, case: &CaseRecord) -> Option<ImageReference> {
    let facts = record.images.get(&case.image)?;
    Some(ImageReference {
        reference: facts.reference.clone(),
        id: facts.id.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::{Phase, PhaseInstant};
    use crate::run::{FORMAT, HostFacts, ImageFacts};

    const MS: u64 = 1_000_000;

    fn run(times_ms: &[u64]) -> RunRecord {
        let sample = |ms: &u64| Sample {
            phases: vec![PhaseInstant {
                phase: Phase::Ready,
                at_ns: ms * MS,
            }],
            ..Sample::default()
        };
        let warm_up = Sample {
            warm_up: true,
            ..sample(&9000)
        };
        let case = CaseRecord {
            id: "startup/a@none".into(),
            image: "stub".into(),
            alone: true,
            samples: std::iter::once(warm_up).chain(times_ms.iter().map(sample)).collect(),
            ..CaseRecord::default()
        };
        RunRecord {
            format: FORMAT.into(),
            seatrial: "0.1.0".into(),
            run: "one".into(),
            started: "2026-11-23T00:00:00Z".into(),
            seed: 1,
            host: HostFacts::default(),
            images: [("stub".to_owned(), ImageFacts::default())].into(),
            planned: vec![],
            cases: vec![case],
            interrupted: None,
            refused: 0,
            took_ns: 0,
        }
    }

    #[test]
    fn a_median_outside_the_accepted_spread_departs_in_either_direction() {
        let mut baseline = Baseline::empty(HostClass::of(&HostFacts::default()));
        let (taken, left) = baseline.accept(&run(&[980, 990, 1000, 1010, 1020]));
        assert_eq!(
            (taken.as_slice(), left.len()),
            (["startup/a@none".to_owned()].as_slice(), 0)
        );
        let accepted = &baseline.cases["startup/a@none"];
        assert_eq!(
            (accepted.median_ns, accepted.mad_ns, accepted.boots),
            (1000 * MS, 10 * MS, 5)
        );

        let departs = |times: &[u64]| !baseline.departures(&run(times), &Rule::default()).is_empty();
        assert!(departs(&[1060, 1060, 1060, 1060, 1060]) && departs(&[900; 5]));
        assert!(!departs(&[1045; 5]), "outside the spread, but less than what matters");
        assert!(!departs(&[2000; 4]), "too few");
        let mut wide = Baseline::empty(HostClass::of(&HostFacts::default()));
        wide.accept(&run(&[800, 900, 1000, 1100, 1200]));
        assert_eq!(
            wide.departures(&run(&[1100; 5]), &Rule::default()),
            [],
            "within the spread"
        );
    }

    #[test]
    fn what_was_booted_too_seldom_is_not_accepted() {
        let mut baseline = Baseline::empty(HostClass::of(&HostFacts::default()));
        let (taken, left) = baseline.accept(&run(&[1000; 4]));
        assert!(taken.is_empty() && left[0].1.contains("too few"), "{left:?}");
    }
}
