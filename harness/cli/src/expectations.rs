//! From the expectations of a scenario file to those of a record: the same meaning, with each line quoted.

use seatrial_record::{Check, Expectation, HealthState, Origin, Place};
use seatrial_spec::{At, Expect, PackageExpect, Project};

/// Every expectation of one case, in the order the record judges them.
pub fn of(expect: &Expect, project: &Project) -> Vec<Expectation> {
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

fn place(at: &At, project: &Project) -> Place {
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
