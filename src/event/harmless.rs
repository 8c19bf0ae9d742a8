//! Words of strangers, made harmless. Titles, names and addresses come from invitations, feeds and
//! servers: they end on terminals, where controls move cursors, and in descriptions, which some
//! calendars show as HTML.

/// Without what moves a cursor, breaks a line or turns the writing direction. Controls become
/// spaces; marks of direction go.
pub fn plain(text: &str) -> String {
    let spaced = |c: char| if is_break(c) { ' ' } else { c };
    text.chars().filter(|c| !is_direction(*c)).map(spaced).collect::<String>().trim_end().to_owned()
}

/// The same where HTML may be read.
pub fn quoted(text: &str) -> String {
    plain(text).replace(['<', '>', '&'], "")
}

/// Whether a reader's screen does something else than show it.
pub fn acts(c: char) -> bool {
    is_break(c) || is_direction(c)
}

fn is_break(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Marks, embeddings, overrides and isolates of Unicode's bidirectional algorithm (UAX #9).
fn is_direction(c: char) -> bool {
    let marks = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}');
    marks || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_on_a_reader_is_taken_out() {
        assert_eq!(
            plain("a\u{1b}[2J\u{9b}b\r\n\u{202e}c\u{2066}d\u{2028}e\u{7f}"),
            "a [2J b  cd e"
        );
        assert_eq!(plain("Größe ✓ 日本"), "Größe ✓ 日本");
        assert_eq!(quoted("<a href=//evil.example>R&D</a>"), "a href=//evil.exampleRD/a");
    }
}
