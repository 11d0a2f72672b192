//! One GSLB service as a JSON document, for people.

use crate::actors::gs_actor::{GsView, Knowledge, SyncState};
use crate::core::build::{Built, Decision, Drained, Origin, Placed};
use crate::core::endpoint::EndpointKey;
use crate::core::gslb::{GslbService, Member};
use crate::core::guard::Kept;
use crate::core::host_rule::RuleState;
use crate::core::plan::Observed;
use serde::Serialize;
use std::borrow::Cow;
use std::net::IpAddr;

/// What the operator wants for an FQDN, and how far the controller is from it.
#[derive(Debug, Serialize)]
pub struct GsDocument {
    fqdn: String,
    state: SyncState,
    /// Why nothing is written, while that is so.
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting_for: Option<Cow<'static, str>>,
    /// Namespace and name of the GSLBHostRule in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wanted: Option<ServiceDocument>,
    /// UUID of the service on the controller.
    #[serde(skip_serializing_if = "Option::is_none")]
    uuid: Option<String>,
    /// Objects that are not members, or members with a limitation, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    refused: Vec<RefusedDocument>,
    /// Members that stay although nothing explains them that is seen and wanted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    kept: Vec<KeptDocument>,
    /// What the controller's limits leave out of the service as a whole.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    limitations: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_write: Option<jiff::Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<String>,
}

#[derive(Debug, Serialize)]
struct RefusedDocument {
    cluster: String,
    object: String,
    reason: String,
}

#[derive(Debug, Serialize)]
struct KeptDocument {
    address: IpAddr,
    /// Of whom it is, when that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    of: Option<String>,
    reason: String,
}

#[derive(Debug, Serialize)]
struct ServiceDocument {
    tenant: String,
    /// The FQDN and its aliases.
    domain_names: Vec<String>,
    /// Seconds; absent when the controller's default applies.
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<u32>,
    members: Vec<MemberDocument>,
    monitors: Vec<String>,
}

#[derive(Debug, Serialize)]
struct MemberDocument {
    address: IpAddr,
    #[serde(skip_serializing_if = "Option::is_none")]
    public_address: Option<IpAddr>,
    weight: u32,
    priority: u32,
    /// Context of the cluster of the object behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    cluster: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<String>,
    /// The third-party site behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    site: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    virtual_service: Option<String>,
    /// Switched off, and by whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    drained: Option<&'static str>,
}

impl From<GsView> for GsDocument {
    fn from(view: GsView) -> Self {
        let observed = match &view.knowledge {
            Knowledge::Known(observed) | Knowledge::Stale(observed) => Some(observed),
            Knowledge::Unknown => None,
        };
        let Built { decision, refused, members, limitations, .. } = view.built;
        let uuid = observed.and_then(|observed| uuid_of(observed, &decision));
        let (waiting_for, wanted) = match decision {
            Decision::Wait(reason) => (Some(reason), None),
            Decision::Nothing => (None, None),
            Decision::Service(desired) => (None, Some(ServiceDocument::new(desired.service, members))),
        };
        Self {
            fqdn: view.fqdn.to_string(),
            state: view.state,
            waiting_for,
            rule: rule_in_force(&view.rule),
            wanted,
            uuid,
            refused: refused.into_iter().map(RefusedDocument::from).collect(),
            kept: view.kept.into_iter().map(KeptDocument::from).collect(),
            limitations,
            last_write: view.last_write,
            last_error: view.last_error,
        }
    }
}

fn rule_in_force(rule: &RuleState) -> Option<String> {
    match rule {
        RuleState::InForce(rule) => Some(format!("{}/{}", rule.object.namespace, rule.object.name)),
        RuleState::None | RuleState::Unknown(_) => None,
    }
}

/// Of the service in the wanted tenant; while it moves there, of the one that there is.
fn uuid_of(observed: &Observed, decision: &Decision) -> Option<String> {
    let wanted = match decision {
        Decision::Service(desired) => observed.in_tenant(&desired.service.tenant),
        Decision::Wait(_) | Decision::Nothing => None,
    };
    let service = wanted.and_then(|held| held.service.as_deref()).or_else(|| observed.services().next());
    service.map(|service| service.uuid.clone())
}

impl From<(EndpointKey, String)> for RefusedDocument {
    fn from((key, reason): (EndpointKey, String)) -> Self {
        Self { object: key.object(), cluster: key.cluster, reason }
    }
}

impl From<Kept> for KeptDocument {
    fn from(kept: Kept) -> Self {
        let Kept { address, party, reason } = kept;
        Self { address, of: party.map(|party| party.to_string()), reason }
    }
}

impl ServiceDocument {
    /// `placed` has one entry per member, in the order of the pools.
    fn new(service: GslbService, placed: Vec<Placed>) -> Self {
        let members = service.pools.into_iter().flat_map(|pool| pool.members);
        Self {
            tenant: service.tenant,
            domain_names: service.domain_names,
            ttl: service.ttl,
            members: members.zip(placed).map(MemberDocument::from).collect(),
            monitors: service.monitors,
        }
    }
}

impl From<(Member, Placed)> for MemberDocument {
    fn from((member, placed): (Member, Placed)) -> Self {
        let (cluster, object, site) = match placed.origin {
            Origin::Object(key) => (Some(key.cluster.clone()), Some(key.object()), None),
            Origin::Site(site) => (None, None, Some(site)),
        };
        Self {
            address: placed.address,
            public_address: placed.public_address,
            weight: placed.ratio,
            priority: placed.priority,
            cluster,
            object,
            site,
            virtual_service: member.vs_uuid,
            drained: placed.drained.map(Drained::word),
        }
    }
}
