//! TLS comes to an application cluster by cluster, and goes again: no healthy member leaves DNS on the way.

use crate::support::objects::{Host, apply, ingress, policy};
use crate::support::{Request, World, lines};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const HOST: &str = "mix.example.org";
const CONTEXTS: [&str; 3] = ["ctx-a", "ctx-b", "ctx-c"];
const HTTP: &str = "amko--25218930589c5f21f6ff5af0be664df09ae6cd41";
const HTTPS: &str = "amko--ad78cfd6035cb14d193d188ff0e1ffa5e5d08a19";

/// Which clusters answer by HTTPS, and then by nothing else; by address.
type Secure = BTreeMap<String, bool>;

fn address(cluster: usize) -> String {
    format!("10.{}.0.5", cluster + 1)
}

fn mixed(cluster: usize, secure: bool) -> Value {
    let mut object = ingress("mix", &[Host { host: HOST, ip: &address(cluster), paths: &["/"] }]);
    if secure {
        object["spec"]["tls"] = json!([{"hosts": [HOST], "secretName": "mix"}]);
    }
    object
}

/// Whether a member passes as many checks as its pool asks for, its control plane being one where it has one: as
/// controllers count, who never ask for more probes than there are, nor for none.
fn is_up(service: &Value, pool: &Value, member: &Value, secure: &Secure) -> bool {
    let refs = service["health_monitor_refs"].as_array().unwrap();
    let tls = secure[member["ip"]["addr"].as_str().unwrap()];
    let passes = |name: &str| if name.ends_with(HTTPS) { tls } else { name.ends_with(HTTP) && !tls };
    let passed = refs.iter().filter(|name| passes(name.as_str().unwrap())).count();
    let control = usize::from(member.get("vs_uuid").is_some());
    let asked = usize::try_from(pool["min_health_monitors_up"].as_u64().unwrap()).unwrap();
    passed >= asked.saturating_sub(control).clamp(1, refs.len())
}

/// Every service that was sent has all three members, and all of them are up in it.
fn assert_all_up(writes: &[Request], secure: &Secure) {
    for service in writes.iter().filter(|write| write.line.contains("gslbservice")).map(|write| &write.body) {
        let pools = service["groups"].as_array().unwrap();
        let members = pools.iter().flat_map(|pool| pool["members"].as_array().unwrap().iter().map(move |m| (pool, m)));
        let up: Vec<bool> = members.map(|(pool, member)| is_up(service, pool, member, secure)).collect();
        assert_eq!(up, [true; 3], "{secure:?}: {service:#}");
    }
}

/// FND-A7
#[tokio::test(start_paused = true)]
async fn tls_rolled_out_cluster_by_cluster_and_back_never_fails_a_healthy_member() {
    let add = vec!["POST healthmonitor", "PUT gslbservice/<uuid>"];
    let drop_one = vec!["PUT gslbservice/<uuid>", "DELETE healthmonitor/<uuid>"];
    for vip_only in [false, true] {
        let mut world = World::new(1, &CONTEXTS);
        let clusters: Vec<Value> =
            CONTEXTS.iter().map(|context| json!({"cluster": context, "syncVipOnly": vip_only})).collect();
        apply(world.home(), policy(&CONTEXTS, json!({"matchClusters": clusters})));
        let mut secure: Secure = (0..CONTEXTS.len()).map(|cluster| (address(cluster), false)).collect();
        for (cluster, context) in CONTEXTS.iter().enumerate() {
            apply(world.cluster(context), mixed(cluster, false));
        }
        world.start().await;
        for (to, steps) in [(true, [&add, &vec![], &drop_one]), (false, [&add, &vec![], &drop_one])] {
            for (cluster, expected) in steps.into_iter().enumerate() {
                secure.insert(address(cluster), to);
                let writes =
                    world.writes_after(|world| drop(apply(world.cluster(CONTEXTS[cluster]), mixed(cluster, to)))).await;
                assert_eq!(&lines(&writes), expected, "vip only: {vip_only}, to TLS: {to}, cluster {cluster}");
                assert_all_up(&writes, &secure);
            }
        }
        world.stop().await;
    }
}

/// FND-A7: a restart in the middle, with one cluster out of sight, is no reason to ask more of anybody.
#[tokio::test(start_paused = true)]
async fn a_restart_in_the_middle_of_a_rollout_writes_nothing_while_a_cluster_is_not_seen() {
    let mut world = World::new(1, &CONTEXTS);
    for (cluster, context) in CONTEXTS.iter().enumerate() {
        apply(world.cluster(context), mixed(cluster, cluster != 2));
    }
    world.start().await;
    world.stop().await;
    world.mischief.refuse_reads.lock().insert("ctx-c".into(), ("/", 403));
    let before = world.avi.last_request();
    world.start().await;
    assert_eq!(world.writes_since(before), []);
}
