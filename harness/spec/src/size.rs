//! Sizes as written in files: a whole number of bytes and its unit, never a bare number.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};

use crate::scalar::Scalar;

/// Sizes; [`Scalar::read`] gives bytes. Units are powers of ten, as networks and package indexes count.
pub(crate) const SCALAR: Scalar = Scalar {
    format: "seatrial-size",
    noun: "size",
    nothing: "no bytes at all",
    units: &[("b", 1), ("kb", 1000), ("mb", 1_000_000), ("gb", 1_000_000_000)],
    usual: "b",
    largest: 999_999_999,
    examples: "`512b`, `50kb`, `5mb`, `1gb`",
};

/// What editors check; [`Scalar::read`] is the judge and a property test holds the two together.
const PATTERN: &str = "^0*[1-9][0-9]{0,8}(b|kb|mb|gb)$";

/// A number of bytes in a wire struct.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WrittenSize(pub u64);

impl<'de> Deserialize<'de> for WrittenSize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        SCALAR.read(&text).map(Self).map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for WrittenSize {
    fn schema_name() -> Cow<'static, str> {
        "Size".into()
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

    /// Writes a size with the longest unit that needs no fraction.
    fn print(bytes: u64) -> String {
        let mut units = SCALAR.units.iter().rev();
        let whole = |unit: &&(&str, u64)| bytes.is_multiple_of(unit.1);
        let (unit, length) = units.find(whole).unwrap_or(&("b", 1));
        format!("{}{unit}", bytes / length)
    }

    proptest! {
        #[test]
        fn a_parsed_size_prints_back(number in 1_u64..1_000_000_000, unit in "b|kb|mb|gb") {
            let bytes = SCALAR.read(&format!("{number}{unit}")).unwrap();
            prop_assert_eq!(SCALAR.read(&print(bytes)).unwrap(), bytes);
        }

        #[test]
        fn editors_and_the_parser_agree(text in "[0-9]{0,12}(b|kb|mb|gb|tb|)") {
            let pattern = regex::Regex::new(PATTERN).unwrap();
            prop_assert_eq!(pattern.is_match(&text), SCALAR.read(&text).is_ok(), "{}", text);
        }
    }

    #[test]
    fn the_error_names_what_is_wrong() {
        let error = |text| SCALAR.read(text).unwrap_err();
        assert_eq!(error("500"), "`500` has no unit");
        assert_eq!(error("5MB"), "unknown unit `MB` in the size `5MB`");
        assert_eq!(error("0kb"), "`0kb` is no bytes at all");
        assert_eq!(error("1234567890b"), "`1234567890b` is too large for a size");
    }
}
