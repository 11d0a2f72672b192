//! DNS names: the same name in any case, and with or without the final dot (OBJ-08).
//!
//! Whoever takes a name in brings it into its normal form with [`normal`]; from there on names are compared as text.
//! Only what the controller has keeps its own spelling.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

/// Stands for the name of a GSLB service where an object names none.
pub const NAMELESS: &str = "";

/// Longest name without the final dot, and longest label (RFC 1035, 2.3.4).
const LONGEST: usize = 253;
const LONGEST_LABEL: usize = 63;

/// A text that cannot be the name of a GSLB service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotAName {
    text: String,
    why: Why,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    Wildcard,
    Address,
    Several,
    Url,
    Sign(char),
    EmptyLabel,
    Long,
}

/// In lower case and without the final dot. A text that is no name at all stays recognisable.
pub fn normal(name: &str) -> Cow<'_, str> {
    let name = name.strip_suffix('.').unwrap_or(name);
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

/// The same in the memory of the text where nothing changes.
pub fn into_normal(name: String) -> String {
    match normal(&name) {
        Cow::Borrowed(same) if same.len() == name.len() => name,
        other => other.into_owned(),
    }
}

/// Whether both texts are one name.
pub fn same(a: &str, b: &str) -> bool {
    normal(a) == normal(b)
}

/// Whether a name in its normal form can be that of a GSLB service. Underscores are let through: they are no part of
/// hostnames, but of names that are in use.
///
/// # Errors
/// What is wrong and what to do, for the owner of the object that brings the name.
pub fn check(name: &str) -> Result<(), NotAName> {
    match why_not(name) {
        Some(why) => Err(NotAName { text: name.to_owned(), why }),
        None => Ok(()),
    }
}

fn why_not(name: &str) -> Option<Why> {
    if name.contains("://") {
        return Some(Why::Url);
    }
    if name.contains([',', ';', ' ', '\t', '\n', '\r']) && name.trim() == name {
        return Some(Why::Several);
    }
    if name.parse::<IpAddr>().is_ok() {
        return Some(Why::Address);
    }
    if name.contains('*') {
        return Some(Why::Wildcard);
    }
    let fits = |sign: &char| sign.is_ascii_alphanumeric() || ['-', '_', '.'].contains(sign);
    if let Some(sign) = name.chars().find(|sign| !fits(sign)) {
        return Some(Why::Sign(sign));
    }
    if name.split('.').any(str::is_empty) {
        return Some(Why::EmptyLabel);
    }
    let long = name.len() > LONGEST || name.split('.').any(|label| label.len() > LONGEST_LABEL);
    long.then_some(Why::Long)
}

impl fmt::Display for NotAName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { text, why } = self;
        match why {
            Why::Wildcard => write!(
                f,
                "{text} is a wildcard, for which no GSLB service is made, because it would answer for none of the names \
                 below; give each name that is used a host of its own"
            ),
            Why::Address => write!(f, "{text} is an address and no DNS name; give the host a name"),
            Why::Several => write!(
                f,
                "{text:?} is not one DNS name; give each name an object of its own, or name the others as aliases in a \
                 HostRule"
            ),
            Why::Url => write!(f, "{text:?} is a URL and no DNS name; give the name alone"),
            Why::Sign(sign) if sign.is_ascii() => {
                write!(f, "{text:?} is no DNS name because of the sign {sign:?}; take it out")
            }
            Why::Sign(sign) => write!(
                f,
                "{text:?} is no DNS name because of the sign {sign:?}; write it in its ASCII form (punycode, xn--...)"
            ),
            Why::EmptyLabel => write!(f, "{text:?} is no DNS name because nothing stands beside a dot; correct it"),
            Why::Long => write!(
                f,
                "{text:?} is too long for a DNS name, which has at most {LONGEST} signs and {LONGEST_LABEL} between two \
                 dots; shorten it"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FND-E5
    #[test]
    fn a_name_is_the_same_in_any_case_and_with_or_without_its_final_dot() {
        for name in ["Web.Example.ORG", "web.example.org", "web.example.org.", "WEB.EXAMPLE.ORG."] {
            assert_eq!(
                (normal(name).as_ref(), into_normal(name.to_owned()).as_str()),
                ("web.example.org", "web.example.org")
            );
            assert!(same(name, "weB.example.org"), "{name}");
        }
        for other in ["web.example.org..", " web.example.org", "web.example.or", "www.web.example.org", ""] {
            assert!(!same(other, "web.example.org"), "{other:?}");
        }
        // Only letters of ASCII have a case in DNS.
        assert!(!same("Ä.example.org", "ä.example.org"));
    }

    /// FND-E2, FND-E5
    #[test]
    fn what_is_no_name_is_refused_with_its_reason_and_what_is_in_use_as_one_is_not() {
        let label = "a".repeat(63);
        let longest = [label.as_str(); 4].join(".");
        for name in
            ["web.example.org", "web", "a_b.example.org", "xn--bcher-kva.example.org", "1.example", &longest[..253]]
        {
            assert_eq!(check(name), Ok(()), "{name}");
        }
        let table = [
            ("*.example.org", Why::Wildcard),
            ("web.*.org", Why::Wildcard),
            ("10.9.0.2", Why::Address),
            ("2001:db8::5", Why::Address),
            ("a.example.org,b.example.org", Why::Several),
            ("a.example.org b.example.org", Why::Several),
            ("https://www.example.org/", Why::Url),
            ("www.example.org:8443", Why::Sign(':')),
            ("www.example.org/shop", Why::Sign('/')),
            (" web.example.org", Why::Sign(' ')),
            ("web.example.org\n", Why::Sign('\n')),
            ("bücher.example.org", Why::Sign('ü')),
            ("web..example.org", Why::EmptyLabel),
            (".example.org", Why::EmptyLabel),
            ("", Why::EmptyLabel),
            (&longest, Why::Long),
        ];
        for (name, why) in table {
            assert_eq!(check(name), Err(NotAName { text: name.to_owned(), why }), "{name:?}");
        }
    }
}
