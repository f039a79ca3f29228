//! Do the boots of a case cost no more than they may?

use super::fate::fate;
use super::lives::to_be_ready;
use super::verdict::Seen;
use crate::expectation::TimeFigure;
use crate::middle::Middle;
use crate::numbers::{bytes, counted, duration};
use crate::observation::{Observation, Phase};
use crate::phases::part_ns;
use crate::run::CaseRecord;
use crate::sample::Sample;

/// A time of the case is below a limit.
pub(super) fn time(figure: &TimeFigure, below_ns: u64, case: &CaseRecord) -> Seen {
    match times(figure, case) {
        Ok(times) => below(
            &Middle::of(times.into_iter().map(|(_, time)| time).collect()),
            below_ns,
            duration,
        ),
        Err(nothing) => nothing,
    }
}

/// The peak memory of the case is below a limit: of the boots whose facts were read, as samples do not tell theirs.
pub(super) fn memory(below_bytes: u64, case: &CaseRecord) -> Seen {
    let peak = |seen: &Observation| seen.resources.and_then(|resources| resources.peak_memory_bytes);
    let boots = to_be_ready(case);
    if boots.is_empty() {
        return Seen::nothing("no replica became ready");
    }
    let peaks: Option<Vec<_>> = boots
        .into_iter()
        .map(|seen| peak(seen).map(|peak| peak as f64))
        .collect();
    match peaks {
        Some(peaks) => below(&Middle::of(peaks), below_bytes, bytes),
        None => Seen::nothing("the engine did not tell the peak memory"),
    }
}

/// The time to ready of one case is at most so many times that of another. Of sampled cases the boots of each round are
/// compared, since what slows a machine down for a while slows down all of a round.
pub(super) fn ratio(case: &CaseRecord, to: &CaseRecord, at_most: f64) -> Seen {
    let (own, other) = match (times(&TimeFigure::Ready, case), times(&TimeFigure::Ready, to)) {
        (Ok(own), Ok(other)) => (own, other),
        (Err(nothing), _) => return nothing,
        (_, Err(nothing)) => return Seen::nothing(format!("of {}: {}", to.id, nothing.actual)),
    };
    let sides = [&own, &other].map(|side| Middle::of(side.iter().map(|(_, time)| *time).collect()));
    let ratios = if case.samples.is_empty() || to.samples.is_empty() {
        vec![sides[0].median / sides[1].median]
    } else {
        paired(&own, &other)
    };
    if ratios.is_empty() {
        return Seen::nothing("no round has a boot of each side");
    }
    let times = Middle::of(ratios);
    let mut actual = match times.values.len() {
        1 => format!("{:.2}x", times.median),
        rounds => format!("median {:.2}x of {}", times.median, counted(rounds, "round")),
    };
    if let Some((low, high)) = times.interval() {
        actual += &format!(" (95 % interval {low:.2}x to {high:.2}x)");
    }
    let [own, other] = sides.map(|side| side.told(duration));
    Seen::compared(times.median <= at_most, format!("{actual}: {own} against {other}"))
}

/// Ratios of the boots that are of the same round.
fn paired(own: &[(usize, f64)], other: &[(usize, f64)]) -> Vec<f64> {
    let pairs = own.iter().filter_map(|(round, time)| {
        let (_, base) = other.iter().find(|(theirs, _)| theirs == round)?;
        Some(time / base)
    });
    pairs.collect()
}

/// A time of every boot that counts, nanoseconds, each with its round. Or why it is not known of all of them: what is left
/// would be too good.
fn times(figure: &TimeFigure, case: &CaseRecord) -> Result<Vec<(usize, f64)>, Seen> {
    if !case.alone {
        return Err(Seen::nothing(
            "the case shared the machine with others, so its times are not its own",
        ));
    }
    let boots = boots(figure, case);
    if boots.is_empty() {
        return Err(Seen::nothing("no boot that counts"));
    }
    let missing: Vec<_> = boots.iter().filter(|boot| boot.time.is_none()).collect();
    if let Some(first) = missing.first() {
        let of = format!("{} of {}", missing.len(), counted(boots.len(), "boot"));
        return Err(Seen::nothing(format!("{figure} is not known of {of}; {}", first.fate)));
    }
    let known = boots
        .into_iter()
        .filter_map(|boot| Some((boot.round, boot.time? as f64)));
    Ok(known.collect())
}

/// One boot that counts.
struct Boot {
    /// The number of its sample.
    round: usize,
    /// Nanoseconds; absent when it was not seen.
    time: Option<u64>,
    /// What became of it.
    fate: String,
}

/// The samples that are no warm-up; without samples, the lives that are to be ready.
fn boots(figure: &TimeFigure, case: &CaseRecord) -> Vec<Boot> {
    if case.samples.is_empty() {
        let lives = to_be_ready(case).into_iter().map(|seen| Boot {
            round: 0,
            // What the cgroup tells of a life holds what was asked and read of it after it was ready.
            time: taken(figure, seen, None),
            fate: fate(seen),
        });
        return lives.collect();
    }
    case.counted_samples().map(|sample| sampled(figure, sample)).collect()
}

fn sampled(figure: &TimeFigure, sample: &Sample) -> Boot {
    let seen = Observation {
        phases: sample.phases.clone(),
        ..Observation::default()
    };
    let fate = match (&sample.error, sample.ready_ns()) {
        (Some(error), _) => error.what.clone(),
        (None, Some(ready)) => format!("ready after {}", duration(ready)),
        (None, None) => "never ready".to_owned(),
    };
    Boot {
        round: sample.iteration,
        time: taken(figure, &seen, sample.cpu_ns).filter(|_| sample.error.is_none()),
        fate: format!("sample {}: {fate}", sample.iteration),
    }
}

/// One time of one boot, nanoseconds.
fn taken(figure: &TimeFigure, seen: &Observation, cpu_ns: Option<u64>) -> Option<u64> {
    match figure {
        TimeFigure::Ready => seen.instant(Phase::Ready),
        TimeFigure::Cpu => cpu_ns,
        TimeFigure::Part(name) => {
            seen.instant(Phase::Ready)?;
            part_ns(seen, name)
        }
    }
}

fn below(middle: &Middle, limit: u64, shown: fn(u64) -> String) -> Seen {
    let holds = middle.median < limit as f64;
    let mut actual = middle.told(shown);
    if !holds {
        actual += &format!(", {} too much", shown((middle.median - limit as f64) as u64));
    }
    let span = middle.span(shown).map(|span| format!("from {span}"));
    Seen::compared(holds, actual).explained(span)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expectation::Check;
    use crate::judge::{Finding, Verdict, trial};
    use crate::observation::{PhaseInstant, Resources};
    use crate::run::CaseError;

    const S: u64 = 1_000_000_000;

    fn phases(ready_ns: u64) -> Vec<PhaseInstant> {
        let at = |phase, at_ns| PhaseInstant { phase, at_ns };
        vec![
            at(Phase::InstallBegin, S),
            at(Phase::ServerStart, ready_ns / 2),
            at(Phase::Ready, ready_ns),
        ]
    }

    fn boot(ready_ns: u64) -> Observation {
        Observation {
            phases: phases(ready_ns),
            resources: Some(Resources {
                peak_memory_bytes: Some(141 << 20),
                cpu_ns: Some(3 * S),
            }),
            ..Observation::default()
        }
    }

    /// Samples that are ready after so many seconds, the first of them a warm-up.
    fn samples(seconds: &[u64]) -> CaseRecord {
        let one = |(iteration, seconds): (usize, &u64)| Sample {
            iteration,
            warm_up: iteration == 0,
            phases: phases(seconds * S),
            cpu_ns: Some(seconds * S / 2),
            ..Sample::default()
        };
        CaseRecord {
            alone: true,
            samples: seconds.iter().enumerate().map(one).collect(),
            ..trial::case(Vec::new(), vec![boot(99 * S)])
        }
    }

    fn once(ready_ns: u64) -> CaseRecord {
        CaseRecord {
            alone: true,
            ..trial::case(Vec::new(), vec![boot(ready_ns)])
        }
    }

    fn judged(check: Check, mut case: CaseRecord) -> Verdict {
        case.expectations = trial::case(vec![check], Vec::new()).expectations;
        case.judge();
        case.verdicts.remove(0)
    }

    fn limit(figure: TimeFigure, below_ns: u64) -> Check {
        Check::TimeBudget { figure, below_ns }
    }

    #[test]
    fn one_boot_is_its_own_median_and_a_limit_is_not_below_itself() {
        assert!(judged(limit(TimeFigure::Ready, 14 * S + 1), once(14 * S)).passed());
        let over = judged(limit(TimeFigure::Ready, 12 * S), once(14 * S));
        assert_eq!(
            (over.finding, over.expected.as_str(), over.actual.as_str()),
            (
                Finding::Fails,
                "median time to ready below 12 s",
                "14.0 s, 2.00 s too much"
            )
        );
        assert_eq!(
            judged(limit(TimeFigure::Ready, 14 * S), once(14 * S)).finding,
            Finding::Fails
        );
    }

    #[test]
    fn of_samples_the_median_is_judged_and_no_warm_up_counts() {
        let case = || samples(&[900, 10, 11, 12, 13, 14, 90]);
        let holds = judged(limit(TimeFigure::Ready, 13 * S), case());
        assert_eq!(
            holds.actual,
            "median 12.5 s of 6 boots (95 % interval 10.0 s to 90.0 s)"
        );
        assert!(holds.passed());
        let over = judged(limit(TimeFigure::Ready, 12 * S), case());
        assert_eq!(over.detail, ["from 10.0 s to 90.0 s"]);
        assert!(over.actual.ends_with(", 500 ms too much"), "{}", over.actual);
    }

    #[test]
    fn parts_processor_and_memory_have_limits_too() {
        let install = || limit(TimeFigure::Part("install".into()), 5 * S);
        assert_eq!(
            judged(install(), samples(&[0, 10, 12, 14])).actual,
            "median 5.00 s of 3 boots, 0.0 ms too much"
        );
        assert_eq!(judged(install(), once(10 * S)).actual, "4.00 s");
        assert_eq!(
            judged(limit(TimeFigure::Cpu, 6 * S), samples(&[0, 10, 14])).actual,
            "median 6.00 s of 2 boots, 0.0 ms too much"
        );
        let mut at_once = boot(10 * S);
        at_once.phases.push(PhaseInstant {
            phase: Phase::InitEnd,
            at_ns: 10 * S,
        });
        let at_once = CaseRecord {
            alone: true,
            ..trial::case(Vec::new(), vec![at_once])
        };
        let serve = judged(limit(TimeFigure::Part("serve".into()), S), at_once);
        assert!(serve.passed(), "{}", serve.actual);
        let once_only = judged(limit(TimeFigure::Cpu, 4 * S), once(S));
        assert_eq!(once_only.finding, Finding::NotObserved, "{}", once_only.actual);
        let memory = |below_bytes| judged(Check::MemoryBudget { below_bytes }, once(S));
        assert!(memory(142 << 20).passed());
        assert_eq!(memory(140 << 20).actual, "141 MiB, 1.00 MiB too much");
    }

    #[test]
    fn what_is_not_known_of_every_boot_is_not_judged_on_the_rest() {
        let mut case = samples(&[0, 10, 11, 12]);
        case.samples[2].error = Some(CaseError {
            what: "no answer within 120 s".into(),
            hint: None,
        });
        let verdict = judged(limit(TimeFigure::Ready, 99 * S), case);
        assert_eq!(verdict.finding, Finding::NotObserved);
        assert_eq!(
            verdict.actual,
            "not observed: time to ready is not known of 1 of 3 boots; sample 2: no answer within 120 s"
        );
        let import = judged(limit(TimeFigure::Part("import".into()), S), once(10 * S));
        assert!(
            import.actual.contains("time of `import` is not known of 1 of 1 boot"),
            "{}",
            import.actual
        );

        let mut shared = once(S);
        shared.alone = false;
        assert_eq!(
            judged(limit(TimeFigure::Ready, 99 * S), shared).finding,
            Finding::NotObserved
        );
    }

    #[test]
    fn rounds_are_compared_one_by_one() {
        // The machine slows down threefold after half of the rounds: the medians of the sides do not see the same half.
        let own = samples(&[0, 20, 20, 20, 60, 60, 60, 60]);
        let other = samples(&[0, 10, 10, 10, 30, 30, 30, 30]);
        let seen = ratio(&own, &other, 2.0);
        assert_eq!(seen.finding, Finding::Holds);
        assert!(
            seen.actual
                .starts_with("median 2.00x of 7 rounds (95 % interval 2.00x to 2.00x): median 60.0 s of 7 boots"),
            "{}",
            seen.actual
        );
        let seen = ratio(&once(30 * S), &once(2 * S), 12.0);
        assert_eq!(
            (seen.finding, seen.actual.as_str()),
            (Finding::Fails, "15.00x: 30.0 s against 2.00 s")
        );
    }
}
