//! What is to be said of the endpoints of one service at present.

use super::{Occurrence, Reason};
use crate::core::build::{Drained, Origin, Placed};
use crate::core::dns_name::NAMELESS;
use crate::core::endpoint::{Endpoint, EndpointKey};
use crate::core::gslb::Member;
use crate::core::guard::{Loss, Party};
use crate::core::plan::Observed;
use crate::core::policy::{DeploymentState, PolicySnapshot};
use crate::core::select::is_selected;
use std::net::IpAddr;
use std::sync::Arc;

/// All that is to be said of the endpoints of one FQDN: a full state.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Account {
    pub fqdn: Arc<str>,
    /// Inside a term and after the first look at the clusters. Otherwise the account is only what was found.
    pub speaks: bool,
    /// The service was made since it speaks; one that is only put right is nothing new to those who were in it.
    pub made: bool,
    /// In the order of the endpoints.
    pub verdicts: Vec<Verdict>,
}

/// What is to be said of one endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Verdict {
    /// Shared with its offer, because at the start an account of every FQDN waits to be taken in, twice.
    pub endpoint: Arc<Endpoint>,
    /// It may have been there before anybody looked.
    pub found: bool,
    pub standing: Standing,
}

/// How an endpoint stands, with what its Event would say of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Standing {
    /// Too little is known.
    Undecided,
    /// To be no member any more, which waits for the guard: what was told of it last is still so.
    Leaving,
    /// A member that the controller does not have yet; its place in the service.
    Pending(String),
    /// A member that the controller has, and its place.
    InSync(String),
    /// A member of a service that the controller refuses, and the last error.
    Failing(String),
    /// Not picked by the policy, and by which rule of it.
    NotSelected(String),
    /// Picked, and yet no member.
    Refused(String),
}

/// How far the controller is, for the whole service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress<'a> {
    Undecided,
    Pending,
    InSync,
    /// The last error.
    Failing(&'a str),
}

/// What the verdicts follow from.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    pub policy: &'a PolicySnapshot,
    /// What is behind each member of the service.
    pub members: &'a [Placed],
    /// Endpoints that are no members, or members with a limitation.
    pub refused: &'a [(EndpointKey, String)],
    pub progress: Progress<'a>,
    /// What is not taken away yet, because the guard has not said that it may be.
    pub waiting: Option<&'a Loss>,
    /// What the controller holds, as far as is known.
    pub observed: Option<&'a Observed>,
}

impl Facts<'_> {
    /// How one endpoint stands.
    pub fn standing(&self, endpoint: &Endpoint) -> Standing {
        let seats: Vec<&Placed> = self.members.iter().filter(|placed| is_of(placed, &endpoint.key)).collect();
        if seats.is_empty() && self.is_leaving(endpoint) {
            return Standing::Leaving;
        }
        let refusal = self.refused.iter().find(|(key, _)| *key == endpoint.key).map(|(_, reason)| reason);
        match (refusal, self.progress) {
            (Some(reason), _) if seats.is_empty() && self.selects(endpoint) => Standing::Refused(reason.clone()),
            // It could not be a member if it were picked, and nobody who does not pick it wants to read that.
            (Some(_), _) if seats.is_empty() && endpoint.is_bare() => Standing::Undecided,
            (Some(reason), _) if seats.is_empty() => Standing::NotSelected(reason.clone()),
            (_, Progress::Undecided) => Standing::Undecided,
            (_, Progress::Failing(error)) => Standing::Failing(error.to_owned()),
            (limitation, Progress::Pending) => Standing::Pending(place(&seats, limitation)),
            (limitation, Progress::InSync) => Standing::InSync(place(&seats, limitation)),
        }
    }

    fn is_leaving(&self, endpoint: &Endpoint) -> bool {
        let Some(waiting) = self.waiting else { return false };
        let party = Party::Cluster(endpoint.key.cluster.as_str().into());
        let is_there = |member: &Member| endpoint.addresses.iter().any(|address| address == member.address);
        let mut there = self.observed.into_iter().flat_map(Observed::services);
        waiting.lost.iter().any(|lost| lost.party == party)
            && there.any(|service| service.content.members().any(is_there))
    }

    fn selects(&self, endpoint: &Endpoint) -> bool {
        match &self.policy.deployment {
            DeploymentState::InForce(deployment) => is_selected(endpoint, deployment),
            DeploymentState::Absent | DeploymentState::Missing | DeploymentState::Unknown => false,
        }
    }
}

impl Standing {
    /// The Event that says it; `None` when there is nothing to say.
    pub fn occurrence(&self, fqdn: &str) -> Option<Occurrence> {
        let (reason, message) = match self {
            Self::Undecided | Self::Leaving => return None,
            Self::Pending(place) => (
                Reason::Accepted,
                format!("becomes a member of GSLB service {fqdn}: {place}; the controller does not have it yet"),
            ),
            Self::InSync(place) => (Reason::Programmed, format!("is a member of GSLB service {fqdn}: {place}")),
            Self::Failing(error) => {
                (Reason::NotProgrammed, format!("GSLB service {fqdn} cannot be written, it is tried again: {error}"))
            }
            Self::NotSelected(why) => (Reason::NotSelected, format!("is no member of GSLB service {fqdn}: {why}")),
            Self::Refused(why) if fqdn == NAMELESS => {
                (Reason::Refused, format!("is no member of any GSLB service: {why}"))
            }
            Self::Refused(why) => (Reason::Refused, format!("is no member of GSLB service {fqdn}: {why}")),
        };
        Some(Occurrence::new(reason, message))
    }
}

fn is_of(placed: &Placed, key: &EndpointKey) -> bool {
    matches!(&placed.origin, Origin::Object(behind) if behind == key)
}

/// `pool of priority 10, address 10.1.0.5, ratio 1`. All members of an object have the same priority and ratio.
fn place(seats: &[&Placed], limitation: Option<&String>) -> String {
    let place = match seats.first() {
        Some(Placed { ratio, priority, .. }) => {
            let addresses: Vec<String> = seats.iter().map(|seat| address(seat.address, seat.public_address)).collect();
            let drained = seats.iter().find_map(|seat| seat.drained).map(|drained| match drained {
                Drained::ByRule => "; it gets no answers, as its GSLBHostRule asks (drain)",
                Drained::OnController => "; it gets no answers, because it is switched off on the controller",
            });
            let addresses = addresses.join(" and ");
            let drained = drained.unwrap_or_default();
            format!("pool of priority {priority}, address {addresses}, ratio {ratio}{drained}")
        }
        None => "its address counts once and is there through another object".to_owned(),
    };
    match limitation {
        Some(limitation) => format!("{place}; {limitation}"),
        None => place,
    }
}

fn address(address: IpAddr, public: Option<IpAddr>) -> String {
    match public {
        Some(public) => format!("{address} (public {public})"),
        None => address.to_string(),
    }
}
