//! Reading a controller that others use as well, or that somebody else answers for: what is there is found, and what does
//! not answer is not taken for gone.

use crate::faults_support::{add, addresses, fault, minutes, seconds, set_address, world_with};
use crate::support::controller::{create, persistence_profile};
use crate::support::objects::{apply, delete_ingress, web};
use crate::support::status::{RULES, host_rule, rule, said};
use crate::support::{LEADER, World};
use amko_lab::avi::AviWorld;
use serde_json::{Value, json};
use std::time::Duration;

/// A federated monitor of another AMKO, whose name may be ours.
fn foreign(name: &str) -> Value {
    json!({"name": format!("amko--{name}"), "type": "HEALTH_MONITOR_TCP", "monitor_port": 443, "is_federated": true,
        "tenant_ref": "/api/tenant/admin",
        "markers": [{"key": "created-by", "values": ["amko-99999999-2222-11ee-8000-333333333333"]}]})
}

/// Creates a monitor before all others and deletes it again, for ever.
async fn neighbour(avi: AviWorld, pause: Duration) {
    for round in 0.. {
        let name = format!("amko--!{}", round / 2);
        tokio::time::sleep(pause).await;
        match round % 2 {
            0 => drop(avi.create_object(LEADER, "healthmonitor", foreign(&format!("!{}", round / 2)))),
            _ => assert!(avi.delete_object(LEADER, "healthmonitor", &name)),
        }
    }
}

/// A controller with 605 monitors of a neighbour, which takes 0.8 s for each answer.
fn busy(world: &World) {
    for n in 0..605 {
        world.avi.create_object(LEADER, "healthmonitor", foreign(&format!("n{n:04}")));
    }
    world.avi.set_latency(Duration::from_millis(800));
}

/// FND-B8: a neighbour that changes something every four seconds, or every second, does not keep the operator from
/// beginning, and nothing of ours is taken for absent.
#[tokio::test(start_paused = true)]
async fn a_busy_neighbour_delays_neither_the_first_full_read_nor_a_refresh() {
    for pause in [4000, 1000, 300] {
        let mut world = world_with(&["a", "web"]).await;
        world.stop().await;
        busy(&world);
        let others = tokio::spawn(neighbour(world.avi.clone(), Duration::from_millis(pause)));
        let before = world.avi.last_request();
        set_address(&world, "web", "10.1.0.6");
        world.start_without_settling().await;
        seconds(30).await;
        assert_eq!(addresses(&world, "web"), ["10.1.0.6"], "{pause}");
        minutes(35).await;
        let lines: Vec<String> = world.writes_since(before).into_iter().map(|write| write.line).collect();
        assert_eq!(lines, ["PUT gslbservice/<uuid>"], "{pause}");
        let failed = world.links().board.read().avi_api.errors.len();
        assert_eq!(failed, 0, "{pause}: {:?}", world.links().board.read().avi_api);
        others.abort();
        world.stop().await;
    }
}

/// FND-B8: what cannot be ours is not asked for, and a page has 200 objects.
#[tokio::test(start_paused = true)]
async fn a_full_read_asks_for_what_may_be_ours_in_pages_of_200() {
    let mut world = world_with(&["web"]).await;
    world.stop().await;
    for n in 0..605 {
        let users = json!({"name": format!("users-{n}"), "type": "HEALTH_MONITOR_TCP", "monitor_port": 443,
            "is_federated": true, "tenant_ref": "/api/tenant/admin"});
        world.avi.create_object(LEADER, "healthmonitor", users);
    }
    let before = world.avi.last_request();
    world.start().await;
    let requests = world.requests_since(before).into_iter().map(|request| request.path_and_query);
    let mut pages: Vec<String> = requests.filter(|path| path.contains("page_size")).collect();
    pages.sort();
    let owner = "amko-11111111-2222-11ee-8000-333333333333";
    assert_eq!(
        pages,
        [
            format!("/api/gslbservice?created_by={owner}&include_name=&page_size=200&sort=name"),
            "/api/gslbservice?created_by=amko-gslb&include_name=&page_size=200&sort=name".to_owned(),
            "/api/healthmonitor?include_name=&is_federated=true&name.contains=amko--&page_size=200&sort=name"
                .to_owned(),
        ]
    );
}

/// FND-B8: hundreds of names are written while the controller is read again, and the read counts.
#[tokio::test(start_paused = true)]
async fn our_own_writes_do_not_make_a_refresh_fail() {
    let mut world = World::of_examples();
    for n in 0..450 {
        apply(world.cluster("ctx-a"), web(&format!("web{n:03}"), "10.1.0.5"));
    }
    world.start().await;
    world.avi.set_latency(Duration::from_millis(800));
    let before = world.avi.last_request();
    // The refresh comes half an hour after the start; names come all the while.
    for n in 0..120 {
        apply(world.cluster("ctx-a"), web(&format!("aaa{n:03}"), "10.1.0.5"));
        seconds(16).await;
    }
    minutes(2).await;
    let walked = world.requests_since(before).into_iter().filter(|r| r.path_and_query.contains("page=2")).count();
    assert!(walked >= 2, "{walked} second pages: a refresh read services and monitors");
    assert_eq!(world.links().board.read().avi_api.errors.len(), 0);
    let mut methods: Vec<String> = world.writes_since(before).into_iter().map(|write| write.line).collect();
    methods.dedup();
    methods.sort();
    methods.dedup();
    assert_eq!(methods, ["POST gslbservice", "POST healthmonitor"]);
    assert_eq!(world.service_names().len(), 570);
}

const RULE: &str = "web-rule";

/// A service that follows a rule, which refers to a profile.
async fn world_with_profile() -> World {
    let mut world = World::of_examples();
    create(&world, "applicationpersistenceprofile", persistence_profile("gap-1")).await;
    apply(world.cluster("ctx-a"), web("web", "10.1.0.5"));
    apply(world.cluster("ctx-b"), web("web", "10.2.0.5"));
    let split = json!([{"cluster": "ctx-a", "weight": 6}, {"cluster": "ctx-b", "weight": 4}]);
    let persistence = json!({"enabled": true, "profileRef": "gap-1"});
    let spec = json!({"fqdn": "web.example.org", "trafficSplit": split, "sitePersistence": persistence});
    apply(world.home(), host_rule(RULE, spec));
    world.start().await;
    assert_eq!(ratios(&world), [6, 4]);
    world
}

fn ratios(world: &World) -> Vec<u64> {
    let service = world.on_controller(LEADER, "gslbservice").remove("web.example.org").unwrap();
    let members = service["groups"][0]["members"].as_array().unwrap().clone();
    members.iter().map(|member| member["ratio"].as_u64().unwrap()).collect()
}

/// What the rule says of what it refers to: status and message.
fn resolved(world: &World) -> (String, String) {
    let conditions = rule(world, RULE).unwrap()["status"]["conditions"].clone();
    let condition = conditions.as_array().unwrap().iter().find(|c| c["type"] == "ResolvedRefs").unwrap().clone();
    let text = |key: &str| condition[key].as_str().unwrap().to_owned();
    (format!("{} {}", text("status"), text("reason")), text("message"))
}

/// FND-A8: for 20 seconds, in which the controller is read anew, nobody knows the collection. The rule stays in force and
/// says why its reference is not resolved.
#[tokio::test(start_paused = true)]
async fn a_collection_that_is_not_found_ends_no_rule() {
    for order in [fault("server-error").with("status", 404), fault("wrong-content").with("content", "html")] {
        let mut world = world_with_profile().await;
        let before = world.avi.last_request();
        let id = add(&world, &order.with("path", "/api/applicationpersistenceprofile"));
        minutes(31).await;
        assert_eq!((ratios(&world), world.writes_since(before)), (vec![6, 4], vec![]));
        let (status, message) = resolved(&world);
        assert_eq!(status, "False LastKnown");
        let subject = "application persistence profile gap-1 of tenant admin: ";
        assert!(message.starts_with(subject) && message.ends_with("; what it was last stays in force"), "{message}");
        assert_eq!(said(&rule(&world, RULE).unwrap())[0], "Accepted=True Accepted");
        world.avi.clear_fault(id).unwrap();
        minutes(2).await;
        assert_eq!(
            resolved(&world),
            ("True ResolvedRefs".into(), "everything it refers to on the controller exists".into())
        );
        world.stop().await;
    }
}

/// FND-A8: a profile that somebody deleted ends the rule at the second full read, and not before.
#[tokio::test(start_paused = true)]
async fn what_a_rule_refers_to_is_gone_after_two_full_reads() {
    let world = world_with_profile().await;
    // Whoever uses it would keep the controller from deleting it.
    assert!(world.avi.delete_object(LEADER, "applicationpersistenceprofile", "gap-1"));
    minutes(31).await;
    assert_eq!(ratios(&world), [6, 4]);
    assert_eq!(resolved(&world).0, "False LastKnown");
    minutes(31).await;
    assert_eq!(said(&rule(&world, RULE).unwrap())[0], "Accepted=False RefNotFound");
}

/// FND-A8: whoever edits a rule wants it checked now.
#[tokio::test(start_paused = true)]
async fn an_edited_rule_is_judged_by_what_is_there_now() {
    let world = world_with_profile().await;
    assert!(world.avi.delete_object(LEADER, "applicationpersistenceprofile", "gap-1"));
    let patch = json!({"spec": {"ttl": 30}});
    world.home().merge_patch(RULES, Some("avi-system"), RULE, None, patch).unwrap();
    world.settle().await;
    assert_eq!(said(&rule(&world, RULE).unwrap())[0], "Accepted=False RefNotFound");
}

/// FND-A12: a proxy answers for the controller. What was to be deleted is deleted, once the controller is asked itself.
#[tokio::test(start_paused = true)]
async fn a_proxys_answer_to_a_deletion_is_not_believed() {
    let pages = [fault("wrong-content").with("content", "html"), fault("redirect").with("to", "login")];
    for page in pages {
        let world = world_with(&["a", "web"]).await;
        add(&world, &page.with("method", "DELETE").with("times", 3));
        delete_ingress(world.cluster("ctx-a"), "web");
        minutes(10).await;
        world.settle().await;
        assert_eq!(world.service_names(), ["a.example.org"]);
        assert_eq!(world.monitor_names().len(), 1);
    }
}
