//! The requirements of a case as the files that pip is given: the lines, and beside them the constraints if there are any.

use seatrial_spec::Extend;

/// Name of the constraints file, which lies beside the requirements file; an app may well have a `constraints.txt` there.
pub const CONSTRAINTS: &str = "seatrial-constraints.txt";

/// Requirement lines and the constraints that hold for them.
#[derive(Clone, Copy, Debug)]
pub struct Requirements<'a> {
    pub lines: &'a [String],
    pub constraints: &'a [String],
}

impl<'a> Requirements<'a> {
    /// Those of a scenario.
    pub fn of(extend: &'a Extend) -> Requirements<'a> {
        Requirements {
            lines: &extend.requirements,
            constraints: &extend.constraints,
        }
    }

    /// Text of the requirements file. It names the constraints file, which pip looks for beside it.
    pub fn text(&self) -> String {
        let named = match self.constraints {
            [] => String::new(),
            _ => format!("-c {CONSTRAINTS}\n"),
        };
        named + &self.lines.join("\n") + "\n"
    }

    /// Text of the constraints file; `None`: there is none.
    pub fn constraints_text(&self) -> Option<String> {
        (!self.constraints.is_empty()).then(|| self.constraints.join("\n") + "\n")
    }
}

#[cfg(test)]
mod tests {
    use super::Requirements;

    #[test]
    fn constraints_are_named_only_when_there_are_any() {
        let lines = ["rig==1.0.0".to_owned()];
        let constraints = ["bolt<2".to_owned()];
        let plain = Requirements {
            lines: &lines,
            constraints: &[],
        };
        assert_eq!(
            (plain.text().as_str(), plain.constraints_text()),
            ("rig==1.0.0\n", None)
        );
        let constrained = Requirements {
            constraints: &constraints,
            ..plain
        };
        assert_eq!(constrained.text(), "-c seatrial-constraints.txt\nrig==1.0.0\n");
        assert_eq!(constrained.constraints_text().as_deref(), Some("bolt<2\n"));
    }
}
