//! Cells of Services, Ingresses, Events, bindings and the like.

use jiff::Timestamp;
use serde_json::Value;

use super::age::age_since;

const NONE: &str = "<none>";
/// More hosts than this are counted, not listed.
const MAX_HOSTS: usize = 3;

/// The value at a JSON pointer; empty text where there is none.
pub(super) fn at(object: &Value, pointer: &str) -> Value {
    object.pointer(pointer).cloned().unwrap_or_else(|| "".into())
}

pub(super) fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

pub(super) fn list<'a>(object: &'a Value, pointer: &str) -> &'a [Value] {
    object.pointer(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

pub(super) fn or_none(object: &Value, pointer: &str) -> Value {
    none_if_empty(text(object, pointer).to_owned())
}

pub(super) fn none_if_empty(text: String) -> Value {
    if text.is_empty() { NONE.into() } else { text.into() }
}

/// How many entries the maps or lists at these pointers have together.
pub(super) fn count(object: &Value, pointers: &[&str]) -> Value {
    let size = |pointer: &&str| match object.pointer(pointer) {
        Some(Value::Object(fields)) => fields.len(),
        Some(Value::Array(items)) => items.len(),
        _ => 0,
    };
    pointers.iter().map(size).sum::<usize>().into()
}

/// `a=1,b=2`
pub(super) fn labels(object: &Value, pointer: &str) -> Value {
    let pairs = object.pointer(pointer).and_then(Value::as_object).into_iter().flatten();
    let pairs: Vec<String> =
        pairs.map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default())).collect();
    none_if_empty(pairs.join(","))
}

/// Addresses and host names that a load balancer gave to a Service or an Ingress.
pub(super) fn load_balancer(object: &Value) -> Vec<String> {
    let address = |point: &Value| {
        [text(point, "/ip"), text(point, "/hostname")].into_iter().find(|text| !text.is_empty()).map(str::to_owned)
    };
    list(object, "/status/loadBalancer/ingress").iter().filter_map(address).collect()
}

pub(super) fn external_ip(service: &Value) -> Value {
    let mut addresses = match text(service, "/spec/type") {
        "ExternalName" => return none_if_empty(text(service, "/spec/externalName").to_owned()),
        "LoadBalancer" => load_balancer(service),
        _ => Vec::new(),
    };
    addresses.extend(list(service, "/spec/externalIPs").iter().filter_map(Value::as_str).map(str::to_owned));
    match text(service, "/spec/type") {
        "LoadBalancer" if addresses.is_empty() => "<pending>".into(),
        _ => none_if_empty(addresses.join(",")),
    }
}

/// `80/TCP,443:30443/TCP`
pub(super) fn service_ports(service: &Value) -> Value {
    let port = |port: &Value| {
        let protocol = port["protocol"].as_str().unwrap_or("TCP");
        match port["nodePort"].as_u64().filter(|node_port| *node_port > 0) {
            Some(node_port) => format!("{}:{node_port}/{protocol}", port["port"]),
            None => format!("{}/{protocol}", port["port"]),
        }
    };
    none_if_empty(list(service, "/spec/ports").iter().map(port).collect::<Vec<_>>().join(","))
}

pub(super) fn ingress_hosts(ingress: &Value) -> Value {
    let hosts: Vec<&str> =
        list(ingress, "/spec/rules").iter().map(|rule| text(rule, "/host")).filter(|host| !host.is_empty()).collect();
    match hosts.len() {
        0 => "*".into(),
        all if all > MAX_HOSTS => format!("{} + {} more...", hosts[..MAX_HOSTS].join(","), all - MAX_HOSTS).into(),
        _ => hosts.join(",").into(),
    }
}

pub(super) fn ingress_ports(ingress: &Value) -> Value {
    if list(ingress, "/spec/tls").is_empty() { "80".into() } else { "80, 443".into() }
}

/// `Kind.group/name`
pub(super) fn class_parameters(class: &Value) -> Value {
    let Some(parameters) = class.pointer("/spec/parameters").filter(|parameters| parameters.is_object()) else {
        return NONE.into();
    };
    let group = match text(parameters, "/apiGroup") {
        "" => String::new(),
        group => format!(".{group}"),
    };
    format!("{}{group}/{}", text(parameters, "/kind"), text(parameters, "/name")).into()
}

/// `ClusterRole/view`
pub(super) fn role(binding: &Value) -> Value {
    format!("{}/{}", text(binding, "/roleRef/kind"), text(binding, "/roleRef/name")).into()
}

pub(super) fn subjects(binding: &Value, kind: &str) -> Value {
    let name = |subject: &Value| match kind {
        "ServiceAccount" => format!("{}/{}", text(subject, "/namespace"), text(subject, "/name")),
        _ => text(subject, "/name").to_owned(),
    };
    let subjects = list(binding, "/subjects").iter().filter(|subject| text(subject, "/kind") == kind);
    subjects.map(name).collect::<Vec<_>>().join(", ").into()
}

pub(super) fn last_seen(event: &Value, now: Timestamp) -> Value {
    age_of_first(event, &["/series/lastObservedTime", "/lastTimestamp", "/eventTime"], now)
}

pub(super) fn first_seen(event: &Value, now: Timestamp) -> Value {
    age_of_first(event, &["/firstTimestamp", "/eventTime"], now)
}

fn age_of_first(event: &Value, pointers: &[&str], now: Timestamp) -> Value {
    let moment = pointers.iter().filter_map(|pointer| event.pointer(pointer)).find(|value| !value.is_null());
    age_since(moment, now).into()
}

pub(super) fn event_count(event: &Value) -> Value {
    let count = ["/series/count", "/count"]
        .iter()
        .filter_map(|pointer| event.pointer(pointer)?.as_u64())
        .find(|count| *count > 0);
    count.unwrap_or(1).into()
}

/// `service/web`
pub(super) fn involved_object(event: &Value) -> Value {
    let kind = text(event, "/involvedObject/kind").to_lowercase();
    format!("{kind}/{}", text(event, "/involvedObject/name")).into()
}

pub(super) fn event_source(event: &Value) -> Value {
    let or = |first: &'static str, second: &'static str| match text(event, first) {
        "" => text(event, second),
        found => found,
    };
    let parts = [or("/source/component", "/reportingComponent"), or("/source/host", "/reportingInstance")];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ").into()
}
