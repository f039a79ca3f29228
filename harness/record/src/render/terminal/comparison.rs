//! One comparison: its name, then what it came to and why that can be believed.

use super::page::{Page, Style, Tone};
use crate::comparison::{Calibration, Change, Comparison};

/// Where the text of each line starts.
const INDENT: usize = 12;

/// Shows a comparison under its name, with the calibration of this class of hosts if there is one.
pub fn comparison(name: &str, comparison: &Comparison, calibration: Option<&Calibration>, style: Style) -> String {
    let mut page = Page::new(style);
    page.line(&[(Tone::Strong, name)]);
    for (at, line) in comparison.lines(calibration).into_iter().enumerate() {
        let tone = match line.warns {
            true => Tone::Warn,
            false if at == 0 => tone(&comparison.change),
            false => Tone::Plain,
        };
        page.paragraph(&format!("  {}", line.label), INDENT, tone, &line.text);
    }
    page.finish()
}

/// The tone of the result, which comes first.
fn tone(change: &Change) -> Tone {
    match change {
        Change::Improved | Change::Unchanged => Tone::Good,
        Change::Regressed => Tone::Bad,
        Change::Inconclusive(_) | Change::Incomparable(_) => Tone::Warn,
    }
}
