//! Services: ports, addresses and the parts that follow the type.

use serde_json::{Value, json};

use super::{require_text, set_default};
use crate::kube::schema::FieldError;
use crate::kube::status::{field_error, invalid_value, required, unsupported_value};

/// Hands out cluster addresses (10.96.0.0/12, from .10) and node ports (from 30000) in order; nothing comes back.
#[derive(Debug, Default)]
pub struct Allocator {
    addresses: u32,
    ports: u16,
}

const FIRST_ADDRESS: u32 = (10 << 24) + (96 << 16) + 10;
const FIRST_NODE_PORT: u16 = 30_000;
const NODE_PORTS: u16 = 2_768;
const TYPES: &[&str] = &["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];

impl Allocator {
    fn address(&mut self) -> String {
        self.addresses += 1;
        std::net::Ipv4Addr::from(FIRST_ADDRESS + self.addresses - 1).to_string()
    }

    fn node_port(&mut self) -> u16 {
        self.ports = self.ports % NODE_PORTS + 1;
        FIRST_NODE_PORT + self.ports - 1
    }
}

pub(super) fn fill_defaults(object: &mut Value, stored: Option<&Value>, allocator: &mut Allocator) {
    set_default(object, "status", json!({ "loadBalancer": {} }));
    set_default(object, "spec", json!({}));
    let stored = stored.map(|stored| &stored["spec"]);
    let spec = &mut object["spec"];
    if !spec.is_object() {
        return;
    }
    set_default(spec, "type", json!("ClusterIP"));
    set_default(spec, "sessionAffinity", json!("None"));
    let kind = spec["type"].as_str().unwrap_or_default().to_owned();
    if kind != "ExternalName" {
        address_defaults(spec, stored, allocator);
    }
    if ["LoadBalancer", "NodePort"].contains(&kind.as_str()) {
        set_default(spec, "externalTrafficPolicy", json!("Cluster"));
    }
    if kind == "LoadBalancer" {
        set_default(spec, "allocateLoadBalancerNodePorts", json!(true));
    }
    let wants_node_ports =
        kind == "NodePort" || kind == "LoadBalancer" && spec["allocateLoadBalancerNodePorts"] != json!(false);
    port_defaults(spec, stored, wants_node_ports.then_some(allocator));
    let was = stored.and_then(|stored| stored["type"].as_str());
    if was.is_some_and(|was| was != kind) {
        drop_what_the_old_type_needed(object, &kind);
    }
    address_modes(object);
}

/// Node ports, traffic policy and load balancer go with the type that had them.
fn drop_what_the_old_type_needed(object: &mut Value, kind: &str) {
    if kind != "LoadBalancer" {
        object["status"]["loadBalancer"] = json!({});
        remove(&mut object["spec"], "allocateLoadBalancerNodePorts");
    }
    if ["LoadBalancer", "NodePort"].contains(&kind) {
        return;
    }
    remove(&mut object["spec"], "externalTrafficPolicy");
    for port in object["spec"].get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
        remove(port, "nodePort");
    }
}

fn remove(object: &mut Value, field: &str) {
    object.as_object_mut().map(|fields| fields.remove(field));
}

/// An address of a load balancer is a virtual one unless it says otherwise.
fn address_modes(object: &mut Value) {
    let ingress = object.pointer_mut("/status/loadBalancer/ingress").and_then(Value::as_array_mut);
    for address in ingress.into_iter().flatten().filter(|address| address["ip"].is_string()) {
        set_default(address, "ipMode", json!("VIP"));
    }
}

fn address_defaults(spec: &mut Value, stored: Option<&Value>, allocator: &mut Allocator) {
    if spec["clusterIP"].as_str().unwrap_or_default().is_empty() {
        let known = stored.and_then(|stored| stored["clusterIP"].as_str()).filter(|address| !address.is_empty());
        spec["clusterIP"] = json!(known.map_or_else(|| allocator.address(), str::to_owned));
    }
    let address = spec["clusterIP"].clone();
    set_default(spec, "clusterIPs", json!([address]));
    set_default(spec, "ipFamilies", json!(["IPv4"]));
    set_default(spec, "ipFamilyPolicy", json!("SingleStack"));
    set_default(spec, "internalTrafficPolicy", json!("Cluster"));
}

fn port_defaults(spec: &mut Value, stored: Option<&Value>, mut allocator: Option<&mut Allocator>) {
    let old_ports = stored.and_then(|stored| stored["ports"].as_array()).cloned().unwrap_or_default();
    for port in spec.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
        if !port.is_object() {
            continue;
        }
        set_default(port, "protocol", json!("TCP"));
        let number = port["port"].clone();
        set_default(port, "targetPort", number.clone());
        let Some(allocator) = &mut allocator else { continue };
        if port["nodePort"].as_u64().unwrap_or(0) == 0 {
            let old = old_ports.iter().find(|old| old["port"] == number && old["protocol"] == port["protocol"]);
            let known = old.and_then(|old| old["nodePort"].as_u64());
            port["nodePort"] = json!(known.unwrap_or_else(|| u64::from(allocator.node_port())));
        }
    }
}

pub(super) fn validate(object: &Value, stored: Option<&Value>) -> Vec<FieldError> {
    let spec = &object["spec"];
    let kind = spec["type"].as_str().unwrap_or_default();
    let mut errors = Vec::new();
    if !TYPES.contains(&kind) {
        errors.push(unsupported_value("spec.type", kind, TYPES));
    }
    if kind == "ExternalName" {
        errors.extend(require_text(spec, "externalName", "spec.externalName"));
    }
    let ports = spec["ports"].as_array().map(Vec::as_slice).unwrap_or_default();
    if ports.is_empty() && kind != "ExternalName" && spec["clusterIP"] != "None" {
        errors.push(required("spec.ports", ""));
    }
    errors.extend(port_errors(ports));
    let old =
        stored.map(|stored| &stored["spec"]).filter(|old| old["type"] != "ExternalName" && kind != "ExternalName");
    if old.is_some_and(|old| old["clusterIP"] != spec["clusterIP"]) {
        errors.push(invalid_value("spec.clusterIPs[0]", &json!([spec["clusterIP"]]), "may not change once set"));
    }
    errors
}

fn port_errors(ports: &[Value]) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (index, port) in ports.iter().enumerate() {
        let path = format!("spec.ports[{index}]");
        if ports.len() > 1 {
            errors.extend(require_text(port, "name", &format!("{path}.name")));
        }
        if !(1..=65_535).contains(&port["port"].as_i64().unwrap_or(0)) {
            let number = port.get("port").filter(|number| !number.is_null()).cloned().unwrap_or(json!(0));
            errors.push(invalid_value(&format!("{path}.port"), &number, "must be between 1 and 65535, inclusive"));
        }
        let protocol = port["protocol"].as_str().unwrap_or_default();
        if !["SCTP", "TCP", "UDP"].contains(&protocol) {
            errors.push(unsupported_value(&format!("{path}.protocol"), protocol, &["SCTP", "TCP", "UDP"]));
        }
        let same = |other: &Value| other["port"] == port["port"] && other["protocol"] == port["protocol"];
        if ports[..index].iter().any(same) {
            let shown = json!({ "port": port["port"], "protocol": port["protocol"] });
            errors.push(field_error(&path, "FieldValueDuplicate", format!("Duplicate value: {shown}")));
        }
    }
    errors
}
