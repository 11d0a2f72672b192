//! Core `v1` Service.

use super::parts::{LoadBalanced, addresses, exact, meta, or_empty};
use super::watched;
use crate::core::inventory::Seen;
use crate::core::object::{Service, ServicePort};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Deserialize;

watched!(ServiceObject, "", "v1", "services", "Service");

/// A Service on the wire.
#[derive(Debug, Clone, Deserialize)]
pub struct ServiceObject {
    metadata: ObjectMeta,
    #[serde(default, deserialize_with = "or_empty")]
    spec: ServiceSpec,
    #[serde(default, deserialize_with = "or_empty")]
    status: LoadBalanced,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct ServiceSpec {
    #[serde(default, rename = "type")]
    service_type: Option<String>,
    #[serde(default, deserialize_with = "or_empty")]
    ports: Vec<PortObject>,
}

#[derive(Debug, Clone, Deserialize)]
struct PortObject {
    port: u16,
    #[serde(default)]
    protocol: Option<String>,
}

impl From<ServiceObject> for Seen {
    fn from(object: ServiceObject) -> Self {
        Self::Service(Service {
            meta: meta(object.metadata),
            service_type: object.spec.service_type.unwrap_or_default(),
            ports: exact(object.spec.ports.into_iter().map(ServicePort::from)),
            addresses: addresses(object.status),
        })
    }
}

impl From<PortObject> for ServicePort {
    fn from(port: PortObject) -> Self {
        Self { port: port.port, protocol: port.protocol.unwrap_or_default() }
    }
}
