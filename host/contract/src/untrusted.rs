//! Escaping of untrusted text for a terminal or a log.

/// Returns `text` as one line: characters that could end the line, move the cursor or change the reading direction are escaped,
/// and the line is cut after `limit` characters.
pub fn one_line(text: &str, limit: usize) -> String {
    let mut line = String::new();
    let mut length = 0;
    for character in text.chars() {
        let before = line.len();
        let escaped = if misleads(character) { character.escape_unicode().to_string() } else { character.into() };
        length += escaped.chars().count();
        if length > limit {
            line.truncate(before);
            line.push('…');
            break;
        }
        line.push_str(&escaped);
    }
    line
}

/// Returns whether `text` needs no escaping.
pub fn is_harmless(text: &str) -> bool {
    !text.contains(misleads)
}

/// Returns whether `character` is a control character (C0, DEL, C1), a line separator, or a format character that hides or reorders
/// others: Unicode's bidirectional controls (UAX #9), zero-width characters, tags and the byte order mark.
fn misleads(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
                | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_line_without_control_characters() {
        assert_eq!(one_line("a\nb\u{1b}[2J\u{9b}\u{7f}é", 100), r"a\u{a}b\u{1b}[2J\u{9b}\u{7f}é");
        assert_eq!(one_line("\u{202e}txt\u{2028}\u{200b}\u{feff}", 100), r"\u{202e}txt\u{2028}\u{200b}\u{feff}");
    }

    #[test]
    fn a_long_message_is_cut_and_ends_with_an_ellipsis() {
        assert_eq!(one_line("äöüäöü", 4), "äöüä…");
        assert_eq!(one_line("äöüä", 4), "äöüä");
        // Escapes are never cut in half.
        assert_eq!(one_line("aa\nb", 4), "aa…");
    }
}
