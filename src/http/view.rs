//! One GSLB service as a JSON document, for people.

use crate::actors::gs_actor::{GsView, Knowledge, SyncState};
use crate::core::build::Decision;
use crate::core::gslb::{GslbService, Member};
use crate::core::plan::Observed;
use serde::Serialize;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// What the operator wants for an FQDN, and how far the controller is from it.
#[derive(Debug, Serialize)]
pub struct GsDocument {
    fqdn: String,
    state: SyncState,
    /// Why nothing is written, while that is so.
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting_for: Option<Cow<'static, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wanted: Option<ServiceDocument>,
    /// UUID of the service on the controller.
    #[serde(skip_serializing_if = "Option::is_none")]
    uuid: Option<String>,
    /// Objects that are not members, and why.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    refused: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_write: Option<jiff::Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<String>,
}

#[derive(Debug, Serialize)]
struct ServiceDocument {
    tenant: String,
    domain_names: Vec<String>,
    objects: Vec<String>,
    members: Vec<MemberDocument>,
    /// Seconds; absent when the controller's default applies.
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<u32>,
    monitors: Vec<String>,
}

#[derive(Debug, Serialize)]
struct MemberDocument {
    address: std::net::IpAddr,
    weight: u32,
    priority: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    virtual_service: Option<String>,
}

impl From<GsView> for GsDocument {
    fn from(view: GsView) -> Self {
        let observed = match &view.knowledge {
            Knowledge::Known(observed) | Knowledge::Stale(observed) => Some(observed),
            Knowledge::Unknown => None,
        };
        let uuid = observed.and_then(|observed| uuid_of(observed, &view.decision));
        let (waiting_for, wanted) = match view.decision {
            Decision::Wait(reason) => (Some(reason), None),
            Decision::Nothing => (None, None),
            Decision::Service(desired) => (None, Some(ServiceDocument::from(desired.service))),
        };
        Self {
            fqdn: view.fqdn.to_string(),
            state: view.state,
            waiting_for,
            wanted,
            uuid,
            refused: view.refused.into_iter().map(|(key, reason)| (key.describe(), reason)).collect(),
            last_write: view.last_write,
            last_error: view.last_error,
        }
    }
}

/// Of the service in the wanted tenant; while it moves there, of the one that there is.
fn uuid_of(observed: &Observed, decision: &Decision) -> Option<String> {
    let wanted = match decision {
        Decision::Service(desired) => observed.in_tenant(&desired.service.tenant),
        Decision::Wait(_) | Decision::Nothing => None,
    };
    let service = wanted.and_then(|held| held.service.as_ref()).or_else(|| observed.services().next());
    service.map(|service| service.uuid.clone())
}

impl From<GslbService> for ServiceDocument {
    fn from(service: GslbService) -> Self {
        let members = service.pools.into_iter().flat_map(|pool| {
            let priority = pool.priority;
            pool.members.into_iter().map(move |member| member_document(member, priority))
        });
        Self {
            tenant: service.tenant,
            domain_names: service.domain_names,
            objects: service.description.split(',').map(str::to_owned).collect(),
            members: members.collect(),
            ttl: service.ttl,
            monitors: service.monitors,
        }
    }
}

fn member_document(member: Member, priority: u32) -> MemberDocument {
    MemberDocument { address: member.address, weight: member.ratio, priority, virtual_service: member.vs_uuid }
}
