//! Is the scored request answered as expected?

use serde_json::Value;

use super::fate::fate;
use super::json_subset::first_difference;
use super::verdict::Seen;
use crate::observation::Observation;

/// Status, and the keys of the JSON that are named.
pub(super) fn score(status: u16, json: Option<&Value>, seen: &Observation) -> Seen {
    let Some(answer) = &seen.score else {
        return Seen::nothing(format!("no request was scored; {}", fate(seen)));
    };
    let Some(answered) = answer.status else {
        let error = answer.error.as_deref().unwrap_or("the connection gave no answer");
        return Seen::compared(false, format!("no answer: {error}"));
    };
    let body = (!answer.text.is_empty()).then(|| format!("body: {}", answer.text));
    if answered != status {
        return Seen::compared(false, format!("status {answered}")).with(body);
    }
    let Some(expected) = json else {
        return Seen::compared(true, format!("status {answered}"));
    };
    let Some(actual) = &answer.json else {
        return Seen::compared(false, format!("status {answered}, the body is not JSON")).with(body);
    };
    match first_difference(expected, actual) {
        None => Seen::compared(true, format!("status {answered}, JSON as expected")),
        Some(difference) => Seen::compared(false, format!("status {answered}, {}", difference.what))
            .with(difference.note)
            .with(body),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::expectation::Check;
    use crate::judge::{Finding, Verdict, trial};
    use crate::observation::ScoredResponse;

    fn answered(status: Option<u16>, json: Option<Value>) -> Observation {
        let text = json.as_ref().map_or("<html>".into(), Value::to_string);
        let score = ScoredResponse {
            status,
            json,
            text,
            error: Some("timed out".into()),
            took_ns: 1,
        };
        Observation {
            score: Some(score),
            ..Observation::default()
        }
    }

    fn one(json: Value, seen: &Observation) -> Verdict {
        let check = Check::Score {
            status: 200,
            json: Some(json),
        };
        trial::one(check, seen)
    }

    #[test]
    fn the_first_difference_is_named() {
        let wrong = one(
            json!({"numpy": "1.25.2"}),
            &answered(Some(200), Some(json!({"numpy": "1.26.4", "os": 1}))),
        );
        assert_eq!(wrong.actual, r#"status 200, $.numpy: expected "1.25.2", got "1.26.4""#);
        assert!(
            one(
                json!({"os": 1}),
                &answered(Some(200), Some(json!({"numpy": "1.26.4", "os": 1})))
            )
            .passed()
        );
    }

    #[test]
    fn other_ends_of_a_request_are_told_apart() {
        assert_eq!(one(json!({}), &answered(Some(502), None)).actual, "status 502");
        assert_eq!(
            one(json!({}), &answered(Some(200), None)).actual,
            "status 200, the body is not JSON"
        );
        assert_eq!(one(json!({}), &answered(None, None)).actual, "no answer: timed out");
        assert_eq!(one(json!({}), &Observation::default()).finding, Finding::NotObserved);
    }
}
