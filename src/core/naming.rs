//! How a local hostname becomes the name of a GSLB service (`docs/RULES.md#names-of-services`).

use super::dns_name::into_normal;

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

impl Naming {
    /// The hostname of a Route that names only a subdomain, in its normal form; `None` when either part is missing. The
    /// dot between them may be part of the domain.
    pub fn below_default_domain(&self, subdomain: &str) -> Option<String> {
        let domain = self.default_domain.as_deref()?;
        let domain = domain.strip_prefix('.').unwrap_or(domain);
        (!subdomain.is_empty() && !domain.is_empty()).then(|| into_normal(format!("{subdomain}.{domain}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// EX-14.
    #[test]
    fn a_subdomain_needs_a_default_domain_and_gets_exactly_one_dot() {
        let cases = [
            ("cart", Some("apps.example.org"), Some("cart.apps.example.org")),
            ("cart", Some(".apps.example.org"), Some("cart.apps.example.org")),
            ("Cart", Some("Apps.example.org."), Some("cart.apps.example.org")),
            ("", Some("apps.example.org"), None),
            ("cart", Some("."), None),
            ("cart", None, None),
        ];
        for (subdomain, domain, expected) in cases {
            let naming = Naming { custom_global_fqdn: false, default_domain: domain.map(str::to_owned) };
            assert_eq!(naming.below_default_domain(subdomain).as_deref(), expected, "{subdomain:?} {domain:?}");
        }
    }
}
