//! At most one address per family, chosen from several (DB-22, DB-30).

use crate::core::address::{Clients, Useless};
use crate::core::endpoint::{Addresses, Withheld};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What has been chosen so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Families {
    clients: Clients,
    chosen: Chosen,
    /// Of the addresses at which nothing is to be reached.
    useless: Chosen,
    reasons: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Chosen {
    v4: Option<Ipv4Addr>,
    v6: Option<Ipv6Addr>,
}

impl Families {
    /// Nothing yet, for members that these clients have to reach.
    pub(super) fn of(clients: Clients) -> Self {
        Self { clients, chosen: Chosen::default(), useless: Chosen::default(), reasons: Vec::new() }
    }

    /// Takes the address unless its family has one already.
    pub(super) fn first(&mut self, address: IpAddr) {
        match self.judge(address) {
            (chosen, IpAddr::V4(address)) => chosen.v4 = chosen.v4.or(Some(address)),
            (chosen, IpAddr::V6(address)) => chosen.v6 = chosen.v6.or(Some(address)),
        }
    }

    /// Takes the address when its family has none or a greater one.
    pub(super) fn smallest(&mut self, address: IpAddr) {
        match self.judge(address) {
            (chosen, IpAddr::V4(address)) => chosen.v4 = Some(chosen.v4.map_or(address, |known| known.min(address))),
            (chosen, IpAddr::V6(address)) => chosen.v6 = Some(chosen.v6.map_or(address, |known| known.min(address))),
        }
    }

    pub(super) fn are_both_known(&self) -> bool {
        self.chosen.v4.is_some() && self.chosen.v6.is_some()
    }

    /// The addresses, and those that are withheld because their family has no other. `None` when no address was taken.
    pub(super) fn split(self) -> Option<(Addresses, Option<Box<Withheld>>)> {
        let Self { chosen, useless, reasons, .. } = self;
        let addresses = chosen.addresses();
        let v4 = useless.v4.filter(|_| chosen.v4.is_none());
        let v6 = useless.v6.filter(|_| chosen.v6.is_none());
        let withheld = (!reasons.is_empty()).then(|| {
            Box::new(Withheld { addresses: Chosen { v4, v6 }.addresses(), reason: reasons.join("; ").into() })
        });
        (!addresses.is_empty() || withheld.is_some()).then_some((addresses, withheld))
    }

    /// Among which it belongs, in its one spelling.
    fn judge(&mut self, address: IpAddr) -> (&mut Chosen, IpAddr) {
        match self.clients.reach(address) {
            Ok(address) => (&mut self.chosen, address),
            Err(useless) => {
                let Useless { address, kind } = useless;
                let reason = format!(
                    "its status has the address {address}, {kind}, at which no client reaches anything; check the \
                     controller that writes this status"
                );
                if !self.reasons.contains(&reason) {
                    self.reasons.push(reason);
                }
                (&mut self.useless, useless.address)
            }
        }
    }
}

impl Chosen {
    fn addresses(self) -> Addresses {
        Addresses::new(self.v4, self.v6).unwrap_or_default()
    }
}
