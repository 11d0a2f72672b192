//! Bodies as the controller must get them, and answers as it gives them.

use super::*;
use crate::core::gslb::{
    DownResponse, GeoFallback, GslbService, HealthMonitor, HttpProbe, Member, Pool, PoolAlgorithm, Probe,
    SitePersistence,
};
use crate::core::owner::Owner;
use crate::core::plan::{ObservedMonitor, ObservedService};
use serde_json::{Value, json};

pub fn owner() -> Owner {
    Owner::from_uuid("11111111-2222-11ee-8000-333333333333".parse().unwrap())
}

fn ex01_monitor() -> HealthMonitor {
    HealthMonitor {
        tenant: "admin".into(),
        name: "amko--e429dd2b33d47bc53f75b4ca3b5ad359d29f72aa".into(),
        description: "created by: amko, gsname: web.example.org, path: /, protocol: http".into(),
        port: 80,
        probe: Probe::Http(HttpProbe {
            request: "HEAD / HTTP/1.0".into(),
            response_codes: vec!["HTTP_2XX".into(), "HTTP_3XX".into()],
        }),
    }
}

fn ex01_service() -> GslbService {
    GslbService {
        tenant: "admin".into(),
        name: "web.example.org".into(),
        domain_names: vec!["web.example.org".into()],
        description: "INGRESS/ctx-a/shop/web/web.example.org".into(),
        pools: vec![Pool {
            priority: 10,
            algorithm: PoolAlgorithm::RoundRobin,
            min_health_monitors_up: 2,
            members: vec![Member {
                address: "10.1.0.5".parse().unwrap(),
                ratio: 1,
                cluster_uuid: Some("cluster-avi-web".into()),
                vs_uuid: Some("virtualservice-web.example.org".into()),
                public_address: None,
                enabled: true,
            }],
            enabled: true,
        }],
        monitors: vec![ex01_monitor().name],
        ttl: None,
        down_response: None,
        persistence: None,
        enabled: true,
    }
}

/// A service that uses every field.
fn full_service() -> GslbService {
    let mut service = ex01_service();
    service.tenant = "team2".into();
    service.ttl = Some(30);
    service.monitors = vec!["my-hm1".into(), "my-hm2".into()];
    service.down_response = Some(DownResponse::FallbackIp("10.9.9.9".parse().unwrap()));
    service.persistence = Some(SitePersistence { profile: "gap-1".into(), pki_profile: Some("pki-x".into()) });
    let pool = &mut service.pools[0];
    pool.priority = 20;
    pool.algorithm = PoolAlgorithm::Geo { fallback: GeoFallback::ConsistentHash { mask: 24 } };
    pool.members[0].public_address = Some("2001:db8::7".parse().unwrap());
    let third_party = Member {
        address: "2001:db8::5".parse().unwrap(),
        ratio: 8,
        cluster_uuid: None,
        vs_uuid: None,
        public_address: Some("203.0.113.9".parse().unwrap()),
        enabled: true,
    };
    let algorithm = PoolAlgorithm::ConsistentHash { mask: 16 };
    service.pools.push(Pool {
        priority: 0,
        algorithm,
        min_health_monitors_up: 1,
        members: vec![third_party],
        enabled: true,
    });
    service
}

#[test]
fn ex_01_gives_exactly_the_bodies_of_the_behaviour() {
    let expected: Value = serde_json::from_str(r#"{"allow_duplicate_monitors":true,"description":"created by: amko, gsname: web.example.org, path: /, protocol: http","failed_checks":3,"http_monitor":{"http_request":"HEAD / HTTP/1.0","http_response_code":["HTTP_2XX","HTTP_3XX"]},"is_federated":true,"markers":[{"key":"created-by","values":["amko-11111111-2222-11ee-8000-333333333333"]}],"monitor_port":80,"name":"amko--e429dd2b33d47bc53f75b4ca3b5ad359d29f72aa","receive_timeout":4,"send_interval":10,"successful_checks":3,"tenant_ref":"https:///api/tenant/?name=admin","type":"HEALTH_MONITOR_HTTP"}"#).unwrap();
    assert_eq!(monitor_body(&ex01_monitor(), &owner()), expected);
    let expected: Value = serde_json::from_str(r#"{"controller_health_status_enabled":true,"created_by":"amko-11111111-2222-11ee-8000-333333333333","description":"INGRESS/ctx-a/shop/web/web.example.org","domain_names":["web.example.org"],"enabled":true,"groups":[{"algorithm":"GSLB_ALGORITHM_ROUND_ROBIN","enabled":true,"members":[{"cluster_uuid":"cluster-avi-web","enabled":true,"ip":{"addr":"10.1.0.5","type":"V4"},"ratio":1,"vs_uuid":"virtualservice-web.example.org"}],"min_health_monitors_up":2,"name":"amko-gs-group-10","priority":10}],"health_monitor_refs":["/api/healthmonitor?name=amko--e429dd2b33d47bc53f75b4ca3b5ad359d29f72aa"],"health_monitor_scope":"GSLB_SERVICE_HEALTH_MONITOR_ALL_MEMBERS","is_federated":true,"min_members":0,"name":"web.example.org","pool_algorithm":"GSLB_SERVICE_ALGORITHM_PRIORITY","resolve_cname":false,"site_persistence_enabled":false,"tenant_ref":"https:///api/tenant/?name=admin","use_edns_client_subnet":true,"wildcard_match":false}"#).unwrap();
    assert_eq!(service_body(&ex01_service(), &owner()), expected);
}

#[test]
fn every_optional_field_of_a_service_is_written_only_when_set() {
    let body = service_body(&full_service(), &owner());
    assert_eq!(
        body["groups"],
        json!([
            {"algorithm": "GSLB_ALGORITHM_GEO", "consistent_hash_mask": 24, "enabled": true,
             "fallback_algorithm": "GSLB_ALGORITHM_CONSISTENT_HASH", "min_health_monitors_up": 2,
             "name": "amko-gs-group-20", "priority": 20, "members": [
                {"cluster_uuid": "cluster-avi-web", "enabled": true, "ip": {"addr": "10.1.0.5", "type": "V4"},
                 "public_ip": {"ip": {"addr": "2001:db8::7", "type": "V6"}}, "ratio": 1,
                 "vs_uuid": "virtualservice-web.example.org"}]},
            {"algorithm": "GSLB_ALGORITHM_CONSISTENT_HASH", "consistent_hash_mask": 16, "enabled": true,
             "min_health_monitors_up": 1, "name": "amko-gs-group-0", "priority": 0, "members": [
                {"enabled": true, "ip": {"addr": "2001:db8::5", "type": "V6"},
                 "public_ip": {"ip": {"addr": "203.0.113.9", "type": "V4"}}, "ratio": 8}]}
        ])
    );
    let rest = ["ttl", "tenant_ref", "health_monitor_refs", "down_response", "site_persistence_enabled"];
    assert_eq!(
        rest.map(|key| body[key].clone()),
        [
            json!(30),
            json!("https:///api/tenant/?name=team2"),
            json!(["/api/healthmonitor?name=my-hm1", "/api/healthmonitor?name=my-hm2"]),
            json!({"type": "GSLB_SERVICE_DOWN_RESPONSE_FALLBACK_IP", "fallback_ip": {"addr": "10.9.9.9", "type": "V4"}}),
            json!(true),
        ]
    );
    assert_eq!(body["application_persistence_profile_ref"], "/api/applicationpersistenceprofile?name=gap-1");
    assert_eq!(body["pki_profile_ref"], "/api/pkiprofile?name=pki-x");
}

#[test]
fn a_service_without_monitors_has_no_reference_field() {
    let service = GslbService { monitors: vec![], ..ex01_service() };
    assert_eq!(service_body(&service, &owner()).get("health_monitor_refs"), None);
}

#[test]
fn an_ipv6_fallback_goes_into_the_field_for_ipv6() {
    let down_response = Some(DownResponse::FallbackIp("2001:db8::9".parse().unwrap()));
    let body = service_body(&GslbService { down_response, ..ex01_service() }, &owner());
    let expected = json!({"type": "GSLB_SERVICE_DOWN_RESPONSE_FALLBACK_IP", "fallback_ip6": {"addr": "2001:db8::9", "type": "V6"}});
    assert_eq!(body["down_response"], expected);
}

#[test]
fn tcp_udp_and_https_monitors_carry_the_section_of_their_type() {
    let http = HttpProbe { request: "HEAD /login HTTP/1.0".into(), response_codes: vec!["HTTP_2XX".into()] };
    let section = json!({"http_request": "HEAD /login HTTP/1.0", "http_response_code": ["HTTP_2XX"]});
    let udp = json!({"udp_request": "created_by: amko, request string not required"});
    let table = [
        (Probe::Https(http), "HEALTH_MONITOR_HTTPS", "https_monitor", section),
        (Probe::Tcp, "HEALTH_MONITOR_TCP", "tcp_monitor", json!({"tcp_half_open": false})),
        (Probe::Udp, "HEALTH_MONITOR_UDP", "udp_monitor", udp),
    ];
    let common = monitor_body(&ex01_monitor(), &owner()).as_object().unwrap().len();
    for (probe, kind, section, content) in table {
        let body = monitor_body(&HealthMonitor { probe, ..ex01_monitor() }, &owner());
        assert_eq!((&body["type"], &body[section]), (&json!(kind), &content));
        assert_eq!(body.as_object().unwrap().len(), common, "{kind}");
    }
}

#[test]
fn only_a_known_version_is_added_to_a_put() {
    let body = json!({"name": "x"});
    let sent = |last_modified| -> Value {
        serde_json::from_slice(&text_of(&Versioned { body: &body, last_modified })).unwrap()
    };
    assert_eq!(sent(Some("17")), json!({"name": "x", "_last_modified": "17"}));
    assert_eq!(sent(None), body);
}

/// What a controller makes of a service: identity, absolute references with names, defaults, fields of its release.
fn stored(service: &GslbService) -> Value {
    let mut object = service_body(service, &owner());
    let tenant = format!("https://10.0.0.1/api/tenant/tenant-1#{}", service.tenant);
    let refs = service.monitors.iter().map(|name| format!("https://10.0.0.1/api/healthmonitor/healthmonitor-1#{name}"));
    object["health_monitor_refs"] = refs.collect();
    for (key, value) in [
        ("uuid", json!("gslbservice-1")),
        ("url", json!("https://10.0.0.1/api/gslbservice/gslbservice-1#x")),
        ("_last_modified", json!("1595317891494652")),
        ("tenant_ref", json!(tenant)),
        ("num_dns_ip", json!(3)),
        ("topology_policy_enabled", json!(false)),
        ("configpb_attributes", json!({"version": 4})),
    ] {
        object[key] = value;
    }
    object["groups"][0]["manual_resume"] = json!(false);
    object["groups"][0]["members"][0]["preference_order"] = json!(1);
    object
}

fn observed(content: GslbService, faithful: bool) -> Option<ObservedService> {
    let last_modified = Some("1595317891494652".to_owned());
    Some(ObservedService { uuid: "gslbservice-1".into(), last_modified, content, faithful, tells_pki: true })
}

fn parse(object: &Value) -> Option<ObservedService> {
    parse_service(object, &owner(), &RefNames::default())
}

#[test]
fn a_service_comes_back_from_the_controller_as_it_was_written() {
    for service in [ex01_service(), full_service()] {
        let mut object = stored(&service);
        if let Some(persistence) = &service.persistence {
            let profile = format!("https://h/api/applicationpersistenceprofile/ap-1#{}", persistence.profile);
            object["application_persistence_profile_ref"] = json!(profile);
        }
        assert_eq!(parse(&object), observed(service, true));
    }
}

/// FND-E10
#[test]
fn the_switches_of_service_pools_and_members_are_read_and_written() {
    let mut service = full_service();
    (service.enabled, service.pools[0].enabled, service.pools[1].members[0].enabled) = (false, false, false);
    let body = service_body(&service, &owner());
    let switches = [
        "/enabled",
        "/groups/0/enabled",
        "/groups/0/members/0/enabled",
        "/groups/1/enabled",
        "/groups/1/members/0/enabled",
    ];
    assert_eq!(switches.map(|at| body.pointer(at).unwrap() == true), [false, false, true, true, false]);
    service.persistence = None;
    assert_eq!(parse(&stored(&service)), observed(service, true));
}

#[test]
fn every_algorithm_and_down_response_comes_back() {
    let fallbacks = [GeoFallback::RoundRobin, GeoFallback::ConsistentHash { mask: 31 }];
    let algorithms = [PoolAlgorithm::RoundRobin, PoolAlgorithm::Topology, PoolAlgorithm::ConsistentHash { mask: 1 }];
    for algorithm in algorithms.into_iter().chain(fallbacks.map(|fallback| PoolAlgorithm::Geo { fallback })) {
        let mut service = ex01_service();
        service.pools[0].algorithm = algorithm;
        assert_eq!(parse(&stored(&service)), observed(service, true));
    }
    let ips = ["10.9.9.9", "2001:db8::9"].map(|ip| DownResponse::FallbackIp(ip.parse().unwrap()));
    for response in [DownResponse::None, DownResponse::AllRecords, DownResponse::Empty].into_iter().chain(ips) {
        let service = GslbService { down_response: Some(response), ..ex01_service() };
        assert_eq!(parse(&stored(&service)), observed(service, true));
    }
}

#[test]
fn pools_and_names_are_put_in_order() {
    let mut shuffled = full_service();
    shuffled.pools.reverse();
    shuffled.domain_names = vec!["z.example.org".into(), "a.example.org".into()];
    let mut expected = full_service();
    expected.domain_names = vec!["a.example.org".into(), "z.example.org".into()];
    assert_eq!(parse(&stored(&shuffled)), observed(expected, true));
}

#[test]
fn fields_left_out_at_their_default_do_not_matter() {
    let mut object = stored(&ex01_service());
    for key in
        ["enabled", "min_members", "wildcard_match", "pool_algorithm", "site_persistence_enabled", "is_federated"]
    {
        object.as_object_mut().unwrap().remove(key);
    }
    object["groups"][0].as_object_mut().unwrap().remove("priority");
    object["groups"][0]["members"][0].as_object_mut().unwrap().remove("ratio");
    assert_eq!(parse(&object), observed(ex01_service(), true));
}

#[test]
fn every_edit_of_what_is_written_but_not_modelled_is_seen() {
    let edits = [
        ("/min_members", json!(1)),
        ("/pool_algorithm", json!("GSLB_SERVICE_ALGORITHM_GEO")),
        ("/health_monitor_scope", json!("GSLB_SERVICE_HEALTH_MONITOR_ONLY_NON_AVI_MEMBERS")),
        ("/groups/0/name", json!("mine")),
        ("/groups/0/algorithm", json!("GSLB_ALGORITHM_PREFERENCE_ORDER")),
        ("/groups/0/members/0/ip/type", json!("V6")),
        ("/groups/0/members/0/ip", json!({"addr": "a.example.org", "type": "DNS"})),
    ];
    for (path, value) in edits {
        let mut object = stored(&ex01_service());
        *object.pointer_mut(path).unwrap() = value;
        assert!(!parse(&object).unwrap().faithful, "{path}");
    }
    let mut object = stored(&ex01_service());
    object["down_response"] = json!({"type": "GSLB_SERVICE_DOWN_RESPONSE_CNAME", "fallback_cname": "x"});
    assert!(!parse(&object).unwrap().faithful);
}

#[test]
fn a_service_of_the_legacy_owner_is_adopted_as_it_is_and_one_of_others_is_not_seen() {
    let mut object = stored(&ex01_service());
    object["created_by"] = json!("amko-gslb");
    assert_eq!(parse(&object), observed(ex01_service(), true));
    for other in [json!("amko-99999999-2222-11ee-8000-333333333333"), json!("admin"), Value::Null] {
        object["created_by"] = other;
        assert_eq!(parse(&object), None);
    }
}

#[test]
fn references_are_names_in_every_spelling() {
    let names = RefNames::of(&[json!({"uuid": "healthmonitor-7", "name": "hm seven"})]);
    let table = [
        ("https://h/api/healthmonitor/healthmonitor-7#hm one", "hm one"),
        ("/api/healthmonitor?name=hm two", "hm two"),
        ("https://h/api/healthmonitor/?name=hm3", "hm3"),
        ("https://other/api/healthmonitor/healthmonitor-7", "hm seven"),
        ("/api/healthmonitor/healthmonitor-7/", "hm seven"),
        ("/api/healthmonitor/healthmonitor-8", "healthmonitor-8"),
    ];
    for (reference, name) in table {
        let mut object = stored(&ex01_service());
        object["health_monitor_refs"] = json!([reference]);
        let service = GslbService { monitors: vec![name.into()], ..ex01_service() };
        assert_eq!(parse_service(&object, &owner(), &names), observed(service, true), "{reference}");
    }
}

fn stored_monitor(monitor: &HealthMonitor) -> Value {
    let mut object = monitor_body(monitor, &owner());
    object["uuid"] = json!("healthmonitor-1");
    object["_last_modified"] = json!("5");
    object["tenant_ref"] = json!("https://10.0.0.1/api/tenant/admin");
    object["disable_quickstart"] = json!(false);
    object
}

fn observed_monitor(content: Option<HealthMonitor>, faithful: bool) -> Option<ObservedMonitor> {
    let last_modified = Some("5".to_owned());
    Some(ObservedMonitor { uuid: "healthmonitor-1".into(), last_modified, content, faithful })
}

#[test]
fn a_monitor_comes_back_from_the_controller_as_it_was_written() {
    let http = HttpProbe { request: "GET /a, b HTTP/1.1".into(), response_codes: vec!["HTTP_ANY".into()] };
    for probe in [Probe::Http(http.clone()), Probe::Https(http), Probe::Tcp, Probe::Udp] {
        let monitor = HealthMonitor { probe, ..ex01_monitor() };
        let parsed = parse_monitor(&stored_monitor(&monitor), &owner(), &RefNames::default());
        assert_eq!(parsed, observed_monitor(Some(monitor), true));
    }
}

#[test]
fn an_edited_monitor_is_rewritten() {
    let parse = |object: &Value| parse_monitor(object, &owner(), &RefNames::default());
    let edits = [("send_interval", json!(77)), ("allow_duplicate_monitors", json!(false)), ("markers", json!([]))];
    for (key, value) in edits {
        let mut object = stored_monitor(&ex01_monitor());
        object[key] = value;
        assert_eq!(parse(&object), observed_monitor(Some(ex01_monitor()), false), "{key}");
    }
    let mut object = stored_monitor(&ex01_monitor());
    object["type"] = json!("HEALTH_MONITOR_PING");
    assert_eq!(parse(&object), observed_monitor(None, false));
}

#[test]
fn monitors_of_users_and_of_other_installations_are_not_ours() {
    let mut object = stored_monitor(&ex01_monitor());
    object["markers"][0]["values"] = json!(["amko-99999999-2222-11ee-8000-333333333333"]);
    assert_eq!(parse_monitor(&object, &owner(), &RefNames::default()), None);
    let mut object = stored_monitor(&ex01_monitor());
    object["name"] = json!("user-web.example.org-hm");
    assert_eq!(parse_monitor(&object, &owner(), &RefNames::default()), None);
}

fn identity(name: &str, gs_name: Option<&str>, candidates: &[&str]) -> MonitorIdentity {
    let candidates = candidates.iter().map(|name| (*name).to_owned()).collect();
    MonitorIdentity { tenant: "team2".into(), name: name.into(), gs_name: gs_name.map(str::to_owned), candidates }
}

#[test]
fn the_service_of_a_monitor_is_read_from_its_description_or_legacy_name() {
    let shared = "amko--passthrough-hm-tcp-11111111-2222-11ee-8000-333333333333";
    let table = [
        (
            "amko--1",
            "created by: amko, gsname: a.example.org, path: /x, gsname: b, protocol: http",
            Some("a.example.org"),
        ),
        ("amko--1", "created by: amko, gsname: a.example.org", Some("a.example.org")),
        ("amko--a.example.org", "", Some("a.example.org")),
        ("amko--https--xn--a.example.org--/x--/y", "", Some("xn--a.example.org")),
        ("amko--a.example.org", "created by: amko, gsname: b.example.org", Some("b.example.org")),
        (shared, "created by: amko", None),
    ];
    for (name, description, gs_name) in table {
        let object = json!({"name": name, "description": description, "tenant_ref": "https://h/api/tenant/t-1#team2"});
        let expected = identity(name, gs_name, &[]);
        assert_eq!(monitor_identity(&object, &RefNames::default()), Some(expected));
    }
    let hashed = json!({"name": "amko--e429", "description": "edited", "tenant_ref": "https://h/api/tenant/t-1#team2"});
    assert_eq!(monitor_identity(&hashed, &RefNames::default()), Some(identity("amko--e429", None, &["e429"])));
}
