//! How a local hostname becomes the name of a GSLB service (`docs/RULES.md#names-of-services`).

/// What decides the names of services beside the objects themselves. Offers that were made under another naming say
/// nothing about what is there under this one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Naming {
    /// `useCustomGlobalFqdn` of the GSLBConfig: services are named by AKO's HostRules, and an object without one has
    /// none.
    pub custom_global_fqdn: bool,
    /// `defaultDomain` of the policy, for Routes that name only a subdomain; never empty.
    pub default_domain: Option<String>,
}
