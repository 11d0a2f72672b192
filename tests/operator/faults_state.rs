//! Faults of objects: races with others, people who edit, and controllers that show the same thing in another way.

use crate::faults_support::{
    add, addresses, asked, fault, many, minutes, patient, service, set_address, somebodys_service, statuses, world_with,
};
use crate::support::controller::create_tenant;
use crate::support::objects::{apply, delete_ingress, web};
use crate::support::{LEADER, UUID, World, outcomes};
use amko_lab::avi::FaultOrder;
use serde_json::{Value, json};

const PUT: &str = "PUT gslbservice/<uuid>";

/// F-16.
#[tokio::test(start_paused = true)]
async fn a_writer_who_is_faster_costs_one_read_and_one_more_write() {
    let world = world_with(&["web"]).await;
    let before = world.avi.last_request();
    add(&world, &fault("write-race"));
    set_address(&world, "web", "10.1.0.6");
    world.settle().await;
    assert_eq!(outcomes(&world.writes_since(before)), [(PUT, 412), (PUT, 200)]);
    let now = service(&world, LEADER, "web").unwrap();
    assert_eq!(
        (addresses(&world, "web"), &now["description"]),
        (vec!["10.1.0.6".into()], &json!("INGRESS/ctx-a/shop/web/web.example.org"))
    );
}

/// F-16.
#[tokio::test(start_paused = true)]
async fn a_writer_who_is_always_faster_is_not_raced_for_ever() {
    let world = world_with(&["web", "other"]).await;
    let before = world.avi.last_request();
    let stubborn = fault("write-race").with("times", "").with("path", path_of(&world, "web"));
    let id = add(&world, &stubborn);
    set_address(&world, "web", "10.1.0.6");
    set_address(&world, "other", "10.1.0.6");
    minutes(10).await;
    let lost = asked(&world, before, "PUT", &path_of(&world, "web"));
    patient(lost.len(), 10);
    assert!(lost.len() > 1 && statuses(&lost).iter().all(|s| *s == 412), "{:?}", statuses(&lost));
    assert_eq!(addresses(&world, "other"), ["10.1.0.6"], "the other service goes on");
    world.avi.clear_fault(id).unwrap();
    minutes(12).await;
    world.settle().await;
    assert_eq!(addresses(&world, "web"), ["10.1.0.6"]);
}

/// F-16: every second write is raced.
#[tokio::test(start_paused = true)]
async fn a_writer_who_is_often_faster_costs_one_write_each_time() {
    let names = many(10);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let world = world_with(&names).await;
    let before = world.avi.last_request();
    add(&world, &fault("write-race").with("times", "").with("every", 2));
    names.iter().for_each(|name| set_address(&world, name, "10.1.0.6"));
    minutes(5).await;
    let outcomes = statuses(&asked(&world, before, "PUT", "/api/gslbservice"));
    let count = |status: u16| outcomes.iter().filter(|found| **found == status).count();
    assert_eq!((count(200), count(412)), (names.len(), names.len()), "{outcomes:?}");
    for name in names {
        assert_eq!(addresses(&world, name), ["10.1.0.6"], "{name}");
    }
}

fn path_of(world: &World, name: &str) -> String {
    let uuid = service(world, LEADER, name).unwrap()["uuid"].as_str().unwrap().to_owned();
    format!("/api/gslbservice/{uuid}")
}

/// F-17 and F-43.
#[tokio::test(start_paused = true)]
async fn what_others_write_over_a_service_is_repaired_with_one_write() {
    let edits = [
        fault("lost-update"),
        fault("operator-edit").with("change", "ttl"),
        fault("operator-edit").with("change", "member"),
        fault("operator-edit").with("change", "pool"),
    ];
    for edit in edits {
        let world = world_with(&["web"]).await;
        let held = without_version(service(&world, LEADER, "web"));
        add(&world, &edit);
        assert_ne!(without_version(service(&world, LEADER, "web")), held, "{edit:?}");
        let before = world.avi.last_request();
        minutes(95).await;
        assert_eq!(outcomes(&world.writes_since(before)), [(PUT, 200)], "{edit:?}");
        assert_eq!(without_version(service(&world, LEADER, "web")), held, "{edit:?}");
    }
}

/// F-43: AMKO has no opinion about manual resume.
#[tokio::test(start_paused = true)]
async fn a_setting_of_a_person_that_is_nobody_elses_is_left() {
    let world = world_with(&["web"]).await;
    add(&world, &fault("operator-edit").with("change", "manual-resume"));
    let before = world.avi.last_request();
    minutes(95).await;
    assert_eq!(world.writes_since(before), []);
    assert_eq!(service(&world, LEADER, "web").unwrap()["groups"][0]["manual_resume"], true);
    world.avi.clear_faults();
    set_address(&world, "web", "10.1.0.6");
    world.settle().await;
    assert_eq!(outcomes(&world.writes_since(before)), [(PUT, 200)]);
}

fn without_version(object: Option<Value>) -> Option<Value> {
    let mut object = object?;
    for field in ["_last_modified", "configpb_attributes"] {
        object.as_object_mut().unwrap().remove(field);
    }
    Some(object)
}

/// F-18 and F-42.
#[tokio::test(start_paused = true)]
async fn an_object_of_our_own_that_is_there_already_is_adopted() {
    for (name, repairs) in [("create-race", 1), ("duplicate-delivery", 0)] {
        let world = world_with(&["web"]).await;
        let before = world.avi.last_request();
        add(&world, &fault(name));
        apply(world.cluster("ctx-a"), web("new", "10.1.0.7"));
        world.settle().await;
        let writes = world.writes_since(before);
        let mut expected = vec![("POST healthmonitor", 201), ("POST gslbservice", 409)];
        expected.extend(vec![(PUT, 200); repairs]);
        assert_eq!(outcomes(&writes), expected, "{name}");
        let new = service(&world, LEADER, "new").unwrap();
        assert_eq!((addresses(&world, "new"), &new["ttl"]), (vec!["10.1.0.7".into()], &Value::Null), "{name}");
    }
}

/// F-18.
#[tokio::test(start_paused = true)]
async fn a_name_that_somebody_else_took_first_is_theirs() {
    let world = world_with(&["web"]).await;
    let before = world.avi.last_request();
    add(&world, &fault("create-race").with("owner", "somebody"));
    apply(world.cluster("ctx-a"), web("new", "10.1.0.7"));
    minutes(1).await;
    let held = service(&world, LEADER, "new");
    assert_eq!(held.as_ref().unwrap()["created_by"], "somebody");
    set_address(&world, "web", "10.1.0.6");
    set_address(&world, "new", "10.1.0.8");
    minutes(40).await;
    assert_eq!(service(&world, LEADER, "new"), held);
    assert_eq!(addresses(&world, "web"), ["10.1.0.6"]);
    let tried = asked(&world, before, "POST", "/api/gslbservice").len();
    patient(tried, 40);

    world.avi.delete_object(LEADER, "gslbservice", "new.example.org");
    minutes(31).await;
    assert_eq!(addresses(&world, "new"), ["10.1.0.8"]);
    assert_eq!(service(&world, LEADER, "new").unwrap()["created_by"], format!("amko-{UUID}"));
}

/// F-19.
#[tokio::test(start_paused = true)]
async fn a_service_that_vanishes_before_its_write_is_made_again() {
    let world = world_with(&["web"]).await;
    let old = service(&world, LEADER, "web").unwrap()["uuid"].clone();
    let before = world.avi.last_request();
    add(&world, &fault("delete-race"));
    set_address(&world, "web", "10.1.0.6");
    world.settle().await;
    assert_eq!(outcomes(&world.writes_since(before)), [(PUT, 404), ("POST gslbservice", 201)]);
    assert_eq!(addresses(&world, "web"), ["10.1.0.6"]);
    assert_ne!(service(&world, LEADER, "web").unwrap()["uuid"], old);
}

/// F-19.
#[tokio::test(start_paused = true)]
async fn a_service_that_vanishes_and_is_not_wanted_any_more_stays_away() {
    let world = world_with(&["web"]).await;
    let before = world.avi.last_request();
    add(&world, &fault("delete-race").with("method", "DELETE"));
    delete_ingress(world.cluster("ctx-a"), "web");
    world.settle().await;
    let writes = world.writes_since(before);
    assert_eq!(outcomes(&writes), [("DELETE gslbservice/<uuid>", 404), ("DELETE healthmonitor/<uuid>", 204)]);
    assert_eq!((world.service_names(), world.monitor_names()), (vec![], vec![]));
}

/// F-20.
#[tokio::test(start_paused = true)]
async fn a_service_that_has_another_uuid_is_found_by_its_name() {
    let world = world_with(&["web"]).await;
    let before = world.avi.last_request();
    add(&world, &fault("uuid-change"));
    set_address(&world, "web", "10.1.0.6");
    world.settle().await;
    assert_eq!(outcomes(&world.writes_since(before)), [(PUT, 404), (PUT, 200)]);
    assert_eq!(addresses(&world, "web"), ["10.1.0.6"]);
}

/// F-21.
#[tokio::test(start_paused = true)]
async fn a_monitor_that_others_use_is_kept_until_they_do_not() {
    for status in [403, 400] {
        let world = world_with(&["web", "other"]).await;
        let before = world.avi.last_request();
        let id = add(&world, &fault("delete-refused").with("status", status));
        delete_ingress(world.cluster("ctx-a"), "web");
        set_address(&world, "other", "10.1.0.6");
        minutes(20).await;
        assert_eq!((addresses(&world, "web"), addresses(&world, "other")), (vec![], vec!["10.1.0.6".into()]));
        let refused = asked(&world, before, "DELETE", "/api/healthmonitor");
        patient(refused.len(), 20);
        assert!(statuses(&refused).iter().all(|s| *s == status));
        assert_eq!(asked(&world, before, "DELETE", "/api/gslbservice").len(), 1, "the service goes first, once");

        world.avi.clear_fault(id).unwrap();
        minutes(32).await;
        assert_eq!((world.service_names(), world.monitor_names().len()), (vec!["other.example.org".into()], 1));
    }
}

/// F-30.
#[tokio::test(start_paused = true)]
async fn a_tenant_in_trouble_holds_up_its_own_services_only() {
    for name in ["tenant-missing", "tenant-forbidden"] {
        let world = world_with(&[]).await;
        create_tenant(&world, "acme").await;
        let annotations = json!({"ako.vmware.com/tenant-name": "acme"});
        apply(
            world.cluster("ctx-a"),
            json!({"apiVersion": "v1", "kind": "Namespace",
            "metadata": {"name": "acme", "annotations": annotations}}),
        );
        let id = add(&world, &FaultOrder::new(name).with("name", "acme"));
        let mut theirs = web("theirs", "10.1.0.8");
        theirs["metadata"]["namespace"] = json!("acme");
        theirs["metadata"]["annotations"]["ako.vmware.com/tenant-name"] = json!("acme");
        let before = world.avi.last_request();
        apply(world.cluster("ctx-a"), theirs);
        apply(world.cluster("ctx-a"), web("web", "10.1.0.5"));
        minutes(20).await;
        let writes = world.writes_since(before);
        assert_eq!(world.service_names(), ["web.example.org"], "{name}: {:?}", outcomes(&writes));
        let refused = writes.iter().filter(|write| write.status == 403).count();
        patient(refused, 20);

        world.avi.clear_fault(id).unwrap();
        minutes(32).await;
        assert_eq!(world.service_names(), ["theirs.example.org", "web.example.org"], "{name}");
    }
}

/// F-31.
#[tokio::test(start_paused = true)]
async fn a_full_controller_is_still_changed_and_told() {
    let world = world_with(&["web", "other"]).await;
    let id = add(&world, &fault("quota").with("most", 2));
    let before = world.avi.last_request();
    apply(world.cluster("ctx-a"), web("new", "10.1.0.7"));
    minutes(1).await;
    set_address(&world, "web", "10.1.0.6");
    minutes(20).await;
    assert_eq!((addresses(&world, "web"), addresses(&world, "new")), (vec!["10.1.0.6".into()], vec![]));
    let tried = asked(&world, before, "POST", "/api/gslbservice").len();
    patient(tried, 20);

    delete_ingress(world.cluster("ctx-a"), "other");
    minutes(32).await;
    assert_eq!(world.service_names(), ["new.example.org", "web.example.org"], "a place became free");
    world.avi.clear_fault(id).unwrap();
}

/// F-18, F-21 and F-31: only a person can change it, so pauses grow to minutes.
#[tokio::test(start_paused = true)]
async fn what_is_refused_for_good_is_tried_rarely() {
    let orders = [
        (fault("quota").with("most", 1), "POST", "/api/gslbservice"),
        (fault("create-race").with("owner", "somebody"), "POST", "/api/gslbservice"),
        (fault("delete-refused"), "DELETE", "/api/healthmonitor"),
    ];
    for (order, method, path) in orders {
        let world = world_with(&["web"]).await;
        let before = world.avi.last_request();
        add(&world, &order);
        apply(world.cluster("ctx-a"), web("new", "10.1.0.7"));
        if method == "DELETE" {
            delete_ingress(world.cluster("ctx-a"), "web");
        }
        minutes(40).await;
        let tried = asked(&world, before, method, path).len();
        assert!((2..=40).contains(&tried), "{}: {tried} attempts in forty minutes", order.name);
    }
}

/// F-40.
#[tokio::test(start_paused = true)]
async fn a_clock_that_jumps_back_makes_no_write_stale() {
    let world = world_with(&["web", "other"]).await;
    let before = world.avi.last_request();
    let id = add(&world, &FaultOrder::new("clock-jump"));
    set_address(&world, "web", "10.1.0.6");
    world.settle().await;
    set_address(&world, "web", "10.1.0.7");
    world.settle().await;
    world.avi.clear_fault(id).unwrap();
    set_address(&world, "other", "10.1.0.6");
    minutes(31).await;
    assert_eq!(outcomes(&world.writes_since(before)), [(PUT, 200); 3]);
    assert_eq!(
        (addresses(&world, "web"), addresses(&world, "other")),
        (vec!["10.1.0.7".into()], vec!["10.1.0.6".into()])
    );
}

/// F-44.
#[tokio::test(start_paused = true)]
async fn a_domain_of_somebody_else_is_left_alone_and_taken_when_it_is_free() {
    let world = world_with(&["web"]).await;
    world.avi.create_object(LEADER, "gslbservice", somebodys_service("theirs", "new.example.org"));
    let held = world.on_controller(LEADER, "gslbservice")["theirs"].clone();
    let before = world.avi.last_request();
    add(&world, &fault("foreign-domain"));
    apply(world.cluster("ctx-a"), web("new", "10.1.0.7"));
    apply(world.cluster("ctx-a"), web("third", "10.1.0.8"));
    minutes(20).await;
    assert_eq!(world.on_controller(LEADER, "gslbservice")["theirs"], held);
    assert_eq!((addresses(&world, "new"), service(&world, LEADER, "new")), (vec![], None));
    let tried = asked(&world, before, "POST", "/api/gslbservice").len();
    patient(tried, 2 * 20);

    let others: Vec<String> = world.service_names().into_iter().filter(|name| name.starts_with("somebody-")).collect();
    for name in others.iter().map(String::as_str).chain(["theirs"]) {
        assert!(world.avi.delete_object(LEADER, "gslbservice", name));
    }
    minutes(3).await;
    world.settle().await;
    assert_eq!(addresses(&world, "new"), ["10.1.0.7"]);
    assert_eq!(addresses(&world, "third"), ["10.1.0.8"]);
}

/// No write for as long as the fault lasts, through three full reads; then a change is one write.
async fn quiet_through(orders: &[FaultOrder]) {
    let world = world_with(&["web", "other"]).await;
    apply(world.cluster("ctx-b"), web("web", "10.2.0.5"));
    world.settle().await;
    let before = world.avi.last_request();
    for order in orders {
        add(&world, order);
    }
    minutes(95).await;
    assert_eq!(outcomes(&world.writes_since(before)), [], "{orders:?}");
    set_address(&world, "web", "10.1.0.6");
    minutes(65).await;
    assert_eq!(outcomes(&world.writes_since(before)), [(PUT, 200)], "{orders:?}");
    assert_eq!(addresses(&world, "web"), ["10.1.0.6", "10.2.0.5"]);
    world.avi.clear_faults();
    minutes(65).await;
    assert_eq!(outcomes(&world.writes_since(before)), [(PUT, 200)], "{orders:?}");
}

/// F-45.
#[tokio::test(start_paused = true)]
async fn fields_that_a_new_release_adds_cause_no_write() {
    let field = |kind: &str, path: &str| fault("new-defaults").with("type", kind).with("field", path);
    let members = field("gslbservice", "groups.members.new_field").with("value", 7);
    quiet_through(&[field("gslbservice", "new_field"), members, field("healthmonitor", "http_monitor.new_field")])
        .await;
}

/// F-46.
#[tokio::test(start_paused = true)]
async fn references_of_another_host_or_without_names_are_the_same_references() {
    quiet_through(&[fault("other-references")]).await;
    quiet_through(&[fault("other-references").with("nameless", false)]).await;
}

/// F-47.
#[tokio::test(start_paused = true)]
async fn lists_in_another_order_are_the_same_lists() {
    quiet_through(&[fault("reversed-lists")]).await;
}
