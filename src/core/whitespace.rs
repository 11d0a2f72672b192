//! Whitespace that nobody sees: at the ends of values that people paste or encode by hand.

/// Where `text` has whitespace at its ends, and which, in words; `None` when it has none.
pub fn at_the_ends(text: &str) -> Option<String> {
    let invisible = |c: &char| is_invisible(*c);
    let first = text.chars().next().filter(invisible).map(|c| format!("begins with {}", word(c)));
    let last = text.chars().next_back().filter(invisible).map(|c| format!("ends in {}", word(c)));
    match (first, last) {
        (Some(first), Some(last)) => Some(format!("{first} and {last}")),
        (first, last) => first.or(last),
    }
}

/// Whitespace, control characters, and marks without width.
fn is_invisible(c: char) -> bool {
    c.is_whitespace() || c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

fn word(c: char) -> &'static str {
    match c {
        '\n' | '\r' => "a line break",
        ' ' => "a space",
        '\t' => "a tab",
        '\u{feff}' => "a byte order mark",
        c if c.is_control() => "a control character",
        _ => "an invisible character",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whitespace_at_either_end_is_named_and_that_inside_is_nobodys_business() {
        let table = [
            ("", None),
            ("avi 123", None),
            ("avi123\n", Some("ends in a line break")),
            ("avi123\r\n", Some("ends in a line break")),
            (" avi123", Some("begins with a space")),
            ("\u{feff}avi123\t", Some("begins with a byte order mark and ends in a tab")),
            ("avi123\u{a0}", Some("ends in an invisible character")),
            ("avi123\u{200b}", Some("ends in an invisible character")),
            ("avi123\0", Some("ends in a control character")),
            ("\n", Some("begins with a line break and ends in a line break")),
        ];
        for (text, expected) in table {
            assert_eq!(at_the_ends(text).as_deref(), expected, "{text:?}");
        }
    }
}
