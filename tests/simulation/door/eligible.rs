//! What certainly is a member of a service, by reading objects as AKO leaves them. Written for this purpose alone, and
//! simpler than the operator: where a rule is not plain, the answer is no.

use serde_json::Value;
use std::net::IpAddr;

const VS_UUIDS: &str = "ako.vmware.com/host-fqdn-vs-uuid-map";
const CLUSTER_UUID: &str = "ako.vmware.com/controller-cluster-uuid";
const TENANT: &str = "ako.vmware.com/tenant-name";
const PASSTHROUGH: &str = "passthrough.ako.vmware.com/enabled";
/// Where nothing says otherwise.
const ADMIN: &str = "admin";

/// One address for one local hostname.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    pub host: String,
    pub address: IpAddr,
}

/// Under what an object is looked at.
#[derive(Clone, Copy)]
pub struct Setting<'a> {
    pub context: &'a str,
    pub config: &'a Value,
    pub policy: &'a Value,
    pub namespace: &'a Value,
}

/// The tenant of the service that the object certainly is a member of, if it is one.
pub fn tenant(object: &Value, setting: Setting<'_>) -> Option<String> {
    let members = setting.config["spec"]["memberClusters"].as_array()?;
    let matched = setting.policy["spec"]["matchClusters"].as_array()?;
    let known = members.iter().any(|member| member["clusterContext"] == setting.context)
        && matched.iter().any(|cluster| cluster["cluster"] == setting.context);
    let rules = &setting.policy["spec"]["matchRules"];
    let [app, of_namespace] = ["appSelector", "namespaceSelector"].map(|selector| &rules[selector]["label"]);
    let selects = !(app.is_null() && of_namespace.is_null());
    let selected = selects && carries(object, app) && carries(setting.namespace, of_namespace);
    let namespace = text(&setting.namespace["metadata"]["annotations"][TENANT]);
    let own = text(&object["metadata"]["annotations"][TENANT]);
    let tenant = match (namespace, own) {
        ("", _) => Some(ADMIN),
        (namespace, own) if namespace == own || (own.is_empty() && namespace == ADMIN) => Some(namespace),
        _ => None,
    };
    tenant.filter(|_| known && selected).map(str::to_owned)
}

/// The offers of which there is no doubt.
pub fn offers(plural: &str, object: &Value) -> Vec<Offer> {
    match plural {
        "ingresses" => of_ingress(object),
        "routes" => of_route(object).into_iter().collect(),
        "services" => of_service(object).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// With custom names it then counts for nothing.
pub fn hands_tls_through(plural: &str, object: &Value) -> bool {
    match plural {
        "ingresses" => !object["metadata"]["annotations"][PASSTHROUGH].is_null(),
        "routes" => object["spec"]["tls"]["termination"] == "passthrough",
        _ => false,
    }
}

fn of_ingress(object: &Value) -> Vec<Offer> {
    let entries = object["status"]["loadBalancer"]["ingress"].as_array().map_or(&[][..], Vec::as_slice);
    let named = |host: &str| entries.iter().filter(|entry| entry["hostname"] == host).count();
    let ruled = |host: &str| object["spec"]["rules"].as_array().is_some_and(|r| r.iter().any(|r| r["host"] == host));
    let usable = entries.iter().filter_map(|entry| {
        let host = text(&entry["hostname"]);
        let sure = !host.is_empty() && named(host) == 1 && ruled(host) && is_identified(object, host);
        Some(Offer { host: host.to_owned(), address: address(&entry["ip"])? }).filter(|_| sure)
    });
    usable.collect()
}

fn of_route(object: &Value) -> Option<Offer> {
    let host = text(&object["spec"]["host"]);
    let [admission] = object["status"]["ingress"].as_array()?.as_slice() else { return None };
    let [condition] = admission["conditions"].as_array()?.as_slice() else { return None };
    let reason: Value = serde_json::from_str(text(&condition["reason"])).ok()?;
    let ours = admission["host"] == host && text(&admission["routerName"]).starts_with("ako-");
    let identified = is_map_with(text(&reason[VS_UUIDS]), host) && !text(&reason[CLUSTER_UUID]).is_empty();
    let offer = Offer { host: host.to_owned(), address: address(&condition["message"])? };
    Some(offer).filter(|offer| !offer.host.is_empty() && ours && identified)
}

fn of_service(object: &Value) -> Option<Offer> {
    let [entry] = object["status"]["loadBalancer"]["ingress"].as_array()?.as_slice() else { return None };
    let host = text(&entry["hostname"]);
    let sure = object["spec"]["type"] == "LoadBalancer" && !host.is_empty() && is_identified(object, host);
    Some(Offer { host: host.to_owned(), address: address(&entry["ip"])? }).filter(|_| sure)
}

/// Whether AKO says which virtual service serves the host.
fn is_identified(object: &Value, host: &str) -> bool {
    let annotations = &object["metadata"]["annotations"];
    is_map_with(text(&annotations[VS_UUIDS]), host) && !text(&annotations[CLUSTER_UUID]).is_empty()
}

fn is_map_with(map: &str, host: &str) -> bool {
    serde_json::from_str::<Value>(map).is_ok_and(|map| !text(&map[host]).is_empty())
}

/// Whether the object has all labels that are wanted; none are wanted by what is absent.
fn carries(object: &Value, wanted: &Value) -> bool {
    let labels = &object["metadata"]["labels"];
    wanted.as_object().is_none_or(|wanted| wanted.iter().all(|(key, value)| labels[key] == *value))
}

fn address(value: &Value) -> Option<IpAddr> {
    let usable = |address: &IpAddr| match address {
        IpAddr::V4(v4) => v4.is_private() || v4.is_documentation(),
        IpAddr::V6(v6) => v6.segments()[..2] == [0x2001, 0xdb8],
    };
    text(value).parse().ok().filter(usable)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
