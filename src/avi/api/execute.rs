//! One planned write as a request: see `docs/RULES.md#requests`.

use super::{encoded, malformed};
use crate::avi::call_error::{CallError, Failure};
use crate::avi::session::{AviClient, Response};
use crate::avi::version::PKI_PROFILE_REF;
use crate::avi::wire::{
    MonitorBody, RefNames, ServiceBody, Versioned, last_modified, monitor_owner, parse_monitor, text, text_of,
};
use crate::core::gslb::{GslbService, HealthMonitor};
use crate::core::owner::{MONITOR_PREFIX, Owner};
use crate::core::plan::{Write, same_monitor};
use bytes::Bytes;
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What the controller holds after a write; after a delete, what it held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    pub uuid: String,
    /// To be sent with the next PUT; `None` after a delete.
    pub last_modified: Option<String>,
}

/// What matters of the object that the controller answers a POST or PUT with.
#[derive(Deserialize)]
struct Saved {
    uuid: Option<Value>,
    #[serde(rename = "_last_modified")]
    last_modified: Option<Value>,
}

/// A POST or PUT, ready to be sent.
pub(super) struct Save<'a> {
    method: Method,
    target: String,
    tenant: &'a str,
    body: Bytes,
}

impl AviClient {
    /// Sends `write`, in the tenant of its object. A delete of what is not there is a success, if the
    /// controller itself says so. A monitor that exists
    /// already is taken over when it is of this installation or of nobody (DB-17), without a PUT when it is as it should
    /// be.
    pub async fn execute(&self, write: &Write, owner: &Owner) -> Result<Stored, CallError> {
        let outcome = match write {
            Write::CreateMonitor(monitor) => self.create_monitor(monitor, owner).await,
            Write::UpdateMonitor { uuid, last_modified, monitor } => {
                let body = MonitorBody { monitor, owner };
                self.save(Save::put("healthmonitor", uuid, &monitor.tenant, body, last_modified.as_deref())).await
            }
            Write::DeleteMonitor { uuid, tenant, .. } => self.delete("healthmonitor", uuid, tenant).await,
            Write::CreateService(service) => self.create_service(service, owner).await,
            Write::UpdateService { uuid, last_modified, service } => {
                let body = self.body_of(service, owner);
                self.save(Save::put("gslbservice", uuid, &service.tenant, body, last_modified.as_deref())).await
            }
            Write::DeleteService { uuid, tenant, .. } => self.delete("gslbservice", uuid, tenant).await,
            Write::MoveService { service, from } => self.relocate(service, from, owner).await,
        };
        outcome.map_err(|error| error.about(object_of(write)))
    }

    pub(super) async fn create_service(&self, service: &GslbService, owner: &Owner) -> Result<Stored, CallError> {
        self.save(Save::post("gslbservice", &service.tenant, &self.body_of(service, owner))).await
    }

    /// Without what the version in use does not know.
    pub(super) fn body_of<'a>(&self, service: &'a GslbService, owner: &'a Owner) -> ServiceBody<'a> {
        let has_pki = service.persistence.as_ref().is_some_and(|persistence| persistence.pki_profile.is_some());
        let tells_pki = has_pki && self.may_send("pki_profile_ref", PKI_PROFILE_REF);
        ServiceBody { service, owner, tells_pki }
    }

    async fn create_monitor(&self, monitor: &HealthMonitor, owner: &Owner) -> Result<Stored, CallError> {
        match self.save(Save::post("healthmonitor", &monitor.tenant, &MonitorBody { monitor, owner })).await {
            Err(error) if error.is_already_exists() => self.take_over(monitor, owner, error).await,
            outcome => outcome,
        }
    }

    async fn take_over(&self, monitor: &HealthMonitor, owner: &Owner, exists: CallError) -> Result<Stored, CallError> {
        let found = self.find_monitor(&monitor.tenant, &monitor.name).await?;
        // Without a uuid, or not federated: nothing that a PUT could turn into ours.
        let Some((found, uuid)) = found.as_ref().and_then(|found| Some((found, text(found, "uuid")?))) else {
            return Err(exists);
        };
        match monitor_owner(found) {
            Some(other) if other != owner.as_str() => {
                Err(CallError { failure: Failure::OwnedElsewhere { owner: other.to_owned() }, ..exists })
            }
            None if !monitor.name.starts_with(MONITOR_PREFIX) => Err(exists),
            _ => {
                let version = last_modified(found);
                let present = parse_monitor(found, owner, &RefNames::default()).filter(|present| present.faithful);
                if present.and_then(|present| present.content).is_some_and(|content| same_monitor(&content, monitor)) {
                    return Ok(Stored { uuid: uuid.to_owned(), last_modified: version });
                }
                let body = MonitorBody { monitor, owner };
                self.save(Save::put("healthmonitor", uuid, &monitor.tenant, body, version.as_deref())).await
            }
        }
    }

    pub(super) async fn save(&self, save: Save<'_>) -> Result<Stored, CallError> {
        let Save { method, target, tenant, body } = save;
        let answer = self.request(method.clone(), &target, tenant, Some(&body)).await?;
        let saved: Saved = answer.part().ok_or_else(|| malformed(&method, &target, "the body is not JSON"))?;
        let Some(Value::String(uuid)) = saved.uuid else {
            return Err(malformed(&method, &target, "the object has no uuid"));
        };
        let version = saved.last_modified.as_ref().and_then(Value::as_str).filter(|version| !version.is_empty());
        Ok(Stored { uuid, last_modified: version.map(str::to_owned) })
    }

    pub(super) async fn delete(&self, collection: &str, uuid: &str, tenant: &str) -> Result<Stored, CallError> {
        if uuid.is_empty() {
            // The path would be that of the whole collection.
            return Ok(Stored { uuid: String::new(), last_modified: None });
        }
        let target = format!("/api/{collection}/{}", encoded(uuid));
        match self.request(Method::DELETE, &target, tenant, None).await {
            Ok(answer) => confirm_deletion(&answer).map_err(|why| malformed(&Method::DELETE, &target, why))?,
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(error),
        }
        Ok(Stored { uuid: uuid.to_owned(), last_modified: None })
    }
}

/// Only the controller's own answers say that something is deleted: 204, or 200 with nothing or with JSON.
fn confirm_deletion(answer: &Response) -> Result<(), String> {
    match (answer.status.as_u16(), answer.unusable()) {
        (204, _) | (200, None) => Ok(()),
        (200, Some(_)) if answer.is_empty() => Ok(()),
        (200, Some(why)) => Err(why.to_owned()),
        (status, _) => Err(format!("{status} does not say that the object is deleted")),
    }
}

impl<'a> Save<'a> {
    fn post(collection: &str, tenant: &'a str, body: &impl Serialize) -> Self {
        Self { method: Method::POST, target: format!("/api/{collection}/"), tenant, body: text_of(body) }
    }

    pub(super) fn put(
        collection: &str,
        uuid: &str,
        tenant: &'a str,
        body: impl Serialize,
        last_modified: Option<&str>,
    ) -> Self {
        let body = text_of(&Versioned { body, last_modified });
        Self { method: Method::PUT, target: format!("/api/{collection}/{}", encoded(uuid)), tenant, body }
    }
}

fn object_of(write: &Write) -> String {
    match write {
        Write::CreateMonitor(monitor) | Write::UpdateMonitor { monitor, .. } => {
            format!("health monitor {} ({})", monitor.name, monitor.description)
        }
        Write::DeleteMonitor { name, .. } => format!("health monitor {name}"),
        Write::CreateService(service) | Write::UpdateService { service, .. } | Write::MoveService { service, .. } => {
            format!("GSLB service {}", service.name)
        }
        Write::DeleteService { name, .. } => format!("GSLB service {name}"),
    }
}
