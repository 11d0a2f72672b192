//! Objects as they come in the field: an alias that the controller refuses, one address twice, addresses that lead
//! nowhere, a status that names no host. Each is told of, and holds up nothing else.

use super::kit::answers::Answers;
use super::kit::script::list;
use super::kit::stage::SOON;
use super::kit::{Failure, Stage};
use crate::ako::object::{BY_HAND, CLUSTER_UUID, UUID_MAP};
use serde_json::{Value, json};
use std::time::Duration;

const CONTEXT: &str = "s1az1";
const INGRESSES: &str = "/apis/networking.k8s.io/v1/namespaces/default/ingresses";
const HOST_RULES: &str = "/apis/ako.vmware.com/v1beta1/namespaces/default/hostrules";
const WATCHED: Duration = Duration::from_secs(10);

pub async fn play(stage: &Stage) -> Result<(), Failure> {
    bad_alias(stage).await?;
    same_address(stage).await?;
    odd_status(stage).await
}

/// An alias outside the GSLB's domains: everything else of the service goes on, removals too.
async fn bad_alias(stage: &Stage) -> Result<(), Failure> {
    let script = &stage.script;
    script.does("Ingresses: al in s1az1 and s2; HostRule al with an alias outside the GSLB's domains, and one inside");
    stage.create("al", &["s1az1", "s2"]).await?;
    stage.in_sync(&["al", "hello"], SOON).await?;
    let (host, inside) = (stage.host("al"), stage.host("www.al"));
    let rule = json!({
        "apiVersion": "ako.vmware.com/v1beta1", "kind": "HostRule", "metadata": { "name": "al", "namespace": "default" },
        "spec": { "virtualhost": { "fqdn": host, "aliases": [inside, "shop.example.com"] } },
    });
    stage.kube.create(CONTEXT, HOST_RULES, rule).await?;
    stage.resolve(vec![aliased(stage, &inside, &["s1az1", "s2"]).await?], SOON).await?;
    let told = |text: &str| text.contains("shop.example.com");
    stage.page(&format!("/api/gs/{host}"), "that the other alias is left out", SOON, told).await?;
    script.does("Ingress al deleted in s2");
    stage.delete("al", &["s2"]).await?;
    let rest = vec![stage.expected("al", &["s1az1"]).await?, aliased(stage, &inside, &["s1az1"]).await?];
    stage.resolve(rest, SOON).await
}

async fn aliased(stage: &Stage, alias: &str, contexts: &[&str]) -> Result<super::kit::hosts::Expected, Failure> {
    let addresses = stage.expected("al", contexts).await?.addresses;
    Ok(super::kit::hosts::Expected { host: alias.to_owned(), addresses })
}

/// Two objects of one host on one address are one member.
async fn same_address(stage: &Stage) -> Result<(), Failure> {
    let script = &stage.script;
    let host = stage.host("mixed");
    script.does("two Ingresses of one host with one address and two virtual services, one of them with TLS");
    for (name, path, tls) in [("mixed", "/shop", false), ("mixed-api", "/api", true)] {
        let mut ingress = by_hand(stage, name, &host, json!([{ "hostname": host, "ip": "10.9.4.1" }]));
        ingress["spec"]["rules"][0]["http"]["paths"][0]["path"] = json!(path);
        if tls {
            ingress["spec"]["tls"] = json!([{ "hosts": [host], "secretName": "tls" }]);
        }
        make(stage, ingress)?;
    }
    let one = async || {
        let found = Answers::now(stage).of(&host).to_vec();
        if found == ["10.9.4.1"] { Ok("it has".to_owned()) } else { Err(format!("{host} has {}", list(found))) }
    };
    script.wait(&format!("{host} has one member"), SOON, one).await.map(drop)
}

/// What is parsed but not usable, and what never becomes ready by itself.
async fn odd_status(stage: &Stage) -> Result<(), Failure> {
    let script = &stage.script;
    script.does(
        "Ingresses with the addresses 0.0.0.0, 224.0.0.9, fe80::1, ::ffff:10.9.0.4, and without a host or address",
    );
    // Loopback addresses are those of the lab's own applications.
    let bad = [("zero", "0.0.0.0"), ("multi", "224.0.0.9"), ("local", "fe80::1")];
    for (name, address) in bad {
        let host = stage.host(name);
        make(stage, by_hand(stage, name, &host, json!([{ "hostname": host, "ip": address }])))?;
    }
    let mapped = stage.host("mapped");
    make(stage, by_hand(stage, "mapped", &mapped, json!([{ "hostname": mapped, "ip": "::ffff:10.9.0.4" }])))?;
    make(stage, by_hand(stage, "elb", &stage.host("elb"), json!([{ "hostname": "a1.eu-west-1.elb.amazonaws.com" }])))?;
    make(stage, by_hand(stage, "iponly", &stage.host("iponly"), json!([{ "ip": "10.9.0.2" }])))?;
    let right = async || {
        let found = Answers::now(stage).of(&mapped).to_vec();
        if found == ["10.9.0.4"] { Ok("so it is".to_owned()) } else { Err(format!("{mapped} has {}", list(found))) }
    };
    script.wait(&format!("{mapped} is 10.9.0.4"), SOON, right).await?;
    for (name, address) in bad {
        stage.event_about(CONTEXT, name, &[address], SOON).await?;
    }
    stage.event_about(CONTEXT, "elb", &["address"], SOON).await?;
    stage.event_about(CONTEXT, "iponly", &["host"], SOON).await?;
    script.expects("none of the bad ones becomes a service");
    tokio::time::sleep(WATCHED).await;
    let now = Answers::now(stage);
    let names = bad.iter().map(|(name, _)| *name).chain(["elb", "iponly"]).map(|name| stage.host(name));
    let made: Vec<String> = names.filter(|host| !now.of(host).is_empty()).collect();
    script.check(made.is_empty(), &format!("made of them: {}", list(&made)))
}

/// An Ingress whose status AKO does not touch.
fn by_hand(stage: &Stage, name: &str, host: &str, status: Value) -> Value {
    let backend = json!({ "service": { "name": "hello", "port": { "number": 80 } } });
    let path = json!({ "path": "/", "pathType": "Prefix", "backend": backend });
    let topology = stage.lab.topology();
    let site = topology.cluster(CONTEXT).map(|cluster| cluster.site.clone()).unwrap_or_default();
    let uuid = stage.lab.worlds().avi.cluster_uuid(&site).unwrap_or_default();
    json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": {
            "name": name, "namespace": "default", "labels": { "app": "gslb" },
            "annotations": {
                BY_HAND: "true",
                UUID_MAP: json!({ host: format!("virtualservice-{name}") }).to_string(),
                CLUSTER_UUID: uuid,
            },
        },
        "spec": { "rules": [{ "host": host, "http": { "paths": [path] } }] },
        "status": { "loadBalancer": { "ingress": status } },
    })
}

/// Spec and status in one, as no client could.
fn make(stage: &Stage, object: Value) -> Result<(), Failure> {
    let Some(world) = stage.lab.worlds().clusters.get(CONTEXT) else { return Ok(()) };
    let what = format!("{INGRESSES}/{}", object["metadata"]["name"]);
    world.apply(object).map(drop).map_err(|status| Failure::broken(what, status))
}
