//! Where the controllers learn the health of pool members from.

use std::net::IpAddr;

/// What one of the two sources (control plane, probes) says about a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    Up,
    Down,
    /// The source exists but cannot be asked, such as an unreachable remote controller.
    Unavailable,
    /// The source does not apply to this member.
    NotConfigured,
}

/// The two findings about one member, as one DNS site sees them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemberHealth {
    /// From the controller at the member's own site.
    pub control: Finding,
    /// From the probes of the DNS site.
    pub data: Finding,
}

impl MemberHealth {
    pub const UP: Self = Self { control: Finding::Up, data: Finding::Up };
    pub const DOWN: Self = Self { control: Finding::Down, data: Finding::Down };

    /// The verdict from both findings: any `Down` is down, an unavailable control plane needs a good probe.
    pub fn verdict(self) -> Finding {
        match (self.control, self.data) {
            (Finding::Down, _) | (_, Finding::Down) => Finding::Down,
            (Finding::Up, _) | (_, Finding::Up) => Finding::Up,
            (Finding::NotConfigured, Finding::NotConfigured) => Finding::Up,
            (Finding::Unavailable, _) | (_, Finding::Unavailable) => Finding::Unavailable,
        }
    }
}

/// Answers how a member does. Called with the world's lock held: it must not call back into the world.
pub trait HealthView: Send + Sync {
    /// Health of the member with this address in this service, as seen by the DNS service of `dns_site`.
    fn member(&self, dns_site: &str, service_uuid: &str, address: IpAddr) -> MemberHealth;
}

/// The view of a world in which nothing fails.
#[derive(Debug, Clone, Copy)]
pub struct AllUp;

impl HealthView for AllUp {
    fn member(&self, _dns_site: &str, _service_uuid: &str, _address: IpAddr) -> MemberHealth {
        MemberHealth::UP
    }
}
