//! Objects, policies and a small world for the tests of the core, in the words of the worked examples: clusters
//! `ctx-a` and `ctx-b`, namespace `shop`, label `app: gslb`.

use super::address::Clients;
use super::build::{Built, Decision, Desired, Inputs, build};
use super::endpoint::{Addresses, Backend, Endpoint, EndpointKey, Kind, VirtualServiceRef};
use super::gslb::{GslbService, Member, Pool};
use super::host_rule::{HostRule, RuleState, RuleTable, ThirdParty};
use super::ingest::annotations::{CLUSTER_UUID, VS_UUID_MAP};
use super::ingest::{self, Place};
use super::naming::Naming;
use super::object::{AkoHostRule, Created, MultiClusterIngress, Route, RouteAdmission, RouteCondition};
use super::object::{Ingress, IngressRule, LoadBalancerAddress, Meta, Namespace, Service, ServicePort};
use super::owner::Owner;
use super::pairs::Pairs;
use super::plan::{Observed, Stored, Whose, Write, plan};
use super::policy::{
    ClusterPolicy, DeploymentPolicy, DeploymentState, Installation, PolicySnapshot, Template, TrafficShare,
};
use super::precedence::ObjectName;
use super::references::{Answer, Catalog, Question};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub(super) const UUID: &str = "11111111-2222-11ee-8000-333333333333";

pub(super) fn strings(items: &[&str]) -> Vec<String> {
    items.iter().map(|item| (*item).to_owned()).collect()
}

pub(super) fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// A labelled object of namespace `shop` with AKO's annotations for `hosts`.
pub(super) fn meta(name: &str, hosts: &[&str]) -> Meta {
    let map: BTreeMap<&str, String> = hosts.iter().map(|host| (*host, format!("virtualservice-{host}"))).collect();
    let map = serde_json::to_string(&map).unwrap();
    Meta {
        namespace: "shop".to_owned(),
        name: name.to_owned(),
        uid: None,
        created: Created::default(),
        labels: labels(&[("app", "gslb")]).into(),
        annotations: labels(&[(VS_UUID_MAP, &map), (CLUSTER_UUID, &format!("cluster-avi-{name}"))]).into(),
    }
}

pub(super) fn status(ip: &str, hostname: &str) -> LoadBalancerAddress {
    LoadBalancerAddress { ip: Some(ip.to_owned()), hostname: Some(hostname.to_owned()) }
}

/// An Ingress with one host.
pub(super) fn ingress(name: &str, host: &str, paths: &[&str], ip: &str) -> Ingress {
    Ingress {
        meta: meta(name, &[host]),
        rules: vec![IngressRule { host: host.to_owned(), paths: strings(paths) }],
        tls_hosts: Vec::new(),
        addresses: vec![status(ip, host)],
    }
}

/// The same with its host in `spec.tls`.
pub(super) fn tls_ingress(name: &str, host: &str, paths: &[&str], ip: &str) -> Ingress {
    Ingress { tls_hosts: strings(&[host]), ..ingress(name, host, paths, ip) }
}

pub(super) fn lb_service(name: &str, host: &str, ports: &[(u16, &str)], ip: &str) -> Service {
    let port = |(port, protocol): &(u16, &str)| ServicePort { port: *port, protocol: (*protocol).to_owned() };
    Service {
        meta: meta(name, &[host]),
        service_type: "LoadBalancer".to_owned(),
        ports: ports.iter().map(port).collect(),
        addresses: vec![status(ip, host)],
    }
}

/// A place in namespace `shop` without labels or tenant.
pub(super) fn place(cluster: &str) -> Place<'_> {
    Place { cluster, naming: &PLAIN, namespace: None, clients: Clients::default() }
}

pub(super) fn namespace(label: &[(&str, &str)], tenant: Option<&str>) -> Namespace {
    Namespace { name: "shop".to_owned(), labels: labels(label).into(), tenant: tenant.map(str::to_owned) }
}

/// An insecure Ingress endpoint of `web.example.org` with path `/`.
pub(super) fn endpoint(cluster: &str, name: &str, ip: &str) -> Endpoint {
    let hostname = "web.example.org".to_owned();
    Endpoint {
        global_fqdn: None,
        uid: None,
        created: Created::default(),
        addresses: ip.parse::<std::net::IpAddr>().unwrap().into(),
        withheld: None,
        backend: Backend::Paths { paths: strings(&["/"]), tls: false },
        virtual_service: Some(VirtualServiceRef {
            vs_uuid: format!("virtualservice-{hostname}-{cluster}"),
            cluster_uuid: format!("cluster-avi-{name}"),
        }),
        labels: labels(&[("app", "gslb")]).into(),
        namespace_labels: Pairs::default(),
        namespace_tenant: None,
        object_tenant: None,
        key: EndpointKey {
            cluster: cluster.to_owned(),
            kind: Kind::Ingress,
            namespace: "shop".to_owned(),
            name: name.to_owned(),
            hostname,
        },
    }
}

/// The same with an address of each family.
pub(super) fn dual_stack(cluster: &str, name: &str, v4: &str, v6: &str) -> Endpoint {
    let addresses = Addresses::new(Some(v4.parse().unwrap()), Some(v6.parse().unwrap())).unwrap();
    Endpoint { addresses, ..endpoint(cluster, name, v4) }
}

/// A Route with UUIDs as in the worked examples.
pub(super) fn route_endpoint(cluster: &str, name: &str, host: &str, ip: &str, backend: Backend) -> Endpoint {
    let mut endpoint = Endpoint { backend, ..endpoint(cluster, name, ip) };
    endpoint.key.kind = Kind::Route;
    host.clone_into(&mut endpoint.key.hostname);
    let [vs_uuid, cluster_uuid] = [format!("virtualservice-{host}"), format!("cluster-avi-{name}")];
    endpoint.virtual_service = Some(VirtualServiceRef { vs_uuid, cluster_uuid });
    endpoint
}

/// A rule that says nothing yet; set what it is to say.
pub(super) fn rule(fqdn: &str) -> HostRule {
    HostRule {
        object: ObjectName { namespace: "avi-system".to_owned(), name: "rule".to_owned() },
        managed: false,
        fqdn: fqdn.to_owned(),
        ttl: None,
        control_plane_only: None,
        monitors: None,
        persistence: None,
        third_party: Vec::new(),
        traffic_split: BTreeMap::new(),
        public_addresses: BTreeMap::new(),
        algorithm: None,
        down_response: None,
        drain: BTreeSet::new(),
    }
}

pub(super) fn third_party(site: &str, ip: &str, public: Option<&str>) -> ThirdParty {
    ThirdParty {
        site: site.to_owned(),
        address: ip.parse().unwrap(),
        public_address: public.map(|ip| ip.parse().unwrap()),
    }
}

/// A template with the method `GET` and one accepted answer.
pub(super) fn template(name: &str, version: &str) -> Template {
    Template {
        name: name.to_owned(),
        method: "GET".to_owned(),
        version: version.to_owned(),
        response_codes: strings(&["HTTP_2XX"]),
    }
}

/// The controller's answer about a default PKI profile; `None` when it has none.
pub(super) fn default_pki(tenant: &str, name: Option<&str>) -> (Question, Answer) {
    let answer = name.map_or(Answer::Absent, |name| Answer::Profile { name: name.to_owned() });
    (Question::DefaultPkiProfile { tenant: tenant.to_owned() }, answer)
}

pub(super) fn installation() -> Installation {
    Installation {
        owner: Owner::from_uuid(UUID.parse().unwrap()),
        default_tenant: "admin".to_owned(),
        member_clusters: strings(&["ctx-a", "ctx-b"]).into_iter().collect(),
        custom_global_fqdn: false,
        status_for_all: false,
    }
}

/// `appSelector {app: gslb}` in both clusters.
pub(super) fn deployment() -> DeploymentPolicy {
    let cluster = |name: &str| (name.to_owned(), ClusterPolicy::default());
    DeploymentPolicy {
        app_selector: labels(&[("app", "gslb")]),
        clusters: BTreeMap::from([cluster("ctx-a"), cluster("ctx-b")]),
        ..DeploymentPolicy::default()
    }
}

pub(super) fn share(cluster: &str, weight: u32, priority: u32) -> (String, TrafficShare) {
    (cluster.to_owned(), TrafficShare { weight, priority })
}

pub(super) fn in_force(deployment: DeploymentPolicy) -> PolicySnapshot {
    PolicySnapshot { installation: Some(installation()), deployment: DeploymentState::InForce(deployment) }
}

/// Carries out writes as a controller that accepts everything does: uuids by name, versions by number of write.
#[derive(Default)]
pub(super) struct Controller {
    pub(super) observed: Observed,
    writes: usize,
}

impl Controller {
    /// Plans, carries out every write, checks after each that planning again gives the rest, and returns the calls in
    /// short form.
    pub(super) fn settle(&mut self, decision: &Decision) -> Vec<String> {
        let mut rest = plan(decision, &self.observed);
        let mut calls = Vec::new();
        while !rest.is_empty() {
            let write = rest.remove(0);
            self.apply(&write);
            calls.push(call(&write));
            let refreshed: Vec<Write> = rest.into_iter().map(|write| self.observed.refresh(write)).collect();
            rest = plan(decision, &self.observed);
            assert_eq!(rest, refreshed, "planning again after {write:?} gives the rest of the plan");
        }
        calls
    }

    /// The service that it has.
    pub(super) fn held(&self) -> Option<&GslbService> {
        self.observed.only().service.as_ref().map(|held| &held.content)
    }

    pub(super) fn apply(&mut self, write: &Write) {
        self.writes += 1;
        let uuid = match write {
            Write::CreateMonitor(monitor) | Write::UpdateMonitor { monitor, .. } => {
                format!("{}-{}", monitor.tenant, monitor.name)
            }
            Write::CreateService(service)
            | Write::UpdateService { service, .. }
            | Write::MoveService { service, .. } => {
                format!("{}-{}", service.tenant, service.name)
            }
            Write::DeleteMonitor { .. } | Write::DeleteService { .. } => {
                return self.observed.applied(write, None);
            }
        };
        let stored = Stored { uuid, last_modified: Some(self.writes.to_string()) };
        self.observed.applied(write, Some(stored));
    }
}

/// `PUT gs [refs]`, `DELETE hm name`: enough to compare the order of calls.
pub(super) fn call(write: &Write) -> String {
    match write {
        Write::CreateMonitor(monitor) => format!("POST hm {}", monitor.name),
        Write::UpdateMonitor { monitor, .. } => format!("PUT hm {}", monitor.name),
        Write::DeleteMonitor { name, .. } => format!("DELETE hm {name}"),
        Write::CreateService(service) => format!("POST gs {} [{}]", service.name, service.monitors.join(" ")),
        Write::UpdateService { service, .. } => format!("PUT gs {} [{}]", service.name, service.monitors.join(" ")),
        Write::DeleteService { name, .. } => format!("DELETE gs {name}"),
        Write::MoveService { service, from } => {
            let from: Vec<&str> = from.iter().map(|former| former.content.tenant.as_str()).collect();
            format!("MOVE gs {} [{}] from {}", service.name, service.monitors.join(" "), from.join(" "))
        }
    }
}

/// Everything that decides GSLB services, and a controller that holds one of them.
///
/// `settle` brings that controller to what one FQDN asks for; a test with several services settles the others on
/// controllers of their own.
pub(super) struct World {
    pub(super) ingresses: BTreeMap<(&'static str, String), Ingress>,
    pub(super) services: BTreeMap<(&'static str, String), Service>,
    /// What other kinds of object offer, or what no object can say.
    pub(super) offered: Vec<Endpoint>,
    /// Namespace `shop` by cluster; without an entry it has neither labels nor tenant.
    pub(super) namespaces: BTreeMap<&'static str, Namespace>,
    /// Global FQDN by local hostname, as HostRules give it in custom mode.
    pub(super) global_fqdns: BTreeMap<String, String>,
    pub(super) policy: PolicySnapshot,
    pub(super) rules: RuleTable,
    /// Aliases by name of the service.
    pub(super) aliases: BTreeMap<String, Vec<Arc<str>>>,
    pub(super) catalog: Catalog,
    pub(super) controller: Controller,
}

impl World {
    pub(super) fn new() -> Self {
        Self {
            ingresses: BTreeMap::new(),
            services: BTreeMap::new(),
            offered: Vec::new(),
            namespaces: BTreeMap::new(),
            global_fqdns: BTreeMap::new(),
            policy: in_force(deployment()),
            rules: RuleTable::new(),
            aliases: BTreeMap::new(),
            catalog: Catalog::default(),
            controller: Controller::default(),
        }
    }

    pub(super) fn set_ingress(&mut self, cluster: &'static str, ingress: Ingress) {
        self.ingresses.insert((cluster, ingress.meta.name.clone()), ingress);
    }

    pub(super) fn set_service(&mut self, cluster: &'static str, service: Service) {
        self.services.insert((cluster, service.meta.name.clone()), service);
    }

    /// Puts a rule in force for its FQDN.
    pub(super) fn set_rule(&mut self, rule: HostRule) {
        self.rules.insert(rule.fqdn.clone(), RuleState::InForce(Arc::new(rule)));
    }

    pub(super) fn set_aliases(&mut self, fqdn: &str, aliases: &[&str]) {
        self.aliases.insert(fqdn.to_owned(), aliases.iter().map(|alias| Arc::from(*alias)).collect());
    }

    pub(super) fn endpoints(&self) -> Vec<Endpoint> {
        let ingresses =
            self.ingresses.iter().map(|((cluster, _), object)| ingest::ingress::ingest(object, self.place(cluster)));
        let services =
            self.services.iter().map(|((cluster, _), object)| ingest::service::ingest(object, self.place(cluster)));
        let ingested = ingresses.chain(services).flat_map(|ingested| ingested.endpoints);
        ingested.chain(self.offered.iter().cloned()).filter_map(|endpoint| self.named(endpoint)).collect()
    }

    fn place<'a>(&'a self, cluster: &'a str) -> Place<'a> {
        Place { namespace: self.namespaces.get(cluster), ..place(cluster) }
    }

    /// In custom mode an endpoint without a global FQDN is of no service.
    fn named(&self, mut endpoint: Endpoint) -> Option<Endpoint> {
        if self.policy.naming().custom_global_fqdn {
            endpoint.global_fqdn = Some(self.global_fqdns.get(&endpoint.key.hostname)?.as_str().into());
        }
        Some(endpoint)
    }

    pub(super) fn built(&self, fqdn: &str) -> Built {
        let endpoints = self.endpoints();
        let inputs = Inputs {
            present: Some(&self.controller.observed),
            rule: self.rules.get(fqdn).unwrap_or(&RuleState::None),
            aliases: self.aliases.get(fqdn).map_or(&[], Vec::as_slice),
            catalog: &self.catalog,
            ..Inputs::plain(fqdn, &self.policy)
        };
        build(inputs, endpoints.iter().filter(|endpoint| endpoint.gs_name() == fqdn))
    }

    /// The service and monitors that the objects ask for.
    pub(super) fn desired(&self, fqdn: &str) -> Desired {
        match self.built(fqdn).decision {
            Decision::Service(desired) => *desired,
            other => panic!("{fqdn}: {other:?}"),
        }
    }

    /// The calls that bring the controller to what the objects and the policy ask for; afterwards there are none.
    pub(super) fn settle(&mut self, fqdn: &str) -> Vec<String> {
        let decision = self.built(fqdn).decision;
        let calls = self.controller.settle(&decision);
        assert_eq!(self.controller.settle(&decision), Vec::<String>::new(), "a settled world is quiet (DB-09)");
        calls
    }
}

/// Hostnames name services, and no policy names a default domain.
pub(super) static PLAIN: Naming = Naming { custom_global_fqdn: false, default_domain: None };

/// HostRules name services.
pub(super) fn custom_naming() -> Naming {
    Naming { custom_global_fqdn: true, ..PLAIN.clone() }
}

/// A Route that AKO admitted under `host` with this address; its annotations name the virtual service.
pub(super) fn route(name: &str, host: &str, path: &str, termination: Option<&str>, ip: &str) -> Route {
    Route {
        meta: meta(name, &[host]),
        host: host.to_owned(),
        path: path.to_owned(),
        termination: termination.map(str::to_owned),
        admissions: vec![admission("ako-ctx", host, "", ip)],
        ..Route::default()
    }
}

/// With one condition.
pub(super) fn admission(router_name: &str, host: &str, reason: &str, message: &str) -> RouteAdmission {
    let condition = RouteCondition { reason: reason.to_owned(), message: message.to_owned() };
    RouteAdmission { router_name: router_name.to_owned(), host: host.to_owned(), conditions: vec![condition] }
}

pub(super) fn mci(name: &str, host: &str, secret: &str, paths: &[&str], ip: &str) -> MultiClusterIngress {
    MultiClusterIngress {
        meta: meta(name, &[host]),
        hostname: host.to_owned(),
        secret_name: secret.to_owned(),
        paths: strings(paths),
        addresses: vec![status(ip, host)],
    }
}

/// An accepted HostRule of namespace `shop` without date that asks for nothing.
pub(super) fn ako_host_rule(name: &str, fqdn: &str) -> AkoHostRule {
    AkoHostRule {
        namespace: "shop".to_owned(),
        name: name.to_owned(),
        status: "Accepted".to_owned(),
        fqdn: fqdn.to_owned(),
        ..AkoHostRule::default()
    }
}

/// `priority: address/ratio …` of each pool.
pub(super) fn pools(service: &GslbService) -> Vec<String> {
    let members = |pool: &Pool| {
        let members: Vec<String> = pool.members.iter().map(|m| format!("{}/{}", m.address, m.ratio)).collect();
        format!("{}: {}", pool.priority, members.join(" "))
    };
    service.pools.iter().map(members).collect()
}

/// Members of which nothing is known but what the description says.
pub struct Anyone;

impl Whose for Anyone {
    fn is_of_seen(&self, _: &Member) -> bool {
        false
    }

    fn may_be_behind(&self, _: &str, _: &Member, _: &[&str]) -> bool {
        true
    }
}
