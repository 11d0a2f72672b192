//! Which clients are outside: they get the public address of a member that has one, all others get its own address.

use super::wire;
use ipnet::IpNet;
use std::net::IpAddr;

/// The GSLB's client group (`client_ip_addr_group`), or the rule without one: clients on private addresses are inside.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Clients {
    /// What the group lists; empty means that there is no group.
    listed: Vec<Listed>,
    /// Whether those listed are the ones inside (`GSLB_IP_PRIVATE`) rather than the ones outside.
    lists_insiders: bool,
}

#[derive(Debug, Clone, PartialEq)]
enum Listed {
    Net(IpNet),
    /// First and last address.
    Range(IpAddr, IpAddr),
}

impl Listed {
    fn has(&self, client: IpAddr) -> bool {
        match self {
            Self::Net(net) => net.contains(&client),
            Self::Range(first, last) => first.is_ipv4() == client.is_ipv4() && (*first..=*last).contains(&client),
        }
    }
}

impl Clients {
    /// Reads the group; parts that are no addresses are left out.
    pub fn compile(group: Option<&wire::ClientGroup>) -> Self {
        let Some(group) = group else { return Self::default() };
        let single = group.addrs.iter().filter_map(|address| Some(Listed::Net(IpNet::from(address.ip()?))));
        let nets = group.prefixes.iter().filter_map(|prefix| {
            let net = IpNet::new(prefix.ip_addr.ip()?, prefix.mask).ok()?;
            Some(Listed::Net(net))
        });
        let ranges = group.ranges.iter().filter_map(|range| Some(Listed::Range(range.begin.ip()?, range.end.ip()?)));
        Self { listed: single.chain(nets).chain(ranges).collect(), lists_insiders: group.kind == "GSLB_IP_PRIVATE" }
    }

    /// Whether the client is outside. An IPv4 client that comes over IPv6 counts as IPv4.
    pub fn is_outside(&self, client: IpAddr) -> bool {
        let client = client.to_canonical();
        if self.listed.is_empty() {
            return !is_private(client);
        }
        self.listed.iter().any(|listed| listed.has(client)) != self.lists_insiders
    }
}

fn is_private(client: IpAddr) -> bool {
    match client {
        IpAddr::V4(v4) => v4.is_private() || v4.is_loopback() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unique_local() || v6.is_loopback() || v6.is_unicast_link_local(),
    }
}
