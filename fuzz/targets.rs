//! What is fuzzed: the bytes of one object, as a watch would hand them over, through decoding, the inventory of its
//! cluster, the decision about each service it touches, and the plan of the calls. Whatever the object holds, nothing
//! panics, what is asked of the controller stays inside its limits, and carrying the plan out leaves nothing to do.
//!
//! The fuzzer's targets call these functions, and so does `tests/fuzz.rs`, for some seconds with changed seeds.

use amko::core::build::{Built, Decision, Inputs, build};
use amko::core::endpoint::Endpoint;
use amko::core::gslb::GslbService;
use amko::core::host_rule::{self, RuleState, Subject};
use amko::core::inventory::{Inventory, Seen};
use amko::core::monitor::MAX_PER_SERVICE;
use amko::core::naming::Naming;
use amko::core::object::{AkoHostRule, Namespace};
use amko::core::owner::Owner;
use amko::core::plan::{Observed, Stored, Write, plan};
use amko::core::policy::{self, ClusterPolicy, DeploymentPolicy, DeploymentState, Installation, PolicySnapshot};
use amko::core::precedence::ObjectName;
use amko::core::references::{Answer, Catalog, Question, ReferencedMonitor, Surroundings, Validation};
use amko::crd::{GlobalDeploymentPolicySpec, GslbHostRuleSpec};
use amko::kubernetes::objects::{
    HostRuleObject, IngressObject, MultiClusterIngressObject, NamespaceObject, RouteObject, ServiceObject,
};
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use std::sync::Arc;

/// How many decisions were looked at: an input that is not even an object of its kind gives none.
pub type Decisions = usize;

pub fn ingress(data: &[u8]) -> Decisions {
    object::<IngressObject>(data)
}

pub fn service(data: &[u8]) -> Decisions {
    object::<ServiceObject>(data)
}

pub fn route(data: &[u8]) -> Decisions {
    object::<RouteObject>(data)
}

pub fn multi_cluster_ingress(data: &[u8]) -> Decisions {
    object::<MultiClusterIngressObject>(data)
}

/// A HostRule beside the Ingress and the Service that it may speak of.
pub fn host_rule(data: &[u8]) -> Decisions {
    let Some(rule) = decoded::<HostRuleObject>(data).map(AkoHostRule::from) else { return 0 };
    let decided = |naming: Naming| {
        let mut inventory = seeded(&naming);
        inventory.put_host_rule(rule.clone());
        decide(&inventory, &policy(&naming), &RuleState::None, Catalog::EMPTY)
    };
    namings().into_iter().map(decided).sum()
}

/// A namespace, seen before and after an Ingress in it.
pub fn namespace(data: &[u8]) -> Decisions {
    let Some(namespace) = decoded::<NamespaceObject>(data).map(Namespace::from) else { return 0 };
    let naming = Naming::default();
    let mut inventory = seeded(&naming);
    inventory.put_namespace(namespace.clone());
    let before = decide(&inventory, &policy(&naming), &RuleState::None, Catalog::EMPTY);
    inventory.replace_namespaces(vec![namespace], &[]);
    before + decide(&inventory, &policy(&naming), &RuleState::None, Catalog::EMPTY)
}

/// The spec of a GlobalDeploymentPolicy, with everything that it refers to on the controller, and without.
pub fn deployment_policy(data: &[u8]) -> Decisions {
    let Some(spec) = decoded::<GlobalDeploymentPolicySpec>(data) else { return 0 };
    let clusters = clusters();
    let decided = |catalog: &Catalog| {
        let Validation::Valid { value, .. } = policy::validate(&spec, around(&clusters, catalog)) else { return 0 };
        let mut snapshot = policy(&Naming::default());
        snapshot.deployment = DeploymentState::InForce(value);
        decide(&seeded(&snapshot.naming()), &snapshot, &RuleState::None, catalog)
    };
    let asked = policy::questions(&spec, around(&clusters, Catalog::EMPTY));
    decided(Catalog::EMPTY) + decided(&answers(asked))
}

/// The spec of a GSLBHostRule, likewise.
pub fn gslb_host_rule(data: &[u8]) -> Decisions {
    let Some(spec) = decoded::<GslbHostRuleSpec>(data) else { return 0 };
    let (clusters, naming) = (clusters(), Naming::default());
    let object = ObjectName { namespace: "avi-system".to_owned(), name: "rule".to_owned() };
    let subject = Subject { object: &object, managed: false };
    let decided = |catalog: &Catalog| {
        let Validation::Valid { value, .. } = host_rule::validate(subject, &spec, around(&clusters, catalog)) else {
            return 0;
        };
        decide(&seeded(&naming), &policy(&naming), &RuleState::InForce(Arc::new(value)), catalog)
    };
    let asked = host_rule::questions(&spec, around(&clusters, Catalog::EMPTY));
    decided(Catalog::EMPTY) + decided(&answers(asked))
}

fn clusters() -> BTreeSet<String> {
    [CLUSTER.to_owned(), "ctx-b".to_owned()].into()
}

fn around<'a>(clusters: &'a BTreeSet<String>, catalog: &'a Catalog) -> Surroundings<'a> {
    Surroundings { clusters, default_tenant: "admin", tenant: "admin", catalog }
}

/// A controller that has everything. A monitor's name is also its request, so that the fuzzer decides what it says.
fn answers(questions: BTreeSet<Question>) -> Catalog {
    let default_pki = Question::DefaultPkiProfile { tenant: "admin".to_owned() };
    let answer = |question: Question| {
        let answer = match &question {
            Question::Monitor { name, .. } => Answer::Monitor(ReferencedMonitor {
                federated: Some(true),
                monitor_type: "HEALTH_MONITOR_HTTP".to_owned(),
                http_request: Some(if name == "tmpl1" { "GET /x HTTP/1.1".to_owned() } else { name.clone() }),
                response_codes: vec![name.clone()],
            }),
            Question::Gslb => Answer::Absent,
            Question::ThirdPartySites { .. } => Answer::Sites(["cdn".to_owned(), String::new()].into()),
            _ => Answer::Profile { name: "profile".to_owned() },
        };
        (question, answer)
    };
    questions.into_iter().chain([default_pki]).map(answer).collect()
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

fn object<K: DeserializeOwned + Clone + Into<Seen>>(data: &[u8]) -> Decisions {
    let Some(object) = decoded::<K>(data) else { return 0 };
    let decided = |naming: Naming| {
        let mut inventory = inventory(&naming);
        inventory.put(object.clone().into());
        decide(&inventory, &policy(&naming), &RuleState::None, Catalog::EMPTY)
    };
    namings().into_iter().map(decided).sum()
}

/// The same with an Ingress and a Service in it.
fn seeded(naming: &Naming) -> Inventory {
    let mut inventory = inventory(naming);
    let ingress = decoded::<IngressObject>(include_bytes!("seeds/ingress/full.json")).map(Seen::from);
    let service = decoded::<ServiceObject>(include_bytes!("seeds/service/full.json")).map(Seen::from);
    ingress.into_iter().chain(service).for_each(|object| drop(inventory.put(object)));
    inventory
}

fn namings() -> [Naming; 2] {
    let default_domain = Some(".apps.example.org".to_owned());
    [Naming { custom_global_fqdn: false, default_domain }, Naming { custom_global_fqdn: true, default_domain: None }]
}

fn decide(inventory: &Inventory, policy: &PolicySnapshot, rule: &RuleState, catalog: &Catalog) -> Decisions {
    let offers = inventory.offers();
    for (fqdn, offer) in &offers {
        let aliases: Vec<Arc<str>> = offer.aliases.iter().map(|claim| claim.alias.as_str().into()).collect();
        let endpoints: Vec<&Endpoint> = offer.endpoints.iter().map(AsRef::as_ref).collect();
        check(&build(Inputs { rule, aliases: &aliases, catalog, ..Inputs::plain(fqdn, policy) }, endpoints), fqdn);
    }
    offers.len()
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
