//! What a decision takes from the users of one FQDN, and why.

use super::attribution::{Evidence, Former, cluster_of};
use super::{Cause, Keep, Loss, Lost, Party};
use crate::core::build::{Decision, Origin, Placed};
use crate::core::endpoint::Endpoint;
use crate::core::gslb::{GslbService, Member, Pool};
use crate::core::host_rule::ThirdParty;
use crate::core::occurrence::digest;
use crate::core::plan::{Observed, Unseen, Whose, keep_held, keep_unseen, leaving};
use crate::core::policy::{DeploymentPolicy, DeploymentState, Installation, PolicySnapshot};
use crate::core::select::{Verdict, judge};
use crate::core::tenancy::tenant;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

/// From what a loss is told.
#[derive(Debug)]
pub struct Scene<'a> {
    pub fqdn: &'a str,
    pub policy: &'a PolicySnapshot,
    /// Clusters that may count and were not seen yet.
    pub unseen: &'a Unseen,
    /// Member clusters that no kubeconfig has.
    pub unknown: &'a Unseen,
    /// What the clusters offer, chosen or not.
    pub offered: Vec<&'a Endpoint>,
    pub former: Option<&'a Former>,
    /// Of the rule in force.
    pub third_party: &'a [ThirdParty],
}

/// A decision as it is carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weighed {
    /// With everything that is to stay.
    pub decision: Decision,
    /// What it would take away if nothing was held.
    pub loss: Option<Loss>,
}

/// A member that stays although nothing that is seen explains it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub address: IpAddr,
    /// Of whom it is, when that is known.
    pub party: Option<Party>,
    /// For people.
    pub reason: String,
}

/// Weighs a decision against what the controller holds: keeps what only a cluster not seen yet can explain, tells what
/// the rest takes away, and keeps what is held. `members` are those behind the decision. Without a policy, and without
/// anybody who is known to have deleted it, a service that is there is one to delete, which is always held.
pub fn weigh(
    decision: Decision,
    members: &[Placed],
    observed: &Observed,
    scene: &Scene<'_>,
    held: impl FnOnce(Option<&Loss>) -> Option<Arc<Keep>>,
) -> Weighed {
    let decision = match decision {
        Decision::Wait(_) if scene.lacks_policy() && observed.services().next().is_some() => Decision::Nothing,
        decision => decision,
    };
    let decision = keep_unseen(decision, observed, scene.unseen, scene);
    let loss = scene.loss(&decision, members, observed);
    let decision = match held(loss.as_ref()).filter(|keep| loss.is_some() && !keep.0.is_empty()) {
        Some(keep) => scene.keep(decision, observed, &keep),
        None => decision,
    };
    Weighed { decision, loss }
}

/// The members of a weighed decision that nothing explains which is seen and wanted, for people.
pub fn kept(
    weighed: &Weighed,
    members: &[Placed],
    observed: &Observed,
    scene: &Scene<'_>,
    held: Option<&Keep>,
) -> Vec<Kept> {
    let there: Vec<&Member> = observed.services().flat_map(|service| service.content.members()).collect();
    let stay: Vec<&Member> = match &weighed.decision {
        Decision::Wait(_) => there,
        Decision::Nothing => Vec::new(),
        Decision::Service(desired) => {
            desired.service.members().filter(|member| there.iter().any(|m| m.address == member.address)).collect()
        }
    };
    let explained = |member: &Member| members.iter().any(|placed| placed.address == member.address);
    let entries: Vec<&str> = observed.services().flat_map(|service| service.content.description.split(',')).collect();
    let stay = stay.into_iter().filter(|member| !explained(member));
    stay.filter_map(|member| scene.why_kept(member, &entries, held)).collect()
}

impl Whose for Scene<'_> {
    /// Whether a cluster that is seen offered the member, or offers its address without being chosen: then no other
    /// explains it.
    fn is_of_seen(&self, member: &Member) -> bool {
        let offered = self.offered_by(member);
        let seen = |evidence: &Evidence<'_>| !self.is_unseen(&evidence.party);
        !offered.is_empty() && offered.iter().all(seen)
    }

    fn may_be_behind(&self, entry: &str, member: &Member, missing: &[&str]) -> bool {
        self.parties(member, missing).contains(&party_of(entry))
    }
}

/// Of an entry of a description.
fn party_of(entry: &str) -> Party {
    cluster_of(entry).map_or(Party::Unknown, |cluster| Party::Cluster(cluster.into()))
}

impl Scene<'_> {
    fn is_unseen(&self, party: &Party) -> bool {
        matches!(party, Party::Cluster(cluster) if self.unseen.contains(&**cluster))
    }

    fn loss(&self, decision: &Decision, members: &[Placed], observed: &Observed) -> Option<Loss> {
        // The deletion of the policy is a wish.
        if self.policy.deployment == DeploymentState::Absent {
            return None;
        }
        match decision {
            Decision::Wait(_) => None,
            Decision::Nothing => {
                let services: Vec<&GslbService> = observed.services().map(|service| &service.content).collect();
                (!services.is_empty()).then(|| self.lost(&services, None, members, true))?
            }
            Decision::Service(desired) => {
                let here = observed.in_tenant(&desired.service.tenant).and_then(|held| held.service.as_deref());
                match here {
                    Some(here) => self.lost(&[&here.content], Some(&desired.service), members, false),
                    None => {
                        let others: Vec<&GslbService> = observed.services().map(|service| &service.content).collect();
                        (!others.is_empty()).then(|| self.lost(&others, Some(&desired.service), members, true))?
                    }
                }
            }
        }
    }

    /// `gone` says that the services go as a whole: for good, or to another tenant.
    fn lost(
        &self,
        services: &[&GslbService],
        desired: Option<&GslbService>,
        members: &[Placed],
        gone: bool,
    ) -> Option<Loss> {
        let wanted: &[Pool] = desired.filter(|_| !gone).map_or(&[], |desired| &desired.pools);
        let mut found: BTreeMap<Party, (Cause, BTreeSet<u64>)> = BTreeMap::new();
        for service in services {
            let leaving = leaving(wanted, &service.pools);
            if leaving.is_empty() {
                continue;
            }
            let missing = missing(service, desired.filter(|_| !gone));
            let mut unexplained = 0;
            for member in leaving {
                let evidence = self.evidence(member, &missing);
                unexplained += usize::from(evidence.is_empty());
                for evidence in evidence {
                    let cause = self.cause(&evidence, desired.is_some() && gone);
                    let (strongest, objects) =
                        found.entry(evidence.party).or_insert_with(|| (Cause::Objects, BTreeSet::new()));
                    *strongest = cause.max(*strongest);
                    objects.insert(evidence.object);
                }
            }
            // One that comes may be the new address of one that goes.
            if unexplained > coming(wanted, service) {
                let cause = if gone { self.cause_of_unknown() } else { Cause::Before };
                found.insert(Party::Unknown, (cause, [digest(&self.fqdn)].into()));
            }
        }
        let stays =
            |party: &Party| !gone && (self.is_unseen(party) || members.iter().any(|placed| placed.is_of(party)));
        found.retain(|party, _| !stays(party));
        if found.is_empty() && gone {
            found.insert(Party::Unknown, (self.cause_of_unknown(), [digest(&self.fqdn)].into()));
        }
        let lost = |(party, (cause, objects)): (Party, (Cause, BTreeSet<u64>))| Lost {
            party,
            cause,
            objects: objects.into_iter().collect(),
        };
        let lost: Vec<Lost> = found.into_iter().map(lost).collect();
        (!lost.is_empty()).then_some(Loss { lost, empties: gone })
    }

    fn cause(&self, evidence: &Evidence<'_>, moves: bool) -> Cause {
        if self.policy.deployment == DeploymentState::Missing {
            return Cause::NoPolicy;
        }
        let Some((installation, policy)) = self.in_force() else { return Cause::Objects };
        let Party::Cluster(cluster) = &evidence.party else { return Cause::Objects };
        let is_member = installation.member_clusters.contains(&**cluster);
        // The same slip may be in both lists.
        if !is_member && !self.unknown.is_empty() {
            return Cause::UnknownContext;
        }
        if policy.taken_out.contains(&**cluster) {
            return Cause::Unmatched;
        }
        if !is_member {
            return Cause::Config;
        }
        let chosen = |endpoint: &Endpoint| judge(endpoint, policy, installation) == Verdict::Member;
        let former = evidence.former.filter(|former| Some(&*former.endpoint) != evidence.present);
        match (former, evidence.present) {
            (Some(former), Some(present)) => {
                let former = &*former.endpoint;
                let renamed_namespace = Endpoint {
                    namespace_labels: present.namespace_labels.clone(),
                    namespace_tenant: present.namespace_tenant.clone(),
                    ..former.clone()
                };
                if !chosen(former) {
                    Cause::Policy
                } else if !chosen(&renamed_namespace)
                    || tenant(&renamed_namespace, installation) != tenant(former, installation)
                {
                    Cause::Namespace
                } else {
                    Cause::Objects
                }
            }
            (Some(former), None) if former.renamed => Cause::Config,
            // What is chosen all the same moves because the default tenant is another one.
            (None, Some(present)) if chosen(present) => {
                if moves {
                    Cause::Config
                } else {
                    Cause::Objects
                }
            }
            (None, Some(_)) => Cause::Policy,
            (Some(_), None) => Cause::Objects,
            (None, None) => Cause::Before,
        }
    }

    /// Of members that nothing tells of.
    fn cause_of_unknown(&self) -> Cause {
        match &self.policy.deployment {
            DeploymentState::Missing => Cause::NoPolicy,
            _ if self.offered.is_empty() => Cause::Before,
            _ => Cause::Policy,
        }
    }

    /// There is none, which nobody is known to have wished for.
    fn lacks_policy(&self) -> bool {
        self.policy.installation.is_some() && self.policy.deployment == DeploymentState::Missing
    }

    fn in_force(&self) -> Option<(&Installation, &DeploymentPolicy)> {
        match (&self.policy.installation, &self.policy.deployment) {
            (Some(installation), DeploymentState::InForce(policy)) => Some((installation, policy)),
            _ => None,
        }
    }

    fn keep(&self, decision: Decision, observed: &Observed, keep: &Keep) -> Decision {
        let desired = match &decision {
            Decision::Service(desired) => Some(&desired.service),
            Decision::Wait(_) | Decision::Nothing => None,
        };
        let desired =
            desired.filter(|desired| observed.in_tenant(&desired.tenant).is_some_and(|held| held.service.is_some()));
        let services = observed.services().map(|service| &service.content);
        let missing: Vec<&str> = services.flat_map(|service| missing(service, desired)).collect();
        let member = |member: &Member| self.parties(member, &missing).iter().any(|party| keep.0.contains_key(party));
        let entry = |entry: &str| keep.0.contains_key(&party_of(entry));
        keep_held(decision, observed, self, &member, &entry)
    }

    /// Never empty.
    fn parties(&self, member: &Member, entries: &[&str]) -> Vec<Party> {
        let parties: Vec<Party> = self.evidence(member, entries).into_iter().map(|evidence| evidence.party).collect();
        if parties.is_empty() { vec![Party::Unknown] } else { parties }
    }

    fn why_kept(&self, member: &Member, entries: &[&str], held: Option<&Keep>) -> Option<Kept> {
        let mut parties = self.parties(member, entries);
        // Where nothing but the description speaks for it, it may be held as one of which nothing is known.
        if self.evidence(member, &[]).is_empty() && !parties.contains(&Party::Unknown) {
            parties.push(Party::Unknown);
        }
        let address = member.address;
        let stopped = parties.iter().find_map(|party| held.and_then(|keep| keep.0.get(party).map(|why| (party, why))));
        if let Some((party, cause)) = stopped {
            let party = Some(party).filter(|party| **party != Party::Unknown).cloned();
            return Some(Kept { address, party, reason: format!("held: {}", cause.in_words()) });
        }
        if self.unseen.is_empty() {
            return None;
        }
        let unseen = parties.iter().find(|party| self.is_unseen(party)).cloned();
        let names: Vec<&str> = self.unseen.iter().map(String::as_str).collect();
        let reason = match &unseen {
            Some(party) => format!("{party} has not been completely seen yet and may explain it"),
            None => format!("it may be of a cluster that has not been completely seen yet: {}", names.join(", ")),
        };
        Some(Kept { address, party: unseen, reason })
    }
}

/// The entries of the description that the decision lacks.
fn missing<'a>(service: &'a GslbService, desired: Option<&GslbService>) -> Vec<&'a str> {
    let described: BTreeSet<&str> = desired.iter().flat_map(|desired| desired.description.split(',')).collect();
    service.description.split(',').filter(|entry| !described.contains(entry)).collect()
}

/// How many wanted members the service does not have yet.
fn coming(wanted: &[Pool], service: &GslbService) -> usize {
    let is_there = |member: &&Member| service.members().any(|held| held.address == member.address);
    wanted.iter().flat_map(|pool| &pool.members).filter(|member| !is_there(member)).count()
}

impl Placed {
    /// Whether it is a member of the party.
    pub fn is_of(&self, party: &Party) -> bool {
        match (&self.origin, party) {
            (Origin::Object(key), Party::Cluster(cluster)) => *key.cluster == **cluster,
            (Origin::Site(site), Party::Site(lost)) => **site == **lost,
            _ => false,
        }
    }
}
