//! Trouble with whole controllers, by name: from the time when the fault is added until it is cleared.

use super::super::FaultOrder;
use super::super::faults::catalogue;
use super::*;

fn on_alpha(name: &str) -> FaultOrder {
    FaultOrder::new(name).on("alpha")
}

fn add(world: &AviWorld, order: &FaultOrder) -> u64 {
    world.add_fault(order).expect("a fault of the catalogue")
}

#[tokio::test(start_paused = true)]
async fn every_fault_of_the_state_can_be_ordered_and_cleared() {
    for entry in catalogue::all() {
        let world = AviWorld::new(two_sites());
        let id = add(&world, &FaultOrder::new(entry.name));
        pass(120).await;
        let _ = world.clear_fault(id);
        assert_eq!(world.faults(), [], "{}", entry.name);
    }
}

#[tokio::test(start_paused = true)]
async fn accounts_are_locked_capped_and_given_another_password() {
    let world = AviWorld::new(two_sites());
    let mut client = Client::stranger(&world, "alpha");
    let locked = add(&world, &on_alpha("account-locked").with("lock", "10m"));
    assert_eq!(client.login("avi123").await.outcome(), (401, "Account is locked, try again later"));
    pass(599).await;
    assert_eq!(client.login("avi123").await.status, 401);
    pass(1).await;
    assert_eq!(client.login("avi123").await.status, 200);
    world.clear_fault(locked).expect("it is active");

    let cap = add(&world, &on_alpha("session-cap"));
    let refused = Client::stranger(&world, "alpha").login("avi123").await;
    assert_eq!(refused.outcome(), (401, "Maximum concurrent sessions reached"));
    assert_eq!(client.get("/api/gslb").await.status, 200);
    world.clear_fault(cap).expect("it is active");
    Client::logged_in(&world, "alpha").await;

    let password = add(&world, &FaultOrder::new("password-changed"));
    assert_eq!(client.get("/api/gslb").await.status, 419);
    assert_eq!((client.login("avi123").await.status, client.login("changed").await.status), (401, 200));
    world.clear_fault(password).expect("it is active");
    assert_eq!(client.login("avi123").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_restart_answers_503_and_ends_all_sessions_and_a_failover_changes_the_node() {
    let world = AviWorld::new(two_sites());
    let mut client = Client::logged_in(&world, "alpha").await;
    add(&world, &on_alpha("restart"));
    assert_eq!(client.get("/api/cluster/runtime").await.status, 503);
    assert_eq!((world.session_count("alpha"), world.is_available("alpha")), (0, true));
    pass(60).await;
    assert_eq!(client.get("/api/gslb").await.status, 401);
    assert_eq!(client.get("/api/cluster/runtime").await.body["node_states"][0]["name"], "192.0.2.10");
    add(&world, &on_alpha("failover"));
    pass(15).await;
    assert_eq!(client.get("/api/cluster/runtime").await.body["node_states"][0]["name"], "192.0.2.10-node2");
    client = Client::logged_in(&world, "alpha").await;
    let logs = "/api/analytics/logs?type=2&filter=eq(event_id,CONTROLLER_LEADER_FAILOVER)";
    assert_eq!(client.get(logs).await.body["count"], 1);
}

#[tokio::test(start_paused = true)]
async fn an_upgrade_refuses_writes_and_ends_with_another_version() {
    let world = AviWorld::new(two_sites());
    let mut client = Client::logged_in(&world, "alpha").await;
    let id = add(&world, &on_alpha("upgrade"));
    let refused = client.post("/api/gslbservice", &service("shop")).await;
    assert_eq!(refused.outcome(), (403, "Configuration is disallowed during upgrade"));
    assert_eq!(client.get("/api/gslbservice").await.status, 200);
    world.clear_fault(id).expect("it is active");
    assert_eq!(client.get("/api/gslbservice").await.status, 503);
    pass(60).await;
    client = Client::logged_in(&world, "alpha").await;
    assert_eq!(client.get("/api/initial-data").await.body["version"]["Version"], "31.1.1");
    client.headers.insert("x-avi-version", "31.1.1".to_owned());
    client.create("gslbservice", &service("shop")).await;

    add(&world, &FaultOrder::new("other-version").on("beta"));
    let mut beta = Client::logged_in(&world, "beta").await;
    assert_eq!(beta.get("/api/gslb").await.status, 400);
    beta.headers.insert("x-avi-version", "22.1.1".to_owned());
    assert_eq!(beta.get("/api/gslb").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn tenants_vanish_or_are_forbidden_and_types_are_full() {
    let world = AviWorld::new(two_sites());
    let mut client = Client::logged_in(&world, "alpha").await;
    client.create("tenant", &json!({"name": "acme"})).await;
    Client::logged_in(&world, "beta").await.create("tenant", &json!({"name": "acme"})).await;
    client.headers.insert("x-avi-tenant", "acme".to_owned());
    client.create("gslbservice", &service("theirs")).await;
    let forbidden = add(&world, &on_alpha("tenant-forbidden").with("name", "acme"));
    assert_eq!(
        client.get("/api/gslbservice").await.outcome(),
        (403, "User does not have permission to perform this action")
    );
    client.headers.insert("x-avi-tenant", "*".to_owned());
    assert_eq!(client.get("/api/gslbservice").await.body["count"], 0);
    world.clear_fault(forbidden).expect("it is active");
    assert_eq!(client.get("/api/gslbservice").await.body["count"], 1);

    let missing = add(&world, &FaultOrder::new("tenant-missing"));
    client.headers.insert("x-avi-tenant", "acme".to_owned());
    assert_eq!(client.get("/api/gslbservice").await.outcome(), (403, "Tenant 'acme' does not exist!"));
    world.clear_fault(missing).expect("it is active");
    assert_eq!(client.get("/api/gslbservice").await.status, 200);

    client.headers.insert("x-avi-tenant", "admin".to_owned());
    let full = add(&world, &on_alpha("quota").with("most", 1));
    let refused = client.post("/api/gslbservice", &service("shop")).await;
    assert_eq!(refused.outcome(), (400, "Limit exceeded: maximum number of gslbservice objects is 1"));
    world.clear_fault(full).expect("it is active");
    client.create("gslbservice", &service("shop")).await;
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_jumps_moves_versions_and_back_again() {
    let world = AviWorld::new(two_sites());
    let mut client = Client::logged_in(&world, "alpha").await;
    let stamp = |world: &AviWorld, name: &str| {
        let monitors = world.objects("alpha", "healthmonitor");
        let monitor = monitors.iter().find(|monitor| monitor["name"] == name).expect("a monitor");
        monitor["_last_modified"].as_str().expect("a stamp").parse::<i64>().expect("a number")
    };
    client.create("healthmonitor", &tcp_monitor("a")).await;
    let id = add(&world, &FaultOrder::new("clock-jump"));
    client.create("healthmonitor", &tcp_monitor("b")).await;
    assert_eq!(client.get("/api/gslb").await.status, 200, "sessions do not follow the clock");
    world.clear_fault(id).expect("it is active");
    client.create("healthmonitor", &tcp_monitor("c")).await;
    let hour = 3_600_000_000;
    let (a, b, c) = (stamp(&world, "a"), stamp(&world, "b"), stamp(&world, "c"));
    assert!(a - b > hour - 1_000_000 && a - b < hour + 1_000_000 && c > a, "{a} {b} {c}");
}

#[tokio::test(start_paused = true)]
async fn an_object_may_be_shown_in_another_way() {
    let world = AviWorld::new(two_sites());
    let mut client = Client::logged_in(&world, "alpha").await;
    client.create("healthmonitor", &tcp_monitor("tcp")).await;
    let mut shop = service("shop");
    shop["health_monitor_refs"] = json!(["/api/healthmonitor?name=tcp"]);
    shop["domain_names"] = json!(["a.example.org", "b.example.org"]);
    let uuid = client.create("gslbservice", &shop).await;
    let path = format!("/api/gslbservice/{uuid}");
    let stored = world.objects("alpha", "gslbservice");
    let members = on_alpha("new-defaults").with("field", "groups.members.colour").with("value", "red");
    for order in [on_alpha("new-defaults"), members, on_alpha("other-references"), on_alpha("reversed-lists")] {
        add(&world, &order);
    }
    let shown = client.get(&format!("{path}?include_name")).await.body;
    let seen = [&shown["new_field"], &shown["groups"][0]["members"][0]["colour"], &shown["domain_names"]];
    assert_eq!(seen, [&json!(true), &json!("red"), &json!(["b.example.org", "a.example.org"])]);
    let reference = shown["health_monitor_refs"][0].as_str().expect("a reference");
    assert!(
        reference.starts_with("https://elsewhere.example/api/healthmonitor/") && !reference.contains('#'),
        "{reference}"
    );
    world.clear_faults();
    world.add_default_field("alpha", "gslbservice", "new_field", json!(true));
    let mut sent = client.get(&path).await.body;
    assert_eq!((client.put(&path, &sent).await.status, world.objects("alpha", "gslbservice")), (200, stored));
    sent["ttl"] = json!(5);
    assert_eq!(client.put(&path, &sent).await.status, 200);
    assert_eq!(world.objects("alpha", "gslbservice")[0].get("new_field"), None);
}

#[tokio::test(start_paused = true)]
async fn health_flaps_and_copies_lag_or_fail() {
    let world = AviWorld::new(two_sites());
    let mut client = Client::logged_in(&world, "alpha").await;
    let uuid = client.create("gslbservice", &service("shop")).await;
    let flapping = add(&world, &FaultOrder::new("health-flapping"));
    let mut states = Vec::new();
    for _ in 0..4 {
        let runtime = client.get(&format!("/api/gslbservice/{uuid}/runtime/")).await.body;
        states.push(runtime["oper_status"]["state"].as_str().unwrap_or_default().to_owned());
        pass(3).await;
    }
    assert_eq!(states, ["OPER_UP", "OPER_DOWN", "OPER_UP", "OPER_DOWN"]);
    world.clear_fault(flapping).expect("it is active");

    let lag = add(&world, &FaultOrder::new("replication-lag"));
    client.create("gslbservice", &service("late")).await;
    pass(119).await;
    assert_eq!(service_names(&world, "beta"), ["shop"]);
    pass(1).await;
    assert_eq!(service_names(&world, "beta"), ["shop", "late"]);
    world.clear_fault(lag).expect("it is active");

    let failing = add(&world, &FaultOrder::new("failed-copies").on("beta"));
    client.create("gslbservice", &service("lost")).await;
    let gslb = world.objects("alpha", "gslb")[0]["uuid"].as_str().expect("a uuid").to_owned();
    let runtime = client.get(&format!("/api/gslb/{gslb}/runtime/")).await.body;
    let info = &runtime["site"][1]["site_cfg"]["sync_info"];
    assert_eq!(
        (&info["sync_state"], &info["errored_objects"][0]["name"]),
        (&json!("GSLB_SITE_CFG_OUT_OF_SYNC"), &json!("lost"))
    );
    world.clear_fault(failing).expect("it is active");
    assert_eq!(service_names(&world, "beta").len(), 2);
    pass(300).await;
    assert_eq!(service_names(&world, "beta"), ["shop", "late", "lost"]);
}

#[tokio::test(start_paused = true)]
async fn a_change_of_leader_leaves_the_old_one_showing_itself_but_refusing() {
    let world = AviWorld::new(two_sites());
    let mut alpha = Client::logged_in(&world, "alpha").await;
    let mut beta = Client::logged_in(&world, "beta").await;
    let id = add(&world, &FaultOrder::new("leader-change"));
    let refused = [&mut alpha, &mut beta];
    for client in refused {
        assert_eq!(client.post("/api/gslbservice", &service("shop")).await.status, 400);
    }
    pass(5).await;
    let (cluster, leader) = (world.cluster_uuid("alpha"), world.cluster_uuid("beta"));
    let says = |answer: Answer| answer.body["results"][0]["leader_cluster_uuid"].as_str().map(str::to_owned);
    assert_eq!((says(alpha.get("/api/gslb").await), says(beta.get("/api/gslb").await)), (cluster, leader.clone()));
    beta.create("gslbservice", &service("shop")).await;
    assert_eq!(
        alpha.post("/api/gslbservice", &service("more")).await.status,
        400,
        "zero writes accepted by two leaders"
    );
    pass(15).await;
    assert_eq!((says(alpha.get("/api/gslb").await), service_names(&world, "alpha")), (leader, vec!["shop".into()]));
    world.clear_fault(id).expect("it is active");
    pass(5).await;
    assert_eq!(world.leader().as_deref(), Some("alpha"));
    alpha.create("gslbservice", &service("more")).await;

    let stale = add(&world, &on_alpha("stale-leader"));
    assert_eq!(alpha.post("/api/gslbservice", &service("third")).await.status, 400);
    world.clear_fault(stale).expect("it is active");
    alpha.create("gslbservice", &service("third")).await;
}

#[tokio::test(start_paused = true)]
async fn of_two_leaders_the_one_with_the_higher_view_stays_and_with_equal_views_the_old_one() {
    for (view, winner) in [("higher", "beta"), ("same", "alpha")] {
        let world = AviWorld::new(two_sites());
        let id = add(&world, &FaultOrder::new("two-leaders").on("beta").with("view", view));
        for site in ["alpha", "beta"] {
            Client::logged_in(&world, site).await.create("gslbservice", &service(site)).await;
        }
        let views = ["alpha", "beta"].map(|site| world.objects(site, "gslb")[0]["view_id"].as_u64());
        assert_eq!(views[0] == views[1], view == "same");
        assert_eq!(
            (service_names(&world, "alpha"), service_names(&world, "beta")),
            (vec!["alpha".into()], vec!["beta".into()])
        );
        world.clear_fault(id).expect("it is active");
        for site in ["alpha", "beta"] {
            assert_eq!(service_names(&world, site), [winner], "{view}: {site}");
        }
        assert_eq!(world.leader().as_deref(), Some(winner));
    }
}

#[tokio::test(start_paused = true)]
async fn people_edit_services_of_the_leader() {
    let world = AviWorld::new(two_sites());
    let mut client = Client::logged_in(&world, "alpha").await;
    client.create("gslbservice", &service("shop")).await;
    for change in ["ttl", "member", "manual-resume", "pool"] {
        add(&world, &FaultOrder::new("operator-edit").with("change", change).with("name", "shop"));
        let edited = world.objects("alpha", "gslbservice")[0].clone();
        let seen =
            [&edited["ttl"], &edited["groups"][0]["members"][1]["ip"]["addr"], &edited["groups"][0]["manual_resume"]];
        let count = edited["groups"].as_array().map(Vec::len);
        let expected = match change {
            "ttl" => (json!([77, null, false]), Some(1)),
            "member" => (json!([77, "203.0.113.77", false]), Some(1)),
            "manual-resume" => (json!([77, "203.0.113.77", true]), Some(1)),
            _ => (json!([77, null, null]), Some(0)),
        };
        assert_eq!((json!(seen), count), expected, "{change}");
        assert_eq!(world.objects("beta", "gslbservice")[0]["groups"], edited["groups"]);
    }
    world.delete_object("alpha", "gslbservice", "shop");
    client.create("gslbservice", &service("shop")).await;
    add(&world, &FaultOrder::new("lost-update"));
    let edited = world.objects("alpha", "gslbservice")[0].clone();
    assert_eq!(
        (&edited["description"], &edited["groups"][0]["members"][0]["ip"]["addr"]),
        (&json!("as it was long ago"), &json!("203.0.113.77"))
    );
}
