//! What AKO reads from an Ingress, a Service or a Route, and what it has published on it so far.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Annotation with a JSON text that maps each FQDN to the uuid of its virtual service (rule OBJ-03).
pub const UUID_MAP: &str = "ako.vmware.com/host-fqdn-vs-uuid-map";
/// Annotation with the uuid of the controller cluster that carries the virtual services (rule OBJ-03).
pub const CLUSTER_UUID: &str = "ako.vmware.com/controller-cluster-uuid";
/// Annotation by which a Service names its FQDN.
const SERVICE_HOSTNAME: &str = "external-dns.alpha.kubernetes.io/hostname";
/// Annotation of this lab on an Ingress: with the value `true` every host gets an IPv6 address beside its IPv4 one.
pub const DUAL_STACK: &str = "lab.amko/dual-stack";
/// Annotation of this lab on any object: with the value `true` its status is made by hand.
pub const BY_HAND: &str = "lab.amko/by-hand";
/// What the names of AKO's routers in the status of a Route begin with.
const ROUTER: &str = "ako-";

/// The kinds that this stand-in gives addresses to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Ingress,
    Service,
    /// Looked at where the cluster has such objects.
    Route,
}

impl Kind {
    /// Plural and group, such as `ingresses.networking.k8s.io`.
    pub fn resource(self) -> &'static str {
        match self {
            Self::Ingress => "ingresses.networking.k8s.io",
            Self::Service => "services",
            Self::Route => "routes.route.openshift.io",
        }
    }
}

/// A port of a virtual service, with what is spoken on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Port {
    Plain(u16),
    Tls(u16),
    Udp(u16),
}

/// The identity of an object inside one cluster.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectKey {
    pub kind: Kind,
    pub namespace: String,
    pub name: String,
}

/// What an object shows to AMKO: the address of each host, and the uuids behind them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Publication {
    /// Host name to address, as in the status.
    pub addresses: BTreeMap<String, Ipv4Addr>,
    /// IPv6 addresses beside them, of hosts that have both.
    pub twins: BTreeMap<String, Ipv6Addr>,
    /// Host name to uuid of the virtual service, as in the annotation (of a Route: in the status).
    pub uuids: BTreeMap<String, String>,
    pub cluster_uuid: Option<String>,
}

/// An Ingress, Service or Route as AKO sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exposed {
    pub key: ObjectKey,
    /// The FQDNs that want an address; empty when the object wants none.
    pub hosts: BTreeSet<String>,
    pub ports: BTreeSet<Port>,
    pub dual_stack: bool,
    pub published: Publication,
}

impl Exposed {
    /// Reads one object; `zone` completes the FQDN of a Service that names none. `None` without a name, and when its
    /// status is made by hand.
    pub fn read(kind: Kind, object: &Value, zone: &str) -> Option<Self> {
        let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let key = ObjectKey { kind, namespace: text("/metadata/namespace")?, name: text("/metadata/name")? };
        if object["metadata"]["annotations"][BY_HAND] == "true" {
            return None;
        }
        let deleted = object.pointer("/metadata/deletionTimestamp").is_some();
        let (hosts, ports) = match kind {
            _ if deleted => Default::default(),
            Kind::Ingress => (ingress_hosts(object), ingress_ports(object)),
            Kind::Service => (service_hosts(object, &key, zone), service_ports(object)),
            Kind::Route => (route_hosts(object), secure_if(object.pointer("/spec/tls").is_some())),
        };
        let published = if kind == Kind::Route { published_on_route(object) } else { published(object) };
        let wish = object["metadata"]["annotations"][DUAL_STACK].as_str();
        Some(Self { key, hosts, ports, dual_stack: kind == Kind::Ingress && wish == Some("true"), published })
    }
}

fn items<'a>(object: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    object.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

fn ingress_hosts(ingress: &Value) -> BTreeSet<String> {
    items(ingress, "/spec/rules")
        .filter_map(|rule| rule["host"].as_str())
        .filter(|host| !host.is_empty())
        .map(str::to_owned)
        .collect()
}

fn ingress_ports(ingress: &Value) -> BTreeSet<Port> {
    secure_if(items(ingress, "/spec/tls").next().is_some())
}

fn secure_if(secure: bool) -> BTreeSet<Port> {
    [Some(Port::Plain(80)), secure.then_some(Port::Tls(443))].into_iter().flatten().collect()
}

fn route_hosts(route: &Value) -> BTreeSet<String> {
    let host = route["spec"]["host"].as_str().filter(|host| !host.is_empty());
    host.map(str::to_owned).into_iter().collect()
}

fn service_hosts(service: &Value, key: &ObjectKey, zone: &str) -> BTreeSet<String> {
    if service.pointer("/spec/type").and_then(Value::as_str) != Some("LoadBalancer") {
        return BTreeSet::new();
    }
    let named = service["metadata"]["annotations"][SERVICE_HOSTNAME].as_str().filter(|host| !host.is_empty());
    let host = named.map_or_else(|| format!("{}.{}.{zone}", key.name, key.namespace), str::to_owned);
    BTreeSet::from([host])
}

fn service_ports(service: &Value) -> BTreeSet<Port> {
    let port = |port: &Value| {
        let number = u16::try_from(port["port"].as_u64()?).ok()?;
        match port["protocol"].as_str() {
            None | Some("TCP") if number == 443 => Some(Port::Tls(number)),
            None | Some("TCP") => Some(Port::Plain(number)),
            Some("UDP") => Some(Port::Udp(number)),
            Some(_) => None,
        }
    };
    items(service, "/spec/ports").filter_map(port).collect()
}

fn published(object: &Value) -> Publication {
    let annotations = &object["metadata"]["annotations"];
    let mut shown = Publication { uuids: uuids(&annotations[UUID_MAP]), ..Publication::default() };
    shown.cluster_uuid = annotations[CLUSTER_UUID].as_str().map(str::to_owned);
    for entry in items(object, "/status/loadBalancer/ingress") {
        let Some(host) = entry["hostname"].as_str() else { continue };
        match entry["ip"].as_str().and_then(|ip| ip.parse().ok()) {
            Some(IpAddr::V4(v4)) => drop(shown.addresses.insert(host.to_owned(), v4)),
            Some(IpAddr::V6(v6)) => drop(shown.twins.insert(host.to_owned(), v6)),
            None => {}
        }
    }
    shown
}

/// A Route shows everything in the condition of AKO's router: the address as message, the rest as reason.
fn published_on_route(route: &Value) -> Publication {
    let mut shown = Publication::default();
    let by_ako = |entry: &&Value| entry["routerName"].as_str().is_some_and(|name| name.starts_with(ROUTER));
    for entry in items(route, "/status/ingress").filter(by_ako) {
        let condition = &entry["conditions"][0];
        let address = condition["message"].as_str().and_then(|ip| ip.parse().ok());
        if let Some((host, address)) = entry["host"].as_str().zip(address) {
            shown.addresses.insert(host.to_owned(), address);
        }
        let reason = condition["reason"].as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
        let reason = reason.unwrap_or_default();
        shown.uuids.extend(uuids(&reason[UUID_MAP]));
        shown.cluster_uuid = reason[CLUSTER_UUID].as_str().map(str::to_owned);
    }
    shown
}

/// The map inside a JSON text; empty when it is none.
fn uuids(text: &Value) -> BTreeMap<String, String> {
    text.as_str().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}
