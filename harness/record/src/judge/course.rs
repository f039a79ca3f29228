//! Did an event of the index's script happen?

use super::verdict::Seen;
use crate::numbers::{counted, duration};
use crate::run::CaseRecord;

/// The event happened before the case ended, and if it must it changed an answer.
pub(super) fn event(name: &str, index: &str, must_hit: bool, case: &CaseRecord) -> Seen {
    let Some(course) = &case.course else {
        return Seen::nothing("the course of the index is not on record");
    };
    let Some(event) = course
        .events
        .iter()
        .find(|event| event.name == name && event.index == index)
    else {
        return Seen::nothing(format!("the index's course has no event `{name}`"));
    };
    match event.at_ns {
        Some(at) if must_hit && event.hits == 0 => {
            let actual = format!("{event}: at {}, but it changed no answer", duration(at));
            Seen::compared(false, actual).with([
                "a fault that meets no request shows nothing: let it begin earlier, or `only` concern what is asked for"
                    .to_owned(),
            ])
        }
        Some(at) => {
            let hits = (event.hits > 0).then(|| format!(", {} changed", counted(event.hits as usize, "answer")));
            let actual = format!("{event}: at {}{}", duration(at), hits.unwrap_or_default());
            Seen::compared(true, actual)
        }
        None => Seen::compared(false, format!("{event}: never happened; its trigger: {}", event.when)).with([
            "a trigger that this variant cannot meet says nothing about it: name a moment that every variant reaches, \
             or leave the variants out that do not"
                .to_owned(),
        ]),
    }
}

#[cfg(test)]
mod tests {
    use crate::expectation::{Check, Place};
    use crate::index::{EventKind, IndexCourse, IndexEvent};
    use crate::judge::{Finding, Verdict, trial};
    use crate::observation::Observation;

    const S: u64 = 1_000_000_000;

    fn one(name: &str, at_ns: Option<u64>, hits: u64) -> Verdict {
        let outage = IndexEvent {
            index: "main".into(),
            name: "outage".into(),
            what: "503".into(),
            kind: EventKind::Answered,
            project: None,
            version: None,
            when: "when replicas 0 and 1 are ready".into(),
            at_ns,
            ended_ns: None,
            hits,
            place: Place {
                file: "f.yaml".into(),
                line: 1,
                column: 1,
                snippet: String::new(),
            },
        };
        let check = Check::Event {
            name: name.into(),
            index: "main".into(),
            hits: true,
        };
        let mut case = trial::case(vec![check], vec![Observation::default()]);
        case.course = Some(IndexCourse {
            events: vec![outage],
            ..IndexCourse::default()
        });
        case.judge();
        case.verdicts.remove(0)
    }

    #[test]
    fn an_event_that_never_happened_fails_and_names_its_trigger() {
        assert_eq!(
            one("outage", Some(4 * S), 9).actual,
            "503: at 4.00 s, 9 answers changed"
        );

        let never = one("outage", None, 0);
        assert_eq!(
            (never.finding, never.actual.as_str()),
            (
                Finding::Fails,
                "503: never happened; its trigger: when replicas 0 and 1 are ready"
            )
        );
        assert!(never.detail[0].contains("trigger"));
    }

    #[test]
    fn a_fault_that_changed_nothing_shows_nothing() {
        let idle = one("outage", Some(4 * S), 0);
        assert_eq!(
            (idle.finding, idle.actual.as_str()),
            (Finding::Fails, "503: at 4.00 s, but it changed no answer")
        );
    }

    #[test]
    fn what_is_not_on_record_was_not_observed() {
        assert_eq!(one("other", Some(4 * S), 9).finding, Finding::NotObserved);
        let check = Check::Event {
            name: "outage".into(),
            index: "main".into(),
            hits: false,
        };
        assert_eq!(trial::one(check, &Observation::default()).finding, Finding::NotObserved);
    }
}
