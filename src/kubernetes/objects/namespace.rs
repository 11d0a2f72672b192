//! Core `v1` Namespace.

use super::watched;
use crate::core::ingest::annotations::TENANT;
use crate::core::object::Namespace;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Deserialize;

watched!(NamespaceObject, "", "v1", "namespaces", "Namespace");

/// A Namespace on the wire.
#[derive(Debug, Clone, Deserialize)]
pub struct NamespaceObject {
    metadata: ObjectMeta,
}

impl From<NamespaceObject> for Namespace {
    fn from(object: NamespaceObject) -> Self {
        let ObjectMeta { name, labels, annotations, .. } = object.metadata;
        let tenant = annotations.and_then(|mut a| a.remove(TENANT)).filter(|tenant| !tenant.is_empty());
        Self { name: name.unwrap_or_default(), labels: labels.unwrap_or_default().into(), tenant }
    }
}
