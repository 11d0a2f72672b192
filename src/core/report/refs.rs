//! Which of the texts of a rejected object are about something that the object refers to.

/// Pieces of the texts of GSLBHostRules and policies that say that a reference leads nowhere.
const PHRASES: [&str; 12] = [
    "SitePersistence Profile ",
    "PKI Profile ",
    "ThirdPartyMember site ",
    "Health Monitor Ref ",
    "health monitor ref ",
    "health monitor template ",
    "site persistence ref ",
    "pki profile ref ",
    "cluster context ",
    "present in GSLBConfig",
    "in Public IP ",
    "client request header in health monitor template",
];

/// Whether this text of `status.error` or `status.errorStatus` is about a reference.
pub fn concerns_reference(text: &str) -> bool {
    PHRASES.iter().any(|phrase| text.contains(phrase))
}
