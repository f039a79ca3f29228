//! Durations as written in files: a whole number and its unit, never a bare number.

use std::borrow::Cow;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};

use crate::scalar::Scalar;

/// Durations; [`Scalar::read`] gives milliseconds.
pub(crate) const SCALAR: Scalar = Scalar {
    format: "seatrial-duration",
    noun: "duration",
    nothing: "no time at all",
    units: &[("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)],
    usual: "s",
    largest: 999_999_999,
    examples: "`500ms`, `60s`, `2m`, `1h`",
};

/// What editors check; [`parse`] is the judge and a property test holds the two together.
const PATTERN: &str = "^0*[1-9][0-9]{0,8}(ms|s|m|h)$";

/// A duration in a wire struct.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WrittenDuration(pub Duration);

impl<'de> Deserialize<'de> for WrittenDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        parse(&text).map(Self).map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for WrittenDuration {
    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": SCALAR.format, "pattern": PATTERN })
    }
}

/// Reads `500ms`, `120s`, `2m` or `1h`; the error says what is wrong with the text.
///
/// # Errors
/// When the text is no duration.
pub fn parse(text: &str) -> Result<Duration, String> {
    SCALAR.read(text).map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Writes a duration with the longest unit that needs no fraction; below a millisecond it is cut off.
    fn print(duration: Duration) -> String {
        let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        let (unit, length) = SCALAR
            .units
            .iter()
            .rev()
            .find(|(_, length)| millis % length == 0)
            .unwrap_or(&("ms", 1));
        format!("{}{unit}", millis / length)
    }

    proptest! {
        #[test]
        fn a_parsed_duration_prints_back(number in 1_u64..1_000_000_000, unit in "ms|s|m|h") {
            let duration = parse(&format!("{number}{unit}")).unwrap();
            prop_assert_eq!(parse(&print(duration)).unwrap(), duration);
        }

        #[test]
        fn editors_and_the_parser_agree(text in "[0-9]{0,12}(ms|s|m|h|x|)") {
            let pattern = regex::Regex::new(PATTERN).unwrap();
            prop_assert_eq!(pattern.is_match(&text), parse(&text).is_ok(), "{}", text);
        }
    }

    #[test]
    fn the_error_names_what_is_wrong() {
        assert_eq!(parse("60").unwrap_err(), "`60` has no unit");
        assert_eq!(
            parse("60sec").unwrap_err(),
            "unknown unit `sec` in the duration `60sec`"
        );
        assert_eq!(parse("0s").unwrap_err(), "`0s` is no time at all");
        assert_eq!(parse("soon").unwrap_err(), "`soon` is not a duration");
    }
}
