//! What AKO reads from an Ingress or a Service, and what it has published on it so far.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

/// Annotation with a JSON text that maps each FQDN to the uuid of its virtual service (rule OBJ-03).
pub const UUID_MAP: &str = "ako.vmware.com/host-fqdn-vs-uuid-map";
/// Annotation with the uuid of the controller cluster that carries the virtual services (rule OBJ-03).
pub const CLUSTER_UUID: &str = "ako.vmware.com/controller-cluster-uuid";
/// Annotation by which a Service names its FQDN.
const SERVICE_HOSTNAME: &str = "external-dns.alpha.kubernetes.io/hostname";

/// The two kinds that this stand-in looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Ingress,
    Service,
}

impl Kind {
    /// Plural and group, such as `ingresses.networking.k8s.io`.
    pub fn resource(self) -> &'static str {
        match self {
            Self::Ingress => "ingresses.networking.k8s.io",
            Self::Service => "services",
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
    /// Host name to uuid of the virtual service, as in the annotation.
    pub uuids: BTreeMap<String, String>,
    pub cluster_uuid: Option<String>,
}

/// An Ingress or Service as AKO sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exposed {
    pub key: ObjectKey,
    /// The FQDNs that want an address; empty when the object wants none.
    pub hosts: BTreeSet<String>,
    pub ports: BTreeSet<Port>,
    pub published: Publication,
}

impl Exposed {
    /// Reads one object; `zone` completes the FQDN of a Service that names none. `None` without a name.
    pub fn read(kind: Kind, object: &Value, zone: &str) -> Option<Self> {
        let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let key = ObjectKey { kind, namespace: text("/metadata/namespace")?, name: text("/metadata/name")? };
        let deleted = object.pointer("/metadata/deletionTimestamp").is_some();
        let (hosts, ports) = match kind {
            _ if deleted => Default::default(),
            Kind::Ingress => (ingress_hosts(object), ingress_ports(object)),
            Kind::Service => (service_hosts(object, &key, zone), service_ports(object)),
        };
        Some(Self { key, hosts, ports, published: published(object) })
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
    let secure = items(ingress, "/spec/tls").next().is_some();
    [Some(Port::Plain(80)), secure.then_some(Port::Tls(443))].into_iter().flatten().collect()
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
    let address =
        |entry: &Value| Some((entry["hostname"].as_str()?.to_owned(), entry["ip"].as_str()?.parse::<Ipv4Addr>().ok()?));
    Publication {
        addresses: items(object, "/status/loadBalancer/ingress").filter_map(address).collect(),
        uuids: annotations[UUID_MAP].as_str().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default(),
        cluster_uuid: annotations[CLUSTER_UUID].as_str().map(str::to_owned),
    }
}
