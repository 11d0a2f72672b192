//! Members that are there when the operator starts and that nothing explains: of third-party sites whose rule has gone,
//! or added by hand.

use crate::guard::{addresses, approve, condition, id, offer, seconds, shown, with_services};
use crate::support::controller::add_third_party_sites;
use crate::support::objects::{apply, patch_config, policy};
use crate::support::status::{RULES, host_rule};
use crate::support::{LEADER, World, lines};
use amko::avi::wire::text_of;
use http::Method;
use serde_json::{Value, json};

const COUNT: usize = 8;

fn of_site(number: usize) -> String {
    format!("198.51.100.{}", number + 1)
}

/// Its clusters' addresses, and this one.
fn with(number: usize, more: String) -> Vec<String> {
    vec![format!("10.1.0.{}", number + 1), format!("10.2.0.{}", number + 1), more]
}

fn all(world: &World) -> Vec<Vec<String>> {
    let sorted = |number| {
        let mut addresses = addresses(world, number);
        addresses.sort();
        addresses
    };
    (0..COUNT).map(sorted).collect()
}

/// Each service has a member of a third-party site, by a rule; the limits are small, and no service is young.
async fn with_a_site() -> World {
    let mut world = with_services(COUNT).await;
    add_third_party_sites(&world, &["cdn"]).await;
    for number in 0..COUNT {
        let members = json!([{"site": "cdn", "vip": of_site(number)}]);
        let spec = json!({"fqdn": format!("app{number:02}.example.org"), "thirdPartyMembers": members});
        apply(world.home(), host_rule(&format!("rule{number:02}"), spec));
    }
    patch_config(world.home(), json!({"spec": {"deletionGuard": {"maxCount": 2}}}));
    world.settle().await;
    restart(&mut world).await;
    assert_eq!(all(&world), (0..COUNT).map(|number| with(number, of_site(number))).collect::<Vec<_>>());
    world
}

async fn restart(world: &mut World) {
    world.stop().await;
    world.start().await;
    seconds(60).await;
}

fn delete_rules(world: &World) {
    for number in 0..COUNT {
        world.home().delete(RULES, Some("avi-system"), &format!("rule{number:02}")).unwrap();
    }
}

/// A person adds a member to a service on the controller.
async fn add_by_hand(world: &World, number: usize) {
    let name = format!("app{number:02}.example.org");
    let mut service = world.on_controller(LEADER, "gslbservice")[&name].clone();
    let address = json!({"ip": {"type": "V4", "addr": of_site(number)}, "ratio": 1, "enabled": true});
    service["groups"][0]["members"].as_array_mut().unwrap().push(address);
    let target = format!("/api/gslbservice/{}", service["uuid"].as_str().unwrap());
    world.somebody_else().request(Method::PUT, &target, "admin", Some(&text_of(&service))).await.unwrap();
}

/// What is said of members that nothing explains, up to the list of the services.
fn unexplained(count: usize, id: &str) -> String {
    format!(
        "{count} services would lose members that nothing explains, because of whatever asked for them, and was gone \
         before this process looked; that is more than one object and more than 20 % (spec.deletionGuard). If this is \
         meant, run kubectl annotate --overwrite gslbconfig gc-1 -n avi-system \
         amko.vmware.com/approve-deletions={id}; if not, bring back what asked for them: an object, or a third-party \
         site in a GSLBHostRule. They are: app00.example.org, "
    )
}

/// FND-A3: no object and no description tells of a third-party site whose rule has gone, and the new process asks all
/// the same.
#[tokio::test(start_paused = true)]
async fn held_members_of_a_third_party_site_stay_held_over_a_restart() {
    let mut world = with_a_site().await;
    let before = world.avi.last_request();
    let expected = all(&world);
    delete_rules(&world);
    seconds(30).await;
    let said = condition(&world, "ChangesHeld").unwrap();
    assert!(said.starts_with("site cdn would lose its members in 8"), "{said}");
    assert_eq!((all(&world), lines(&world.writes_since(before))), (expected.clone(), vec![]));

    for _ in 0..2 {
        restart(&mut world).await;
        assert_eq!((all(&world), lines(&world.writes_since(before))), (expected.clone(), vec![]));
        let (said, id) = (condition(&world, "ChangesHeld").unwrap(), id(&world));
        assert!(said.starts_with(&unexplained(COUNT, &id)), "{said}");
    }
    let document = shown(&world, 3).await;
    let reason = "held: the absence of whatever asked for them since before this process looked";
    let kept = json!([{"address": "198.51.100.4", "of": Value::Null, "reason": reason}]);
    assert_eq!((&document["state"], &document["kept"]), (&json!("held"), &kept));
    let loss = "8 services would lose members that nothing explains";
    assert_eq!(world.links().board.read().changes_held[0].loss, loss);

    // Everything else goes on.
    apply(world.cluster("ctx-a"), crate::support::objects::web("app03", "10.1.0.99"));
    world.settle().await;
    assert_eq!(all(&world)[3], ["10.1.0.99", "10.2.0.4", "198.51.100.4"]);
    offer(&world, 3);
    world.settle().await;

    approve(&world, &id(&world));
    seconds(10).await;
    let without: Vec<Vec<String>> = expected.into_iter().map(|addresses| addresses[..2].to_vec()).collect();
    assert_eq!((all(&world), condition(&world, "ChangesHeld")), (without, None));
}

/// FND-A3: the same for what was edited while no operator ran, and it ends when that is undone.
#[tokio::test(start_paused = true)]
async fn rules_that_go_while_no_operator_runs_take_no_site_along_unasked() {
    let mut world = with_a_site().await;
    let before = world.avi.last_request();
    let expected = all(&world);
    world.stop().await;
    let rules: Vec<Value> = (0..COUNT)
        .map(|number| world.home().get(RULES, Some("avi-system"), &format!("rule{number:02}")).unwrap()["spec"].clone())
        .collect();
    delete_rules(&world);
    // A cluster that is away may explain everything.
    world.cluster("ctx-b").set_available(false);
    world.start().await;
    seconds(60).await;
    world.cluster("ctx-b").set_available(true);
    seconds(120).await;
    let said = condition(&world, "ChangesHeld").unwrap();
    assert!(said.starts_with(&unexplained(COUNT, &id(&world))), "{said}");
    for (number, spec) in rules.into_iter().enumerate() {
        apply(world.home(), host_rule(&format!("rule{number:02}"), spec));
    }
    seconds(30).await;
    assert_eq!((all(&world), lines(&world.writes_since(before))), (expected, vec![]));
    assert_eq!(condition(&world, "ChangesHeld"), None);
}

/// FND-A3: what a person adds by hand is taken out: at a start while it is little, and at any time afterwards.
#[tokio::test(start_paused = true)]
async fn members_added_by_hand_go_unless_a_start_finds_many() {
    let mut world = with_services(COUNT).await;
    let expected = all(&world);
    world.stop().await;
    add_by_hand(&world, 0).await;
    world.start().await;
    seconds(10).await;
    assert_eq!((all(&world), condition(&world, "ChangesHeld")), (expected.clone(), None), "one, at a start");

    for number in 0..COUNT {
        add_by_hand(&world, number).await;
    }
    seconds(1200).await;
    assert_eq!((all(&world), condition(&world, "ChangesHeld")), (expected.clone(), None), "many, while it runs");

    world.stop().await;
    for number in 0..COUNT {
        add_by_hand(&world, number).await;
    }
    let added = all(&world);
    world.start().await;
    seconds(60).await;
    assert_eq!((all(&world), id(&world).len()), (added, 8), "many, at a start");
}

/// FND-A3: an object that has another address since explains the one that it had, also where members name no virtual
/// service.
#[tokio::test(start_paused = true)]
async fn objects_that_moved_while_no_operator_ran_are_not_asked_about() {
    for vip_only in [false, true] {
        let mut world = with_services(COUNT).await;
        let clusters: Vec<Value> =
            ["ctx-a", "ctx-b"].iter().map(|name| json!({"cluster": name, "syncVipOnly": vip_only})).collect();
        apply(world.home(), policy(&[], json!({"matchClusters": clusters})));
        world.settle().await;
        world.stop().await;
        let moved = |number: usize| {
            let name = format!("app{number:02}");
            let mut object = crate::support::objects::web(&name, &format!("10.1.9.{}", number + 1));
            let host = format!("{name}.example.org");
            object["metadata"]["annotations"]["ako.vmware.com/host-fqdn-vs-uuid-map"] =
                json!(json!({host: format!("virtualservice-{name}-anew")}).to_string());
            object
        };
        (0..COUNT).for_each(|number| drop(apply(world.cluster("ctx-a"), moved(number))));
        world.start().await;
        seconds(60).await;
        let expected: Vec<Vec<String>> =
            (1..=COUNT).map(|n| vec![format!("10.1.9.{n}"), format!("10.2.0.{n}")]).collect();
        assert_eq!((all(&world), condition(&world, "ChangesHeld")), (expected, None), "{vip_only}");
    }
}
