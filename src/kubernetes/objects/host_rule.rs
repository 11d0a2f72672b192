//! AKO's `ako.vmware.com/v1beta1` HostRule.

use super::parts::{exact, or_empty};
use super::watched;
use crate::core::object::AkoHostRule;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Deserialize;

watched!(HostRuleObject, "ako.vmware.com", "v1beta1", "hostrules", "HostRule");

/// A HostRule on the wire.
#[derive(Debug, Clone, Deserialize)]
pub struct HostRuleObject {
    metadata: ObjectMeta,
    #[serde(default, deserialize_with = "or_empty")]
    spec: HostRuleSpec,
    #[serde(default, deserialize_with = "or_empty")]
    status: HostRuleStatus,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct HostRuleSpec {
    #[serde(default, deserialize_with = "or_empty")]
    virtualhost: VirtualHost,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct VirtualHost {
    #[serde(default, deserialize_with = "or_empty")]
    fqdn: String,
    #[serde(default, deserialize_with = "or_empty")]
    aliases: Vec<String>,
    #[serde(default, deserialize_with = "or_empty")]
    gslb: Gslb,
    #[serde(default, deserialize_with = "or_empty")]
    tls: Tls,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Gslb {
    #[serde(default, deserialize_with = "or_empty")]
    fqdn: String,
    #[serde(default, deserialize_with = "or_empty")]
    include_aliases: bool,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tls {
    #[serde(default, deserialize_with = "or_empty")]
    ssl_key_certificate: Certificate,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct Certificate {
    #[serde(default, deserialize_with = "or_empty")]
    name: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct HostRuleStatus {
    #[serde(default, deserialize_with = "or_empty")]
    status: String,
}

impl From<HostRuleObject> for AkoHostRule {
    fn from(object: HostRuleObject) -> Self {
        let VirtualHost { fqdn, aliases, gslb, tls } = object.spec.virtualhost;
        Self {
            namespace: object.metadata.namespace.unwrap_or_default(),
            name: object.metadata.name.unwrap_or_default(),
            created: object.metadata.creation_timestamp.map(|time| time.0),
            uid: object.metadata.uid.and_then(|uid| uid.parse().ok()),
            status: object.status.status,
            fqdn,
            global_fqdn: gslb.fqdn,
            include_aliases: gslb.include_aliases,
            aliases: exact(aliases.into_iter()),
            certificate: tls.ssl_key_certificate.name,
        }
    }
}
