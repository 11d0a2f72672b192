//! What the controller has for an FQDN at present, as far as that decides what is wanted: a service that exists keeps the
//! spelling of its names, and a rule that is new takes nothing away (FND-E5, FND-E8).

use crate::core::dns_name::same;
use crate::core::gslb::{GslbService, Member};
use crate::core::plan::Observed;
use std::net::IpAddr;

/// `None`: it is not known, and anything may be there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held<'a>(Option<&'a Observed>);

impl<'a> Held<'a> {
    pub const ANYTHING: Self = Self(None);

    pub fn of(present: Option<&'a Observed>) -> Self {
        Self(present)
    }

    /// Whether a member has this address.
    pub fn has_member(self, address: IpAddr) -> bool {
        self.has(|member| member.address == address)
    }

    /// Whether a member has this public address.
    pub fn has_public(self, address: IpAddr) -> bool {
        self.has(|member| member.public_address == Some(address))
    }

    /// What the service of the FQDN is called: as it is already, above all in this tenant.
    pub fn service_name(self, tenant: &str, fqdn: &'a str) -> &'a str {
        let here = self.0.and_then(|observed| observed.in_tenant(tenant)?.service.as_deref());
        let service = here.map(|service| &service.content).or_else(|| self.services().next());
        service.map(|service| service.name.as_str()).filter(|name| same(name, fqdn)).unwrap_or(fqdn)
    }

    /// A domain name in the spelling that it has already.
    pub fn domain_name(self, name: &str) -> Option<&'a str> {
        let mut names = self.services().flat_map(|service| &service.domain_names);
        names.find(|known| same(known, name)).map(String::as_str)
    }

    fn has(self, is_it: impl Fn(&Member) -> bool) -> bool {
        let mut members = self.services().flat_map(|service| &service.pools).flat_map(|pool| &pool.members);
        self.0.is_none() || members.any(is_it)
    }

    fn services(self) -> impl Iterator<Item = &'a GslbService> {
        self.0.into_iter().flat_map(Observed::services).map(|service| &service.content)
    }
}
