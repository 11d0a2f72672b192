//! The applications of the stories, as AKO leaves them.

use super::world::World;
use serde_json::{Value, json};

/// The namespace of all applications.
pub const SHOP: &str = "shop";

/// One cluster: its context, the site whose controller serves its addresses, and their first two numbers.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    pub context: &'static str,
    pub site: &'static str,
    pub net: &'static str,
}

/// The clusters of the article; the first one holds AMKO's objects.
pub const PLACES: [Place; 3] = [
    Place { context: "s1az1", site: "site1", net: "10.51" },
    Place { context: "s1az2", site: "site1", net: "10.52" },
    Place { context: "s2", site: "site2", net: "10.60" },
];

pub fn place(context: &str) -> Place {
    PLACES.into_iter().find(|place| place.context == context).unwrap()
}

pub fn host_of(name: &str) -> String {
    format!("{name}.example.org")
}

/// The address of an application in a cluster; `last` tells applications apart.
pub fn address(place: Place, last: u8) -> String {
    format!("{}.0.{last}", place.net)
}

fn virtual_service(place: Place, name: &str) -> String {
    format!("virtualservice-{}-{name}", place.context)
}

/// A member of a GSLB service as [`super::controller::Controller::service`] shows it.
pub fn member(world: &World, context: &str, (name, last): (&str, u8), ratio: u32) -> Value {
    let place = place(context);
    json!({"ip": address(place, last), "ratio": ratio, "cluster_uuid": world.controller.cluster_uuid(place.site),
        "vs_uuid": virtual_service(place, name), "enabled": true})
}

pub fn ingress_path(name: &str) -> String {
    format!("apis/networking.k8s.io/v1/namespaces/{SHOP}/ingresses/{name}")
}

pub fn service_path(name: &str) -> String {
    format!("api/v1/namespaces/{SHOP}/services/{name}")
}

/// Creates the Ingress `name` for `name.example.org`; annotations first, then the address, as AKO does.
pub async fn create_ingress(world: &World, context: &str, name: &str, last: u8) {
    let backend = json!({"service": {"name": name, "port": {"number": 80}}});
    let paths = json!([{"path": "/", "pathType": "Prefix", "backend": backend}]);
    let spec = json!({"rules": [{"host": host_of(name), "http": {"paths": paths}}]});
    let object = json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": metadata(world, context, name), "spec": spec});
    publish(world, context, &ingress_path(name), &object, last).await;
}

/// Creates the LoadBalancer Service `name` for `name.example.org`, port 8443.
pub async fn create_service(world: &World, context: &str, name: &str, last: u8) {
    let spec = json!({"type": "LoadBalancer", "ports": [{"name": "tcp", "port": 8443, "protocol": "TCP"}]});
    let object = json!({"apiVersion": "v1", "kind": "Service",
        "metadata": metadata(world, context, name), "spec": spec});
    publish(world, context, &service_path(name), &object, last).await;
}

async fn publish(world: &World, context: &str, path: &str, object: &Value, last: u8) {
    let api = world.api(context);
    api.apply(path, object).await;
    let name = object["metadata"]["name"].as_str().unwrap();
    let entry = json!({"ip": address(place(context), last), "hostname": host_of(name)});
    let status = json!({"status": {"loadBalancer": {"ingress": [entry]}}});
    api.merge(&format!("{path}/status"), &status).await;
}

fn metadata(world: &World, context: &str, name: &str) -> Value {
    let place = place(context);
    let uuids = json!({host_of(name): virtual_service(place, name)}).to_string();
    json!({"name": name, "namespace": SHOP, "labels": {"app": "gslb"}, "annotations": {
        "ako.vmware.com/host-fqdn-vs-uuid-map": uuids,
        "ako.vmware.com/controller-cluster-uuid": world.controller.cluster_uuid(place.site)}})
}
