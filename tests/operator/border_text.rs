//! Text of users in other grammars: request lines, references, and what names what in policies and rules.

use crate::events::told_of;
use crate::http_services::ask;
use crate::support::controller::{create, user_monitor};
use crate::support::objects::{Host, apply, config, ingress, patch_config, policy};
use crate::support::status::{gdp, host_rule, rule};
use crate::support::{LEADER, World};
use serde_json::{Value, json};

const CONTEXTS: [&str; 2] = ["ctx-a", "ctx-b"];

fn with_paths(name: &str, paths: &[&str]) -> Value {
    let host = format!("{name}.example.org");
    ingress(name, &[Host { host: &host, ip: "10.1.0.5", paths }])
}

/// `name: request` of each of the operator's monitors.
fn requests(world: &World) -> Vec<String> {
    let monitors = world.on_controller(LEADER, "healthmonitor").into_iter();
    let own = monitors.filter(|(name, _)| name.starts_with("amko--"));
    own.map(|(name, monitor)| format!("{name}: {}", monitor["http_monitor"]["http_request"].as_str().unwrap()))
        .collect()
}

/// FND-E2: two spellings of one request target are one monitor, called after it.
#[tokio::test(start_paused = true)]
async fn a_path_is_encoded_for_the_request_line_and_what_encodes_alike_is_one_monitor() {
    let mut world = World::of_examples();
    world.start().await;
    apply(world.cluster("ctx-a"), with_paths("files", &["/my files", "/", "/my%20files"]));
    world.settle().await;
    let expected = [
        "amko--25abe153973440ae75469dd5958a79e73f6bb068: HEAD /my%20files HTTP/1.0",
        "amko--48cb960e76ad9842e0ff84a8d2554f39404ed470: HEAD / HTTP/1.0",
    ];
    assert_eq!(requests(&world), expected);
    let before = world.avi.last_request();
    world.stop().await;
    world.start().await;
    assert_eq!(world.writes_since(before), []);
}

/// FND-E2: whoever may write an Ingress does not write headers of the controller's probes.
#[tokio::test(start_paused = true)]
async fn a_path_with_a_line_end_is_told_on_its_object_and_the_service_goes_on_without_it() {
    let mut world = World::of_examples();
    world.start().await;
    apply(world.cluster("ctx-a"), with_paths("crlf", &["/a HTTP/1.0\r\nX-Injected: yes\r\n\r\n", "/"]));
    world.settle().await;
    assert_eq!(requests(&world), ["amko--d5dafdb06ef9a4d44cfec129ec197b6a5f3c5475: HEAD / HTTP/1.0"]);
    let told: Vec<String> = told_of(world.cluster("ctx-a")).into_iter().filter(|e| e.contains("Warning")).collect();
    let expected = "Ingress shop/crlf: Warning Invalid: the path \"/a HTTP/1.0\\r\\nX-Injected: yes\\r\\n\\r\\n\" holds a \
                    control character, so no health monitor asks for it; write a path without";
    assert_eq!(told, [expected]);
}

/// FND-E2
#[tokio::test(start_paused = true)]
async fn a_path_that_is_a_pattern_of_another_controller_is_told_on_its_object() {
    let mut world = World::of_examples();
    world.start().await;
    apply(world.cluster("ctx-a"), with_paths("pattern", &["/api(/|$)(.*)"]));
    world.settle().await;
    let request = "amko--80e97338ba44f919248f1b1aa1369f71e7baa70a: HEAD /api(/%7C$)(.*) HTTP/1.0";
    assert_eq!(requests(&world), [request]);
    let why = "it is a member, but its path /api(/|$)(.*) is a pattern, and the health monitor asks for it as it is written \
               (/api(/%7C$)(.*)), which may be answered as an error; give the object a plain path, or use healthMonitorRefs";
    let (_, document) = ask(&world, "/api/gs/pattern.example.org").await;
    assert_eq!(document["refused"][0]["reason"], why);
    let told = told_of(world.cluster("ctx-a"));
    let expected = format!(
        "Ingress shop/pattern: Normal Programmed: is a member of GSLB service pattern.example.org: pool of priority 10, \
         address 10.1.0.5, ratio 1; {why}"
    );
    assert_eq!(told, [expected]);
}

/// FND-E2: references are queries, and names are whatever the administrator of the controller called things.
#[tokio::test(start_paused = true)]
async fn names_with_signs_of_the_query_grammar_are_found_referred_to_and_recognised() {
    let name = "my hm & co + #1 50%";
    let mut world = World::of_examples();
    create(&world, "healthmonitor", user_monitor(name)).await;
    apply(world.cluster("ctx-a"), with_paths("web", &["/"]));
    world.start().await;
    apply(world.home(), host_rule("rule", json!({"fqdn": "web.example.org", "healthMonitorRefs": [name]})));
    world.settle().await;
    let uuid = world.on_controller(LEADER, "healthmonitor")[name]["uuid"].as_str().unwrap().to_owned();
    let refs = world.on_controller(LEADER, "gslbservice")["web.example.org"]["health_monitor_refs"].clone();
    assert!(refs.as_array().unwrap().len() == 1 && refs[0].as_str().unwrap().contains(&uuid), "{refs}");
    let before = world.avi.last_request();
    world.stop().await;
    world.start().await;
    assert_eq!(world.writes_since(before), [], "the reference is recognised");
}

/// FND-E2: a tenant goes into a header of every call.
#[tokio::test(start_paused = true)]
async fn a_tenant_with_a_line_end_is_told_on_the_objects_and_no_call_is_made_in_it() {
    let mut world = World::of_examples();
    world.start().await;
    let tenant = "ako.vmware.com/tenant-name";
    let metadata = json!({"name": "shop", "annotations": {tenant: "team2\n"}});
    apply(world.cluster("ctx-a"), json!({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}));
    let mut object = with_paths("web", &["/"]);
    object["metadata"]["annotations"][tenant] = json!("team2\n");
    let writes = world.writes_after(|world| drop(apply(world.cluster("ctx-a"), object))).await;
    assert_eq!(writes, []);
    let expected = "Ingress shop/web: Warning Refused: is no member of GSLB service web.example.org: its namespace shop is \
                    of tenant \"team2\\n\", which holds a control character and so is the name of none; annotate the \
                    namespace with ako.vmware.com/tenant-name again, without it";
    assert_eq!(told_of(world.cluster("ctx-a")), [expected]);
}

/// FND-E2: a name goes into the selector by which its Secret is watched.
#[tokio::test(start_paused = true)]
async fn a_secret_that_cannot_be_called_so_does_not_exist_and_the_session_goes_on() {
    let mut world = World::of_examples();
    apply(world.cluster("ctx-a"), with_paths("web", &["/"]));
    world.start().await;
    patch_config(world.home(), json!({"spec": {"gslbLeader": {"credentials": "gslb-avi-secret,x=y"}}}));
    world.settle().await;
    let state = config(world.home(), "gc-1")["status"]["state"].clone();
    assert_eq!(state, "error: secret object doesn't exist gslb-avi-secret,x=y");
    patch_config(world.home(), json!({"spec": {"gslbLeader": {"credentials": "gslb-avi-secret"}}}));
    world.settle().await;
    assert_eq!(config(world.home(), "gc-1")["status"]["state"], "success: gslb config accepted");
}

fn message(object: &Value) -> String {
    object["status"]["conditions"][0]["message"].as_str().unwrap().to_owned()
}

/// FND-C6
#[tokio::test(start_paused = true)]
async fn a_rule_says_which_clusters_it_names_in_vain_and_what_an_omitted_priority_means() {
    let mut world = World::of_examples();
    apply(world.cluster("ctx-a"), with_paths("web", &["/"]));
    world.start().await;
    let split = json!([{"cluster": "ctx-a", "weight": 5}, {"cluster": "ctx-x", "weight": 3, "priority": 10}]);
    apply(world.home(), host_rule("rule", json!({"fqdn": "web.example.org", "trafficSplit": split})));
    world.settle().await;
    let expected = "the rule is in force, with limitations: trafficSplit names ctx-x, which is neither a cluster of the \
                    GSLBConfig nor the site of a thirdPartyMember: not used, correct the name; trafficSplit gives ctx-a \
                    the priority 1, which is also that of an entry without one, and ctx-b keep that of the policy, 10 \
                    where it says none: the highest priority gets all answers; write the priority that is meant";
    assert_eq!(message(&rule(&world, "rule").unwrap()), expected);
    let split = json!([{"cluster": "ctx-a", "weight": 5, "priority": 10}, {"cluster": "ctx-b", "priority": 10}]);
    apply(world.home(), host_rule("rule", json!({"fqdn": "web.example.org", "trafficSplit": split})));
    world.settle().await;
    assert_eq!(message(&rule(&world, "rule").unwrap()), "the rule is in force");
}

/// FND-C11: a typo in a list of clusters.
#[tokio::test(start_paused = true)]
async fn a_policy_says_which_cluster_it_names_twice_and_which_share_is_of_none_that_it_matches() {
    let mut world = World::of_examples();
    apply(world.cluster("ctx-a"), with_paths("web", &["/"]));
    world.start().await;
    let typo = json!({"trafficSplit": [{"cluster": "ctx-a", "weight": 6}, {"cluster": "ctx-b", "weight": 4},
        {"cluster": "ctx-a", "weight": 2}]});
    apply(world.home(), policy(&["ctx-a", "ctx-a"], typo));
    world.settle().await;
    let expected = "the policy is in force; matchClusters names ctx-a more than once: the first entry counts; remove the \
                    others, or correct their names; trafficSplit names ctx-a more than once: the first entry counts; \
                    remove the others, or correct their names; trafficSplit names ctx-b, which is not in matchClusters: \
                    it has no members to share; correct one of them";
    let said = gdp(&world);
    assert_eq!((message(&said).as_str(), &said["status"]["errorStatus"]), (expected, &json!("success")));
    apply(world.home(), policy(&CONTEXTS, json!({})));
    world.settle().await;
    assert_eq!(message(&gdp(&world)), "the policy is in force");
}
