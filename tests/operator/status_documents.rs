//! The status of a GSLBHostRule as a user sees it, whole: healthy, partly refused and failing services, CRDs without a
//! status subresource, and many rules at once.

use crate::support::World;
use crate::support::controller::add_third_party_sites;
use crate::support::objects::{apply, config, web};
use crate::support::status::{RULES, gdp, host_rule, rule, said};
use amko::avi::wire::text_of;
use amko_lab::testing::without_times;
use http::Method;
use serde_json::{Value, json};
use std::time::Duration;

const AMKO_CLUSTERS: &str = "amkoclusters.amko.vmware.com";
const POLICIES: &str = "globaldeploymentpolicies.amko.vmware.com";

fn condition(type_: &str, status: &str, reason: &str, message: &str) -> Value {
    json!({"type": type_, "status": status, "observedGeneration": 1, "lastTransitionTime": "<time>",
        "reason": reason, "message": message})
}

/// The conditions of a rule in force; `programmed` is status, reason and message.
fn in_force(programmed: [&str; 3]) -> Value {
    let [status, reason, message] = programmed;
    json!([
        condition("Accepted", "True", "Accepted", "the rule is in force"),
        condition("ResolvedRefs", "True", "ResolvedRefs", "everything it refers to on the controller exists"),
        condition("Programmed", status, reason, message),
    ])
}

fn status(world: &World) -> Value {
    without_times(rule(world, "web-rule").unwrap()["status"].clone())
}

/// DB-50.
#[tokio::test(start_paused = true)]
async fn a_healthy_service_shows_its_members_of_both_clusters_and_the_one_of_a_third_party() {
    let mut world = World::of_examples();
    add_third_party_sites(&world, &["cdn"]).await;
    apply(world.cluster("ctx-a"), web("web", "10.1.0.5"));
    apply(world.cluster("ctx-b"), web("web", "10.2.0.5"));
    let spec = json!({
        "fqdn": "web.example.org", "ttl": 60,
        "thirdPartyMembers": [{"site": "cdn", "vip": "198.51.100.7", "publicIP": "203.0.113.7"}],
        "publicIP": [{"cluster": "ctx-b", "ip": "203.0.113.5"}],
        "trafficSplit": [{"cluster": "ctx-a", "weight": 3, "priority": 20}, {"cluster": "cdn", "weight": 2, "priority": 5}],
    });
    apply(world.home(), host_rule("web-rule", spec));
    world.start().await;
    let expected = json!({
        "status": "Accepted",
        "observedGeneration": 1,
        "conditions": in_force(["True", "InSync", "the controller holds the service with 3 members"]),
        "service": {
            "state": "InSync",
            "tenant": "admin",
            "name": "web.example.org",
            "domainNames": ["web.example.org"],
            "ttl": 60,
            "memberCount": 3,
            "members": [
                {"cluster": "ctx-a", "object": "Ingress shop/web", "address": "10.1.0.5", "ratio": 3, "priority": 20},
                {"cluster": "ctx-b", "object": "Ingress shop/web", "address": "10.2.0.5",
                    "publicAddress": "203.0.113.5", "ratio": 1, "priority": 10},
                {"site": "cdn", "address": "198.51.100.7", "publicAddress": "203.0.113.7", "ratio": 2, "priority": 5},
            ],
            "monitors": world.monitor_names(),
            "lastWrite": {"time": "<time>", "result": "Complete"},
        },
    });
    assert_eq!(status(&world), expected);
}

/// DB-50, OBJ-04, TEN-02.
#[tokio::test(start_paused = true)]
async fn a_partly_refused_service_names_each_object_that_is_not_a_member_with_the_reason_and_the_remedy() {
    let mut world = World::of_examples();
    apply(world.cluster("ctx-a"), web("web", "10.1.0.5"));
    let mut young = web("web", "10.1.0.9");
    young["metadata"]["name"] = json!("young");
    young["metadata"]["annotations"] = json!({});
    apply(world.cluster("ctx-a"), young);
    apply(world.cluster("ctx-b"), web("web", "10.2.0.5"));
    let shop = json!({"apiVersion": "v1", "kind": "Namespace",
        "metadata": {"name": "shop", "annotations": {"ako.vmware.com/tenant-name": "team2"}}});
    world.cluster("ctx-b").apply(shop).unwrap();
    apply(world.home(), host_rule("web-rule", json!({"fqdn": "web.example.org"})));
    world.start().await;
    let message = "the controller holds the service with 1 member; service.refused tells about 2 objects";
    let expected = json!({
        "status": "Accepted",
        "observedGeneration": 1,
        "conditions": in_force(["True", "InSync", message]),
        "service": {
            "state": "InSync",
            "tenant": "admin",
            "name": "web.example.org",
            "domainNames": ["web.example.org"],
            "memberCount": 1,
            "members": [
                {"cluster": "ctx-a", "object": "Ingress shop/web", "address": "10.1.0.5", "ratio": 1, "priority": 10},
            ],
            "monitors": world.monitor_names(),
            "lastWrite": {"time": "<time>", "result": "Complete"},
            "refusedCount": 2,
            "refused": [
                {"object": "Ingress shop/young (ctx-a)",
                    "reason": "the annotations ako.vmware.com/host-fqdn-vs-uuid-map and \
                        ako.vmware.com/controller-cluster-uuid do not name a virtual service for web.example.org yet \
                        (rule OBJ-04); AKO writes them, or set syncVipOnly for cluster ctx-a in spec.matchClusters"},
                {"object": "Ingress shop/web (ctx-b)",
                    "reason": "its namespace shop is of tenant \"team2\" but the object is of tenant \"admin\" (rule \
                        TEN-02); annotate the object with ako.vmware.com/tenant-name: team2"},
            ],
        },
    });
    assert_eq!(status(&world), expected);
}

/// DB-50.
#[tokio::test(start_paused = true)]
async fn a_failing_service_says_why_and_what_to_do_and_is_not_written_again_while_nothing_changes() {
    let mut world = World::of_examples();
    let foreign = json!({"name": "web.example.org", "domain_names": ["web.example.org"], "created_by": "somebody",
        "is_federated": true, "tenant_ref": "/api/tenant/?name=admin", "groups": [{"name": "g", "priority": 10,
            "members": [{"ip": {"addr": "10.9.9.9", "type": "V4"}, "enabled": true, "ratio": 1}]}]});
    let other = world.somebody_else();
    other.request(Method::POST, "/api/gslbservice/", "admin", Some(&text_of(&foreign))).await.unwrap();
    apply(world.cluster("ctx-a"), web("web", "10.1.0.5"));
    apply(world.home(), host_rule("web-rule", json!({"fqdn": "web.example.org"})));
    world.start_without_settling().await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    let version = rule(&world, "web-rule").unwrap()["metadata"]["resourceVersion"].clone();
    let why = "GSLB service web.example.org: POST /api/gslbservice/ in tenant admin: an object of this name exists \
        already in the tenant (Gslb service with this Name and Tenant ref already exists.); rename or delete it there, \
        or change the host";
    let told = format!(
        "{why}; it is tried again with growing pauses of up to ten minutes, and at once when one of its objects changes"
    );
    let expected = json!({
        "status": "Accepted",
        "observedGeneration": 1,
        "conditions": in_force(["False", "Quarantined", &told]),
        "service": {
            "state": "Quarantined",
            "tenant": "admin",
            "name": "web.example.org",
            "domainNames": ["web.example.org"],
            "memberCount": 1,
            "members": [
                {"cluster": "ctx-a", "object": "Ingress shop/web", "address": "10.1.0.5", "ratio": 1, "priority": 10},
            ],
            "monitors": world.monitor_names(),
            "lastWrite": {"time": "<time>", "result": "Incomplete"},
            "lastError": {"time": "<time>", "message": why},
        },
    });
    assert_eq!(status(&world), expected);
    tokio::time::sleep(Duration::from_secs(1200)).await;
    let now = rule(&world, "web-rule").unwrap();
    assert_eq!(now["metadata"]["resourceVersion"], version, "it is tried on, not told on");
}

/// The CRDs with the status as a field like any other, so that writing it counts as a change of the object. `pruned`
/// leaves it no more fields than upstream's have.
fn without_status_subresources(world: &World, pruned: bool) {
    for crd in amko::crd::all() {
        let mut crd = serde_json::to_value(&crd).unwrap();
        for version in crd["spec"]["versions"].as_array_mut().unwrap() {
            version.as_object_mut().unwrap().remove("subresources").unwrap();
            let status = version.pointer_mut("/schema/openAPIV3Schema/properties/status/properties").unwrap();
            let upstream = |key: &String| ["state", "errorStatus", "status", "error"].contains(&key.as_str());
            status.as_object_mut().unwrap().retain(|key, _| !pruned || upstream(key));
        }
        world.home().apply(crd).unwrap();
    }
}

struct Upstream(World);

impl Upstream {
    async fn start(pruned: bool) -> Self {
        let mut world = World::of_examples();
        without_status_subresources(&world, pruned);
        apply(world.cluster("ctx-a"), web("web", "10.1.0.5"));
        let zero = json!([{"cluster": "ctx-a", "weight": 1, "priority": 0}]);
        apply(world.home(), host_rule("web-rule", json!({"fqdn": "web.example.org", "ttl": 0, "trafficSplit": zero})));
        let before = Self::specs(&world);
        world.start().await;
        assert_eq!(Self::specs(&world), before);
        Self(world)
    }

    fn objects(world: &World) -> [Value; 4] {
        let cluster = world.home().get(AMKO_CLUSTERS, Some("avi-system"), "amkocluster-federation").unwrap();
        [rule(world, "web-rule").unwrap(), gdp(world), config(world.home(), "gc-1"), cluster]
    }

    fn specs(world: &World) -> [String; 4] {
        Self::objects(world).map(|object| object["spec"].to_string())
    }

    fn texts(&self) -> [Value; 3] {
        let [rule, gdp, config, _] = Self::objects(&self.0);
        [&rule["status"]["status"], &gdp["status"]["errorStatus"], &config["status"]["state"]].map(Value::clone)
    }

    /// Whether nobody writes any of the objects for an hour.
    async fn is_quiet(&self) -> bool {
        let versions = || Self::objects(&self.0).map(|object| object["metadata"]["resourceVersion"].clone());
        let settled = versions();
        tokio::time::sleep(Duration::from_secs(3600)).await;
        versions() == settled
    }
}

/// DB-04, DB-35.
#[tokio::test(start_paused = true)]
async fn without_a_status_subresource_the_status_is_written_and_its_echo_is_not_answered() {
    let upstream = Upstream::start(false).await;
    assert_eq!(upstream.texts(), ["Accepted", "success", "success: gslb config accepted"]);
    let [rule, gdp, _, cluster] = Upstream::objects(&upstream.0);
    assert_eq!(said(&rule), ["Accepted=True Accepted", "ResolvedRefs=True ResolvedRefs", "Programmed=True InSync"]);
    assert_eq!(said(&gdp), ["Accepted=True InForce", "ResolvedRefs=True ResolvedRefs", "Programmed=True InSync"]);
    assert_eq!(cluster["status"]["conditions"][0]["type"], "current AMKOCluster Validation");
    assert!(upstream.is_quiet().await);

    let spec = json!({"spec": {"ttl": 90}});
    let world = &upstream.0;
    world.home().merge_patch(RULES, Some("avi-system"), "web-rule", None, spec.clone()).unwrap();
    world.home().merge_patch(POLICIES, Some("avi-system"), "global-gdp", None, spec).unwrap();
    world.settle().await;
    let generation = |object: &Value| object["status"]["observedGeneration"].as_i64().unwrap();
    let [rule_now, gdp_now, ..] = Upstream::objects(world);
    assert!(generation(&rule_now) > generation(&rule) && generation(&gdp_now) > generation(&gdp));
    assert!(upstream.is_quiet().await);
}

/// DB-04.
#[tokio::test(start_paused = true)]
async fn a_schema_that_drops_what_upstream_does_not_know_gets_the_texts_of_upstream() {
    let upstream = Upstream::start(true).await;
    assert_eq!(upstream.texts(), ["Accepted", "success", "success: gslb config accepted"]);
    assert!(upstream.is_quiet().await);
}

/// DB-50: more than are written at the same time.
#[tokio::test(start_paused = true)]
async fn forty_rules_that_come_at_once_all_get_their_status() {
    let mut world = World::of_examples();
    for index in 0..40 {
        apply(world.cluster("ctx-a"), web(&format!("w{index}"), &format!("10.1.0.{index}")));
        let fqdn = format!("w{index}.example.org");
        apply(world.home(), host_rule(&format!("rule-{index}"), json!({"fqdn": fqdn})));
    }
    world.start().await;
    let found: Vec<Vec<String>> = world.home().list(RULES).iter().map(said).collect();
    let expected = ["Accepted=True Accepted", "ResolvedRefs=True ResolvedRefs", "Programmed=True InSync"];
    assert_eq!(found, vec![expected.map(str::to_owned).to_vec(); 40]);
}
