//! Shares of requests as written in files: a whole number of hundredths and `%`.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};

use crate::scalar::Scalar;

/// Shares; [`Scalar::read`] gives hundredths.
pub(crate) const SCALAR: Scalar = Scalar {
    format: "seatrial-share",
    noun: "share",
    nothing: "no request at all",
    units: &[("%", 1)],
    usual: "%",
    largest: 100,
    examples: "`50%`",
};

/// What editors check; [`Scalar::read`] is the judge and a property test holds the two together.
const PATTERN: &str = "^0*([1-9][0-9]?|100)%$";

/// A share in a wire struct, in hundredths: 1 to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WrittenShare(pub u8);

impl<'de> Deserialize<'de> for WrittenShare {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        let hundredths = SCALAR.read(&text).map_err(serde::de::Error::custom)?;
        u8::try_from(hundredths).map(Self).map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for WrittenShare {
    fn schema_name() -> Cow<'static, str> {
        "Share".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": SCALAR.format, "pattern": PATTERN })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn editors_and_the_parser_agree(text in "[0-9]{0,4}(%|x|)") {
            let pattern = regex::Regex::new(PATTERN).unwrap();
            prop_assert_eq!(pattern.is_match(&text), SCALAR.read(&text).is_ok(), "{}", text);
        }
    }

    #[test]
    fn a_share_is_a_part_of_the_whole() {
        assert_eq!(SCALAR.read("100%"), Ok(100));
        assert_eq!(SCALAR.read("101%").unwrap_err(), "`101%` is too large for a share");
        assert_eq!(SCALAR.read("0%").unwrap_err(), "`0%` is no request at all");
    }
}
