//! The paths of objects as targets of a health monitor's request line (RFC 9112, 3.2.1).

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use std::borrow::Cow;

/// What may not stand in a path or query as it is (RFC 3986, 3.3 and 3.4). The percent sign is looked at apart.
const NOT_IN_TARGET: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// Signs that hardly stand in a path, and in patterns of other controllers' paths.
const OF_PATTERNS: [&str; 13] = ["*", "^", "\\", "|", "[", "]", "{", "}", "(?", "(.", "(/", ".+", "+)"];

/// Whether a path holds a control character: it would end the line and write headers of its own.
pub fn has_control(path: &str) -> bool {
    path.chars().any(char::is_control)
}

/// Whether a path is a pattern, as users of other controllers write them. No request can ask for a pattern.
pub fn is_pattern(path: &str) -> bool {
    path.ends_with('$') || OF_PATTERNS.iter().any(|sign| path.contains(sign))
}

/// The path as it stands in a request line: what may not stand there is percent-encoded, what is encoded already stays.
/// An ordinary path is its own target.
pub fn of(path: &str) -> Cow<'_, str> {
    let rooted = if path.starts_with('/') { Cow::Borrowed(path) } else { Cow::Owned(format!("/{path}")) };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=:@?".contains(&byte);
    if rooted.bytes().all(plain) {
        return rooted;
    }
    let mut target = String::with_capacity(rooted.len() + 8);
    let mut rest = &*rooted;
    while let Some((before, after)) = rest.split_once('%') {
        target.extend(utf8_percent_encode(before, NOT_IN_TARGET));
        target.push_str(if is_encoded(after) { "%" } else { "%25" });
        rest = after;
    }
    target.extend(utf8_percent_encode(rest, NOT_IN_TARGET));
    Cow::Owned(target)
}

/// Whether two hexadecimal digits follow.
fn is_encoded(after_percent: &str) -> bool {
    matches!(after_percent.as_bytes(), [high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FND-E2
    #[test]
    fn an_ordinary_path_is_its_own_target_and_what_may_not_stand_in_one_is_encoded_once() {
        let table = [
            ("/", "/"),
            ("/cart/v1.0/~me/a,b;c=d:e@f!$&'()*+", "/cart/v1.0/~me/a,b;c=d:e@f!$&'()*+"),
            ("/health?ready=1", "/health?ready=1"),
            ("/my files", "/my%20files"),
            ("/my%20files", "/my%20files"),
            ("/100%", "/100%25"),
            ("/100%25", "/100%25"),
            ("/%2", "/%252"),
            ("/a%zz b%41", "/a%25zz%20b%41"),
            ("/a#b", "/a%23b"),
            ("/a\"<>[\\]^`{|}", "/a%22%3C%3E%5B%5C%5D%5E%60%7B%7C%7D"),
            ("/größe", "/gr%C3%B6%C3%9Fe"),
            ("cart", "/cart"),
            ("/api(/|$)(.*)", "/api(/%7C$)(.*)"),
        ];
        for (path, target) in table {
            assert_eq!(of(path), target, "{path}");
            assert_eq!(of(target), target, "a target is one already: {target}");
        }
    }

    /// FND-E2
    #[test]
    fn control_characters_and_patterns_are_seen_and_ordinary_paths_are_neither() {
        for path in ["/a\r\nX-Injected: yes", "/a\n", "/\u{7f}", "/a\tb", "/a\u{85}b"] {
            assert!(has_control(path), "{path:?}");
        }
        for path in ["/api(/|$)(.*)", "/*", "/shop/.*", "/[a-z]+", "/v{id}", "^/api", "/api/?(.+)", "/foo$", "/a\\d"] {
            assert!(is_pattern(path), "{path}");
        }
        for path in ["/", "/my files", "/wiki/Mercury_(planet)", "/a+b", "/price?in=$", "/cart.php", "/größe"] {
            assert!(!has_control(path), "{path}");
        }
        for path in ["/", "/my files", "/wiki/Mercury_(planet)", "/a+b", "/cart.php", "/größe", "/health?ready=1"] {
            assert!(!is_pattern(path), "{path}");
        }
    }
}
