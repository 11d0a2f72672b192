//! Leader and followers: who accepts writes, when copies arrive, how the lead moves.

use super::*;

fn delayed() -> AviWorldConfig {
    AviWorldConfig { replication_delay: Duration::from_secs(2), ..two_sites() }
}

#[tokio::test(start_paused = true)]
async fn the_leader_is_found_by_cluster_uuid_and_address() {
    let world = AviWorld::new(two_sites());
    let mut client = Client::logged_in(&world, "beta").await;
    let cluster = client.get("/api/cluster").await.body;
    let gslb = client.get("/api/gslb").await.body;
    assert_eq!(cluster["uuid"].as_str(), world.cluster_uuid("beta").as_deref());
    assert_eq!(gslb["count"], 1);
    let gslb = &gslb["results"][0];
    assert_eq!(gslb["leader_cluster_uuid"].as_str(), world.cluster_uuid("alpha").as_deref());
    assert_eq!(gslb["dns_configs"], json!([{"domain_name": "example.org"}]));
    let (alpha, beta) = (&gslb["sites"][0], &gslb["sites"][1]);
    assert_eq!(
        (&alpha["name"], &alpha["ip_addresses"], &alpha["port"]),
        (&json!("alpha"), &json!([{"addr": "192.0.2.10", "type": "V4"}]), &json!(443))
    );
    assert_eq!(
        (&beta["name"], &beta["address"], &beta["port"]),
        (&json!("beta"), &json!("beta.example.net"), &json!(8443))
    );
    assert_eq!(alpha["password"], "<sensitive>");
    assert_eq!(client.put(&format!("/api/gslb/{}", gslb["uuid"].as_str().expect("a uuid")), gslb).await.status, 400);
}

#[tokio::test(start_paused = true)]
async fn a_write_reaches_the_follower_after_the_delay_with_the_same_uuid() {
    let world = AviWorld::new(delayed());
    let mut changes = world.changes();
    let mut client = Client::logged_in(&world, "alpha").await;
    client.create("healthmonitor", &tcp_monitor("tcp")).await;
    changes.mark_unchanged();
    let mut shop = service("shop");
    shop["health_monitor_refs"] = json!(["/api/healthmonitor?name=tcp"]);
    let uuid = client.create("gslbservice", &shop).await;
    assert!(changes.has_changed().expect("the world lives"));
    pass(1).await;
    assert_eq!(service_names(&world, "beta"), Vec::<String>::new());
    pass(1).await;
    let (original, copy) = (&world.objects("alpha", "gslbservice")[0], &world.objects("beta", "gslbservice")[0]);
    assert_ne!(original["_last_modified"], copy["_last_modified"]);
    let mut expected = Value::clone(original);
    expected["_last_modified"] = copy["_last_modified"].clone();
    assert_eq!(**copy, expected);

    assert_eq!(client.delete(&format!("/api/gslbservice/{uuid}")).await.status, 204);
    assert_eq!(service_names(&world, "beta"), ["shop"]);
    pass(2).await;
    assert_eq!(service_names(&world, "beta"), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_follower_refuses_federated_writes_and_keeps_local_ones() {
    let world = AviWorld::new(two_sites());
    let mut leader = Client::logged_in(&world, "alpha").await;
    let uuid = leader.create("gslbservice", &service("shop")).await;
    let mut client = Client::logged_in(&world, "beta").await;
    let text = format!("Config Operations can be done ONLY on leader {}", world.cluster_uuid("alpha").expect("a site"));
    let path = format!("/api/gslbservice/{uuid}");
    let writes = [
        ("POST", "/api/gslbservice", service("other")),
        ("PUT", &path, service("shop")),
        ("PATCH", &path, json!({"replace": {"ttl": 1}})),
        ("DELETE", &path, Value::Null),
        ("POST", "/api/healthmonitor", tcp_monitor("tcp")),
    ];
    for (method, path, body) in writes {
        assert_eq!(
            client.send(method, path, &body.to_string()).await.outcome(),
            (400, text.as_str()),
            "{method} {path}"
        );
    }
    let mut local = tcp_monitor("local");
    local["is_federated"] = false.into();
    client.create("healthmonitor", &local).await;
    assert_eq!(leader.get("/api/healthmonitor?name=local").await.body["count"], 0);
}

#[tokio::test(start_paused = true)]
async fn maintenance_freezes_federated_writes_until_it_ends() {
    let world = AviWorld::new(two_sites());
    let mut client = Client::logged_in(&world, "alpha").await;
    world.set_maintenance(true);
    let refused = client.post("/api/gslbservice", &service("shop")).await;
    assert!(refused.status == 400 && refused.error().contains("GSLB system is in maintenance mode."), "{refused:?}");
    assert_eq!(world.objects("beta", "gslb")[0]["maintenance_mode"], true);
    world.set_maintenance(false);
    client.create("gslbservice", &service("shop")).await;
}

#[tokio::test(start_paused = true)]
async fn a_promoted_site_leads_after_the_blackout_and_unsent_writes_are_lost() {
    let world = AviWorld::new(delayed());
    let mut old = Client::logged_in(&world, "alpha").await;
    old.create("gslbservice", &service("kept")).await;
    pass(2).await;
    old.create("gslbservice", &service("lost")).await;
    world.set_available("alpha", false);
    let mut new = Client::logged_in(&world, "beta").await;
    let change = json!({"new_leader": world.cluster_uuid("beta")});
    assert_eq!(new.post("/api/gslbsiteops/changeleader", &change).await.body, json!({"status": "SYSERR_SUCCESS"}));
    assert_eq!(new.post("/api/gslbservice", &service("early")).await.status, 400);
    pass(5).await;
    new.create("gslbservice", &service("new")).await;
    let gslb = &world.objects("beta", "gslb")[0];
    assert_eq!(
        (gslb["leader_cluster_uuid"].as_str(), &gslb["view_id"]),
        (world.cluster_uuid("beta").as_deref(), &json!(1))
    );
    assert_eq!(world.leader().as_deref(), Some("beta"));

    pass(60).await;
    assert_eq!(service_names(&world, "alpha"), ["kept", "lost"]);
    world.set_available("alpha", true);
    assert_eq!(service_names(&world, "alpha"), ["kept", "new"]);
    assert_eq!(old.post("/api/gslbservice", &service("late")).await.status, 400);
    assert_eq!(world.promote("beta"), Err("beta is the leader already".to_owned()));
    assert_eq!(world.promote("gamma"), Err("gamma is not a site of the GSLB".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn nobody_accepts_federated_writes_while_the_lead_moves() {
    let world = AviWorld::new(two_sites());
    let (mut old, mut new) = (Client::logged_in(&world, "alpha").await, Client::logged_in(&world, "beta").await);
    let mut statuses = async |name: &str| {
        let body = service(name);
        (old.post("/api/gslbservice", &body).await.status, new.post("/api/gslbservice", &body).await.status)
    };
    assert_eq!(statuses("before").await, (201, 400));
    world.promote("beta").expect("beta may lead");
    pass(4).await;
    assert_eq!(statuses("meanwhile").await, (400, 400));
    pass(1).await;
    assert_eq!(statuses("after").await, (400, 201));
    assert_eq!(service_names(&world, "alpha"), ["before", "after"]);
}

#[tokio::test(start_paused = true)]
async fn a_follower_that_was_away_catches_up() {
    let world = AviWorld::new(delayed());
    let mut client = Client::logged_in(&world, "alpha").await;
    world.set_available("beta", false);
    client.create("gslbservice", &service("one")).await;
    let two = client.create("gslbservice", &service("two")).await;
    client.delete(&format!("/api/gslbservice/{two}")).await;
    pass(60).await;
    assert_eq!(service_names(&world, "beta"), Vec::<String>::new());
    world.set_available("beta", true);
    assert_eq!(service_names(&world, "beta"), ["one"]);
}

#[tokio::test(start_paused = true)]
async fn a_third_party_site_gets_its_cluster_uuid_from_the_controller() {
    let world = AviWorld::new(two_sites());
    let mut client = Client::logged_in(&world, "alpha").await;
    let mut gslb = client.get("/api/gslb").await.body["results"][0].clone();
    gslb["third_party_sites"] = json!([{"name": "cdn"}]);
    let path = format!("/api/gslb/{}", gslb["uuid"].as_str().expect("a uuid"));
    let answer = client.put(&path, &gslb).await;
    let uuid = answer.body["third_party_sites"][0]["cluster_uuid"].as_str().unwrap_or_default().to_owned();
    assert!(uuid.starts_with("tp_cluster-"), "{uuid}");
    let mut shop = service("shop");
    shop["groups"][0]["members"][0]["cluster_uuid"] = uuid.into();
    client.create("gslbservice", &shop).await;
}
