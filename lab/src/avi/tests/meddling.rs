//! What somebody else does just before a request is executed.

use super::super::FaultOrder;
use super::*;

async fn world_and_client() -> (AviWorld, Client) {
    let world = AviWorld::new(two_sites());
    let client = Client::logged_in(&world, "alpha").await;
    (world, client)
}

fn add(world: &AviWorld, order: FaultOrder) -> u64 {
    world.add_fault(&order.on("alpha")).expect("a fault of the catalogue")
}

#[tokio::test(start_paused = true)]
async fn sessions_vanish_at_once_in_a_burst_between_pages_or_at_every_call() {
    let cases = [("session-expiry", 0, 401), ("session-419", 0, 419), ("session-expiry-in-burst", 3, 401)];
    for (name, good, status) in cases {
        let (world, mut client) = world_and_client().await;
        add(&world, FaultOrder::new(name));
        for _ in 0..good {
            assert_eq!(client.get("/api/gslb").await.status, 200, "{name}");
        }
        assert_eq!(client.get("/api/gslb").await.status, status, "{name}");
        client.login("avi123").await;
        assert_eq!(client.get("/api/gslb").await.status, 200, "{name}");
    }
    let (world, mut client) = world_and_client().await;
    add(&world, FaultOrder::new("session-expiry-between-pages"));
    let pages = [client.get("/api/gslbservice").await.status, client.get("/api/gslbservice").await.status];
    assert_eq!(pages, [200, 401]);
    let id = add(&world, FaultOrder::new("permanent-401"));
    for _ in 0..3 {
        assert_eq!((client.login("avi123").await.status, client.get("/api/gslb").await.status), (200, 401));
    }
    world.clear_fault(id).expect("it is active");
    client.login("avi123").await;
    assert_eq!(client.get("/api/gslb").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn an_object_changes_vanishes_or_gets_another_uuid_just_before_its_put() {
    for (name, status, left) in [("write-race", 412, true), ("delete-race", 404, false), ("uuid-change", 404, true)] {
        let (world, mut client) = world_and_client().await;
        let uuid = client.create("gslbservice", &service("shop")).await;
        let path = format!("/api/gslbservice/{uuid}");
        let body = client.get(&path).await.body;
        add(&world, FaultOrder::new(name));
        assert_eq!(client.put(&path, &body).await.status, status, "{name}");
        assert_eq!(service_names(&world, "alpha").len(), usize::from(left), "{name}");
        assert_eq!(service_names(&world, "beta").len(), usize::from(left), "{name}");
        if name == "uuid-change" {
            assert_ne!(world.objects("alpha", "gslbservice")[0]["uuid"], json!(uuid));
        }
        if name == "write-race" {
            assert_eq!(world.objects("alpha", "gslbservice")[0]["description"], "by somebody");
            let fresh = client.get(&path).await.body;
            assert_eq!(client.put(&path, &fresh).await.status, 200, "once");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_put_without_the_version_wins_against_a_faster_writer() {
    let (world, mut client) = world_and_client().await;
    let uuid = client.create("gslbservice", &service("shop")).await;
    add(&world, FaultOrder::new("write-race").with("field", "ttl").with("value", 9));
    assert_eq!(client.put(&format!("/api/gslbservice/{uuid}"), &service("shop")).await.status, 200);
    assert_eq!(world.objects("alpha", "gslbservice")[0].get("ttl"), None);
    assert_eq!(
        (world.faults(), world.objects("alpha", "gslbservice")[0].pointer("/configpb_attributes/version")),
        (vec![], Some(&json!(3)))
    );
}

#[tokio::test(start_paused = true)]
async fn a_name_or_domain_is_taken_just_before_its_post() {
    let cases = [
        (FaultOrder::new("create-race"), 409, "shop", Value::Null, json!(77)),
        (FaultOrder::new("create-race").with("owner", "somebody"), 409, "shop", json!("somebody"), Value::Null),
        (FaultOrder::new("duplicate-delivery"), 409, "shop", Value::Null, Value::Null),
        (FaultOrder::new("foreign-domain"), 400, "somebody-shop", json!("somebody"), Value::Null),
    ];
    for (order, status, name, owner, ttl) in cases {
        let (world, mut client) = world_and_client().await;
        add(&world, order.clone());
        let refused = client.post("/api/gslbservice", &service("shop")).await;
        assert_eq!(refused.status, status, "{order:?}");
        let held = world.objects("alpha", "gslbservice");
        assert_eq!((held.len(), &held[0]["name"]), (1, &json!(name)), "{order:?}");
        let found = |field: &str| held[0].get(field).cloned().unwrap_or_default();
        assert_eq!((found("created_by"), found("ttl")), (owner, ttl), "{order:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_monitor_in_use_by_others_cannot_be_deleted_until_the_fault_is_over() {
    for status in [403, 400] {
        let (world, mut client) = world_and_client().await;
        let uuid = client.create("healthmonitor", &tcp_monitor("tcp")).await;
        let path = format!("/api/healthmonitor/{uuid}");
        let id = add(&world, FaultOrder::new("delete-refused").with("status", status));
        for _ in 0..2 {
            let refused = client.delete(&path).await;
            let user = format!("Cannot delete, object is referred by: ['GslbService somebody-uses-{uuid}']");
            assert_eq!(refused.outcome(), (status, user.as_str()));
        }
        world.clear_fault(id).expect("it is active");
        assert_eq!(service_names(&world, "alpha"), Vec::<String>::new());
        assert_eq!(client.delete(&path).await.status, 204);
    }
}

#[tokio::test(start_paused = true)]
async fn some_paths_fail_while_others_work() {
    let (world, mut client) = world_and_client().await;
    add(&world, FaultOrder::new("partial-outage"));
    assert_eq!(client.get("/api/healthmonitor").await.status, 503);
    client.create("gslbservice", &service("shop")).await;
}

#[tokio::test(start_paused = true)]
async fn others_create_edit_delete_and_recreate_objects() {
    let (world, mut client) = world_and_client().await;
    let uuid = world.create_object("alpha", "gslbservice", service("shop"));
    assert!(world.edit_object("alpha", "gslbservice", "shop", |shop| shop["ttl"] = json!(5)));
    let held = client.get(&format!("/api/gslbservice/{uuid}")).await.body;
    assert_eq!((&held["ttl"], &held["enabled"]), (&json!(5), &json!(true)));
    let new = world.recreate_object("alpha", "gslbservice", "shop").expect("it was there");
    assert_ne!(new, uuid);
    assert_eq!(world.objects("beta", "gslbservice")[0]["uuid"], json!(new));
    assert!(world.delete_object("alpha", "gslbservice", "shop"));
    assert!(!world.delete_object("alpha", "gslbservice", "shop"));
    assert!(!world.edit_object("alpha", "gslbservice", "shop", |_| ()));
    assert_eq!(service_names(&world, "beta"), Vec::<String>::new());
}
