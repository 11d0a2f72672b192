//! Random events of the member clusters: Ingresses, Routes, Services and AKO's HostRules.

use crate::place::{CONTEXTS, FQDNS, NAMESPACES, OPENSHIFT};
use crate::support::World;
use crate::support::ako_crds::{HOST_RULES, ROUTES, host_rule, route};
use crate::support::objects::{Host, apply, ingress, service};
use amko::core::ingest::annotations::TENANT;
use amko_lab::kube::KubeWorld;
use rand::RngExt;
use rand::rngs::StdRng;
use serde_json::{Value, json};

/// Where an event happens, and what it is about.
struct Subject<'a> {
    context: &'static str,
    cluster: &'a KubeWorld,
    openshift: bool,
    number: usize,
    name: String,
    host: String,
    namespace: &'static str,
}

pub fn step(world: &World, rng: &mut StdRng) {
    let subject = Subject::random(world, rng);
    match rng.random_range(0..20) {
        0..=11 => subject.put(rng),
        12..=15 => subject.delete(),
        16..=18 => subject.put_host_rule(rng),
        _ => drop(subject.cluster.delete(HOST_RULES, Some(subject.namespace), &subject.host_rule_name(rng))),
    }
}

/// The same without HostRules, which give names to services and take them away.
pub fn step_of_addresses(world: &World, rng: &mut StdRng) {
    let subject = Subject::random(world, rng);
    if rng.random_range(0..4) == 0 { subject.delete() } else { subject.put(rng) }
}

impl<'a> Subject<'a> {
    fn random(world: &'a World, rng: &mut StdRng) -> Self {
        let context = CONTEXTS[rng.random_range(0..CONTEXTS.len())];
        let number = rng.random_range(0..FQDNS);
        Subject {
            context,
            cluster: world.cluster(context),
            openshift: context == OPENSHIFT,
            number,
            name: format!("app{number}"),
            host: format!("app{number}.example.org"),
            namespace: NAMESPACES[usize::from(number % 3 == 0)],
        }
    }
}

impl Subject<'_> {
    fn put(&self, rng: &mut StdRng) {
        let Self { cluster, openshift, number, name, host, namespace, .. } = self;
        let ip = format!("10.{}.{}.{}", rng.random_range(1..4), number / 30, rng.random_range(1..250));
        let path = ["/", "/api", "/login"][rng.random_range(0..3)];
        let mut object = if number % 5 == 0 {
            let port = [80, 443, 5432][rng.random_range(0..3)];
            service(name, host, &ip, &[(port, if number % 10 == 0 { "UDP" } else { "TCP" })])
        // An Ingress counts for nothing where there are Routes.
        } else if *openshift && rng.random_range(0..5) != 0 {
            random_route(name, host, &ip, path, rng)
        } else {
            random_ingress(name, host, &ip, path, rng)
        };
        object["metadata"]["namespace"] = json!(namespace);
        if rng.random_range(0..8) == 0 {
            object["metadata"]["labels"]["app"] = json!("other");
        }
        if rng.random_range(0..6) == 0 {
            object["metadata"]["annotations"][TENANT] = json!("blue");
        }
        if rng.random_range(0..10) == 0 {
            object["metadata"]["annotations"].as_object_mut().unwrap().retain(|key, _| key == TENANT);
        }
        apply(cluster, self.of_this_cluster(&object));
    }

    /// A virtual service belongs to one cluster.
    fn of_this_cluster(&self, object: &Value) -> Value {
        let text = object.to_string().replace("virtualservice-", &format!("virtualservice-{}-", self.context));
        serde_json::from_str(&text).unwrap()
    }

    /// It may not be there; then nothing happens.
    fn delete(&self) {
        for kind in ["services", "ingresses.networking.k8s.io", ROUTES] {
            let _ = self.cluster.delete(kind, Some(self.namespace), &self.name);
        }
    }

    fn host_rule_name(&self, rng: &mut StdRng) -> String {
        format!("hr-{}-{}", self.name, rng.random_range(0..2))
    }

    /// Ten FQDNs share an alias, and five a service's global name.
    fn put_host_rule(&self, rng: &mut StdRng) {
        let number = self.number;
        let mut more = json!({});
        if rng.random() {
            let aliases = [format!("alias{}.example.org", number % 10), format!("own{number}.example.org")];
            more["aliases"] = json!(aliases[rng.random_range(0..2)..]);
        }
        if rng.random_range(0..3) == 0 {
            more["tls"] = json!({"sslKeyCertificate": {"name": "cert", "type": "secret"}});
        }
        if rng.random_range(0..3) != 0 {
            let global = format!("global{}.example.org", number % 20);
            more["gslb"] = json!({"fqdn": global, "includeAliases": rng.random::<bool>()});
        }
        let mut rule = host_rule(&self.host_rule_name(rng), &self.host, more);
        rule["metadata"]["namespace"] = json!(self.namespace);
        if rng.random_range(0..5) == 0 {
            rule["status"] = json!({"status": "Rejected", "error": "no such certificate"});
        }
        apply(self.cluster, rule);
    }
}

fn random_ingress(name: &str, host: &str, ip: &str, path: &str, rng: &mut StdRng) -> Value {
    let mut object = ingress(name, &[Host { host, ip, paths: &[path] }]);
    if rng.random_range(0..4) == 0 {
        object["spec"]["tls"] = json!([{"hosts": [host], "secretName": "tls"}]);
    }
    if rng.random_range(0..5) == 0 {
        let v6 = json!({"ip": format!("2001:db8::{}", rng.random_range(1..250)), "hostname": host});
        let addresses = object["status"]["loadBalancer"]["ingress"].as_array_mut().unwrap();
        addresses.push(v6);
        if rng.random() {
            addresses.remove(0);
        }
    }
    object
}

/// Some name only a subdomain, some hand TLS through.
fn random_route(name: &str, host: &str, ip: &str, path: &str, rng: &mut StdRng) -> Value {
    let mut object = route(name, host, ip, path);
    match rng.random_range(0..5) {
        0 => {
            object["spec"]["host"] = json!("");
            object["spec"]["subdomain"] = json!(name);
        }
        1 => {
            object["spec"]["tls"] = json!({"termination": "passthrough"});
            object["spec"].as_object_mut().unwrap().remove("path");
        }
        2 => object["spec"]["tls"] = json!({"termination": "edge"}),
        _ => {}
    }
    object
}
