//! Writes what AKO decided onto an object: two annotations and the status.

use super::object::{CLUSTER_UUID, ObjectKey, Publication, UUID_MAP};
use crate::kube::{KubeWorld, Status};
use serde_json::{Value, json};

/// Shows the publication on the object. The annotations come first, so that whoever reacts to the address finds the
/// uuids with it (rule OBJ-03). An object that is gone is no failure.
///
/// # Errors
/// The Status of the write that was refused.
pub fn publish(kube: &KubeWorld, key: &ObjectKey, publication: &Publication) -> Result<(), Status> {
    write(kube, key, None, annotations_patch(publication))?;
    write(kube, key, Some("status"), status_patch(publication))
}

fn write(kube: &KubeWorld, key: &ObjectKey, subresource: Option<&str>, patch: Value) -> Result<(), Status> {
    match kube.merge_patch(key.kind.resource(), Some(&key.namespace), &key.name, subresource, patch) {
        Err(status) if status.code != 404 => Err(status),
        _ => Ok(()),
    }
}

fn annotations_patch(publication: &Publication) -> Value {
    let map = (!publication.uuids.is_empty()).then(|| json!(publication.uuids).to_string());
    json!({ "metadata": { "annotations": { UUID_MAP: map, CLUSTER_UUID: publication.cluster_uuid } } })
}

fn status_patch(publication: &Publication) -> Value {
    let entries: Vec<Value> =
        publication.addresses.iter().map(|(host, ip)| json!({ "hostname": host, "ip": ip })).collect();
    let ingress = if entries.is_empty() { Value::Null } else { Value::Array(entries) };
    json!({ "status": { "loadBalancer": { "ingress": ingress } } })
}
