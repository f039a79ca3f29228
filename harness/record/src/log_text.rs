//! Text that a container, an index or an answer produced, made safe to store and to print.
//!
//! A terminal obeys escape sequences wherever they come from, and XML refuses some characters altogether; so every line
//! from outside passes here once when it is recorded and once more when it is shown.

/// The longest line kept, in characters.
pub const LINE_LIMIT: usize = 2_000;

/// The longest control string that is looked through for its end, in characters; bounds the work on hostile lines.
const CONTROL_STRING_LIMIT: usize = 1_024;

/// One line without control characters, escape sequences and direction overrides, at most [`LINE_LIMIT`] characters long.
///
/// Invalid UTF-8 becomes the replacement character, a tab four spaces, any other line or paragraph break one space.
/// The text of an escape sequence goes with it, unless the sequence never ends: then only its introducer goes, so that a
/// stray byte cannot hide the rest of a line. A line cut short ends in an ellipsis.
pub fn sanitize(line: impl AsRef<[u8]>) -> String {
    let line = line.as_ref();
    // Escape sequences can be long, so the input may be larger than the result, but not without bound.
    let bounded = &line[..line.len().min(LINE_LIMIT * 16)];
    let text = String::from_utf8_lossy(bounded);

    let mut clean = String::with_capacity(text.len().min(LINE_LIMIT));
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '\u{1b}' => rest = after_escape(rest),
            '\u{9b}' => rest = after_control_sequence(rest),
            '\u{90}' | '\u{98}' | '\u{9d}'..='\u{9f}' => rest = after_control_string(rest),
            '\t' => clean.push_str("    "),
            '\r' if rest.as_str().is_empty() => {}
            '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}' => clean.push(' '),
            '\u{fffe}' | '\u{ffff}' => clean.push(char::REPLACEMENT_CHARACTER),
            _ if c.is_control() || overrides_direction(c) => {}
            _ => clean.push(c),
        }
    }
    cut(clean, bounded.len() < line.len())
}

/// After an ESC: what follows decides how long the sequence is.
fn after_escape(rest: std::str::Chars<'_>) -> std::str::Chars<'_> {
    let mut after = rest.clone();
    match after.next() {
        Some('[') => after_control_sequence(after),
        Some('P' | 'X' | ']' | '^' | '_') => after_control_string(after),
        // A character set or similar: intermediates, then one final character.
        Some(' '..='/') => {
            let intermediates = after.clone().take_while(|c| matches!(c, ' '..='/')).count();
            match after.clone().nth(intermediates) {
                Some('0'..='~') => {
                    after.nth(intermediates);
                    after
                }
                _ => rest,
            }
        }
        Some('0'..='~') => after,
        _ => rest,
    }
}

/// After a CSI: parameters and intermediates up to a final character.
fn after_control_sequence(rest: std::str::Chars<'_>) -> std::str::Chars<'_> {
    let parameters = rest.clone().take_while(|c| matches!(c, ' '..='?')).count();
    let mut after = rest.clone();
    match after.nth(parameters) {
        Some('@'..='~') => after,
        _ => rest,
    }
}

/// After an OSC, DCS, PM, APC or SOS: everything up to BEL or the string terminator.
fn after_control_string(rest: std::str::Chars<'_>) -> std::str::Chars<'_> {
    let mut after = rest.clone();
    for _ in 0..CONTROL_STRING_LIMIT {
        let Some(c) = after.next() else { break };
        match c {
            '\u{7}' | '\u{9c}' => return after,
            '\u{1b}' if after.as_str().starts_with('\\') => {
                after.next();
                return after;
            }
            _ => {}
        }
    }
    rest
}

/// Marks that make a terminal show characters in another order than they are stored.
fn overrides_direction(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Bounds the length; `shortened` says that the input already was.
fn cut(mut text: String, shortened: bool) -> String {
    let over = text.char_indices().nth(LINE_LIMIT).is_some();
    if over || shortened {
        let end = text.char_indices().nth(LINE_LIMIT - 1).map_or(text.len(), |(at, _)| at);
        text.truncate(end);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sequences_go_with_their_text_and_plain_text_stays() {
        for (dirty, clean) in [
            ("\u{1b}[1;31mred\u{1b}[0m plain", "red plain"),
            ("\u{1b}]0;title\u{7}after", "after"),
            ("\u{1b}]8;;http://x\u{1b}\\link\u{1b}]8;;\u{1b}\\", "link"),
            ("\u{9b}2Jc1", "c1"),
            ("\u{1b}(Bcharset \u{1b}cx", "charset x"),
            ("10%\r20%\r", "10% 20%"),
            ("a\tb\0c\u{7f}", "a    bc"),
            ("\u{202e}txt.exe", "txt.exe"),
            ("naïve 数 🚢", "naïve 数 🚢"),
        ] {
            assert_eq!(sanitize(dirty), clean, "{dirty:?}");
        }
    }

    #[test]
    fn a_sequence_without_an_end_hides_nothing() {
        assert_eq!(sanitize("\u{1b}]0;never closed: exit 95"), "0;never closed: exit 95");
        assert_eq!(sanitize("\u{1b}[12"), "12");
    }

    #[test]
    fn invalid_utf8_is_replaced_and_long_lines_are_cut() {
        assert_eq!(sanitize(b"a\xffb"), "a\u{fffd}b");
        let long = sanitize(vec![b'x'; 10_000_000]);
        assert_eq!(long.chars().count(), LINE_LIMIT);
        assert!(long.ends_with("x…"));
    }

    proptest! {
        #[test]
        fn nothing_left_moves_a_terminal(bytes in prop::collection::vec(
            prop_oneof![any::<u8>(), Just(0x1b), Just(b'['), Just(b']'), Just(7), Just(0xc2), Just(0x9b)], 0..200
        )) {
            let clean = sanitize(&bytes);
            prop_assert!(!clean.chars().any(|c| c.is_control() || overrides_direction(c)), "{clean:?}");
            prop_assert_eq!(sanitize(&clean), clean);
        }
    }
}
