//! Who owns an object on the controller (`docs/RULES.md#ownership`).

use std::fmt;

/// Owner string of GSLB services written by old upstream releases; such services are adopted.
pub const LEGACY_OWNER: &str = "amko-gslb";
/// Key of the marker that names the owner of a health monitor.
pub const MARKER_KEY: &str = "created-by";
/// Every health monitor of AMKO has a name with this prefix.
pub const MONITOR_PREFIX: &str = "amko--";

/// The owner string `amko-<uuid>` of this installation, from the UUID annotation of the GSLBConfig.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Owner(String);

impl Owner {
    /// From a UUID in lower-case 36-character form.
    pub fn from_uuid(uuid: uuid::Uuid) -> Self {
        Self(format!("amko-{}", uuid.hyphenated()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The UUID part.
    pub fn uuid(&self) -> &str {
        self.0.strip_prefix("amko-").unwrap_or(&self.0)
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
