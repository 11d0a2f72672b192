//! The server under test.

use std::env;
use std::fs;

/// `https://host:port` of the server; without it no real server is checked.
pub(crate) const URL: &str = "AMKO_CONFORMANCE_URL";
/// File with the CA of the server, in PEM.
const CA: &str = "AMKO_CONFORMANCE_CA";
/// Bearer token of a member of `system:masters`.
const TOKEN: &str = "AMKO_CONFORMANCE_TOKEN";
/// Files with a certificate for [`CERTIFICATE_USER`] in [`CERTIFICATE_GROUP`] and its key, in PEM. Optional.
const CLIENT_CERTIFICATE: &str = "AMKO_CONFORMANCE_CLIENT_CERT";
const CLIENT_KEY: &str = "AMKO_CONFORMANCE_CLIENT_KEY";
/// Words out of `controllers` and `cel`, separated by commas. Optional.
const FEATURES: &str = "AMKO_CONFORMANCE_FEATURES";

/// Common name of the client certificate.
pub(crate) const CERTIFICATE_USER: &str = "conformance-user";
/// Its organisation.
pub(crate) const CERTIFICATE_GROUP: &str = "conformance-group";

/// Where a server is and what it can do.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// For the report.
    pub(crate) name: String,
    /// Without a slash at the end.
    pub(crate) url: String,
    /// In PEM.
    pub(crate) ca: String,
    pub(crate) admin_token: String,
    /// Certificate and key of [`CERTIFICATE_USER`], in PEM, one after the other.
    pub(crate) client_certificate: Option<String>,
    pub(crate) features: Features,
}

/// What only some servers have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Features {
    /// A controller manager works beside the server.
    pub(crate) controllers: bool,
    /// CEL rules of custom resources are evaluated.
    pub(crate) cel: bool,
}

/// The server that the environment names.
pub(crate) fn from_environment() -> Option<Target> {
    let url = env::var(URL).ok()?;
    let file = |variable: &str| {
        let path = env::var(variable).ok()?;
        Some(fs::read_to_string(&path).unwrap_or_else(|error| panic!("{variable}: cannot read {path}: {error}")))
    };
    let features = env::var(FEATURES).unwrap_or_default();
    let has = |word: &str| features.split(',').any(|feature| feature.trim() == word);
    Some(Target {
        name: url.clone(),
        url: url.trim_end_matches('/').to_owned(),
        ca: file(CA).unwrap_or_else(|| panic!("{CA} must name a file")),
        admin_token: env::var(TOKEN).unwrap_or_else(|_| panic!("{TOKEN} must be set")),
        client_certificate: file(CLIENT_CERTIFICATE).zip(file(CLIENT_KEY)).map(|(cert, key)| format!("{cert}\n{key}")),
        features: Features { controllers: has("controllers"), cel: has("cel") },
    })
}
