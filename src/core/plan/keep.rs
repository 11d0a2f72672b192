//! Blindness is not absence: what only a cluster that was not seen yet can explain stays (DB-01).

#[cfg(test)]
mod tests;

use super::stand_in::stands_in_for;
use super::{Holding, Observed, Unseen};
use crate::core::build::{Decision, Desired};
use crate::core::gslb::{GslbService, HealthMonitor, Member, Pool, Probe};
use crate::core::monitor::{MAX_PER_SERVICE, is_shared};
use crate::core::policy::{DeploymentState, PolicySnapshot};
use std::collections::BTreeSet;

/// The kinds of object that a description names, including one that only upstream knows.
const KINDS: [&str; 4] = ["INGRESS", "ROUTE", "LBSVC", "MCI"];

/// Whose the members of an observed service are.
pub trait Whose {
    /// Whether a cluster that is seen explains the member, now or before.
    fn is_of_seen(&self, member: &Member) -> bool;

    /// Whether an entry of the description may name the object behind the member; `missing` are all entries that the
    /// decision lacks.
    fn may_be_behind(&self, entry: &str, member: &Member, missing: &[&str]) -> bool;
}

/// Keeps what only a cluster that was not seen yet can explain (DB-01): members of the observed
/// service that the decision does not know stay, with their pools, while one of `unseen` is named in the service's
/// description; its aliases stay while any is unseen. A service that would vanish or change its tenant for the same
/// reason stays as it is. A member of a cluster that is seen goes when that one says so, unless it may be an unseen one's
/// as well: clusters may have overlapping address plans (DB-26).
///
/// Pass the result of [`relevant_unseen`], or a deleted policy would not empty the services.
pub fn keep_unseen(decision: Decision, observed: &Observed, unseen: &Unseen, whose: &dyn Whose) -> Decision {
    observed.holdings().fold(decision, |decision, held| unseen_in_tenant(decision, held, unseen, whose))
}

/// Whether an unseen object may be behind a member that a seen cluster explains, too: the description names more objects of
/// unseen clusters than there are members that nothing seen explains.
fn may_be_shared(service: &GslbService, of_unseen: &dyn Fn(&str) -> bool, whose: &dyn Whose) -> bool {
    let named: BTreeSet<&str> = service.description.split(',').filter(|entry| of_unseen(entry)).collect();
    service.members().filter(|member| !whose.is_of_seen(member)).count() < named.len()
}

/// The same for what one tenant holds.
fn unseen_in_tenant(decision: Decision, observed: &Holding, unseen: &Unseen, whose: &dyn Whose) -> Decision {
    let Some(service) = &observed.service else { return decision };
    let of_unseen = |entry: &str| may_be_of(entry, unseen);
    let entries = || service.content.description.split(',');
    if unseen.is_empty() || !entries().any(of_unseen) {
        return if unseen.is_empty() { decision } else { with_names_of(decision, &service.content) };
    }
    // A merged service would list none but seen clusters, and the next decision would then drop what was kept.
    if entries().filter(|entry| of_unseen(entry)).all(str::is_empty) {
        return Decision::Wait("its description is empty, and its members may be of a cluster not seen yet".into());
    }
    let reasons = Reasons {
        vanishes: "its members may be of a cluster that has not been seen yet",
        moves: "its tenant changes, and members may be of a cluster that has not been seen yet",
    };
    let shared = may_be_shared(&service.content, &of_unseen, whose);
    let staying = Staying { whose, member: &|member| shared || !whose.is_of_seen(member), entry: &of_unseen };
    retain(decision, observed, &staying, reasons)
}

/// Keeps the members for which `held` says so, where the decision leaves them out, with their pools, monitors and
/// entries of the description. A service that is held as a whole, or would change its tenant, stays as it is.
pub fn keep_held(
    decision: Decision,
    observed: &Observed,
    whose: &dyn Whose,
    held: &dyn Fn(&Member) -> bool,
    entry_held: &dyn Fn(&str) -> bool,
) -> Decision {
    let here = match &decision {
        Decision::Service(desired) => observed.in_tenant(&desired.service.tenant).filter(|here| here.service.is_some()),
        Decision::Wait(_) | Decision::Nothing => None,
    };
    let holdings = observed.holdings().filter(|holding| here.is_none_or(|here| here.tenant == holding.tenant));
    let reasons = Reasons {
        vanishes: "its deletion waits for an approval: see condition ChangesHeld of the GSLBConfig",
        moves: "its move to another tenant waits for an approval: see condition ChangesHeld of the GSLBConfig",
    };
    let staying = Staying { whose, member: held, entry: entry_held };
    holdings.fold(decision, |decision, holding| retain(decision, holding, &staying, reasons))
}

/// What stays of an observed service although the decision does not know it.
struct Staying<'a> {
    whose: &'a dyn Whose,
    member: &'a dyn Fn(&Member) -> bool,
    /// Whether an entry of the description stays, whatever becomes of the members.
    entry: &'a dyn Fn(&str) -> bool,
}

impl Staying<'_> {
    /// What stays of a description that `wanted` lacks. An entry that may be behind a member that stays is all that will
    /// tell whose that member is.
    fn entries<'a>(&self, wanted: &str, observed: &'a str, members: &[&Member]) -> Vec<&'a str> {
        let missing: Vec<&str> =
            observed.split(',').filter(|entry| !wanted.split(',').any(|wanted| wanted == *entry)).collect();
        let behind = |entry: &str| members.iter().any(|member| self.whose.may_be_behind(entry, member, &missing));
        missing.iter().copied().filter(|entry| !entry.is_empty() && ((self.entry)(entry) || behind(entry))).collect()
    }
}

/// Why nothing is decided.
#[derive(Debug, Clone, Copy)]
struct Reasons {
    vanishes: &'static str,
    moves: &'static str,
}

/// The decision with those observed members that it does not explain and that stay.
fn retain(decision: Decision, observed: &Holding, staying: &Staying<'_>, reasons: Reasons) -> Decision {
    let Some(service) = &observed.service else { return decision };
    let service = &service.content;
    match decision {
        Decision::Wait(reason) => Decision::Wait(reason),
        Decision::Nothing => match remnant(observed, service, staying) {
            Some(rest) => Decision::Service(Box::new(rest)),
            None => Decision::Wait(reasons.vanishes.into()),
        },
        Decision::Service(desired) if desired.service.tenant != service.tenant => Decision::Wait(reasons.moves.into()),
        Decision::Service(desired) => Decision::Service(Box::new(merge(*desired, observed, service, staying))),
    }
}

/// The service without the members that do not stay; `None` when all or none do.
fn remnant(observed: &Holding, service: &GslbService, staying: &Staying<'_>) -> Option<Desired> {
    let mut rest = service.clone();
    rest.pools.iter_mut().for_each(|pool| pool.members.retain(|member| (staying.member)(member)));
    rest.pools.retain(|pool| !pool.members.is_empty());
    if rest.pools.is_empty() || rest.pools == service.pools {
        return None;
    }
    let members: Vec<&Member> = rest.members().collect();
    rest.description = staying.entries("", &service.description, &members).join(",");
    let own = rest.monitors.iter().filter_map(|name| observed.monitors.get(name));
    let monitors = own.filter_map(|monitor| monitor.content.clone()).collect();
    Some(Desired { service: rest, monitors })
}

/// The observed members that the wanted pools do not explain.
pub fn leaving<'a>(desired: &[Pool], observed: &'a [Pool]) -> Vec<&'a Member> {
    let wanted = |member: &Member| {
        let mut all = desired.iter().flat_map(|pool| &pool.members);
        all.any(|wanted| wanted.address == member.address && wanted.vs_uuid == member.vs_uuid)
    };
    // Nearly always.
    if observed.iter().flat_map(|pool| &pool.members).all(wanted) {
        return Vec::new();
    }
    unexplained_members(desired, observed).into_iter().map(|(_, member)| member).collect()
}

/// The unseen clusters that the policy could select something from: a cluster that the user took out of
/// `matchClusters`, or a policy that the user deleted, leaves nothing to wait for.
pub fn relevant_unseen(unseen: &Unseen, policy: &PolicySnapshot) -> Unseen {
    match &policy.deployment {
        DeploymentState::Unknown | DeploymentState::Missing => unseen.clone(),
        DeploymentState::Absent => Unseen::new(),
        DeploymentState::InForce(deployment) => {
            unseen.iter().filter(|cluster| deployment.clusters.contains_key(*cluster)).cloned().collect()
        }
    }
}

/// What is not seen of a cluster whose Routes alone cannot be listed: an [`Unseen`] of its Routes.
pub fn routes_of(context: &str) -> String {
    format!("ROUTE/{context}")
}

/// Whether `KIND/<context>/<namespace>/<name>…` names one of the contexts, or one of the contexts with its kind. The names
/// of contexts may contain slashes (those of EKS and OpenShift do), so they are compared as prefixes. An entry of another
/// shape may be of any cluster.
fn may_be_of(entry: &str, contexts: &Unseen) -> bool {
    let object = entry.split_once('/').filter(|(kind, _)| KINDS.contains(kind)).map(|(_, object)| object);
    let Some(object) = object.filter(|object| object.split('/').count() >= 3) else { return true };
    let under = |text: &str, context: &str| text.strip_prefix(context).is_some_and(|rest| rest.starts_with('/'));
    contexts.iter().any(|context| under(object, context) || under(entry, context))
}

/// A cluster may give a service an alias and no member; the description does not tell.
fn with_names_of(decision: Decision, observed: &GslbService) -> Decision {
    match decision {
        Decision::Service(mut desired) if desired.service.tenant == observed.tenant => {
            keep_names(&mut desired.service, observed);
            Decision::Service(desired)
        }
        other => other,
    }
}

fn keep_names(desired: &mut GslbService, observed: &GslbService) {
    let names: BTreeSet<String> = desired.domain_names.iter().chain(&observed.domain_names).cloned().collect();
    desired.domain_names = names.into_iter().collect();
}

fn merge(mut desired: Desired, observed: &Holding, service: &GslbService, staying: &Staying<'_>) -> Desired {
    let kept = keep_members(&mut desired.service.pools, &service.pools, staying.member);
    let entries = staying.entries(&desired.service.description, &service.description, &kept);
    keep_entries(&mut desired.service.description, &entries);
    if !desired.monitors.is_empty() {
        keep_lower_min_up(&mut desired.service.pools, &service.pools);
    }
    keep_monitors(&mut desired, observed, service);
    keep_names(&mut desired.service, service);
    // Whether every member is secure (DB-31) is not known yet, so persistence is not switched on.
    if service.persistence.is_none() {
        desired.service.persistence = None;
    }
    desired
}

/// Adds the observed members that no desired one explains and that stay, each to the pool of its priority, and returns
/// them.
fn keep_members<'a>(desired: &mut Vec<Pool>, observed: &'a [Pool], stays: &dyn Fn(&Member) -> bool) -> Vec<&'a Member> {
    keep_identities(desired, observed, stays);
    let mut kept = unexplained_members(desired, observed);
    kept.retain(|(_, member)| stays(member));
    for (pool, member) in &kept {
        pool_of(desired, pool).members.push((*member).clone());
    }
    kept.into_iter().map(|(_, member)| member).collect()
}

/// An address is one member of a pool (DB-26). While not all are seen who offer it, it stays that of the object that has
/// it, which may be the older one.
fn keep_identities(desired: &mut [Pool], observed: &[Pool], stays: &dyn Fn(&Member) -> bool) {
    for pool in desired {
        let before =
            observed.iter().filter(|before| before.priority == pool.priority).flat_map(|before| &before.members);
        for before in before.filter(|before| stays(before)) {
            let place = |member: &Member| (member.address, member.public_address);
            let found = pool.members.iter_mut().find(|member| place(member) == place(before));
            if let Some(member) = found.filter(|member| member.cluster_uuid != before.cluster_uuid) {
                member.clone_from(before);
            }
        }
    }
}

/// Members of an unseen cluster may differ in TLS from the others, and then fail some of the monitors that stay (DB-31).
fn keep_lower_min_up(desired: &mut [Pool], observed: &[Pool]) {
    for pool in desired {
        let before = observed.iter().find(|before| before.priority == pool.priority);
        let up = before.map_or(pool.min_health_monitors_up, |before| before.min_health_monitors_up);
        pool.min_health_monitors_up = pool.min_health_monitors_up.min(up);
    }
}

/// A desired member explains at most one observed: first the same in every respect, then the same place, then the same
/// virtual service with a new address.
fn unexplained_members<'a>(desired: &[Pool], observed: &'a [Pool]) -> Vec<(&'a Pool, &'a Member)> {
    let mut explaining = placed(desired);
    let mut left = placed(observed);
    let mut strike = |explains: &dyn Fn(&Member, &Member) -> bool, anywhere: bool| {
        left.retain(|(pool, member)| {
            let found = explaining.iter().position(|(wanted, candidate)| {
                (anywhere || wanted.priority == pool.priority) && explains(candidate, member)
            });
            found.map(|index| explaining.swap_remove(index)).is_none()
        });
    };
    let shared = shared_virtual_services(observed);
    let same_service = |desired: &Member, observed: &Member| {
        desired.vs_uuid == observed.vs_uuid
            && desired.address.is_ipv4() == observed.address.is_ipv4()
            && virtual_service(observed).is_some_and(|found| !shared.contains(&found))
    };
    strike(&|desired, observed| desired == observed, false);
    strike(&|desired, observed| same_place(desired, observed) && desired.vs_uuid == observed.vs_uuid, true);
    strike(&same_place, true);
    strike(&same_service, true);
    left
}

fn placed(pools: &[Pool]) -> Vec<(&Pool, &Member)> {
    pools.iter().flat_map(|pool| pool.members.iter().map(move |member| (pool, member))).collect()
}

/// The same address, and nothing says that it is of two controllers (clusters may have overlapping address plans,
/// DB-26).
fn same_place(desired: &Member, observed: &Member) -> bool {
    let named = desired.vs_uuid.is_some() && observed.vs_uuid.is_some();
    desired.address == observed.address && (!named || desired.cluster_uuid == observed.cluster_uuid)
}

/// A virtual service belongs to one cluster and has one address of each family; where several members name the same
/// one, their annotations are not to be trusted, and it proves nothing.
fn shared_virtual_services(observed: &[Pool]) -> BTreeSet<(&str, bool)> {
    let mut seen = BTreeSet::new();
    let all = observed.iter().flat_map(|pool| &pool.members).filter_map(virtual_service);
    all.filter(|found| !seen.insert(*found)).collect()
}

/// The virtual service, and whether it is its IPv4 address.
fn virtual_service(member: &Member) -> Option<(&str, bool)> {
    member.vs_uuid.as_deref().map(|uuid| (uuid, member.address.is_ipv4()))
}

/// The pool with the priority of `observed`; a new one has the settings that all desired pools share.
fn pool_of<'a>(desired: &'a mut Vec<Pool>, observed: &Pool) -> &'a mut Pool {
    let place = desired.iter().position(|pool| pool.priority <= observed.priority).unwrap_or(desired.len());
    if desired.get(place).is_none_or(|pool| pool.priority != observed.priority) {
        let settings = desired.first().unwrap_or(observed);
        let Pool { algorithm, min_health_monitors_up, .. } = *settings;
        let (members, enabled) = (Vec::new(), observed.enabled);
        desired
            .insert(place, Pool { priority: observed.priority, algorithm, min_health_monitors_up, members, enabled });
    }
    &mut desired[place]
}

/// The observed references to own monitors stay, unless the policy wants none of its own, and as far as the
/// controller accepts their number. Whatever the unseen members are, one with paths is enough to do without the monitors
/// of ports, and one that is no passthrough Route without the one of those (DB-32). One that stands in for another stays
/// as that.
fn keep_monitors(desired: &mut Desired, observed: &Holding, service: &GslbService) {
    if desired.monitors.is_empty() {
        return;
    }
    let known = || service.monitors.iter().filter_map(|name| Some((name, observed.monitors.get(name)?)));
    let there = known().filter_map(|(_, monitor)| monitor.content.as_ref());
    let strongest = there.chain(&desired.monitors).map(Rank::of).max();
    let yields = |monitor: &HealthMonitor| Some(Rank::of(monitor)) < strongest;
    let weaker: Vec<String> = desired.monitors.extract_if(.., |monitor| yields(monitor)).map(|m| m.name).collect();
    desired.service.monitors.retain(|name| !weaker.contains(name));
    for (name, monitor) in known() {
        if monitor.content.as_ref().is_some_and(yields) {
            continue;
        }
        let name = stands_in_for(name).unwrap_or(name);
        if let Some(wanted) = desired.monitors.iter_mut().find(|monitor| monitor.name == *name) {
            monitor.content.iter().filter(|_| !is_shared(name)).for_each(|content| keep_lower_port(wanted, content));
        } else if desired.service.monitors.len() < MAX_PER_SERVICE {
            desired.service.monitors.push(name.to_owned());
            let content = monitor.content.clone();
            desired.monitors.extend(content.map(|content| HealthMonitor { name: name.to_owned(), ..content }));
        }
    }
}

/// Which monitors do without which others (DB-32): the greater without the smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Passthrough,
    Port,
    Path,
}

impl Rank {
    fn of(monitor: &HealthMonitor) -> Self {
        match (is_by_port(monitor), is_shared(&monitor.name)) {
            (false, _) => Self::Path,
            (true, false) => Self::Port,
            (true, true) => Self::Passthrough,
        }
    }
}

/// The lowest port over all members counts, and the observed one may be of an unseen member.
fn keep_lower_port(wanted: &mut HealthMonitor, observed: &HealthMonitor) {
    if is_by_port(wanted) && is_by_port(observed) && observed.port < wanted.port {
        wanted.port = observed.port;
        wanted.probe = observed.probe.clone();
    }
}

fn is_by_port(monitor: &HealthMonitor) -> bool {
    matches!(monitor.probe, Probe::Tcp | Probe::Udp)
}

fn keep_entries(description: &mut String, entries: &[&str]) {
    for entry in entries {
        description.push(',');
        description.push_str(entry);
    }
}
