//! Which addresses can be those of a member.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An address that no client can reach anything at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Useless {
    pub address: IpAddr,
    /// What kind of address it is.
    pub kind: &'static str,
}

impl fmt::Display for Useless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {}, at which no client reaches anything", self.address, self.kind)
    }
}

/// Where the clients are that have to reach a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Clients {
    #[default]
    Elsewhere,
    /// On the one machine on which everything runs, members too: a loopback address is as good as any.
    OnThisMachine,
}

impl Clients {
    /// The address in its one spelling.
    ///
    /// # Errors
    /// What it is, when these clients reach nothing there.
    pub fn reach(self, address: IpAddr) -> Result<IpAddr, Useless> {
        let address = canonical(address);
        let local = self == Self::OnThisMachine && address.is_loopback();
        if local { Ok(address) } else { usable(address) }
    }
}

/// One spelling of each address: IPv4 inside IPv6 (`::ffff:10.1.0.5`) is IPv4.
pub fn canonical(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

/// The address in its one spelling, for clients elsewhere.
///
/// # Errors
/// What it is, when nothing is to be reached there.
pub fn usable(address: IpAddr) -> Result<IpAddr, Useless> {
    let address = canonical(address);
    let kind = match address {
        IpAddr::V4(address) => useless_v4(address),
        IpAddr::V6(address) => useless_v6(address),
    };
    match kind {
        Some(kind) => Err(Useless { address, kind }),
        None => Ok(address),
    }
}

fn useless_v4(address: Ipv4Addr) -> Option<&'static str> {
    match address {
        _ if address.is_unspecified() => Some("the unspecified address"),
        _ if address.octets()[0] == 0 => Some("an address of \"this network\""),
        _ if address.is_loopback() => Some("a loopback address"),
        _ if address.is_multicast() => Some("a multicast address"),
        _ if address.is_link_local() => Some("a link-local address"),
        _ if address.is_broadcast() => Some("the broadcast address"),
        _ => None,
    }
}

fn useless_v6(address: Ipv6Addr) -> Option<&'static str> {
    match address {
        _ if address.is_unspecified() => Some("the unspecified address"),
        _ if address.is_loopback() => Some("a loopback address"),
        _ if address.is_multicast() => Some("a multicast address"),
        _ if address.is_unicast_link_local() => Some("a link-local address"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(text: &str) -> Result<String, &'static str> {
        usable(text.parse().unwrap()).map(|address| address.to_string()).map_err(|useless| useless.kind)
    }

    /// FND-E8
    #[test]
    fn an_address_at_which_nothing_is_reached_is_named_by_its_kind_and_any_other_has_one_spelling() {
        let table = [
            ("10.9.0.4", Ok("10.9.0.4")),
            ("::ffff:10.9.0.4", Ok("10.9.0.4")),
            ("::ffff:c0a8:1414", Ok("192.168.20.20")),
            ("2001:0db8:0:0::0005", Ok("2001:db8::5")),
            ("fd00::5", Ok("fd00::5")),
            ("240.0.0.1", Ok("240.0.0.1")),
            ("0.0.0.0", Err("the unspecified address")),
            ("::", Err("the unspecified address")),
            ("::ffff:0.0.0.0", Err("the unspecified address")),
            ("0.1.2.3", Err("an address of \"this network\"")),
            ("127.0.0.1", Err("a loopback address")),
            ("127.255.0.9", Err("a loopback address")),
            ("::1", Err("a loopback address")),
            ("::ffff:127.0.0.1", Err("a loopback address")),
            ("224.0.0.9", Err("a multicast address")),
            ("ff02::1", Err("a multicast address")),
            ("169.254.169.254", Err("a link-local address")),
            ("fe80::1", Err("a link-local address")),
            ("255.255.255.255", Err("the broadcast address")),
        ];
        for (text, expected) in table {
            assert_eq!(kind(text), expected.map(str::to_owned), "{text}");
        }
        let here = |text: &str| Clients::OnThisMachine.reach(text.parse().unwrap());
        for (text, expected) in table.into_iter().filter(|(_, expected)| *expected != Err("a loopback address")) {
            let kind = here(text).map(|address| address.to_string()).map_err(|useless| useless.kind);
            assert_eq!(kind, expected.map(str::to_owned), "{text}");
        }
        for text in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
            assert_eq!(here(text), Ok(canonical(text.parse().unwrap())));
        }
        let said = usable("fe80::1".parse().unwrap()).unwrap_err().to_string();
        assert_eq!(said, "fe80::1 is a link-local address, at which no client reaches anything");
    }
}
