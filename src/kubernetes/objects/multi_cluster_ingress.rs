//! AKO's `ako.vmware.com/v1alpha1` MultiClusterIngress.

use super::parts::{LoadBalanced, addresses, exact, meta, or_empty};
use super::watched;
use crate::core::inventory::Seen;
use crate::core::object::MultiClusterIngress;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Deserialize;

watched!(MultiClusterIngressObject, "ako.vmware.com", "v1alpha1", "multiclusteringresses", "MultiClusterIngress");

/// A MultiClusterIngress on the wire.
#[derive(Debug, Clone, Deserialize)]
pub struct MultiClusterIngressObject {
    metadata: ObjectMeta,
    #[serde(default, deserialize_with = "or_empty")]
    spec: MciSpec,
    #[serde(default, deserialize_with = "or_empty")]
    status: LoadBalanced,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct MciSpec {
    /// Written in either way, which a reader of AKO's kind does not tell apart.
    #[serde(default, deserialize_with = "or_empty", alias = "hostName")]
    hostname: String,
    #[serde(default, deserialize_with = "or_empty")]
    secret_name: String,
    #[serde(default, deserialize_with = "or_empty")]
    config: Vec<BackendObject>,
}

#[derive(Debug, Clone, Deserialize)]
struct BackendObject {
    #[serde(default, deserialize_with = "or_empty")]
    path: String,
}

impl From<MultiClusterIngressObject> for Seen {
    fn from(object: MultiClusterIngressObject) -> Self {
        let MciSpec { hostname, secret_name, config } = object.spec;
        Self::MultiClusterIngress(MultiClusterIngress {
            meta: meta(object.metadata),
            hostname,
            secret_name,
            paths: exact(config.into_iter().map(|backend| backend.path)),
            addresses: addresses(object.status),
        })
    }
}
