//! Monitors of old releases: the name says in plain for which GSLB service they are
//! (`docs/RULES.md#names-of-monitors`).

use crate::core::monitor::is_shared;
use crate::core::owner::MONITOR_PREFIX;

/// What a monitor's name says about its GSLB service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum LegacyName<'a> {
    Certain(&'a str),
    /// Readings of a name that can be taken in several ways, or is no legacy name at all. One of them counts only when
    /// there is a service of that name.
    OneOf(Vec<&'a str>),
    Nothing,
}

/// Reads `amko--<service>` and `amko--<proto>--<service>--<path>`. Names of services are never searched for in the
/// text: one that is part of another would be found in its monitors (DB-08).
pub(super) fn legacy_name(name: &str) -> LegacyName<'_> {
    let Some(rest) = name.strip_prefix(MONITOR_PREFIX).filter(|rest| !rest.is_empty() && !is_shared(name)) else {
        return LegacyName::Nothing;
    };
    match ["http--", "https--"].into_iter().find_map(|proto| rest.strip_prefix(proto)) {
        Some(after) => with_path(rest, after),
        None if rest.contains('/') => LegacyName::Nothing,
        // A hash has no dot, an FQDN has one.
        None if rest.contains('.') => LegacyName::Certain(rest),
        None => LegacyName::OneOf(vec![rest]),
    }
}

/// The first slash begins the path, since no FQDN has one. Without any slash the service itself may be called
/// `http--…`, or the path be an odd one, behind any of the dashes.
fn with_path<'a>(rest: &'a str, after_proto: &'a str) -> LegacyName<'a> {
    match after_proto.split_once("--/") {
        Some(("", _)) => LegacyName::Nothing,
        Some((service, _)) if !service.contains('/') => LegacyName::Certain(service),
        _ => {
            let before_dashes = after_proto.match_indices("--").filter_map(|(at, _)| after_proto.get(..at));
            let readings = std::iter::once(rest).chain(before_dashes);
            LegacyName::OneOf(readings.filter(|service| !service.is_empty() && !service.contains('/')).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::LegacyName::{Certain, Nothing, OneOf};
    use super::*;

    /// DB-08.
    #[test]
    fn a_legacy_name_gives_the_exact_service_or_every_reading_of_it() {
        let shared = "amko--passthrough-hm-tcp-11111111-2222-11ee-8000-333333333333";
        let hash = "e429dd2b33d47bc53f75b4ca3b5ad359d29f72aa";
        let table = [
            ("amko--a.example.org", Certain("a.example.org")),
            ("amko--a.example.org.lab", Certain("a.example.org.lab")),
            ("amko--xn--a.example.org", Certain("xn--a.example.org")),
            ("amko--http--a.example.org--/", Certain("a.example.org")),
            ("amko--https--xn--a.example.org--/x--/y", Certain("xn--a.example.org")),
            ("amko--http--https--a.example.org--/", Certain("https--a.example.org")),
            ("amko--http--shop.example.org", OneOf(vec!["http--shop.example.org"])),
            ("amko--http--a.b--c", OneOf(vec!["http--a.b--c", "a.b"])),
            ("amko--http--a.b--c/d--/e", OneOf(vec!["a.b"])),
            ("amko--web", OneOf(vec!["web"])),
            (&format!("amko--{hash}"), OneOf(vec![hash])),
            ("amko--http----/", Nothing),
            ("amko--a/b.example.org", Nothing),
            ("amko--", Nothing),
            ("user-a.example.org-hm", Nothing),
            (shared, Nothing),
        ];
        for (name, expected) in table {
            assert_eq!(legacy_name(name), expected, "{name}");
        }
    }
}
