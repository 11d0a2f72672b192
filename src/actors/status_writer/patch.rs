//! The requests of the StatusWriter. Of a status, nothing but the status is sent (DB-35).

use super::rules::Call;
use super::{PATIENCE, Target, Update};
use crate::core::precedence::ObjectName;
use crate::core::report::carrier::{MANAGED_BY, MANAGER};
use crate::crd::{AmkoCluster, GlobalDeploymentPolicy, GslbConfig, GslbHostRule, GslbHostRuleStatus};
use crate::kubernetes::is_not_found;
use kube::api::{Api, DeleteParams, Patch, PatchParams, PostParams, Preconditions};
use kube::{Client, Resource};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use std::fmt::Debug;
use tokio::time::timeout;

/// How a request about a GSLBHostRule ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is done, or its object is gone, or it exists already: what to do next follows from what is seen of it.
    Settled,
    Failed,
}

/// Fields of the status that may be absent, and those of its `service`. A merge patch leaves alone what it does not
/// name, so these are named as null.
pub(super) const STATUS_FIELDS: [&str; 5] = ["conditions", "error", "observedGeneration", "service", "status"];
pub(super) const SERVICE_FIELDS: [&str; 13] = [
    "domainNames",
    "lastError",
    "lastWrite",
    "limitations",
    "memberCount",
    "members",
    "monitors",
    "name",
    "refused",
    "refusedCount",
    "state",
    "tenant",
    "ttl",
];

/// The merge patch that makes a status this one, whatever it was before.
pub fn whole(status: &GslbHostRuleStatus) -> Value {
    // Our own status types have string keys only and cannot fail to serialise.
    let mut status = serde_json::to_value(status).unwrap_or(Value::Null);
    if let Some(service) = status.get_mut("service").and_then(Value::as_object_mut) {
        name_all(service, &SERVICE_FIELDS);
        for field in ["lastWrite", "lastError"] {
            if let Some(inner) = service.get_mut(field).and_then(Value::as_object_mut) {
                name_all(inner, if field == "lastWrite" { &["time", "result"] } else { &["time", "message"] });
            }
        }
    }
    if let Some(status) = status.as_object_mut() {
        name_all(status, &STATUS_FIELDS);
    }
    status
}

fn name_all(object: &mut Map<String, Value>, fields: &[&str]) {
    for field in fields {
        object.entry(*field).or_insert(Value::Null);
    }
}

/// Whether the update is done with: written, or its object is gone.
pub async fn write(client: &Client, target: &Target, update: &Update) -> bool {
    match target {
        Target::AmkoCluster(name) => write_to::<AmkoCluster>(client, name, update).await,
        Target::GslbConfig(name) => write_to::<GslbConfig>(client, name, update).await,
        Target::GlobalDeploymentPolicy(name) => write_to::<GlobalDeploymentPolicy>(client, name, update).await,
    }
}

async fn write_to<K>(client: &Client, name: &ObjectName, update: &Update) -> bool
where
    K: Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope> + Clone + DeserializeOwned + Debug,
{
    let api: Api<K> = Api::namespaced(client.clone(), &name.namespace);
    let part = if matches!(update, Update::Status(_)) { "status" } else { "annotations" };
    match timeout(PATIENCE, patch(&api, &name.name, update)).await {
        Ok(Ok(())) => true,
        Ok(Err(error)) if is_not_found(&error) => true,
        Ok(Err(error)) => refused::<K>("patch", part, name, &error.to_string()),
        Err(_) => refused::<K>("patch", part, name, &format!("no answer in {PATIENCE:?}")),
    }
}

fn refused<K: Resource<DynamicType = ()>>(verb: &str, part: &str, object: &ObjectName, error: &str) -> bool {
    let (kind, ObjectName { namespace, name }) = (K::kind(&()), object);
    tracing::warn!(
        %kind, namespace, name, part, error,
        "cannot {verb} the object, trying again; may the operator's service account {verb} it?"
    );
    false
}

/// Patches what the update is about. Under CRDs of upstream, which have no status subresource, `/status` is not found
/// and the status is an ordinary field.
async fn patch<K>(api: &Api<K>, name: &str, update: &Update) -> Result<(), kube::Error>
where
    K: Clone + DeserializeOwned + Debug,
{
    let params = PatchParams::default();
    match update {
        Update::Annotations(annotations) => {
            let patch = json!({ "metadata": { "annotations": annotations } });
            api.patch_metadata(name, &params, &Patch::Merge(patch)).await.map(drop)
        }
        Update::Status(status) => {
            let patch = Patch::Merge(json!({ "status": status }));
            match api.patch_status(name, &params, &patch).await {
                Err(error) if is_not_found(&error) => api.patch(name, &params, &patch).await.map(drop),
                other => other.map(drop),
            }
        }
    }
}

/// Does one call about a GSLBHostRule.
pub async fn call(client: &Client, object: &ObjectName, call: &Call) -> Outcome {
    let done = match call {
        Call::Patch(status) => write_to::<GslbHostRule>(client, object, &Update::Status(whole(status))).await,
        Call::Create { fqdn } => create(client, object, fqdn).await,
        Call::Delete { uid } => delete(client, object, uid.clone()).await,
    };
    if done { Outcome::Settled } else { Outcome::Failed }
}

/// The carrier of an FQDN. Sent as it is meant: a typed rule would carry defaults of its own.
async fn create(client: &Client, object: &ObjectName, fqdn: &str) -> bool {
    let ObjectName { namespace, name } = object;
    let api: Api<kube::api::DynamicObject> =
        Api::namespaced_with(client.clone(), namespace, &kube::api::ApiResource::erase::<GslbHostRule>(&()));
    let carrier = json!({
        "apiVersion": GslbHostRule::api_version(&()), "kind": GslbHostRule::kind(&()),
        "metadata": {"name": name, "namespace": namespace, "labels": {MANAGED_BY: MANAGER}},
        "spec": {"fqdn": fqdn},
    });
    let Ok(carrier) = serde_json::from_value(carrier) else { return true };
    match timeout(PATIENCE, api.create(&PostParams::default(), &carrier)).await {
        Ok(Ok(_)) => true,
        Ok(Err(kube::Error::Api(status))) if status.is_already_exists() => true,
        Ok(Err(error)) => refused::<GslbHostRule>("create", "whole", object, &error.to_string()),
        Err(_) => refused::<GslbHostRule>("create", "whole", object, &format!("no answer in {PATIENCE:?}")),
    }
}

/// Deletes the object that was seen, and not another that took its name since.
async fn delete(client: &Client, object: &ObjectName, uid: Option<String>) -> bool {
    let api: Api<kube::api::DynamicObject> =
        Api::namespaced_with(client.clone(), &object.namespace, &kube::api::ApiResource::erase::<GslbHostRule>(&()));
    let preconditions = Some(Preconditions { uid, resource_version: None });
    let params = DeleteParams { preconditions, ..DeleteParams::default() };
    match timeout(PATIENCE, api.delete(&object.name, &params)).await {
        Ok(Ok(_)) => true,
        Ok(Err(error)) if is_not_found(&error) => true,
        Ok(Err(kube::Error::Api(status))) if status.is_conflict() => true,
        Ok(Err(error)) => refused::<GslbHostRule>("delete", "whole", object, &error.to_string()),
        Err(_) => refused::<GslbHostRule>("delete", "whole", object, &format!("no answer in {PATIENCE:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crd::ServiceStatus;

    fn schema_fields(pointer: &str) -> Vec<String> {
        let crd = crate::crd::all().into_iter().find(|crd| crd.spec.names.kind == "GSLBHostRule").unwrap();
        let schema = serde_json::to_value(crd).unwrap()["spec"]["versions"][0]["schema"]["openAPIV3Schema"].take();
        schema.pointer(pointer).unwrap().as_object().unwrap().keys().cloned().collect()
    }

    #[test]
    fn a_patch_names_every_field_so_that_nothing_old_stays() {
        let mut fields = schema_fields("/properties/status/properties");
        fields.sort();
        assert_eq!(fields, STATUS_FIELDS);
        let mut fields = schema_fields("/properties/status/properties/service/properties");
        fields.sort();
        assert_eq!(fields, SERVICE_FIELDS);
        let none = json!({"conditions": null, "error": null, "observedGeneration": null, "service": null,
            "status": "Rejected"});
        assert_eq!(whole(&GslbHostRuleStatus { status: "Rejected".into(), ..GslbHostRuleStatus::default() }), none);
        let service = Some(ServiceStatus { member_count: 2, ..ServiceStatus::default() });
        let named = whole(&GslbHostRuleStatus { service, ..GslbHostRuleStatus::default() });
        assert_eq!(named["service"].as_object().unwrap().len(), SERVICE_FIELDS.len());
    }
}
