//! Which version of the API is spoken: the lower of ours and the controller's.

use parking_lot::Mutex;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

/// A version as three numbers, compared as such: `9.1.1` is older than `30.2.1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ApiVersion(pub u32, pub u32, pub u32);

/// The first version whose GSLB services have the field `pki_profile_ref`.
pub const PKI_PROFILE_REF: ApiVersion = ApiVersion(22, 1, 3);

impl ApiVersion {
    /// `None` for what does not start with three numbers. What follows the third one (a patch, a build) does not
    /// matter to the API.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.trim().splitn(3, '.');
        let mut number = || {
            let part = parts.next()?;
            let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
            Some((part[..end].parse().ok()?, end == part.len()))
        };
        let ((first, true), (second, true), (third, _)) = (number()?, number()?, number()?) else { return None };
        Some(Self(first, second, third))
    }
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

/// What was agreed with a controller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionInUse {
    /// The version from the configuration.
    pub configured: String,
    /// The one that requests carry; lower when the controller is older.
    pub used: String,
}

/// The version of one controller's requests. It is agreed anew at each login, since an upgrade ends the sessions.
#[derive(Debug)]
pub struct Negotiation {
    configured: String,
    /// `None` before the first login.
    used: Mutex<Option<String>>,
    told_omission: AtomicBool,
}

impl Negotiation {
    pub fn new(configured: String) -> Self {
        Self { configured, used: Mutex::new(None), told_omission: AtomicBool::new(false) }
    }

    /// Takes over what a login answer says of the controller's version. A version that cannot be read, ours or the
    /// controller's, leaves the configured one: the controller then says itself what it thinks of it.
    pub fn learn(&self, controller: Option<&str>) {
        let pair = controller.and_then(ApiVersion::parse).zip(ApiVersion::parse(&self.configured));
        let used = match pair {
            Some((theirs, ours)) if theirs < ours => theirs.to_string(),
            _ => self.configured.clone(),
        };
        let before = self.used.lock().replace(used.clone());
        if used != self.configured && before.as_ref() != Some(&used) {
            let configured = self.configured.as_str();
            tracing::warn!(configured, used, "the controller is older than the configured version; its own is used");
        }
    }

    /// Value of `X-Avi-Version`.
    pub fn header(&self) -> String {
        self.used.lock().clone().unwrap_or_else(|| self.configured.clone())
    }

    /// `None` before the first login.
    pub fn in_use(&self) -> Option<VersionInUse> {
        let used = self.used.lock().clone()?;
        Some(VersionInUse { configured: self.configured.clone(), used })
    }

    /// Whether the version in use has what came with `since`; an unreadable version is taken to have everything.
    pub fn has(&self, since: ApiVersion) -> bool {
        ApiVersion::parse(&self.header()).is_none_or(|used| used >= since)
    }

    /// Logs, once per client, that a field is left out of bodies.
    pub fn tell_omission(&self, field: &str, since: ApiVersion) {
        if !self.told_omission.swap(true, Ordering::Relaxed) {
            let used = self.header();
            tracing::warn!(field, %since, used, "the controller's version lacks this field; it is left out");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_numbers_are_a_version_and_what_follows_them_is_ignored() {
        let table = [
            ("30.2.1", Some(ApiVersion(30, 2, 1))),
            ("22.1.3-2p1", Some(ApiVersion(22, 1, 3))),
            (" 30.2.1-9999-20240601.000000 ", Some(ApiVersion(30, 2, 1))),
            ("20.1.5.7", Some(ApiVersion(20, 1, 5))),
            ("30.2", None),
            ("30.2.x", None),
            ("30-1.2.3", None),
            ("v30.2.1", None),
            ("30..1", None),
            ("99999999999.1.1", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(ApiVersion::parse(text), expected, "{text}");
        }
    }

    #[test]
    fn the_lower_version_is_used_compared_as_numbers() {
        let table = [
            ("30.2.1", Some("30.2.1"), "30.2.1"),
            ("30.2.1", Some("31.1.1"), "30.2.1"),
            ("30.2.1", Some("9.9.9"), "9.9.9"),
            ("30.2.1", Some("30.1.12-2p4"), "30.1.12"),
            ("30.2.1", Some("new"), "30.2.1"),
            ("30.2.1", None, "30.2.1"),
            ("latest", Some("22.1.3"), "latest"),
        ];
        for (configured, controller, used) in table {
            let version = Negotiation::new(configured.into());
            assert_eq!((version.header(), version.in_use()), (configured.to_owned(), None));
            version.learn(controller);
            let expected = VersionInUse { configured: configured.into(), used: used.into() };
            assert_eq!((version.header(), version.in_use()), (used.to_owned(), Some(expected)), "{controller:?}");
        }
    }

    #[test]
    fn an_upgrade_ends_what_an_older_controller_lacked() {
        let version = Negotiation::new("30.2.1".into());
        version.learn(Some("22.1.2"));
        assert!(!version.has(PKI_PROFILE_REF));
        version.learn(Some("22.1.3-1p1"));
        assert!(version.has(PKI_PROFILE_REF));
        version.learn(Some("30.2.1"));
        assert_eq!(version.header(), "30.2.1");
    }
}
