//! What the core makes of everything that the clusters and the controller hold in the end.

use crate::door::Door;
use crate::held::{Content, observed, sorted};
use crate::place::OPENSHIFT;
use crate::policies::RULES;
use crate::support::ako_crds::{HOST_RULES, ROUTES};
use crate::support::objects::config;
use crate::support::{UUID, World};
use amko::core::aliases::AliasTable;
use amko::core::build::{Decision, Inputs, build};
use amko::core::gslb::{GslbService, Member, Pool};
use amko::core::host_rule::{self, RuleCandidate, RuleCheck, RuleVerdict, Ruling, Standing, Subject, decide};
use amko::core::inventory::{Inventory, Offer, Seen};
use amko::core::naming::Naming;
use amko::core::object::{AkoHostRule, Namespace};
use amko::core::owner::Owner;
use amko::core::plan::Observed;
use amko::core::policy::{self, DeploymentState, Installation, PolicySnapshot};
use amko::core::precedence::ObjectName;
use amko::core::references::{Catalog, Question, Surroundings, Validation};
use amko::crd::{GlobalDeploymentPolicy, GslbConfig, GslbHostRule};
use amko::kubernetes::objects::{HostRuleObject, IngressObject, NamespaceObject, RouteObject, ServiceObject};
use amko_lab::kube::KubeWorld;
use kube::ResourceExt;
use serde::de::DeserializeOwned;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const DEFAULT_TENANT: &str = "admin";
const POLICY_NAMESPACE: &str = "avi-system";

pub struct Expected {
    pub services: Content,
    pub verdicts: BTreeMap<ObjectName, RuleVerdict>,
    /// FQDNs whose status an object of the operator's own should carry.
    pub carried: BTreeSet<String>,
}

/// Of the GSLBConfig.
pub fn member_clusters(world: &World) -> BTreeSet<String> {
    active_config(world).spec.member_clusters.into_iter().map(|member| member.cluster_context).collect()
}

/// With `blind`, one cluster counts as the operator was last told of it.
pub async fn computed(world: &World, blind: Option<&Blind<'_>>) -> Expected {
    let around = Around::of(world).await;
    let policy = around.snapshot(world);
    let rules: Vec<GslbHostRule> = decode(world.home(), RULES);
    let candidates: Vec<_> = rules.iter().map(|rule| around.candidate(rule)).collect();
    // Which of two rules came first is history; its trace is what their status says, which then has to be right.
    let ruling = decide(&candidates, &Standing::default(), around.installation.status_for_all);
    let (offers, aliases) = around.offers(world, blind, &policy.naming());
    // Which tenant came first is history too; its trace is where the service is.
    let held = observed(world).await;
    let services = around.services(&offers, &aliases, &policy, &ruling, &held);
    let of_users: BTreeSet<&str> = candidates.iter().filter(|rule| !rule.managed).map(|rule| &*rule.fqdn).collect();
    let carried = services.keys().filter(|fqdn| !of_users.contains(&***fqdn)).cloned();
    let carried = carried.filter(|_| around.installation.status_for_all).collect();
    Expected { carried, verdicts: ruling.verdicts, services }
}

/// What objects are checked against.
struct Around {
    installation: Installation,
    /// Of the namespaces of the first cluster.
    tenants: BTreeMap<String, String>,
    catalog: Catalog,
}

impl Around {
    async fn of(world: &World) -> Self {
        let spec = active_config(world).spec;
        let installation = Installation {
            owner: Owner::from_uuid(UUID.parse().unwrap()),
            default_tenant: DEFAULT_TENANT.into(),
            member_clusters: member_clusters(world),
            custom_global_fqdn: spec.use_custom_global_fqdn.unwrap_or(false),
            status_for_all: spec.status_objects.as_deref() == Some("All"),
        };
        let namespaces = namespaces(world.home()).into_iter();
        let tenants = namespaces.filter_map(|namespace| Some((namespace.name, namespace.tenant?))).collect();
        let mut around = Self { installation, tenants, catalog: Catalog::default() };
        around.catalog = around.asked(world).await;
        around
    }

    fn surroundings(&self, namespace: &str) -> Surroundings<'_> {
        Surroundings {
            clusters: &self.installation.member_clusters,
            default_tenant: DEFAULT_TENANT,
            tenant: self.tenants.get(namespace).map_or(DEFAULT_TENANT, String::as_str),
            catalog: &self.catalog,
        }
    }

    /// The controller's answers to everything that may be asked.
    async fn asked(&self, world: &World) -> Catalog {
        let defaults = ["admin", "blue"].map(|tenant| Question::DefaultPkiProfile { tenant: tenant.into() });
        let mut questions = BTreeSet::from(defaults);
        questions.insert(Question::Gslb);
        questions.extend(policy::questions(&the_policy(world).spec, self.surroundings(POLICY_NAMESPACE)));
        for rule in decode::<GslbHostRule>(world.home(), RULES) {
            questions.extend(host_rule::questions(&rule.spec, self.surroundings(&rule.namespace().unwrap())));
        }
        let client = world.somebody_else();
        let mut catalog = Catalog::default();
        for question in questions {
            let answer = client.answer(&question).await.unwrap();
            catalog.insert(question, answer);
        }
        client.logout().await.unwrap();
        catalog
    }

    fn snapshot(&self, world: &World) -> PolicySnapshot {
        let checked = policy::validate(&the_policy(world).spec, self.surroundings(POLICY_NAMESPACE));
        let Validation::Valid { value, .. } = checked else { panic!("a valid policy, not {checked:?}") };
        PolicySnapshot { installation: Some(self.installation.clone()), deployment: DeploymentState::InForce(value) }
    }

    fn candidate(&self, rule: &GslbHostRule) -> RuleCandidate {
        let object = ObjectName { namespace: rule.namespace().unwrap(), name: rule.name_any() };
        let managed = rule.labels().get(host_rule::MANAGED_LABEL).is_some_and(|by| by == host_rule::MANAGED_BY);
        let subject = Subject { object: &object, managed };
        let check = match host_rule::validate(subject, &rule.spec, self.surroundings(&object.namespace)) {
            Validation::Valid { value, limitations } => RuleCheck::Valid { rule: Arc::new(value), limitations },
            Validation::Invalid(text) => RuleCheck::Invalid(text),
            Validation::Pending(open) => panic!("the controller has answered {open:?}"),
        };
        RuleCandidate {
            created: rule.creation_timestamp().map(|time| time.0),
            accepted: rule.status.as_ref().is_some_and(|status| status.status == host_rule::ACCEPTED),
            fqdn: rule.spec.fqdn.clone(),
            managed,
            check,
            object,
        }
    }

    /// What the member clusters offer, by FQDN, and who has which alias.
    fn offers(
        &self,
        world: &World,
        blind: Option<&Blind<'_>>,
        naming: &Naming,
    ) -> (BTreeMap<String, Vec<Offer>>, AliasTable) {
        let mut offers = BTreeMap::<String, Vec<_>>::new();
        let mut aliases = AliasTable::default();
        for context in &self.installation.member_clusters {
            let source =
                Source { cluster: world.cluster(context), blind: blind.filter(|blind| blind.context == context) };
            for (fqdn, offer) in inventory(&source, context, naming).offers() {
                aliases.set(context, &fqdn, Arc::clone(&offer.aliases));
                offers.entry(fqdn).or_default().push(offer);
            }
        }
        (offers, aliases)
    }

    fn services(
        &self,
        offers: &BTreeMap<String, Vec<Offer>>,
        aliases: &AliasTable,
        policy: &PolicySnapshot,
        ruling: &Ruling,
        held: &BTreeMap<String, Observed>,
    ) -> Content {
        let desired = offers.iter().filter_map(|(fqdn, offers)| {
            let endpoints = offers.iter().flat_map(|offer| offer.endpoints.iter()).map(AsRef::as_ref);
            let (rule, granted) = (ruling.table.get(fqdn).cloned().unwrap_or_default(), aliases.granted(fqdn));
            let present = Some(held.get(fqdn).unwrap_or(Observed::EMPTY));
            let inputs = Inputs {
                rule: &rule,
                aliases: &granted,
                present,
                catalog: &self.catalog,
                ..Inputs::plain(fqdn, policy)
            };
            match build(inputs, endpoints).decision {
                Decision::Service(mut desired) => {
                    accepted(&mut desired.service, held.get(fqdn));
                    Some((fqdn.clone(), sorted(desired.service, desired.monitors)))
                }
                Decision::Nothing => None,
                Decision::Wait(why) => panic!("{fqdn} waits: {why}"),
            }
        });
        desired.collect()
    }
}

/// The controller takes an address once in a pool (`lab/src/avi/rules.rs`), also with another public address. Which of
/// the members it is then is history; its trace is where the service is: one that cannot come into the pool stays in the
/// one in which it is.
fn accepted(service: &mut GslbService, held: Option<&Observed>) {
    let there: Vec<&Pool> =
        held.into_iter().flat_map(Observed::services).flat_map(|held| &held.content.pools).collect();
    let mut elsewhere: Vec<(&Pool, &Member)> = Vec::new();
    for pool in &mut service.pools {
        let all = pool.members.clone();
        let twice = |member: &Member| all.iter().filter(|other| other.address == member.address).count() > 1;
        for member in all.iter().filter(|member| twice(member)) {
            let find = |is_it: &dyn Fn(&&Member) -> bool| {
                there.iter().find_map(|pool| Some((*pool, pool.members.iter().find(is_it)?)))
            };
            let holder = find(&|held| (held.address, held.public_address) == (member.address, member.public_address));
            let wanted = |held: &Member| all.iter().any(|other| other.public_address == held.public_address);
            let other = || find(&|held| held.address == member.address && !wanted(held));
            match holder.or_else(other) {
                Some((holder, held)) if holder.priority == pool.priority && held == member => {}
                Some((holder, held)) if holder.priority != pool.priority => {
                    elsewhere.push((holder, held));
                    pool.members.retain(|other| other != member);
                }
                _ => pool.members.retain(|other| other != member),
            }
        }
    }
    for (holder, member) in elsewhere {
        match service.pools.iter_mut().find(|pool| pool.priority == holder.priority) {
            Some(pool) => pool.members.push(member.clone()),
            None => service.pools.push(Pool { members: vec![member.clone()], ..holder.clone() }),
        }
    }
    service.pools.retain(|pool| !pool.members.is_empty());
    service.pools.sort_by_key(|pool| Reverse(pool.priority));
}

/// A cluster that is not seen any more.
pub struct Blind<'a> {
    pub context: &'a str,
    pub door: &'a Door,
}

/// Where the objects of a cluster come from.
struct Source<'a> {
    cluster: &'a KubeWorld,
    blind: Option<&'a Blind<'a>>,
}

impl Source<'_> {
    fn decode<T: DeserializeOwned>(&self, resource: &str) -> Vec<T> {
        let plural = resource.split('.').next().unwrap_or_default();
        let objects = match self.blind {
            Some(blind) => blind.door.told(blind.context, plural),
            None => self.cluster.list(resource),
        };
        objects.into_iter().map(|object| serde_json::from_value(object).unwrap()).collect()
    }

    fn seen<T: DeserializeOwned + Into<Seen>>(&self, resource: &str) -> Vec<Seen> {
        self.decode::<T>(resource).into_iter().map(Into::into).collect()
    }
}

/// The namespaces first, the objects last.
fn inventory(source: &Source<'_>, context: &str, naming: &Naming) -> Inventory {
    let mut inventory = Inventory::new(context, Arc::new(naming.clone()));
    let namespaces = source.decode::<NamespaceObject>("namespaces").into_iter().map(Namespace::from);
    inventory.replace_namespaces(namespaces.collect(), &[]);
    let rules = source.decode::<HostRuleObject>(HOST_RULES).into_iter().map(AkoHostRule::from);
    rules.for_each(|rule| drop(inventory.put_host_rule(rule)));
    let mut objects: Vec<Seen> = source.seen::<ServiceObject>("services");
    if context == OPENSHIFT {
        objects.extend(source.seen::<RouteObject>(ROUTES));
    } else {
        objects.extend(source.seen::<IngressObject>("ingresses.networking.k8s.io"));
    }
    objects.into_iter().for_each(|object| drop(inventory.put(object)));
    inventory
}

fn namespaces(cluster: &KubeWorld) -> Vec<Namespace> {
    decode::<NamespaceObject>(cluster, "namespaces").into_iter().map(Namespace::from).collect()
}

fn active_config(world: &World) -> GslbConfig {
    serde_json::from_value(config(world.home(), "gc-1")).unwrap()
}

/// The only one at the end.
fn the_policy(world: &World) -> GlobalDeploymentPolicy {
    let mut policies = decode(world.home(), "globaldeploymentpolicies.amko.vmware.com");
    assert_eq!(policies.len(), 1, "one policy is left");
    policies.remove(0)
}

fn decode<T: DeserializeOwned>(cluster: &KubeWorld, resource: &str) -> Vec<T> {
    cluster.list(resource).into_iter().map(|object| serde_json::from_value(object).unwrap()).collect()
}
