//! Values that are written as a whole number and its unit, never as a bare number.

use serde_json::{Map, Value};

use crate::diagnostic::{Problem, quoted};
use crate::{duration, share, size};

/// One kind of such values.
pub(crate) struct Scalar {
    /// Name of the format in the JSON Schema, by which the structural check finds it.
    pub format: &'static str,
    /// What one value is called.
    pub noun: &'static str,
    /// What zero would be.
    pub nothing: &'static str,
    /// Units, shortest first, each with its length in the first one.
    pub units: &'static [(&'static str, u64)],
    /// The unit that a bare number was probably meant in.
    pub usual: &'static str,
    /// The largest number that may stand before a unit.
    pub largest: u64,
    /// Values for a message.
    pub examples: &'static str,
}

const SCALARS: [&Scalar; 3] = [&duration::SCALAR, &size::SCALAR, &share::SCALAR];

/// The kind of value that a schema asks for, when it is one of these.
pub(crate) fn of(schema: &Map<String, Value>) -> Option<&'static Scalar> {
    let format = schema.get("format")?.as_str()?;
    SCALARS.into_iter().find(|scalar| scalar.format == format)
}

impl Scalar {
    /// Reads a text as a number of the shortest unit; the error says what is wrong with it.
    pub fn read(&self, text: &str) -> Result<u64, String> {
        let noun = self.noun;
        let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, unit) = text.split_at(digits);
        if number.is_empty() {
            return Err(format!("`{text}` is not a {noun}"));
        }
        if unit.is_empty() {
            return Err(format!("`{text}` has no unit"));
        }
        let Some((_, length)) = self.units.iter().find(|(name, _)| *name == unit) else {
            return Err(format!("unknown unit `{unit}` in the {noun} `{text}`"));
        };
        match number.trim_start_matches('0') {
            "" => Err(format!("`{text}` is {}", self.nothing)),
            // What does not fit into 64 bits is larger than every `largest`.
            significant => match significant.parse::<u64>() {
                Ok(number) if number <= self.largest => Ok(number * length),
                _ => Err(format!("`{text}` is too large for a {noun}")),
            },
        }
    }

    /// Adds to a problem with a written value how it should have been written.
    pub fn explain(&self, problem: Problem, written: &str) -> Problem {
        let problem = problem.expected("expected a whole number and a unit");
        if written.is_empty() || !written.chars().all(|c| c.is_ascii_digit()) {
            return problem.help(format!("for example {}", self.examples));
        }
        let usual = self.usual;
        let units: Vec<&str> = self.units.iter().map(|(name, _)| *name).collect();
        problem.help(match units.as_slice() {
            [_] => format!("write `{written}{usual}`"),
            units => format!("write `{written}{usual}`; units are {}", quoted(units)),
        })
    }
}
