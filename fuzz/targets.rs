//! What is fuzzed: the bytes of one object, as a watch would hand them over, through decoding, the inventory of its
//! cluster, the decision about each service it touches, and the plan of the calls. Whatever the object holds, nothing
//! panics, what is asked of the controller stays inside its limits, and carrying the plan out leaves nothing to do.
//!
//! The fuzzer's targets call these functions, and so does `tests/fuzz.rs`, for some seconds with changed seeds.

use amko::core::build::{Built, Decision, Inputs, build};
use amko::core::endpoint::Endpoint;
use amko::core::gslb::GslbService;
use amko::core::host_rule::RuleState;
use amko::core::inventory::{Inventory, Seen};
use amko::core::monitor::MAX_PER_SERVICE;
use amko::core::naming::Naming;
use amko::core::object::{AkoHostRule, Namespace};
use amko::core::owner::Owner;
use amko::core::plan::{Observed, Stored, Write, plan};
use amko::core::policy::{ClusterPolicy, DeploymentPolicy, DeploymentState, Installation, PolicySnapshot};
use amko::core::references::Catalog;
use amko::kubernetes::objects::{
    HostRuleObject, IngressObject, MultiClusterIngressObject, NamespaceObject, RouteObject, ServiceObject,
};
use serde::de::DeserializeOwned;
use std::sync::Arc;

pub fn ingress(data: &[u8]) {
    object::<IngressObject>(data);
}

pub fn service(data: &[u8]) {
    object::<ServiceObject>(data);
}

pub fn route(data: &[u8]) {
    object::<RouteObject>(data);
}

pub fn multi_cluster_ingress(data: &[u8]) {
    object::<MultiClusterIngressObject>(data);
}

/// A HostRule beside the Ingress and the Route that it may speak of.
pub fn host_rule(data: &[u8]) {
    let Some(rule) = decoded::<HostRuleObject>(data).map(AkoHostRule::from) else { return };
    for naming in namings() {
        let mut inventory = inventory(&naming);
        for seed in [&include_bytes!("seeds/ingress/full.json")[..], include_bytes!("seeds/service/full.json")] {
            decoded::<IngressObject>(seed).into_iter().for_each(|object| drop(inventory.put(object.into())));
        }
        inventory.put_host_rule(rule.clone());
        decide(&inventory, &naming);
    }
}

/// A namespace, seen before and after an Ingress in it.
pub fn namespace(data: &[u8]) {
    let Some(namespace) = decoded::<NamespaceObject>(data).map(Namespace::from) else { return };
    let naming = Naming::default();
    let mut inventory = Inventory::new(CLUSTER, Arc::new(naming.clone()));
    inventory.put_namespace(namespace.clone());
    if let Some(ingress) = decoded::<IngressObject>(include_bytes!("seeds/ingress/full.json")) {
        inventory.put(ingress.into());
    }
    decide(&inventory, &naming);
    inventory.replace_namespaces(vec![namespace], &[]);
    decide(&inventory, &naming);
}

/// With the namespace of the seeds.
fn inventory(naming: &Naming) -> Inventory {
    let mut inventory = Inventory::new(CLUSTER, Arc::new(naming.clone()));
    inventory.put_namespace(Namespace { name: "shop".to_owned(), ..Namespace::default() });
    inventory
}

const CLUSTER: &str = "ctx-a";

fn decoded<K: DeserializeOwned>(data: &[u8]) -> Option<K> {
    serde_json::from_slice(data).ok()
}

fn object<K: DeserializeOwned + Clone + Into<Seen>>(data: &[u8]) {
    let Some(object) = decoded::<K>(data) else { return };
    for naming in namings() {
        let mut inventory = inventory(&naming);
        inventory.put(object.clone().into());
        decide(&inventory, &naming);
    }
}

fn namings() -> [Naming; 2] {
    let default_domain = Some(".apps.example.org".to_owned());
    [Naming { custom_global_fqdn: false, default_domain }, Naming { custom_global_fqdn: true, default_domain: None }]
}

fn decide(inventory: &Inventory, naming: &Naming) {
    let policy = policy(naming);
    for (fqdn, offer) in inventory.offers() {
        let aliases: Vec<Arc<str>> = offer.aliases.iter().map(|claim| claim.alias.as_str().into()).collect();
        let endpoints: Vec<&Endpoint> = offer.endpoints.iter().map(AsRef::as_ref).collect();
        let inputs =
            Inputs { fqdn: &fqdn, policy: &policy, rule: &RuleState::None, aliases: &aliases, catalog: Catalog::EMPTY };
        check(&build(inputs, endpoints), &fqdn);
    }
}

fn policy(naming: &Naming) -> PolicySnapshot {
    let installation = Installation {
        owner: Owner::from_uuid(uuid()),
        default_tenant: "admin".to_owned(),
        member_clusters: [CLUSTER.to_owned()].into(),
        custom_global_fqdn: naming.custom_global_fqdn,
        status_for_all: false,
    };
    let deployment = DeploymentPolicy {
        app_selector: [("app".to_owned(), "gslb".to_owned())].into(),
        clusters: [(CLUSTER.to_owned(), ClusterPolicy { sync_vip_only: true })].into(),
        default_domain: naming.default_domain.clone(),
        ..DeploymentPolicy::default()
    };
    PolicySnapshot { installation: Some(installation), deployment: DeploymentState::InForce(deployment) }
}

fn uuid() -> uuid::Uuid {
    uuid::Uuid::from_u128(0x1111_1111_2222_11ee_8000_3333_3333_3333)
}

/// Whatever was decided can be sent, and nothing is left to do afterwards.
pub fn check(built: &Built, fqdn: &str) {
    let Decision::Service(desired) = &built.decision else { return };
    inside_limits(&desired.service, fqdn);
    let members: usize = desired.service.pools.iter().map(|pool| pool.members.len()).sum();
    assert_eq!(members, built.members.len(), "every member is explained");
    let mut observed = Observed::default();
    let writes = plan(&built.decision, &observed);
    assert!(matches!(writes.last(), Some(Write::CreateService(_))), "{writes:?}");
    for write in writes {
        let stored = Stored { uuid: "uuid".to_owned(), last_modified: Some("1".to_owned()) };
        observed.applied(&write, Some(stored));
    }
    assert_eq!(plan(&built.decision, &observed), [], "a second plan is empty");
}

fn inside_limits(service: &GslbService, fqdn: &str) {
    assert_eq!(service.name, fqdn);
    assert!(service.domain_names.is_sorted() && service.domain_names.iter().any(|name| name == fqdn));
    assert!(service.ttl.is_none_or(|ttl| ttl <= 86_400));
    assert!(service.monitors.len() <= MAX_PER_SERVICE);
    assert!(!service.pools.is_empty());
    for pool in &service.pools {
        assert!(pool.priority <= 100 && !pool.members.is_empty());
        assert!(pool.members.iter().all(|member| (1..=20).contains(&member.ratio)));
    }
}
