//! The requests of the StatusWriter. Of a status, nothing but the status is sent (DB-35).

use super::rules::Call;
use super::{PATIENCE, Target, Update};
use crate::core::precedence::ObjectName;
use crate::core::report::carrier::{MANAGED_BY, MANAGER};
use crate::crd::{AmkoCluster, GlobalDeploymentPolicy, GslbConfig, GslbHostRule, GslbHostRuleStatus};
use crate::kubernetes::cause::said;
use crate::kubernetes::discovery::{StatusHeld, Undiscovered, status_held};
use crate::kubernetes::is_not_found;
use kube::api::{Api, ApiResource, DeleteParams, DynamicObject, Patch, PatchParams, PostParams, Preconditions};
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
    /// It is done, but the status is a field like others, whose schema may have dropped some of what was sent.
    AsField,
    Failed,
}

/// Why something was not written. It is tried again.
#[derive(Debug, thiserror::Error)]
enum Unwritten {
    /// Its definition is gone, or the server is starting.
    #[error("the kind is not served at present")]
    NotServed,
    #[error(transparent)]
    Undiscovered(#[from] Undiscovered),
    #[error("{}", said(.0))]
    Refused(#[from] kube::Error),
    #[error("no answer in {PATIENCE:?}")]
    NoAnswer,
}

impl Unwritten {
    fn remedy(&self, verb: &str) -> String {
        match self {
            Self::Refused(kube::Error::Api(status)) if matches!(status.code, 401 | 403) => {
                format!("; may the operator's service account {verb} it?")
            }
            Self::Refused(kube::Error::Api(status)) if status.code == 422 => {
                "; the object breaks a rule of its definition: correct it as the error says".to_owned()
            }
            _ => String::new(),
        }
    }
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

/// Writes the update, unless its object is gone.
pub async fn write(client: &Client, target: &Target, update: &Update) -> Outcome {
    match target {
        Target::AmkoCluster(name) => write_to::<AmkoCluster>(client, name, update).await,
        Target::GslbConfig(name) => write_to::<GslbConfig>(client, name, update).await,
        Target::GlobalDeploymentPolicy(name) => write_to::<GlobalDeploymentPolicy>(client, name, update).await,
    }
}

async fn write_to<K>(client: &Client, name: &ObjectName, update: &Update) -> Outcome
where
    K: Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope> + Clone + DeserializeOwned + Debug,
{
    let part = if matches!(update, Update::Status(_)) { "status" } else { "annotations" };
    let written = timeout(PATIENCE, patch::<K>(client, name, update)).await;
    written.unwrap_or(Err(Unwritten::NoAnswer)).unwrap_or_else(|error| refused::<K>("patch", part, name, &error))
}

fn refused<K: Resource<DynamicType = ()>>(verb: &str, part: &str, object: &ObjectName, error: &Unwritten) -> Outcome {
    let (kind, ObjectName { namespace, name }) = (K::kind(&()), object);
    if matches!(error, Unwritten::NotServed) {
        // Whoever watches the kind has said so.
        tracing::debug!(%kind, namespace, name, part, %error, "cannot {verb} the object, trying again");
        return Outcome::Failed;
    }
    let remedy = error.remedy(verb);
    tracing::warn!(%kind, namespace, name, part, %error, "cannot {verb} the object, trying again{remedy}");
    Outcome::Failed
}

/// Patches what the update is about.
async fn patch<K>(client: &Client, object: &ObjectName, update: &Update) -> Result<Outcome, Unwritten>
where
    K: Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope> + Clone + DeserializeOwned + Debug,
{
    let api: Api<K> = Api::namespaced(client.clone(), &object.namespace);
    let (name, params) = (object.name.as_str(), PatchParams::default());
    match update {
        Update::Annotations(annotations) => {
            let patch = json!({ "metadata": { "annotations": annotations } });
            settled(api.patch_metadata(name, &params, &Patch::Merge(patch)).await)
        }
        Update::Status(status) => {
            let patch = Patch::Merge(json!({ "status": status }));
            match api.patch_status(name, &params, &patch).await {
                Err(error) if is_not_found(&error) => {}
                other => return settled(other),
            }
            // The object is gone, or its status is not held apart, or its kind is not served.
            match status_held::<K>(client).await? {
                StatusHeld::Nowhere => Err(Unwritten::NotServed),
                StatusHeld::AsField => {
                    settled(api.patch(name, &params, &patch).await)?;
                    Ok(Outcome::AsField)
                }
                // Once more, should the definition have changed in between.
                StatusHeld::Apart => settled(api.patch_status(name, &params, &patch).await),
            }
        }
    }
}

fn settled<T>(answer: Result<T, kube::Error>) -> Result<Outcome, Unwritten> {
    match answer {
        Err(error) if !is_not_found(&error) => Err(error.into()),
        Ok(_) | Err(_) => Ok(Outcome::Settled),
    }
}

/// Does one call about a GSLBHostRule.
pub async fn call(client: &Client, object: &ObjectName, call: &Call) -> Outcome {
    let (verb, done) = match call {
        Call::Patch(status) => {
            return write_to::<GslbHostRule>(client, object, &Update::Status(whole(status))).await;
        }
        Call::Create { fqdn } => ("create", timeout(PATIENCE, create(client, object, fqdn)).await),
        Call::Delete { uid } => ("delete", timeout(PATIENCE, delete(client, object, uid.clone())).await),
    };
    let done = done.unwrap_or(Err(Unwritten::NoAnswer));
    done.unwrap_or_else(|error| refused::<GslbHostRule>(verb, "whole", object, &error))
}

fn carriers(client: &Client, namespace: &str) -> Api<DynamicObject> {
    Api::namespaced_with(client.clone(), namespace, &ApiResource::erase::<GslbHostRule>(&()))
}

/// The carrier of an FQDN. Sent as it is meant: a typed rule would carry defaults of its own.
async fn create(client: &Client, object: &ObjectName, fqdn: &str) -> Result<Outcome, Unwritten> {
    let ObjectName { namespace, name } = object;
    let carrier = json!({
        "apiVersion": GslbHostRule::api_version(&()), "kind": GslbHostRule::kind(&()),
        "metadata": {"name": name, "namespace": namespace, "labels": {MANAGED_BY: MANAGER}},
        "spec": {"fqdn": fqdn},
    });
    let Ok(carrier) = serde_json::from_value(carrier) else { return Ok(Outcome::Settled) };
    match carriers(client, namespace).create(&PostParams::default(), &carrier).await {
        Ok(_) => Ok(Outcome::Settled),
        Err(kube::Error::Api(status)) if status.is_already_exists() => Ok(Outcome::Settled),
        Err(error) => Err(error.into()),
    }
}

/// Deletes the object that was seen, and not another that took its name since.
async fn delete(client: &Client, object: &ObjectName, uid: Option<String>) -> Result<Outcome, Unwritten> {
    let preconditions = Some(Preconditions { uid, resource_version: None });
    let params = DeleteParams { preconditions, ..DeleteParams::default() };
    match carriers(client, &object.namespace).delete(&object.name, &params).await {
        Err(kube::Error::Api(status)) if status.is_conflict() => Ok(Outcome::Settled),
        other => settled(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crd::ServiceStatus;
    use http::{Method, Request, Response};
    use kube::client::Body;
    use parking_lot::Mutex;
    use std::convert::Infallible;
    use std::sync::Arc;

    /// What is served of a group with these resources, and of an object that is there or gone; and what was asked.
    async fn written(resources: &'static [&'static str], exists: bool) -> (Outcome, Vec<String>) {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        let answer = move |request: Request<Body>| {
            let path = request.uri().path().trim_start_matches("/apis/amko.vmware.com/v1alpha1").to_owned();
            log.lock().push(format!("{} {path}", request.method()));
            let object = json!({"metadata": {"name": "web"}, "spec": {}});
            let names: Vec<Value> = resources
                .iter()
                .map(|name| {
                    json!({"name": name, "singularName": "",
                "namespaced": true, "kind": "GSLBHostRule", "verbs": []})
                })
                .collect();
            let listed = json!({"groupVersion": "amko.vmware.com/v1alpha1", "resources": names});
            let of = if path.ends_with("/status") { "gslbhostrules/status" } else { "gslbhostrules" };
            let (status, body) = match *request.method() {
                Method::GET => (200, listed.to_string()),
                _ if exists && resources.contains(&of) => (200, object.to_string()),
                _ => (404, "404 page not found".to_owned()),
            };
            let answer = Response::builder().status(status).body(Body::from(body.into_bytes())).unwrap();
            async move { Ok::<_, Infallible>(answer) }
        };
        let client = Client::new(tower::service_fn(answer), "default");
        let object = ObjectName { namespace: "shop".into(), name: "web".into() };
        let outcome = call(&client, &object, &Call::Patch(Box::default())).await;
        let asked = asked.lock().clone();
        (outcome, asked)
    }

    /// What may be patched decides what is asked of RBAC: without a definition, the main resource is nobody's business.
    #[tokio::test]
    async fn the_whole_object_is_patched_only_where_its_status_is_an_ordinary_field() {
        const STATUS: &str = "PATCH /namespaces/shop/gslbhostrules/web/status";
        const WHOLE: &str = "PATCH /namespaces/shop/gslbhostrules/web";
        const DISCOVERY: &str = "GET ";
        let (both, field) = (["gslbhostrules", "gslbhostrules/status"].as_slice(), ["gslbhostrules"].as_slice());
        let lines = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
        assert_eq!(written(both, true).await, (Outcome::Settled, lines(&[STATUS])));
        assert_eq!(written(both, false).await, (Outcome::Settled, lines(&[STATUS, DISCOVERY, STATUS])));
        assert_eq!(written(field, true).await, (Outcome::AsField, lines(&[STATUS, DISCOVERY, WHOLE])));
        assert_eq!(written(&[], true).await, (Outcome::Failed, lines(&[STATUS, DISCOVERY])));
    }

    #[test]
    fn a_refusal_is_told_with_the_remedy_that_fits_it() {
        let refusal = |code: u16| {
            let status = kube::core::Status { code, ..kube::core::Status::default() };
            Unwritten::Refused(kube::Error::Api(Box::new(status))).remedy("patch")
        };
        assert_eq!(refusal(403), "; may the operator's service account patch it?");
        assert_eq!(refusal(422), "; the object breaks a rule of its definition: correct it as the error says");
        assert_eq!(refusal(500), "");
    }

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
