//! What is refused, and that the text names the culprit.

use super::*;

/// A copy of `body` with one value set by JSON pointer; `null` removes the field.
fn with(body: &Value, pointer: &str, value: Value) -> Value {
    let mut body = body.clone();
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
    let parent = body.pointer_mut(parent).expect("an existing parent");
    match (parent, value) {
        (Value::Object(map), Value::Null) => {
            map.remove(key);
        }
        (Value::Array(items), value) => items[key.parse::<usize>().expect("an index")] = value,
        (parent, value) => parent[key] = value,
    }
    body
}

/// Every case must be refused with its text, and nothing be stored.
async fn assert_refused(base: &Value, cases: &[(&str, Value, &str)]) {
    let world = AviWorld::new(two_sites());
    let mut client = Client::logged_in(&world, "alpha").await;
    for (pointer, value, text) in cases {
        let answer = client.post("/api/gslbservice", &with(base, pointer, value.clone())).await;
        assert_eq!(answer.outcome(), (400, *text), "{pointer}");
    }
    assert_eq!(service_names(&world, "alpha"), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_gslb_service_that_breaks_a_rule_is_refused_by_name() {
    let monitors = vec!["/api/healthmonitor?name=System-GSLB-TCP"; 7];
    let cases = [
        ("/name", Value::Null, "Required field 'name' is missing"),
        ("/name", json!("x".repeat(256)), "Field 'name' must be between 1 character and 255 characters"),
        ("/domain_names", json!([]), "Required field 'domain_names' is missing"),
        (
            "/domain_names",
            json!(["shop.elsewhere.org"]),
            "Domain name shop.elsewhere.org is not part of any GSLB DNS configuration",
        ),
        (
            "/domain_names",
            json!(["badexample.org"]),
            "Domain name badexample.org is not part of any GSLB DNS configuration",
        ),
        ("/domain_names", json!(["a.example.org", "A.example.org"]), "Domain name a.example.org is listed twice"),
        ("/ttl", json!(86_401), "Field 'ttl' must be between 0 and 86400"),
        ("/ttl", json!("30"), "Field 'ttl' must be a whole number"),
        ("/isFederated", json!(true), "Unknown field 'isFederated'"),
        ("/health_monitor_refs", json!(monitors), "Field 'health_monitor_refs' has more than 6 items"),
        (
            "/health_monitor_refs",
            json!(["/api/healthmonitor?name=no"]),
            "HealthMonitor object not found: /api/healthmonitor?name=no!",
        ),
        (
            "/health_monitor_refs",
            json!(["/api/healthmonitor?name=System-TCP"]),
            "Health monitor System-TCP is not federated but the GSLB service is",
        ),
        (
            "/down_response",
            json!({"type": "GSLB_SERVICE_DOWN_RESPONSE_FALLBACK_IP"}),
            "Down response of type fallback IP needs fallback_ip or fallback_ip6",
        ),
        (
            "/site_persistence_enabled",
            json!(true),
            "Site persistence needs an application persistence profile of type GSLB site",
        ),
    ];
    assert_refused(&service("shop"), &cases).await;
}

#[tokio::test(start_paused = true)]
async fn a_pool_or_member_that_breaks_a_rule_is_refused_by_name() {
    let base = service("shop");
    let member = json!({"ip": {"addr": "203.0.113.10", "type": "V4"}});
    let pool = &base["groups"][0];
    let cases = [
        ("/groups", json!([]), "Required field 'groups' is missing"),
        ("/groups", json!([pool, pool]), "Pool name pool is used twice in the GSLB service"),
        ("/groups/0/members", json!([]), "Required field 'groups.members' is missing"),
        ("/groups/0/members", json!([member, member]), "Member 203.0.113.10 is listed twice in pool pool"),
        ("/groups/0/members/0", json!({"ratio": 1}), "A pool member needs ip, fqdn, or vs_uuid with cluster_uuid"),
        ("/groups/0/members/0/ratio", json!(21), "Field 'groups[0].members[0].ratio' must be between 1 and 20"),
        ("/groups/0/members/0/cluster_uuid", json!("cluster-x"), "Cluster cluster-x is not a site of the GSLB"),
        ("/groups/0/priority", json!(101), "Field 'groups[0].priority' must be between 0 and 100"),
        ("/groups/0/algorithm", json!("LUCK"), "Field 'groups[0].algorithm' has unknown value 'LUCK'"),
        ("/groups/0/weight", json!(1), "Unknown field 'groups[0].weight'"),
    ];
    assert_refused(&base, &cases).await;
}

#[tokio::test(start_paused = true)]
async fn a_health_monitor_that_breaks_a_rule_is_refused_by_name() {
    let world = AviWorld::new(two_sites());
    let mut client = Client::logged_in(&world, "alpha").await;
    let base = tcp_monitor("tcp");
    let cases = [
        ("/type", Value::Null, "Required field 'type' is missing"),
        ("/type", json!("HEALTH_MONITOR_LUCK"), "Field 'type' has unknown value 'HEALTH_MONITOR_LUCK'"),
        ("/send_interval", json!(0), "Field 'send_interval' must be between 1 and 3600"),
        ("/receive_timeout", json!(10), "receive_timeout must be below send_interval"),
        ("/successful_checks", json!(51), "Field 'successful_checks' must be between 1 and 50"),
        ("/monitor_port", json!(0), "Field 'monitor_port' must be between 1 and 65535"),
        ("/monitor_port", Value::Null, "monitor_port is required for a GSLB monitor of type HEALTH_MONITOR_TCP"),
        ("/http_monitor", json!({}), "Required field 'http_monitor.http_response_code' is missing"),
        ("/udp_monitor", json!({}), "udp_monitor does not fit a monitor of type HEALTH_MONITOR_TCP"),
    ];
    for (pointer, value, text) in cases {
        let answer = client.post("/api/healthmonitor", &with(&base, pointer, value)).await;
        assert_eq!(answer.outcome(), (400, text), "{pointer}");
    }
    let uuid = client.create("healthmonitor", &base).await;
    let local = with(&base, "/is_federated", json!(false));
    let answer = client.put(&format!("/api/healthmonitor/{uuid}"), &local).await;
    assert_eq!(answer.outcome(), (400, "is_federated cannot be changed after creation"));
}

#[tokio::test(start_paused = true)]
async fn profiles_are_created_through_the_api_and_a_service_finds_them_by_name_if_they_go_along() {
    let world = AviWorld::new(two_sites());
    let mut client = Client::logged_in(&world, "alpha").await;
    let gap = json!({"name": "gap-1", "persistence_type": "PERSISTENCE_TYPE_GSLB_SITE", "is_federated": true});
    client.create("applicationpersistenceprofile", &gap).await;
    client
        .create(
            "applicationpersistenceprofile",
            &with(&with(&gap, "/name", json!("local")), "/is_federated", json!(false)),
        )
        .await;
    client.create("pkiprofile", &json!({"name": "pki-x", "is_federated": true})).await;
    client.create("pkiprofile", &json!({"name": "pki-local"})).await;
    let persistent = |profile: &str, pki: &str| {
        let mut body = service("shop");
        body["site_persistence_enabled"] = json!(true);
        body["application_persistence_profile_ref"] =
            json!(format!("/api/applicationpersistenceprofile?name={profile}"));
        body["pki_profile_ref"] = json!(format!("/api/pkiprofile?name={pki}"));
        body
    };
    let cases = [
        ("no", "pki-x", "ApplicationPersistenceProfile object not found: /api/applicationpersistenceprofile?name=no!"),
        ("gap-1", "no", "PKIProfile object not found: /api/pkiprofile?name=no!"),
        ("local", "pki-x", "Application persistence profile local is not federated but the GSLB service is"),
        ("gap-1", "pki-local", "PKI profile pki-local is not federated but the GSLB service is"),
    ];
    for (profile, pki, text) in cases {
        let answer = client.post("/api/gslbservice", &persistent(profile, pki)).await;
        assert_eq!(answer.outcome(), (400, text), "{profile} {pki}");
    }
    client.create("gslbservice", &persistent("gap-1", "pki-x")).await;
}

#[tokio::test(start_paused = true)]
async fn names_are_taken_across_tenants_and_objects_of_another_tenant_cannot_be_used() {
    let world = AviWorld::new(two_sites());
    for site in ["alpha", "beta"] {
        let mut client = Client::logged_in(&world, site).await;
        client.create("tenant", &json!({"name": "blue"})).await;
    }
    let mut client = Client::logged_in(&world, "alpha").await;
    client.create("gslbservice", &service("shop")).await;
    client.create("healthmonitor", &tcp_monitor("of-admin")).await;
    client.headers.insert("x-avi-tenant", "blue".into());
    let blue = client.create("healthmonitor", &tcp_monitor("of-blue")).await;
    let mut other = service("other");
    other["domain_names"] = json!(["shop.example.org"]);
    let taken = "shop.example.org: domain name conflicting with existing domain name in GslbService shop";
    assert_eq!(client.post("/api/gslbservice", &other).await.outcome(), (400, taken));
    other["domain_names"] = json!(["other.example.org"]);
    other["health_monitor_refs"] = json!(["/api/healthmonitor?name=of-admin", "/api/healthmonitor?name=of-blue"]);
    client.create("gslbservice", &other).await;

    client.headers.insert("x-avi-tenant", "admin".into());
    for reference in ["/api/healthmonitor?name=of-blue".to_owned(), format!("/api/healthmonitor/{blue}")] {
        let body = with(&service("third"), "/health_monitor_refs", json!([reference]));
        let text = format!("HealthMonitor object not found: {reference}!");
        assert_eq!(client.post("/api/gslbservice", &body).await.outcome(), (400, text.as_str()));
    }
}
