//! From the expectations of a scenario file to those of a record: the same meaning, with each line quoted.

use seatrial_record::{Check, Expectation, HealthState, Origin, Place, TimeFigure};
use seatrial_spec::{At, Budget, Case, Expect, Method, PackageExpect, Project, ReplicasExpect};

/// Every expectation of one case, in the order the record judges them: those that it writes down, then that every event
/// of its scripts happens that can, for an event that never did shows nothing.
pub fn of(case: &Case, project: &Project) -> Vec<Expectation> {
    let mut all = written(&case.expect, project);
    for (budget, at) in &case.expect.budget {
        all.push(Expectation {
            check: budget_check(budget, case),
            place: place(at, project),
        });
    }
    let setup = &case.scenario.index;
    for (index, side) in ["main", "extra"].into_iter().zip(setup.sides()) {
        let events = side.script.iter().filter(|event| event.when.can_come(case.method));
        all.extend(events.map(|event| Expectation {
            check: Check::Event {
                name: event.name.clone(),
                index: index.to_owned(),
                // Where no boot asks the index a fault has nothing to change, and by lot it may spare everyone.
                hits: event.action.is_fault() && case.method == Method::Dynamic && event.only.share.is_none(),
            },
            place: place(&event.at, project),
        }));
    }
    all
}

fn written(expect: &Expect, project: &Project) -> Vec<Expectation> {
    let mut all = Vec::new();
    let mut push = |check: Check, at: &At| {
        all.push(Expectation {
            check,
            place: place(at, project),
        })
    };
    if let Some((ready, at)) = &expect.ready {
        push(
            Check::Ready {
                within_ns: ns(ready.within),
                at_least: ready.at_least,
                replicas: ready.replicas.clone(),
            },
            at,
        );
    }
    if let Some((refuses, at)) = &expect.refuses {
        let check = Check::Refuses {
            within_ns: ns(refuses.within),
            inner: refuses.inner,
            container: refuses.container,
            log: refuses.log.clone(),
            replicas: refuses.replicas.clone(),
            since: refuses.since.clone(),
        };
        push(check, at);
    }
    for (package, at) in &expect.packages {
        push(package_check(package), at);
    }
    if let Some((score, at)) = &expect.score {
        push(
            Check::Score {
                status: score.status,
                json: score.json.clone(),
            },
            at,
        );
    }
    if let Some((user, at)) = &expect.user {
        push(Check::User { uid: user.uid }, at);
    }
    if let Some((states, at)) = &expect.health {
        push(
            Check::Health {
                states: states.iter().map(|word| health_state(word)).collect(),
            },
            at,
        );
    }
    for (text, at) in &expect.log {
        push(Check::Log { text: text.clone() }, at);
    }
    if let Some((asked, at)) = &expect.index_asked {
        push(Check::IndexAsked { asked: *asked }, at);
    }
    if let Some((at_most, at)) = &expect.index_at_most {
        push(Check::IndexRequests { at_most: *at_most }, at);
    }
    if let Some((replicas, at)) = &expect.replicas {
        push(replicas_check(replicas), at);
    }
    all
}

fn package_check(package: &PackageExpect) -> Check {
    Check::Package {
        project: package.project.clone(),
        version: package.version.clone(),
        origins: package.origin.map(origins).unwrap_or_default(),
        copies: package.copies,
        absent: package.absent,
    }
}

fn replicas_check(replicas: &ReplicasExpect) -> Check {
    match replicas {
        ReplicasExpect::Identical => Check::Identical,
        ReplicasExpect::Drift { projects, odd, since } => Check::Drift {
            projects: projects.clone(),
            odd: odd.clone(),
            since: since.clone(),
        },
    }
}

fn budget_check(budget: &Budget, case: &Case) -> Check {
    let time = |figure, below| Check::TimeBudget {
        figure,
        below_ns: ns(below),
    };
    match budget {
        Budget::Ready(below) => time(TimeFigure::Ready, *below),
        Budget::Part(part, below) => time(TimeFigure::Part(part.to_string()), *below),
        Budget::Cpu(below) => time(TimeFigure::Cpu, *below),
        Budget::Memory(below_bytes) => Check::MemoryBudget {
            below_bytes: *below_bytes,
        },
        Budget::Ratio { to, at_most, .. } => Check::RatioBudget {
            to: case.peer(*to).expect("checked by seatrial-spec to have a case"),
            at_most: *at_most,
        },
    }
}

fn origins(origin: seatrial_spec::Origin) -> Vec<Origin> {
    use seatrial_spec::Origin as Word;
    match origin {
        Word::Image => vec![Origin::Image],
        Word::Installed => vec![Origin::Installed],
        Word::Mounted => vec![Origin::Mounted],
        Word::UserSite => vec![Origin::UserSite],
        Word::Derived => vec![Origin::Derived],
        Word::User => vec![Origin::Installed, Origin::Mounted, Origin::UserSite, Origin::Derived],
    }
}

/// spec has checked the words: what is none of the three states is a status number.
fn health_state(word: &str) -> HealthState {
    match word {
        "refused" => HealthState::Refused,
        "closed" => HealthState::Closed,
        "hanging" => HealthState::Hanging,
        status => HealthState::Status(status.parse().expect("checked by seatrial-spec to be a status")),
    }
}

/// A place with its line as it stands.
pub fn place(at: &At, project: &Project) -> Place {
    Place {
        file: at.file.to_string_lossy().into_owned(),
        line: at.line,
        column: at.column,
        snippet: project.source_line(at),
    }
}

fn ns(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use seatrial_record::{Observation, Phase, PhaseInstant, breakdown};
    use seatrial_spec::Part;

    /// Both know the same parts, by the same names.
    #[test]
    fn every_part_of_the_language_is_one_that_records_have() {
        let reached = [
            Phase::Created,
            Phase::Started,
            Phase::InstallBegin,
            Phase::InstallEnd,
            Phase::ServerStart,
            Phase::Listen,
            Phase::InitBegin,
            Phase::InitEnd,
            Phase::Ready,
        ];
        let phases = reached
            .into_iter()
            .zip(1..)
            .map(|(phase, at_ns)| PhaseInstant { phase, at_ns });
        let seen = Observation {
            phases: phases.collect(),
            ..Observation::default()
        };
        let names: Vec<_> = breakdown(&seen).into_iter().map(|part| part.name).collect();
        assert_eq!(names, Part::ALL.map(Part::as_str));
    }
}
