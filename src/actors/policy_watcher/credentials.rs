//! The credentials Secret, decoded into what the session needs and nothing else.

use k8s_openapi::api::core::v1::Secret;
use secrecy::SecretString;
use std::collections::BTreeSet;
use tokio::task::AbortHandle;

/// User, password and, when given, the CA of the controller, and to which controllers the login may go.
#[derive(Debug, Clone)]
pub struct Credentials {
    pub username: String,
    pub password: SecretString,
    /// Key `ca.crt`, PEM.
    pub ca_pem: Option<Vec<u8>>,
    /// Key `controllers`: addresses, separated by whitespace or commas. `None` without that key: any.
    pub controllers: Option<BTreeSet<String>>,
    /// Another one says that somebody saved the Secret.
    pub version: Option<String>,
}

/// The credentials Secret: which one is watched, and what it holds.
#[derive(Debug)]
pub struct Watched {
    pub name: String,
    pub listed: bool,
    pub credentials: Option<Credentials>,
    pub watch: AbortHandle,
}

impl From<Secret> for Credentials {
    fn from(secret: Secret) -> Self {
        let version = secret.metadata.resource_version;
        let mut data = secret.data.unwrap_or_default();
        let mut text = |key: &str| data.remove(key).map(|value| String::from_utf8_lossy(&value.0).into_owned());
        let username = text("username").unwrap_or_default();
        let password = SecretString::from(text("password").unwrap_or_default());
        let listed = |text: String| {
            let addresses = text.split(|c: char| c.is_whitespace() || c == ',').filter(|address| !address.is_empty());
            addresses.map(str::to_owned).collect()
        };
        let controllers = text("controllers").map(listed);
        let ca_pem = data.remove("ca.crt").map(|value| value.0).filter(|pem| !pem.is_empty());
        Self { username, password, ca_pem, controllers, version }
    }
}
