//! Instants as scenarios and flags write them.

use std::str::FromStr as _;

use jiff::Timestamp;

/// Reads an instant by RFC 3339; `None` for anything else.
#[must_use]
pub fn instant(text: &str) -> Option<Timestamp> {
    Timestamp::from_str(text).ok().filter(|_| is_rfc3339(text))
}

/// Whether a text has the form of an instant by RFC 3339 (5.6): jiff reads more, such as blanks, names of zones and times
/// without seconds.
fn is_rfc3339(text: &str) -> bool {
    let digit = |c: char| {
        if c.is_ascii_digit() {
            '0'
        } else {
            c.to_ascii_uppercase()
        }
    };
    let form: String = text.chars().map(digit).collect();
    let Some(rest) = form.strip_prefix("0000-00-00T00:00:00") else {
        return false;
    };
    let zone = match rest.strip_prefix(".0") {
        Some(fraction) => fraction.trim_start_matches('0'),
        None => rest,
    };
    matches!(zone, "Z" | "+00:00" | "-00:00")
}

#[cfg(test)]
mod tests {
    #[test]
    fn an_instant_has_date_time_and_offset_and_nothing_else() {
        for instant in [
            "2024-05-01T00:00:00Z",
            "2024-05-01t01:30:00.25+01:30",
            "1969-12-31T23:59:59.000000001-00:30",
        ] {
            assert!(super::instant(instant).is_some(), "{instant}");
        }
        for other in [
            "2024-05-01 00:00:00Z",
            "2024-05-01T00:00:00 Z",
            "2024-05-01T00:00:00Z[UTC]",
            "2024-05-01T00:00:00+02:00[Europe/Berlin]",
            "2024-05-01T00:00Z",
            "2024-05-01T00:00:00+02",
            "2024-05-01T00:00:00+0200",
            "20240501T000000Z",
            "2024-05-01T00:00:00,5Z",
            "2024-05-01T00:00:00.Z",
            "2024-05-01T00:00:00",
            "+002024-05-01T00:00:00Z",
            "2024-05-01",
        ] {
            assert!(super::instant(other).is_none(), "{other}");
        }
    }
}
