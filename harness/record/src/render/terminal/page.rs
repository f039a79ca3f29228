//! Lines within a width, with or without colour. The only way onto the terminal view: all text is made safe here.

use crate::log_text::sanitize;

/// How the terminal view looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether colours are used.
    pub color: bool,
    /// Width in characters; paths and other words that cannot be broken may exceed it.
    pub width: usize,
}

impl Default for Style {
    /// Plain text in 80 columns.
    fn default() -> Self {
        Self {
            color: false,
            width: 80,
        }
    }
}

/// What a piece of text is, from which its colour follows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    /// Body text.
    Plain,
    /// Headings.
    Strong,
    /// As expected.
    Good,
    /// Not as expected.
    Bad,
    /// Needs a look.
    Warn,
    /// Context.
    Faint,
}

impl Tone {
    fn code(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Strong => Some("1"),
            Self::Good => Some("32"),
            Self::Bad => Some("1;31"),
            Self::Warn => Some("33"),
            Self::Faint => Some("2"),
        }
    }
}

/// A page under construction.
pub(super) struct Page {
    style: Style,
    text: String,
}

impl Page {
    pub(super) fn new(style: Style) -> Self {
        Self {
            style,
            text: String::new(),
        }
    }

    /// Width in characters.
    pub(super) fn width(&self) -> usize {
        self.style.width
    }

    /// One line of pieces, as long as they are.
    pub(super) fn line(&mut self, pieces: &[(Tone, &str)]) {
        let last = pieces.len().saturating_sub(1);
        for (at, (tone, text)) in pieces.iter().enumerate() {
            let text = sanitize(text);
            let text = if at == last { text.trim_end() } else { text.as_str() };
            match tone.code().filter(|_| self.style.color && !text.is_empty()) {
                Some(code) => self.text.push_str(&format!("\u{1b}[{code}m{text}\u{1b}[0m")),
                None => self.text.push_str(text),
            }
        }
        self.text.push('\n');
    }

    /// Text under a label, wrapped between words; lines after the first start where the text starts.
    pub(super) fn paragraph(&mut self, label: &str, indent: usize, tone: Tone, text: &str) {
        let mut label = format!("{label:<indent$}");
        for line in wrapped(&sanitize(text), self.style.width.saturating_sub(indent)) {
            self.line(&[(Tone::Faint, &label), (tone, &line)]);
            label = " ".repeat(indent);
        }
    }

    /// An empty line.
    pub(super) fn gap(&mut self) {
        self.text.push('\n');
    }

    /// The page as text.
    pub(super) fn finish(self) -> String {
        self.text
    }
}

/// Breaks text between words; a word longer than the width keeps a line of its own. Always at least one line.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(std::mem::take(&mut line));
        } else if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_wraps_between_words_and_long_words_stay_whole() {
        assert_eq!(wrapped("one two three", 8), ["one two", "three"]);
        assert_eq!(wrapped("a /very/long/path b", 6), ["a", "/very/long/path", "b"]);
        assert_eq!(wrapped("", 6), [""]);
    }

    #[test]
    fn only_the_style_colours() {
        let shown = |color| {
            let mut page = Page::new(Style { color, width: 80 });
            page.line(&[(Tone::Bad, "\u{1b}[31mFAILED"), (Tone::Plain, " x ")]);
            page.finish()
        };
        assert_eq!(shown(false), "FAILED x\n");
        assert_eq!(shown(true), "\u{1b}[1;31mFAILED\u{1b}[0m x\n");
    }
}
