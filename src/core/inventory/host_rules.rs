//! AKO's HostRules of one cluster: how they name services, which aliases they claim and where they add TLS
//! (`docs/RULES.md#akos-hostrules`).

use crate::core::aliases::{AliasClaim, Claims};
use crate::core::dns_name;
use crate::core::endpoint::{Backend, Endpoint};
use crate::core::ingest::Refusal;
use crate::core::object::AkoHostRule;
use crate::core::precedence::ObjectName;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// `status.status` of a HostRule that AKO took in.
const ACCEPTED: &str = "Accepted";

/// What becomes of HostRules by name: the one to put in, or `None` for one to take away.
pub(super) type Changes = Vec<(ObjectName, Option<Arc<AkoHostRule>>)>;

/// Rules by a hostname, in the order of their precedence.
type ByHostname = BTreeMap<String, Vec<Arc<AkoHostRule>>>;

/// The usable HostRules of one cluster; one that is not usable counts as not there.
#[derive(Debug, Default)]
pub(super) struct HostRules {
    /// Rules name the services; otherwise local hostnames do.
    custom: bool,
    usable: BTreeMap<ObjectName, Arc<AkoHostRule>>,
    by_local: ByHostname,
    /// Only those that name a service.
    by_global: ByHostname,
    refusals: BTreeMap<ObjectName, Refusal>,
}

/// Endpoints that belong to a service, and the hostnames of those that belong to none.
#[derive(Debug, PartialEq, Eq, Default)]
pub(super) struct Named {
    pub(super) endpoints: Vec<Endpoint>,
    pub(super) unnamed: Box<[String]>,
}

impl HostRules {
    pub(super) fn new(custom: bool) -> Self {
        Self { custom, ..Self::default() }
    }

    pub(super) fn set_custom(&mut self, custom: bool) {
        self.custom = custom;
        let refusals = self.usable.iter().filter_map(|(name, rule)| Some((name.clone(), self.refusal(rule)?)));
        self.refusals = refusals.collect();
    }

    /// Of the usable rules.
    pub(super) fn names(&self) -> impl Iterator<Item = &ObjectName> {
        self.usable.keys()
    }

    pub(super) fn refusals(&self) -> impl Iterator<Item = &Refusal> {
        self.refusals.values()
    }

    /// The rules as changes, without those that change nothing.
    pub(super) fn changes(&self, rules: impl IntoIterator<Item = AkoHostRule>) -> Changes {
        let rules = rules.into_iter().map(AkoHostRule::with_normal_names);
        let changes = rules.map(|rule| (name(&rule), is_usable(&rule).then(|| Arc::new(rule))));
        changes.filter(|(name, rule)| self.usable.get(name) != rule.as_ref()).collect()
    }

    /// The local hostnames that `changes` are about.
    pub(super) fn hostnames(&self, changes: &Changes) -> BTreeSet<String> {
        let before = changes.iter().filter_map(|(name, _)| self.usable.get(name));
        let after = changes.iter().filter_map(|(_, rule)| rule.as_ref());
        before.chain(after).map(|rule| rule.fqdn.clone()).collect()
    }

    /// The services for which rules of these local hostnames may claim aliases.
    pub(super) fn services<'a>(&self, hostnames: impl IntoIterator<Item = &'a String>) -> BTreeSet<String> {
        let rules = hostnames.into_iter().filter_map(|hostname| self.by_local.get(hostname)).flatten();
        rules.filter_map(|rule| self.service(rule)).map(str::to_owned).collect()
    }

    /// The services for which any rule may claim aliases.
    pub(super) fn all_services(&self) -> BTreeSet<String> {
        self.services(self.by_local.keys())
    }

    pub(super) fn apply(&mut self, changes: Changes) {
        for (name, rule) in changes {
            self.refusals.remove(&name);
            if let Some(before) = self.usable.remove(&name) {
                withdraw(&mut self.by_local, &before.fqdn, &before);
                withdraw(&mut self.by_global, &before.global_fqdn, &before);
            }
            let Some(rule) = rule else { continue };
            if let Some(refusal) = self.refusal(&rule) {
                self.refusals.insert(name.clone(), refusal);
            }
            enter(&mut self.by_local, &rule.fqdn, &rule);
            if !rule.global_fqdn.is_empty() {
                enter(&mut self.by_global, &rule.global_fqdn, &rule);
            }
            self.usable.insert(name, rule);
        }
    }

    /// The service of a local hostname of this cluster, whatever the namespace; `None` when no rule names one and one
    /// has to.
    pub(super) fn service_of<'a>(&'a self, hostname: &'a str) -> Option<&'a str> {
        if !self.custom {
            return Some(hostname);
        }
        self.naming_rule(hostname).map(|rule| rule.global_fqdn.as_str())
    }

    /// Gives the endpoints of one object their services, and TLS where a rule names a certificate.
    pub(super) fn name(&self, endpoints: Vec<Endpoint>) -> Named {
        let mut named = Vec::with_capacity(endpoints.len());
        let mut unnamed = Vec::new();
        for mut endpoint in endpoints {
            if endpoint.is_nameless() {
                named.push(endpoint);
                continue;
            }
            let Some(service) = self.service_of(&endpoint.key.hostname) else {
                unnamed.push(endpoint.key.hostname);
                continue;
            };
            let wrong = dns_name::check(service).err().filter(|_| self.custom);
            endpoint.global_fqdn = (service != endpoint.key.hostname).then(|| service.into());
            if let Some(why) = wrong {
                endpoint.withhold(&format!("spec.virtualhost.gslb.fqdn of its HostRule: {why}"));
            }
            if self.secures(&endpoint.key.namespace, &endpoint.key.hostname)
                && let Backend::Paths { tls, .. } = &mut endpoint.backend
            {
                *tls = true;
            }
            named.push(endpoint);
        }
        Named { endpoints: named, unnamed: unnamed.into() }
    }

    /// What the rules claim for `service`, sorted. With custom names only the rule that names the service of its
    /// hostname may claim.
    pub(super) fn claims(&self, cluster: &str, service: &str) -> Claims {
        let rules = if self.custom { &self.by_global } else { &self.by_local }.get(service);
        let rules = rules.into_iter().flatten().filter(|rule| !self.custom || self.claims_with_custom_names(rule));
        let mut claims: Vec<AliasClaim> = rules.flat_map(|rule| claims_of(rule, cluster, service)).collect();
        claims.sort();
        claims.dedup();
        claims.into()
    }

    fn claims_with_custom_names(&self, rule: &Arc<AkoHostRule>) -> bool {
        rule.include_aliases && self.naming_rule(&rule.fqdn).is_some_and(|first| Arc::ptr_eq(first, rule))
    }

    /// The first rule of a local hostname that names a service (DB-24).
    fn naming_rule(&self, hostname: &str) -> Option<&Arc<AkoHostRule>> {
        self.by_local.get(hostname)?.iter().find(|rule| !rule.global_fqdn.is_empty())
    }

    fn secures(&self, namespace: &str, hostname: &str) -> bool {
        let rules = self.by_local.get(hostname).into_iter().flatten();
        rules.into_iter().any(|rule| rule.namespace == namespace && !rule.certificate.is_empty())
    }

    /// The service that the rule speaks of.
    fn service<'a>(&self, rule: &'a AkoHostRule) -> Option<&'a str> {
        let service = if self.custom { &rule.global_fqdn } else { &rule.fqdn };
        (!service.is_empty()).then_some(service)
    }

    fn refusal(&self, rule: &AkoHostRule) -> Option<Refusal> {
        (self.custom && rule.global_fqdn.is_empty()).then(|| Refusal {
            object: format!("HostRule {}/{}", rule.namespace, rule.name),
            reason: format!(
                "spec.virtualhost.gslb.fqdn is empty, so this HostRule names no GSLB service for {}, as it has to \
                 while useCustomGlobalFqdn is on (rule DB-24); set it",
                rule.fqdn
            ),
        })
    }
}

pub(super) fn name(rule: &AkoHostRule) -> ObjectName {
    ObjectName { namespace: rule.namespace.clone(), name: rule.name.clone() }
}

fn is_usable(rule: &AkoHostRule) -> bool {
    rule.status == ACCEPTED && !rule.fqdn.is_empty()
}

/// The oldest first; one without date is the youngest.
fn precedence(rule: &AkoHostRule) -> (bool, Option<Timestamp>, &str, &str) {
    (rule.created.is_none(), rule.created, &rule.namespace, &rule.name)
}

fn enter(index: &mut ByHostname, hostname: &str, rule: &Arc<AkoHostRule>) {
    let rules = index.entry(hostname.to_owned()).or_default();
    rules.push(Arc::clone(rule));
    rules.sort_by(|a, b| precedence(a).cmp(&precedence(b)));
}

fn withdraw(index: &mut ByHostname, hostname: &str, rule: &Arc<AkoHostRule>) {
    let Some(rules) = index.get_mut(hostname) else { return };
    rules.retain(|known| !Arc::ptr_eq(known, rule));
    if rules.is_empty() {
        index.remove(hostname);
    }
}

/// What one rule claims; the name of the service itself needs no claim.
fn claims_of<'a>(
    rule: &'a AkoHostRule,
    cluster: &'a str,
    service: &'a str,
) -> impl Iterator<Item = AliasClaim> + use<'a> {
    let aliases = rule.aliases.iter().filter(move |alias| !alias.is_empty() && *alias != service);
    aliases.map(move |alias| AliasClaim {
        undated: rule.created.is_none(),
        created: rule.created,
        cluster: cluster.to_owned(),
        namespace: rule.namespace.clone(),
        name: rule.name.clone(),
        alias: alias.clone(),
        uid: rule.uid,
    })
}
