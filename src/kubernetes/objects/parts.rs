//! Parts that several kinds share.

use crate::core::ingest::annotations::READ;
use crate::core::object::{Created, LoadBalancerAddress, Meta};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::{Deserialize, Deserializer};

/// `status` with a `loadBalancer`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LoadBalanced {
    #[serde(default, deserialize_with = "or_empty")]
    load_balancer: LoadBalancerObject,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct LoadBalancerObject {
    #[serde(default, deserialize_with = "or_empty")]
    ingress: Vec<AddressObject>,
}

#[derive(Debug, Clone, Deserialize)]
struct AddressObject {
    #[serde(default)]
    ip: Option<String>,
    #[serde(default)]
    hostname: Option<String>,
}

/// Name, labels and the annotations that the core reads.
pub(super) fn meta(meta: ObjectMeta) -> Meta {
    let mut all = meta.annotations.unwrap_or_default();
    let read = READ.iter().filter_map(|key| all.remove(*key).map(|value| ((*key).to_owned(), value)));
    Meta {
        namespace: meta.namespace.unwrap_or_default(),
        name: meta.name.unwrap_or_default(),
        uid: meta.uid.and_then(|uid| uid.parse().ok()),
        created: meta.creation_timestamp.map(|time| Created::from(time.0)).unwrap_or_default(),
        labels: meta.labels.unwrap_or_default().into(),
        annotations: read.collect(),
    }
}

pub(super) fn addresses(status: LoadBalanced) -> Vec<LoadBalancerAddress> {
    let entries = status.load_balancer.ingress.into_iter();
    exact(entries.map(|a| LoadBalancerAddress { ip: a.ip, hostname: a.hostname }))
}

/// A list without spare room: decoding reserves some, and a collected list may take over the memory of its source.
pub(super) fn exact<T>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut items: Vec<T> = items.collect();
    items.shrink_to_fit();
    items
}

/// Servers write an empty list or struct also as null.
pub(super) fn or_empty<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(value: D) -> Result<T, D::Error> {
    Option::deserialize(value).map(Option::unwrap_or_default)
}
