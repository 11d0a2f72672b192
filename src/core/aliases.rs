//! Aliases: further domain names of a GSLB service, declared in AKO's HostRules (`docs/RULES.md#aliases`).
//!
//! A name can lead to one service only. Who gets it follows from all claims that there are, never from the order in
//! which they came (DB-25). A name that a service has for its own is nobody's alias: the controller would refuse it for
//! ever.

#[cfg(test)]
mod tests;

use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use uuid::Uuid;

/// One HostRule of one cluster wants `alias` to be a domain name of a service. The order of the fields is the order of
/// precedence: the oldest claim wins (DB-25).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AliasClaim {
    /// `metadata.creationTimestamp` of the HostRule; one without counts as the youngest.
    pub undated: bool,
    pub created: Option<Timestamp>,
    /// kubeconfig context.
    pub cluster: String,
    /// Of the HostRule.
    pub namespace: String,
    pub name: String,
    pub alias: String,
    /// Of the HostRule, for Events about it.
    pub uid: Option<Uuid>,
}

/// All claims of one cluster for one service, sorted.
pub type Claims = Arc<[AliasClaim]>;

/// Names of services.
pub type Services = BTreeSet<Arc<str>>;

/// A claim and the service for which it is made; the smallest one has the alias.
type Contender = (AliasClaim, Arc<str>);

/// A claim that has to wait, for people.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Waiting {
    pub claim: AliasClaim,
    /// The service for which it is made.
    pub service: Arc<str>,
    /// The claim that comes first; `None` when a service has the alias for its own name.
    pub winner: Option<AliasClaim>,
    /// The service that has the alias.
    pub holder: Arc<str>,
}

/// Who claims which alias, and who has it. A change costs as much as the claims that differ.
#[derive(Debug, Default)]
pub struct AliasTable {
    /// By cluster and service.
    claims: BTreeMap<Arc<str>, BTreeMap<Arc<str>, Claims>>,
    /// By alias; never empty inside.
    contenders: BTreeMap<Arc<str>, BTreeSet<Contender>>,
    /// By service; never empty inside.
    granted: BTreeMap<Arc<str>, BTreeSet<Arc<str>>>,
    /// Aliases that are the own names of services.
    names: BTreeSet<Arc<str>>,
    /// Aliases that some claim has to wait for.
    contested: BTreeSet<Arc<str>>,
    /// Whether other claims may have to wait than were told last.
    news: bool,
}

impl AliasTable {
    /// Replaces what a cluster claims for a service; answers which services have other aliases now.
    pub fn set(&mut self, cluster: &str, service: &str, claims: Claims) -> Services {
        let before = self.replace_claims(cluster, service, &claims);
        if before == claims {
            return Services::new();
        }
        let service: Arc<str> = self.shared(service);
        let mut changed = Services::new();
        for gone in before.iter().filter(|claim| !claims.contains(claim)) {
            self.contend(gone, &service, false, &mut changed);
        }
        for new in claims.iter().filter(|claim| !before.contains(claim)) {
            self.contend(new, &service, true, &mut changed);
        }
        changed
    }

    /// Notes whether `name` is the own name of a service, to which it then belongs (DB-25). Counts only for a name that
    /// is claimed, and for as long as it is. Answers which services have other aliases now.
    pub fn set_name(&mut self, name: &str, of_service: bool) -> Services {
        let mut changed = Services::new();
        let Some((alias, _)) = self.contenders.get_key_value(name) else { return changed };
        if self.names.contains(alias) != of_service {
            let alias = Arc::clone(alias);
            let before = self.holder(&alias);
            if of_service {
                self.names.insert(Arc::clone(&alias));
            } else {
                self.names.remove(&alias);
            }
            self.hand_on(&alias, before, &mut changed);
        }
        changed
    }

    /// Whether any claim is for this name.
    pub fn is_claimed(&self, name: &str) -> bool {
        self.contenders.contains_key(name)
    }

    /// The names that are claimed.
    pub fn claimed(&self) -> impl Iterator<Item = &Arc<str>> {
        self.contenders.keys()
    }

    /// Whether [`Self::waiting`] may differ since this was asked last.
    pub fn take_news(&mut self) -> bool {
        std::mem::take(&mut self.news)
    }

    /// Who claims the alias for this service.
    pub fn claims_for<'a>(&'a self, alias: &str, service: &'a str) -> impl Iterator<Item = &'a AliasClaim> {
        let contenders = self.contenders.get(alias).into_iter().flatten();
        contenders.filter(move |(_, of)| **of == *service).map(|(claim, _)| claim)
    }

    /// The aliases of a service, sorted.
    pub fn granted(&self, service: &str) -> Arc<[Arc<str>]> {
        self.granted.get(service).map(|aliases| aliases.iter().cloned().collect()).unwrap_or_default()
    }

    /// The services for which a cluster claims anything.
    pub fn services_of(&self, cluster: &str) -> Services {
        self.claims.get(cluster).map(|services| services.keys().cloned().collect()).unwrap_or_default()
    }

    /// The clusters that claim anything.
    pub fn clusters(&self) -> impl Iterator<Item = &Arc<str>> {
        self.claims.keys()
    }

    /// Claims for aliases that another service has, in the order of the aliases.
    pub fn waiting(&self) -> impl Iterator<Item = Waiting> {
        let contested = self.contested.iter().filter_map(|alias| self.contenders.get_key_value(alias));
        contested.flat_map(|(alias, contenders)| {
            let first = contenders.first().filter(|_| !self.names.contains(alias));
            let holder = first.map_or(alias, |(_, service)| service);
            let others = contenders.iter().filter(move |(_, service)| service != holder);
            others.map(move |(claim, service)| Waiting {
                claim: claim.clone(),
                service: Arc::clone(service),
                winner: first.map(|(winner, _)| winner.clone()),
                holder: Arc::clone(holder),
            })
        })
    }

    /// Notes the claims and gives those from before.
    fn replace_claims(&mut self, cluster: &str, service: &str, claims: &Claims) -> Claims {
        if claims.is_empty() {
            let Some(services) = self.claims.get_mut(cluster) else { return Claims::default() };
            let before = services.remove(service).unwrap_or_default();
            if services.is_empty() {
                self.claims.remove(cluster);
            }
            return before;
        }
        let services = self.claims.entry(cluster.into()).or_default();
        services.insert(service.into(), Arc::clone(claims)).unwrap_or_default()
    }

    /// The name of a service in memory that is shared where it has aliases already.
    fn shared(&self, service: &str) -> Arc<str> {
        self.granted.get_key_value(service).map_or_else(|| service.into(), |(known, _)| Arc::clone(known))
    }

    /// Adds one contender or takes it out, and hands the alias on where that changes who comes first.
    fn contend(&mut self, claim: &AliasClaim, service: &Arc<str>, comes: bool, changed: &mut Services) {
        let alias: Arc<str> = match self.contenders.get_key_value(claim.alias.as_str()) {
            Some((known, _)) => Arc::clone(known),
            None => claim.alias.as_str().into(),
        };
        let before = self.holder(&alias);
        let contenders = self.contenders.entry(Arc::clone(&alias)).or_default();
        let contender = (claim.clone(), Arc::clone(service));
        if comes {
            contenders.insert(contender);
        } else {
            contenders.remove(&contender);
        }
        if contenders.is_empty() {
            self.contenders.remove(&alias);
            self.names.remove(&alias);
        }
        self.hand_on(&alias, before, changed);
    }

    /// The service that has the alias for one.
    fn holder(&self, alias: &Arc<str>) -> Option<Arc<str>> {
        let first = self.contenders.get(alias).filter(|_| !self.names.contains(alias))?.first();
        first.map(|(_, service)| Arc::clone(service))
    }

    /// After a change: notes who waits, and gives the alias to the one who has it now.
    fn hand_on(&mut self, alias: &Arc<str>, before: Option<Arc<str>>, changed: &mut Services) {
        let after = self.holder(alias);
        let mut contenders = self.contenders.get(alias).into_iter().flatten();
        if contenders.any(|(_, service)| Some(service) != after.as_ref()) {
            self.contested.insert(Arc::clone(alias));
            self.news = true;
        } else {
            self.news |= self.contested.remove(alias);
        }
        if before != after {
            self.hand_over(alias, before, after, changed);
        }
    }

    fn hand_over(&mut self, alias: &Arc<str>, from: Option<Arc<str>>, to: Option<Arc<str>>, changed: &mut Services) {
        if let Some(from) = from {
            if let Some(aliases) = self.granted.get_mut(&from) {
                aliases.remove(alias);
                if aliases.is_empty() {
                    self.granted.remove(&from);
                }
            }
            changed.insert(from);
        }
        if let Some(to) = to {
            self.granted.entry(Arc::clone(&to)).or_default().insert(Arc::clone(alias));
            changed.insert(to);
        }
    }
}
