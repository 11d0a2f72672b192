//! At most one address per family, chosen from several (DB-22, DB-30).

use crate::core::endpoint::Addresses;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What has been chosen so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Families {
    v4: Option<Ipv4Addr>,
    v6: Option<Ipv6Addr>,
}

impl Families {
    /// Takes the address unless its family has one already.
    pub(super) fn first(&mut self, address: IpAddr) {
        match address {
            IpAddr::V4(address) => self.v4 = self.v4.or(Some(address)),
            IpAddr::V6(address) => self.v6 = self.v6.or(Some(address)),
        }
    }

    /// Takes the address when its family has none or a greater one.
    pub(super) fn smallest(&mut self, address: IpAddr) {
        match address {
            IpAddr::V4(address) => self.v4 = Some(self.v4.map_or(address, |known| known.min(address))),
            IpAddr::V6(address) => self.v6 = Some(self.v6.map_or(address, |known| known.min(address))),
        }
    }

    pub(super) fn are_both_known(self) -> bool {
        self.v4.is_some() && self.v6.is_some()
    }

    /// `None` when no address was taken.
    pub(super) fn addresses(self) -> Option<Addresses> {
        Addresses::new(self.v4, self.v6)
    }
}
