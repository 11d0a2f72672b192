//! Where the controller is.

use http::uri::Authority;
use std::net::Ipv6Addr;

/// An address that no URL can be made of.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a controller address; give a host name or an IP address, with :port if it is not 443")]
pub struct InvalidAddress(String);

/// The first part of every URL, `https://<host>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base(String);

impl Base {
    pub fn of(address: &str) -> Result<Self, InvalidAddress> {
        let invalid = || InvalidAddress(address.to_owned());
        let bracketed = match address.parse::<Ipv6Addr>() {
            Ok(_) => format!("[{address}]"),
            Err(_) => address.to_owned(),
        };
        let authority: Authority = bracketed.parse().map_err(|_| invalid())?;
        if authority.host().is_empty() || bracketed.contains('@') {
            return Err(invalid());
        }
        Ok(Self(format!("https://{authority}")))
    }

    /// `target` starts with a slash.
    pub fn url(&self, target: &str) -> String {
        format!("{}{target}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_ports_and_ipv6_literals_become_urls() {
        let table = [
            ("avi.example.org", "https://avi.example.org/"),
            ("10.0.0.1:9443", "https://10.0.0.1:9443/"),
            ("2001:db8::1", "https://[2001:db8::1]/"),
            ("[2001:db8::1]:9443", "https://[2001:db8::1]:9443/"),
        ];
        for (address, url) in table {
            assert_eq!(Base::of(address).map(|base| base.url("/")), Ok(url.to_owned()));
        }
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for address in ["", "https://avi.example.org", "avi example", "admin@avi.example.org"] {
            assert_eq!(Base::of(address), Err(InvalidAddress(address.to_owned())));
        }
    }
}
