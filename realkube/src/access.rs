//! How clients come to a server: credentials, kubeconfigs, clients of kube.

use crate::Error;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use kube::config::{KubeConfigOptions, Kubeconfig};
use serde_json::{Value, json};
use std::time::Duration;

/// How long a client waits for an answer; kube has no limit by default. Longer than any watch that a test waits for.
const PATIENCE: Duration = Duration::from_secs(60);

/// Who a client is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credentials {
    /// A bearer token.
    Token(String),
    /// A client certificate and its key, in PEM.
    Certificate { certificate: String, key: String },
}

impl Credentials {
    fn to_user(&self) -> Value {
        match self {
            Self::Token(token) => json!({ "token": token }),
            Self::Certificate { certificate, key } => json!({
                "client-certificate-data": BASE64.encode(certificate),
                "client-key-data": BASE64.encode(key),
            }),
        }
    }
}

/// One context of a kubeconfig.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// The name of the context, and of its cluster and user.
    pub context: String,
    /// URL of the server.
    pub server: String,
    /// The certificate of the CA that signed the server's, in PEM.
    pub ca: String,
    pub credentials: Credentials,
}

/// A kubeconfig, as YAML, with these contexts, the first of which is the current one.
///
/// # Errors
/// When it cannot be written as YAML.
pub fn kubeconfig(accesses: &[Access]) -> Result<String, Error> {
    let each = |part: fn(&Access) -> Value| accesses.iter().map(part).collect::<Vec<_>>();
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": accesses.first().map(|access| &access.context),
        "clusters": each(|a| json!({
            "name": a.context,
            "cluster": { "server": a.server, "certificate-authority-data": BASE64.encode(&a.ca) },
        })),
        "users": each(|a| json!({ "name": a.context, "user": a.credentials.to_user() })),
        "contexts": each(|a| json!({ "name": a.context, "context": { "cluster": a.context, "user": a.context } })),
    });
    serde_saphyr::to_string(&config).map_err(|error| Error::Kubeconfig(error.to_string()))
}

/// A client that repeats nothing and waits at most a minute for an answer. It belongs to the runtime it was made in.
///
/// # Errors
/// When the credentials are no PEM.
pub async fn client(access: &Access) -> Result<kube::Client, Error> {
    let text = kubeconfig(std::slice::from_ref(access))?;
    let failed = |error: kube::config::KubeconfigError| Error::Kubeconfig(error.to_string());
    let parsed = Kubeconfig::from_yaml(&text).map_err(failed)?;
    let loaded = kube::Config::from_custom_kubeconfig(parsed, &KubeConfigOptions::default()).await;
    let mut config = loaded.map_err(failed)?;
    config.default_retry = false;
    config.read_timeout = Some(PATIENCE);
    Ok(kube::Client::try_from(config)?)
}
