//! Writes what AKO decided onto an object: two annotations and the status; of a Route, the status alone.

use super::object::{CLUSTER_UUID, Kind, ObjectKey, Publication, UUID_MAP};
use crate::kube::{KubeWorld, Status};
use serde_json::{Value, json};

/// Shows the publication on the object. The annotations come first, so that whoever reacts to the address finds the
/// uuids with it (rule OBJ-03). An object that is gone is no failure. `context` completes the name of the router in the
/// status of a Route.
///
/// # Errors
/// The Status of the write that was refused.
pub fn publish(kube: &KubeWorld, context: &str, key: &ObjectKey, publication: &Publication) -> Result<(), Status> {
    if key.kind == Kind::Route {
        return write(kube, key, Some("status"), route_patch(context, publication));
    }
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
    let v4 = publication.addresses.iter().map(|(host, ip)| json!({ "hostname": host, "ip": ip }));
    let v6 = publication.twins.iter().map(|(host, ip)| json!({ "hostname": host, "ip": ip }));
    json!({ "status": { "loadBalancer": { "ingress": or_null(v4.chain(v6).collect()) } } })
}

fn route_patch(context: &str, publication: &Publication) -> Value {
    let entry = |(host, ip): (&String, _)| {
        let reason = json!({
            UUID_MAP: json!({ host: publication.uuids.get(host) }).to_string(),
            CLUSTER_UUID: publication.cluster_uuid,
        });
        let condition = json!({ "type": "Admitted", "status": "True", "message": ip, "reason": reason.to_string() });
        json!({ "host": host, "routerName": format!("ako-{context}"), "conditions": [condition] })
    };
    json!({ "status": { "ingress": or_null(publication.addresses.iter().map(entry).collect()) } })
}

/// `null` takes the field away.
fn or_null(entries: Vec<Value>) -> Value {
    if entries.is_empty() { Value::Null } else { Value::Array(entries) }
}
