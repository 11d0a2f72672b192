//! Watched objects, decoded straight into the few fields that decide anything.
//!
//! A typed Ingress costs several kilobytes in memory, its projection about half of one. The metadata is decoded whole
//! because the watcher needs it, and dropped with the object once the projection is made.

use crate::core::inventory::Seen;
use crate::core::object::{Ingress, IngressRule, LoadBalancerAddress, Meta, Namespace, Service, ServicePort};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Annotation of a Namespace or an object that names its tenant.
const TENANT: &str = "ako.vmware.com/tenant-name";
/// Annotations that the core reads; everything else is dropped at the boundary.
const READ_ANNOTATIONS: [&str; 5] = [
    TENANT,
    "ako.vmware.com/host-fqdn-vs-uuid-map",
    "ako.vmware.com/controller-cluster-uuid",
    "ako.vmware.com/enable-tls",
    "passthrough.ako.vmware.com/enabled",
];

/// Declares a kind as the watcher knows it: where it is served, and its metadata.
macro_rules! watched {
    ($type:ident, $group:literal, $version:literal, $plural:literal, $kind:literal) => {
        impl Resource for $type {
            type DynamicType = ();
            type Scope = k8s_openapi::NamespaceResourceScope;

            fn kind((): &()) -> Cow<'_, str> {
                $kind.into()
            }
            fn group((): &()) -> Cow<'_, str> {
                $group.into()
            }
            fn version((): &()) -> Cow<'_, str> {
                $version.into()
            }
            fn plural((): &()) -> Cow<'_, str> {
                $plural.into()
            }
            fn meta(&self) -> &ObjectMeta {
                &self.metadata
            }
            fn meta_mut(&mut self) -> &mut ObjectMeta {
                &mut self.metadata
            }
        }
    };
}

watched!(IngressObject, "networking.k8s.io", "v1", "ingresses", "Ingress");
watched!(ServiceObject, "", "v1", "services", "Service");
watched!(NamespaceObject, "", "v1", "namespaces", "Namespace");

/// A `networking.k8s.io/v1` Ingress on the wire.
#[derive(Debug, Clone, Deserialize)]
pub struct IngressObject {
    metadata: ObjectMeta,
    #[serde(default)]
    spec: IngressSpec,
    #[serde(default)]
    status: LoadBalanced,
}

/// A core `v1` Service on the wire.
#[derive(Debug, Clone, Deserialize)]
pub struct ServiceObject {
    metadata: ObjectMeta,
    #[serde(default)]
    spec: ServiceSpec,
    #[serde(default)]
    status: LoadBalanced,
}

/// A core `v1` Namespace on the wire.
#[derive(Debug, Clone, Deserialize)]
pub struct NamespaceObject {
    metadata: ObjectMeta,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct IngressSpec {
    #[serde(default)]
    rules: Vec<RuleObject>,
    #[serde(default)]
    tls: Vec<TlsObject>,
}

#[derive(Debug, Clone, Deserialize)]
struct RuleObject {
    #[serde(default)]
    host: Option<String>,
    #[serde(default)]
    http: Option<HttpObject>,
}

#[derive(Debug, Clone, Deserialize)]
struct HttpObject {
    #[serde(default)]
    paths: Vec<PathObject>,
}

#[derive(Debug, Clone, Deserialize)]
struct PathObject {
    #[serde(default)]
    path: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct TlsObject {
    #[serde(default)]
    hosts: Vec<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct ServiceSpec {
    #[serde(default, rename = "type")]
    service_type: Option<String>,
    #[serde(default)]
    ports: Vec<PortObject>,
}

#[derive(Debug, Clone, Deserialize)]
struct PortObject {
    port: u16,
    #[serde(default)]
    protocol: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct LoadBalanced {
    #[serde(default)]
    load_balancer: LoadBalancerObject,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct LoadBalancerObject {
    #[serde(default)]
    ingress: Vec<AddressObject>,
}

#[derive(Debug, Clone, Deserialize)]
struct AddressObject {
    #[serde(default)]
    ip: Option<String>,
    #[serde(default)]
    hostname: Option<String>,
}

impl From<IngressObject> for Seen {
    fn from(object: IngressObject) -> Self {
        Self::Ingress(Ingress {
            meta: meta(object.metadata),
            rules: exact(object.spec.rules.into_iter().map(IngressRule::from)),
            tls_hosts: exact(object.spec.tls.into_iter().flat_map(|tls| tls.hosts)),
            addresses: addresses(object.status),
        })
    }
}

impl From<RuleObject> for IngressRule {
    fn from(rule: RuleObject) -> Self {
        let paths = rule.http.map(|http| http.paths).unwrap_or_default();
        Self {
            host: rule.host.unwrap_or_default(),
            paths: exact(paths.into_iter().map(|path| path.path.unwrap_or_default())),
        }
    }
}

impl From<ServiceObject> for Seen {
    fn from(object: ServiceObject) -> Self {
        Self::Service(Service {
            meta: meta(object.metadata),
            service_type: object.spec.service_type.unwrap_or_default(),
            ports: exact(object.spec.ports.into_iter().map(ServicePort::from)),
            addresses: addresses(object.status),
        })
    }
}

impl From<PortObject> for ServicePort {
    fn from(port: PortObject) -> Self {
        Self { port: port.port, protocol: port.protocol.unwrap_or_default() }
    }
}

impl From<NamespaceObject> for Namespace {
    fn from(object: NamespaceObject) -> Self {
        let ObjectMeta { name, labels, annotations, .. } = object.metadata;
        let tenant = annotations.and_then(|mut a| a.remove(TENANT)).filter(|tenant| !tenant.is_empty());
        Self { name: name.unwrap_or_default(), labels: labels.unwrap_or_default().into(), tenant }
    }
}

fn meta(meta: ObjectMeta) -> Meta {
    let mut all: BTreeMap<String, String> = meta.annotations.unwrap_or_default();
    Meta {
        namespace: meta.namespace.unwrap_or_default(),
        name: meta.name.unwrap_or_default(),
        uid: meta.uid.and_then(|uid| uid.parse().ok()),
        labels: meta.labels.unwrap_or_default().into(),
        annotations: READ_ANNOTATIONS
            .iter()
            .filter_map(|key| all.remove(*key).map(|value| ((*key).to_owned(), value)))
            .collect(),
    }
}

fn addresses(status: LoadBalanced) -> Vec<LoadBalancerAddress> {
    let entries = status.load_balancer.ingress.into_iter();
    exact(entries.map(|a| LoadBalancerAddress { ip: a.ip, hostname: a.hostname }))
}

/// A list without spare room: decoding reserves some, and a collected list may take over the memory of its source.
fn exact<T>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut items: Vec<T> = items.collect();
    items.shrink_to_fit();
    items
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::pairs::Pairs;
    use serde_json::json;

    #[test]
    fn an_ingress_keeps_hosts_paths_tls_addresses_and_the_annotations_that_matter() {
        let object: IngressObject = serde_json::from_value(json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
            "metadata": {"name": "web", "namespace": "shop", "labels": {"app": "gslb"},
                "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}", "ako.vmware.com/enable-tls": "true"}},
            "spec": {"ingressClassName": "avi", "tls": [{"hosts": ["sec.example.org"], "secretName": "s"}],
                "rules": [{"host": "web.example.org", "http": {"paths": [{"path": "/a", "pathType": "Prefix", "backend": {}},
                    {"pathType": "ImplementationSpecific", "backend": {}}]}}, {}]},
            "status": {"loadBalancer": {"ingress": [{"ip": "10.1.0.5", "hostname": "web.example.org"}]}},
        }))
        .unwrap();
        let expected = Seen::Ingress(Ingress {
            meta: Meta {
                namespace: "shop".into(),
                name: "web".into(),
                uid: None,
                labels: [("app".to_owned(), "gslb".to_owned())].into(),
                annotations: [("ako.vmware.com/enable-tls".to_owned(), "true".to_owned())].into(),
            },
            rules: vec![
                IngressRule { host: "web.example.org".into(), paths: vec!["/a".into(), String::new()] },
                IngressRule::default(),
            ],
            tls_hosts: vec!["sec.example.org".into()],
            addresses: vec![LoadBalancerAddress {
                ip: Some("10.1.0.5".into()),
                hostname: Some("web.example.org".into()),
            }],
        });
        assert_eq!(Seen::from(object), expected);
    }

    #[test]
    fn a_service_without_status_has_no_address() {
        let object: ServiceObject = serde_json::from_value(json!({
            "metadata": {"name": "db", "namespace": "shop"},
            "spec": {"type": "LoadBalancer", "ports": [{"port": 5432, "targetPort": "pg"}]},
        }))
        .unwrap();
        let expected = Seen::Service(Service {
            meta: Meta { namespace: "shop".into(), name: "db".into(), ..Meta::default() },
            service_type: "LoadBalancer".into(),
            ports: vec![ServicePort { port: 5432, protocol: String::new() }],
            addresses: vec![],
        });
        assert_eq!(Seen::from(object), expected);
    }

    #[test]
    fn a_namespace_keeps_its_labels_and_a_tenant_that_is_not_empty() {
        let read = |tenant: &str| {
            let object: NamespaceObject = serde_json::from_value(
                json!({"metadata": {"name": "shop", "labels": {"a": "b"}, "annotations": {TENANT: tenant}}}),
            )
            .unwrap();
            Namespace::from(object)
        };
        let labels: Pairs = [("a".to_owned(), "b".to_owned())].into();
        let named = Namespace { name: "shop".into(), labels: labels.clone(), tenant: Some("t1".into()) };
        assert_eq!(read("t1"), named);
        assert_eq!(read(""), Namespace { name: "shop".into(), labels, tenant: None });
    }
}
