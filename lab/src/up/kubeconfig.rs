//! The kubeconfig with one context per cluster.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

/// How to reach one cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    pub context: String,
    /// URL of the API server.
    pub server: String,
    pub token: String,
}

/// The kubeconfig for these clusters, all trusting the CA in PEM; the first cluster is the current context.
///
/// # Errors
/// When it cannot be written as YAML.
pub fn render(clusters: &[Access], ca: &str) -> Result<String, serde_saphyr::ser::Error> {
    let ca = BASE64.encode(ca);
    let each = |part: fn(&Access, &str) -> Value| clusters.iter().map(|access| part(access, &ca)).collect::<Vec<_>>();
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": clusters.first().map(|access| &access.context),
        "clusters": each(|a, ca| json!({
            "name": a.context, "cluster": { "server": a.server, "certificate-authority-data": ca },
        })),
        "users": each(|a, _| json!({ "name": format!("{}-admin", a.context), "user": { "token": a.token } })),
        "contexts": each(|a, _| json!({
            "name": a.context, "context": { "cluster": a.context, "user": format!("{}-admin", a.context) },
        })),
    });
    serde_saphyr::to_string(&config)
}
