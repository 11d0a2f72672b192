//! The `format` keyword. Unknown formats allow everything.

use std::net::{Ipv4Addr, Ipv6Addr};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// Whether a text has the format.
pub(super) fn text_fits(format: &str, text: &str) -> bool {
    match format {
        "date-time" | "datetime" => text.parse::<jiff::Timestamp>().is_ok() && text.contains(['T', 't']),
        "date" => text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok(),
        "duration" => humantime::parse_duration(text).is_ok() || go_duration(text),
        "ipv4" => text.parse::<Ipv4Addr>().is_ok(),
        "ipv6" => text.parse::<Ipv6Addr>().is_ok(),
        "cidr" => cidr(text),
        "uuid" | "uuid4" => uuid::Uuid::try_parse(text).is_ok(),
        "byte" => BASE64_STANDARD.decode(text).is_ok(),
        "uri" => text.split_once(':').is_some_and(|(scheme, _)| !scheme.is_empty()) || text.starts_with('/'),
        "email" => text.split_once('@').is_some_and(|(user, host)| !user.is_empty() && !host.is_empty()),
        "hostname" => hostname(text),
        _ => true,
    }
}

/// Whether an integer has the format.
pub(super) fn integer_fits(format: &str, number: &serde_json::Number) -> bool {
    match format {
        "int32" => number.as_f64().is_some_and(|value| value >= f64::from(i32::MIN) && value <= f64::from(i32::MAX)),
        "int64" => number.is_i64() || number.is_f64(),
        _ => true,
    }
}

/// Go writes fractions and signs ("-1.5h"), which humantime does not read.
fn go_duration(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    text == "0" || text.parse::<jiff::SignedDuration>().is_ok()
}

fn cidr(text: &str) -> bool {
    let Some((address, bits)) = text.split_once('/') else { return false };
    let bits = bits.parse::<u8>().unwrap_or(u8::MAX);
    (address.parse::<Ipv4Addr>().is_ok() && bits <= 32) || (address.parse::<Ipv6Addr>().is_ok() && bits <= 128)
}

fn hostname(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|character| character.is_ascii_alphanumeric() || character == '-')
    };
    text.len() <= 253 && text.trim_end_matches('.').split('.').all(label)
}
