//! How one service is doing, as its owner reports it.

use super::{SyncState, whole_second};
use crate::core::build::{Built, Decision, Drained, Origin, Placed};
use crate::core::endpoint::EndpointKey;
use crate::core::gslb::{GslbService, Member};
use crate::crd::{LastError, LastWrite, MemberStatus, RefusedObject, ServiceStatus};
use jiff::Timestamp;

/// How many refused objects a status names.
const REFUSED_SHOWN: usize = 20;

/// How the last piece of writing ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteResult {
    Complete,
    /// Some calls were done, a later one failed.
    Incomplete,
}

impl WriteResult {
    fn word(self) -> &'static str {
        match self {
            Self::Complete => "Complete",
            Self::Incomplete => "Incomplete",
        }
    }
}

/// One service, from its owner. A full state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceReport {
    pub fqdn: String,
    pub state: SyncState,
    /// Why nothing is decided, while that is so.
    pub waiting_for: Option<String>,
    /// Whether there is a service, or is to be one.
    pub wanted: bool,
    /// What this process knows of the service. Times that it does not know are absent.
    pub service: ServiceStatus,
}

/// What a report is made of.
#[derive(Debug)]
pub struct Subject<'a> {
    pub fqdn: &'a str,
    pub state: SyncState,
    pub built: &'a Built,
    /// The decision that is in force: with what only a cluster not seen yet can explain.
    pub planned: &'a Decision,
    /// What the controller is known to hold; described while nothing is decided.
    pub held: Option<&'a GslbService>,
    pub last_write: Option<(Timestamp, WriteResult)>,
    pub last_error: Option<(&'a str, Timestamp)>,
}

impl Subject<'_> {
    /// The report about this service.
    pub fn report(&self) -> ServiceReport {
        let desired = match self.planned {
            Decision::Service(desired) => Some(&desired.service),
            Decision::Wait(_) | Decision::Nothing => None,
        };
        let waiting_for = match self.planned {
            Decision::Wait(reason) => Some(reason.clone().into_owned()),
            Decision::Service(_) | Decision::Nothing => None,
        };
        let shown = desired.or(self.held.filter(|_| waiting_for.is_some()));
        let service = ServiceStatus {
            state: self.state.word().to_owned(),
            last_write: self
                .last_write
                .map(|(time, result)| LastWrite { time: Some(whole_second(time)), result: result.word().to_owned() }),
            last_error: self
                .last_error
                .map(|(message, time)| LastError { message: message.to_owned(), time: Some(whole_second(time)) }),
            refused_count: Some(self.built.refused.len()).filter(|count| *count > 0).map(count),
            refused: self.built.refused.iter().take(REFUSED_SHOWN).map(refused).collect(),
            limitations: self.built.limitations.clone(),
            ..shown.map(|shown| described(shown, &self.built.members)).unwrap_or_default()
        };
        ServiceReport { fqdn: self.fqdn.to_owned(), state: self.state, waiting_for, wanted: desired.is_some(), service }
    }
}

fn described(service: &GslbService, placed: &[Placed]) -> ServiceStatus {
    let members: Vec<MemberStatus> = service
        .pools
        .iter()
        .flat_map(|pool| pool.members.iter().map(move |member| (pool.priority, member)))
        .map(|(priority, member)| member_status(member, priority, placed))
        .collect();
    ServiceStatus {
        tenant: Some(service.tenant.clone()),
        name: Some(service.name.clone()),
        domain_names: service.domain_names.clone(),
        member_count: count(members.len()),
        members,
        monitors: service.monitors.clone(),
        ttl: service.ttl.map(number),
        ..ServiceStatus::default()
    }
}

/// A member with what is behind it. Nothing is known to be behind one that is kept for a cluster not seen yet.
fn member_status(member: &Member, priority: u32, placed: &[Placed]) -> MemberStatus {
    let same = |p: &&Placed| {
        (p.address, p.priority, p.ratio, p.public_address)
            == (member.address, priority, member.ratio, member.public_address)
    };
    let found = placed.iter().find(same);
    let (cluster, object, site) = match found.map(|placed| &placed.origin) {
        Some(Origin::Object(key)) => (Some(key.cluster.clone()), Some(key.object()), None),
        Some(Origin::Site(site)) => (None, None, Some(site.clone())),
        None => (None, None, None),
    };
    MemberStatus {
        cluster,
        object,
        site,
        address: member.address.to_string(),
        public_address: member.public_address.map(|address| address.to_string()),
        ratio: number(member.ratio),
        priority: number(priority),
        drained: match found {
            Some(placed) => placed.drained,
            // Kept for a cluster not seen yet.
            None => (!member.enabled).then_some(Drained::OnController),
        }
        .map(|drained| drained.word().to_owned()),
    }
}

fn refused((key, reason): &(EndpointKey, String)) -> RefusedObject {
    RefusedObject { object: format!("{} ({})", key.object(), key.cluster), reason: reason.clone() }
}

/// Numbers of a schema are signed.
fn number(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn count(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
