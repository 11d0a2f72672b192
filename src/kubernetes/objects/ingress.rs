//! `networking.k8s.io/v1` Ingress.

use super::parts::{LoadBalanced, addresses, exact, meta, or_empty};
use super::watched;
use crate::core::inventory::Seen;
use crate::core::object::{Ingress, IngressRule};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Deserialize;

watched!(IngressObject, "networking.k8s.io", "v1", "ingresses", "Ingress");

/// An Ingress on the wire.
#[derive(Debug, Clone, Deserialize)]
pub struct IngressObject {
    metadata: ObjectMeta,
    #[serde(default, deserialize_with = "or_empty")]
    spec: IngressSpec,
    #[serde(default, deserialize_with = "or_empty")]
    status: LoadBalanced,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct IngressSpec {
    #[serde(default, deserialize_with = "or_empty")]
    rules: Vec<RuleObject>,
    #[serde(default, deserialize_with = "or_empty")]
    tls: Vec<TlsObject>,
}

#[derive(Debug, Clone, Deserialize)]
struct RuleObject {
    #[serde(default)]
    host: Option<String>,
    #[serde(default)]
    http: Option<HttpObject>,
}

#[derive(Debug, Clone, Deserialize)]
struct HttpObject {
    #[serde(default, deserialize_with = "or_empty")]
    paths: Vec<PathObject>,
}

#[derive(Debug, Clone, Deserialize)]
struct PathObject {
    #[serde(default)]
    path: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct TlsObject {
    #[serde(default, deserialize_with = "or_empty")]
    hosts: Vec<String>,
}

impl From<IngressObject> for Seen {
    fn from(object: IngressObject) -> Self {
        Self::Ingress(Ingress {
            meta: meta(object.metadata),
            rules: exact(object.spec.rules.into_iter().map(IngressRule::from)),
            tls_hosts: exact(object.spec.tls.into_iter().flat_map(|tls| tls.hosts)),
            addresses: addresses(object.status),
        })
    }
}

impl From<RuleObject> for IngressRule {
    fn from(rule: RuleObject) -> Self {
        let paths = rule.http.map(|http| http.paths).unwrap_or_default();
        Self {
            host: rule.host.unwrap_or_default(),
            paths: exact(paths.into_iter().map(|path| path.path.unwrap_or_default())),
        }
    }
}
