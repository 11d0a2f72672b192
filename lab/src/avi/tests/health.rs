//! Runtime and inventory.

use super::super::{Finding, HealthView, MemberHealth, VirtualService};
use super::*;
use std::net::IpAddr;
use std::sync::Arc;

/// Members that end in an odd number are down; the control plane is out of reach everywhere.
struct OddDown;

impl HealthView for OddDown {
    fn member(&self, _dns_site: &str, _service_uuid: &str, address: IpAddr) -> MemberHealth {
        let odd = address.to_string().ends_with(['1', '3', '5', '7', '9']);
        MemberHealth { control: Finding::Unavailable, data: if odd { Finding::Down } else { Finding::Up } }
    }
}

fn member(address: &str) -> Value {
    json!({"ip": {"addr": address, "type": "V4"}})
}

fn states(runtime: &Value) -> Vec<String> {
    let oper = |value: &Value| value["oper_status"]["state"].as_str().unwrap_or_default().to_owned();
    let mut states = vec![oper(runtime)];
    for pool in runtime["groups"].as_array().into_iter().flatten() {
        states.push(oper(pool));
        states.extend(pool["members"].as_array().into_iter().flatten().map(oper));
    }
    states
}

#[tokio::test(start_paused = true)]
async fn states_rise_from_members_to_pools_to_the_service() {
    let world = AviWorld::new(two_sites());
    world.set_health(Arc::new(OddDown));
    let mut client = Client::logged_in(&world, "alpha").await;
    let mut body = service("shop");
    body["groups"] = json!([
        {"name": "a", "members": [member("203.0.113.1"), member("203.0.113.2")]},
        {"name": "b", "members": [member("203.0.113.3")]},
        {"name": "c", "enabled": false, "members": [member("203.0.113.4")]},
    ]);
    let uuid = client.create("gslbservice", &body).await;
    let runtime = client.get(&format!("/api/gslbservice/{uuid}/runtime/")).await.body;
    let expected = ["OPER_UP", "OPER_UP", "OPER_DOWN", "OPER_UP", "OPER_DOWN", "OPER_DOWN", "OPER_DISABLED", "OPER_UP"];
    assert_eq!(states(&runtime), expected);
    assert_eq!(runtime["groups"][0]["members"][1]["controller_status"]["state"], "OPER_UNAVAIL");
    let entry = client.get("/api/gslbservice-inventory?page_size=200").await.body["results"][0].clone();
    assert_eq!((&entry["runtime"], &entry["config"]["name"]), (&runtime, &json!("shop")));
    let config_only = client.get("/api/gslbservice-inventory?include=config").await.body["results"][0].clone();
    assert_eq!(config_only.get("runtime"), None);
}

#[tokio::test(start_paused = true)]
async fn a_member_shows_the_virtual_service_behind_it() {
    let world = AviWorld::new(two_sites());
    let address = "203.0.113.10".parse().expect("an address");
    let fqdns = vec!["shop.example.org".to_owned()];
    let vs = VirtualService { name: "shop-vs".into(), fqdns, address, ports: vec![(443, true)], enabled: true };
    let vs_uuid = world.upsert_virtual_service("beta", vs.clone());
    assert_eq!(world.upsert_virtual_service("beta", VirtualService { enabled: false, ..vs }), vs_uuid);
    let mut client = Client::logged_in(&world, "alpha").await;
    let mut body = service("shop");
    body["groups"][0]["members"][0]["cluster_uuid"] = world.cluster_uuid("beta").into();
    body["groups"][0]["members"][0]["vs_uuid"] = vs_uuid.as_str().into();
    let uuid = client.create("gslbservice", &body).await;
    let runtime = client.get(&format!("/api/gslbservice/{uuid}/runtime/detail")).await.body;
    let member = &runtime["groups"][0]["members"][0];
    let seen = [&member["site_name"], &member["vs_name"], &member["vip_type"], &member["services"][0]["port"]];
    assert_eq!(seen, [&json!("beta"), &json!("shop-vs"), &json!("AVI_VIP"), &json!(443)]);
    world.remove_virtual_service("beta", &vs_uuid);
    let names: Vec<Value> = world.objects("beta", "virtualservice").iter().map(|vs| vs["name"].clone()).collect();
    assert_eq!(names, ["dns-beta"]);
}

#[test]
fn a_verdict_follows_from_both_findings() {
    use Finding::{Down, NotConfigured, Unavailable, Up};
    let cases = [
        (Up, Up, Up),
        (Up, Down, Down),
        (Down, Up, Down),
        (Unavailable, Up, Up),
        (Unavailable, Down, Down),
        (Up, NotConfigured, Up),
        (NotConfigured, Up, Up),
        (Unavailable, NotConfigured, Unavailable),
        (NotConfigured, NotConfigured, Up),
    ];
    for (control, data, expected) in cases {
        assert_eq!(MemberHealth { control, data }.verdict(), expected, "{control:?} {data:?}");
    }
}
