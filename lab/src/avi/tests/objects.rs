//! Creating, reading, changing and deleting objects.

use super::*;

/// The two bodies that AMKO sends for an Ingress `web.example.org`, taken as they are.
fn amko_bodies() -> (Value, Value) {
    let monitor = json!({
        "allow_duplicate_monitors": true, "description": "created by: amko, gsname: web.example.org, path: /, protocol: http",
        "failed_checks": 3, "http_monitor": {"http_request": "HEAD / HTTP/1.0", "http_response_code": ["HTTP_2XX", "HTTP_3XX"]},
        "is_federated": true, "markers": [{"key": "created-by", "values": ["amko-1"]}], "monitor_port": 80,
        "name": "amko--e429", "receive_timeout": 4, "send_interval": 10, "successful_checks": 3,
        "tenant_ref": "https:///api/tenant/?name=admin", "type": "HEALTH_MONITOR_HTTP",
    });
    let service = json!({
        "controller_health_status_enabled": true, "created_by": "amko-1", "description": "INGRESS/ctx-a/shop/web/web.example.org",
        "domain_names": ["web.example.org"], "enabled": true,
        "groups": [{
            "algorithm": "GSLB_ALGORITHM_ROUND_ROBIN", "enabled": true, "min_health_monitors_up": 2,
            "members": [{
                "cluster_uuid": "cluster-avi-web", "enabled": true, "ip": {"addr": "10.1.0.5", "type": "V4"}, "ratio": 1,
                "vs_uuid": "virtualservice-web.example.org",
            }],
            "name": "amko-gs-group-10", "priority": 10,
        }],
        "health_monitor_refs": ["/api/healthmonitor?name=amko--e429"],
        "health_monitor_scope": "GSLB_SERVICE_HEALTH_MONITOR_ALL_MEMBERS", "is_federated": true, "min_members": 0,
        "name": "web.example.org", "pool_algorithm": "GSLB_SERVICE_ALGORITHM_PRIORITY", "resolve_cname": false,
        "site_persistence_enabled": false, "tenant_ref": "https:///api/tenant/?name=admin",
        "use_edns_client_subnet": true, "wildcard_match": false,
    });
    (monitor, service)
}

#[tokio::test(start_paused = true)]
async fn amko_bodies_are_accepted_and_answered_with_names_behind_references() {
    let world = AviWorld::new(AviWorldConfig { check_cluster_uuids: false, ..two_sites() });
    let mut client = Client::logged_in(&world, "alpha").await;
    let (monitor, service) = amko_bodies();
    let monitor_uuid = client.create("healthmonitor/", &monitor).await;
    let answer = client.post("//api/gslbservice/", &service).await;
    assert_eq!(answer.outcome(), (201, ""));
    let uuid = answer.body["uuid"].as_str().expect("a uuid");
    let url = format!("https://{HOST}/api/gslbservice/{uuid}#web.example.org");
    assert_eq!(answer.headers["location"], url.as_str());

    let mut expected = service.clone();
    expected["uuid"] = uuid.into();
    expected["url"] = url.into();
    expected["_last_modified"] = answer.body["_last_modified"].clone();
    expected["configpb_attributes"] = json!({"version": 1});
    expected["tenant_ref"] = format!("https://{HOST}/api/tenant/admin#admin").into();
    expected["health_monitor_refs"] = json!([format!("https://{HOST}/api/healthmonitor/{monitor_uuid}#amko--e429")]);
    expected["hm_off"] = false.into();
    expected["topology_policy_enabled"] = false.into();
    expected["groups"][0]["manual_resume"] = false.into();
    expected["groups"][0]["members"][0]["preference_order"] = 1.into();
    expected["groups"][0]["members"][0]["resolve_fqdn_to_v6"] = false.into();
    assert_eq!(answer.body, expected);
}

#[tokio::test(start_paused = true)]
async fn a_put_replaces_the_object_and_a_stale_one_is_412() {
    let world = AviWorld::new(two_sites());
    let mut client = Client::logged_in(&world, "alpha").await;
    let mut body = service("shop");
    body["ttl"] = 20.into();
    let created = client.post("/api/gslbservice", &body).await.body;
    let path = format!("/api/gslbservice/{}", created["uuid"].as_str().expect("a uuid"));

    let unchanged = client.put(&path, &created).await;
    assert_eq!((unchanged.status, &unchanged.body), (200, &created));
    let without_ttl = client.put(&path, &service("shop")).await;
    assert_eq!((without_ttl.status, without_ttl.body.get("ttl")), (200, None));
    assert_eq!(without_ttl.body["configpb_attributes"], json!({"version": 2}));
    let stale = client.put(&path, &created).await;
    let text = "Concurrent Update Error: Need to reload object data GslbService";
    assert_eq!((stale.status, stale.body), (412, json!({"error": text, "obj_name": "shop"})));
    let mut renamed = service("shop");
    renamed["uuid"] = "gslbservice-other".into();
    assert_eq!(client.put(&path, &renamed).await.status, 400);
}

#[tokio::test(start_paused = true)]
async fn patch_adds_replaces_and_deletes_top_level_fields() {
    let world = AviWorld::new(two_sites());
    let mut client = Client::logged_in(&world, "alpha").await;
    let monitor = client.create("healthmonitor", &tcp_monitor("tcp")).await;
    let uuid = client.create("gslbservice", &service("shop")).await;
    let path = format!("/api/gslbservice/{uuid}");
    let reference = json!([format!("https://{HOST}/api/healthmonitor/{monitor}#tcp")]);
    let cases = [
        (json!({"replace": {"ttl": 60}}), "ttl", json!(60)),
        (json!({"delete": {"ttl": 1}}), "ttl", Value::Null),
        (
            json!({"add": {"domain_names": ["b.example.org", "shop.example.org"]}}),
            "domain_names",
            json!(["shop.example.org", "b.example.org"]),
        ),
        (json!({"delete": {"domain_names": ["shop.example.org"]}}), "domain_names", json!(["b.example.org"])),
        (
            json!({"add": {"health_monitor_refs": ["/api/healthmonitor?name=tcp"]}}),
            "health_monitor_refs",
            reference.clone(),
        ),
        (json!({"add": {"health_monitor_refs": ["/api/healthmonitor/?name=tcp"]}}), "health_monitor_refs", reference),
        (json!({"json_patch": [{"op": "add", "path": "/ttl", "value": 5}]}), "ttl", json!(5)),
        (json!({"delete": {"enabled": false}}), "enabled", json!(true)),
    ];
    for (patch, field, expected) in cases {
        let answer = client.send("PATCH", &path, &patch.to_string()).await;
        assert_eq!((answer.outcome(), &answer.body[field]), ((200, ""), &expected), "{patch}");
    }
    client.headers.insert("x-avi-version", "20.1.5".into());
    let old = client.send("PATCH", &path, r#"{"replace":{"ttl":7}}"#).await;
    assert_eq!((old.outcome(), &old.body["ttl"]), ((200, ""), &json!(7)));
    let stale = client.send("PATCH", &path, r#"{"replace":{"ttl":1,"_last_modified":"1"}}"#).await;
    assert_eq!(stale.status, 412);
    assert_eq!(client.send("PATCH", &path, r#"{"set":{"ttl":1}}"#).await.status, 400);
}

#[tokio::test(start_paused = true)]
async fn conflicts_and_absences_have_their_status_and_text() {
    let world = AviWorld::new(two_sites());
    let mut client = Client::logged_in(&world, "alpha").await;
    let monitor = client.create("healthmonitor", &tcp_monitor("tcp")).await;
    let mut shop = service("shop");
    shop["health_monitor_refs"] = json!([format!("/api/healthmonitor/{monitor}")]);
    let shop_uuid = client.create("gslbservice", &shop).await;
    let mut thief = service("thief");
    thief["domain_names"] = json!(["SHOP.example.org"]);
    let cases = [
        (
            "POST",
            "/api/healthmonitor",
            tcp_monitor("tcp"),
            409,
            "Health monitor with this Name and Tenant ref already exists.",
        ),
        ("POST", "/api/gslbservice", shop, 409, "Gslb service with this Name and Tenant ref already exists."),
        (
            "POST",
            "/api/gslbservice",
            thief,
            400,
            "shop.example.org: domain name conflicting with existing domain name in GslbService shop",
        ),
        (
            "DELETE",
            &format!("/api/healthmonitor/{monitor}"),
            Value::Null,
            403,
            "Cannot delete, object is referred by: ['GslbService shop']",
        ),
        ("GET", "/api/gslbservice/gslbservice-0", Value::Null, 404, "GslbService object not found!"),
        ("DELETE", "/api/tenant/admin", Value::Null, 403, "Cannot delete system default object"),
    ];
    for (method, path, body, status, text) in cases {
        let answer = client.send(method, path, &body.to_string()).await;
        assert_eq!(answer.outcome(), (status, text), "{method} {path}");
    }
    assert_eq!(
        client.send("PUT", "/api/gslbservice", "{}").await.body,
        json!({"detail": "Method \"PUT\" not allowed."})
    );
    assert_eq!(client.get("/api/nothing").await.headers["content-type"], "text/html");
    assert!(client.send("POST", "/api/gslbservice", "{").await.error().starts_with("JSON parse error - "));

    assert_eq!(client.delete(&format!("/api/gslbservice/{shop_uuid}/")).await.status, 204);
    assert_eq!(client.delete(&format!("/api/healthmonitor/{monitor}")).await.status, 204);
    assert_eq!(client.delete(&format!("/api/healthmonitor/{monitor}")).await.status, 404);
}

#[tokio::test(start_paused = true)]
async fn an_fqdn_that_a_service_gives_up_is_free_again() {
    let world = AviWorld::new(two_sites());
    let mut client = Client::logged_in(&world, "alpha").await;
    let mut first = service("first");
    first["domain_names"] = json!(["a.example.org", "b.example.org"]);
    let uuid = client.create("gslbservice", &first).await;
    let mut second = service("second");
    second["domain_names"] = json!(["b.example.org"]);
    assert_eq!(client.post("/api/gslbservice", &second).await.status, 400);
    first["domain_names"] = json!(["a.example.org"]);
    assert_eq!(client.put(&format!("/api/gslbservice/{uuid}"), &first).await.status, 200);
    client.create("gslbservice", &second).await;
    client.delete(&format!("/api/gslbservice/{uuid}")).await;
    let mut third = service("third");
    third["domain_names"] = json!(["a.example.org"]);
    client.create("gslbservice", &third).await;
}

#[tokio::test(start_paused = true)]
async fn tenants_separate_names_and_hide_objects() {
    let world = AviWorld::new(two_sites());
    let mut beta = Client::logged_in(&world, "beta").await;
    let mut client = Client::logged_in(&world, "alpha").await;
    let tenant = client.create("tenant", &json!({"name": "blue"})).await;
    client.create("gslbservice", &service("shop")).await;
    client.headers.insert("x-avi-tenant", "blue".into());
    let mut other = service("shop");
    other["domain_names"] = json!(["blue.example.org"]);
    other["tenant_ref"] = "https:///api/tenant/?name=blue".into();
    let lacking = client.post("/api/gslbservice", &other).await;
    assert_eq!(lacking.outcome(), (400, "Tenant blue does not exist on GSLB site beta"));
    let beta_tenant = beta.create("tenant", &json!({"name": "blue"})).await;
    let blue = client.create("gslbservice", &other).await;

    let counts = [("admin", 1), ("blue", 1), ("*", 2)];
    for (tenant, count) in counts {
        client.headers.insert("x-avi-tenant", tenant.into());
        assert_eq!(client.get("/api/gslbservice?name=shop").await.body["count"], count, "{tenant}");
    }
    client.headers.insert("x-avi-tenant", "admin".into());
    assert_eq!(client.get(&format!("/api/gslbservice/{blue}")).await.status, 404);
    assert_eq!(
        client.post("/api/gslbservice", &other).await.outcome(),
        (400, "tenant_ref differs from the tenant of the request")
    );
    client.headers.insert("x-avi-tenant", "red".into());
    assert_eq!(client.get("/api/gslbservice").await.outcome(), (403, "Tenant 'red' does not exist!"));
    let copies = world.objects("beta", "gslbservice");
    assert_eq!(copies[1]["tenant_ref"], format!("/api/tenant/{beta_tenant}"));
    assert_ne!(tenant, beta_tenant);
}

#[tokio::test(start_paused = true)]
async fn every_request_is_recorded_without_secrets_up_to_the_bound() {
    let world = AviWorld::new(AviWorldConfig { request_log: 2, ..two_sites() });
    let mut client = Client::logged_in(&world, "alpha").await;
    client.headers.insert("x-avi-tenant", "*".into());
    client.get("//api/gslbservice?name=shop").await;
    let records: Vec<(u64, String, Option<String>, u16)> = world
        .requests()
        .into_iter()
        .map(|record| (record.seq, record.path_and_query, record.tenant, record.status))
        .collect();
    let expected = [(1, "/login", None, 200), (2, "//api/gslbservice?name=shop", Some("*".to_owned()), 200)];
    assert_eq!(records, expected.map(|(seq, path, tenant, status)| (seq, path.to_owned(), tenant, status)));
    assert_eq!(world.requests()[0].body, Some(json!({"username": "admin", "password": "<sensitive>"})));
    client.get("/api/gslb").await;
    assert_eq!(world.requests()[0].seq, 2);
}
