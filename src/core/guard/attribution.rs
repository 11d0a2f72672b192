//! Whose a member of an observed service is, and which object is behind it.

use super::Party;
use super::loss::Scene;
use crate::core::endpoint::{Endpoint, EndpointKey};
use crate::core::gslb::Member;
use crate::core::host_rule::ThirdParty;
use crate::core::occurrence::digest;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What was offered or wanted for an FQDN and is not any more, for as long as the controller may have it.
#[derive(Debug, Clone, Default)]
pub struct Former {
    endpoints: Vec<FormerEndpoint>,
    /// Of a rule that has changed.
    sites: Vec<ThirdParty>,
}

#[derive(Debug, Clone)]
pub(super) struct FormerEndpoint {
    pub endpoint: Arc<Endpoint>,
    /// It went with a change of how services are named.
    pub renamed: bool,
}

impl Former {
    /// Notes what was offered and is not offered now, or not like this.
    pub fn note<'a>(&mut self, before: impl Iterator<Item = &'a Arc<Endpoint>>, now: &[&Arc<Endpoint>], renamed: bool) {
        for endpoint in before.filter(|before| !now.contains(before)) {
            // What was known first is what the controller was told last.
            match self.endpoints.iter_mut().find(|known| known.endpoint.key == endpoint.key) {
                Some(known) => known.renamed |= renamed,
                None => self.endpoints.push(FormerEndpoint { endpoint: Arc::clone(endpoint), renamed }),
            }
        }
    }

    pub fn note_sites(&mut self, sites: &[ThirdParty]) {
        self.sites.extend_from_slice(sites);
    }

    pub fn is_empty(&self) -> bool {
        self.endpoints.is_empty() && self.sites.is_empty()
    }

    /// Forgets what none of these members is of.
    pub fn retain<'a>(&mut self, members: impl Iterator<Item = &'a Member> + Clone) {
        let is_of = |endpoint: &Endpoint, member: &Member| is_at(endpoint, member) || is_same_service(endpoint, member);
        self.endpoints.retain(|former| members.clone().any(|member| is_of(&former.endpoint, member)));
        self.sites.retain(|site| members.clone().any(|member| site.address == member.address));
    }
}

/// What speaks for a member being of a party.
#[derive(Debug, Clone)]
pub(super) struct Evidence<'a> {
    pub party: Party,
    /// As it was when the member was wanted, when that is known.
    pub former: Option<&'a FormerEndpoint>,
    /// As it is offered now.
    pub present: Option<&'a Endpoint>,
    /// Digest of the object.
    pub object: u64,
}

/// Whether the endpoint has the member's address, and nothing says that the two are of two controllers (clusters may
/// have overlapping address plans, DB-26).
pub(super) fn is_at(endpoint: &Endpoint, member: &Member) -> bool {
    let named = endpoint.virtual_service.as_ref().filter(|_| member.vs_uuid.is_some());
    endpoint.addresses.iter().any(|address| address == member.address)
        && named.is_none_or(|named| Some(&named.cluster_uuid) == member.cluster_uuid.as_ref())
}

fn is_same_service(endpoint: &Endpoint, member: &Member) -> bool {
    let named = endpoint.virtual_service.as_ref();
    named.is_some_and(|named| Some(&named.vs_uuid) == member.vs_uuid.as_ref())
}

/// The object behind an endpoint, whatever its host.
fn object(key: &EndpointKey) -> u64 {
    digest(&without_host(&key.describe()))
}

fn without_host(entry: &str) -> &str {
    match entry.split_once('/') {
        Some(("INGRESS" | "MCI", _)) => entry.rsplit_once('/').map_or(entry, |(object, _)| object),
        _ => entry,
    }
}

/// The cluster that an entry of a description (rule GS-05) names. The names of contexts may contain slashes, the rest
/// of an entry has a fixed number of them.
pub(super) fn cluster_of(entry: &str) -> Option<&str> {
    let (kind, _) = entry.split_once('/')?;
    let object = match kind {
        "INGRESS" | "MCI" => without_host(entry),
        "ROUTE" | "LBSVC" => entry,
        _ => return None,
    };
    let (place, _name) = object.rsplit_once('/')?;
    let (cluster, _namespace) = place.rsplit_once('/')?;
    cluster.strip_prefix(kind)?.strip_prefix('/').filter(|cluster| !cluster.is_empty())
}

impl<'a> Scene<'a> {
    /// Offers of the member's address, past ones or present ones that are not chosen; empty when none is known.
    pub(super) fn offered_by(&self, member: &Member) -> Vec<Evidence<'a>> {
        self.offers_that(|endpoint| is_at(endpoint, member))
    }

    /// Offers of another address of the member's virtual service, which has moved and was not written yet.
    fn of_virtual_service(&self, member: &Member) -> Vec<Evidence<'a>> {
        self.offers_that(|endpoint| is_same_service(endpoint, member))
    }

    /// Past offers for which `fits`, with what has become of them; where there is none, present ones.
    fn offers_that(&self, fits: impl Fn(&Endpoint) -> bool) -> Vec<Evidence<'a>> {
        let former = self.former.iter().flat_map(|former| &former.endpoints);
        let known: Vec<Evidence<'a>> = former
            .filter(|former| fits(&former.endpoint))
            .map(|former| Evidence {
                present: self.offered.iter().copied().find(|endpoint| endpoint.key == former.endpoint.key),
                ..Evidence::of(&former.endpoint.key, Some(former))
            })
            .collect();
        if !known.is_empty() {
            return known;
        }
        let present = self.offered.iter().copied().filter(|endpoint| fits(endpoint));
        present.map(|endpoint| Evidence { present: Some(endpoint), ..Evidence::of(&endpoint.key, None) }).collect()
    }

    /// Everything that speaks for somebody; what the description names counts only where nothing better is known.
    pub(super) fn evidence(&self, member: &Member, missing: &[&str]) -> Vec<Evidence<'a>> {
        let offered = self.offered_by(member);
        let offered = if offered.is_empty() { self.of_virtual_service(member) } else { offered };
        if !offered.is_empty() {
            return offered;
        }
        let sites = self.third_party.iter().chain(self.former.iter().flat_map(|former| &former.sites));
        if let Some(site) = sites.into_iter().find(|site| site.address == member.address) {
            let party = Party::Site(site.site.as_str().into());
            return vec![Evidence { object: digest(&(&site.site, self.fqdn)), party, former: None, present: None }];
        }
        let clusters: BTreeSet<&str> = missing.iter().filter_map(|entry| cluster_of(entry)).collect();
        let of = |cluster: &str| {
            let entries = missing.iter().filter(move |entry| cluster_of(entry) == Some(cluster));
            let party = Party::Cluster(cluster.into());
            entries
                .map(|entry| Evidence {
                    party: party.clone(),
                    former: None,
                    present: None,
                    object: digest(&without_host(entry)),
                })
                .collect::<Vec<_>>()
        };
        clusters.into_iter().flat_map(of).collect()
    }
}

impl<'a> Evidence<'a> {
    fn of(key: &EndpointKey, former: Option<&'a FormerEndpoint>) -> Self {
        Self { party: Party::Cluster(key.cluster.as_str().into()), former, present: None, object: object(key) }
    }
}
