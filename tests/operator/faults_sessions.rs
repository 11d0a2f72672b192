//! Faults of sessions, accounts and whole controllers: at most one login per session, no login storm, nothing lost.

use crate::faults_support::{
    SESSIONS, add, addresses, asked, fault, logins, many, minutes, one_login_per_session, patient, seconds, service,
    set_address, state, statuses, world_with,
};
use crate::support::controller::{create, persistence_profile, pki_profile};
use crate::support::objects::{apply, config, patch_config, set_leader, set_password, web};
use crate::support::status::host_rule;
use crate::support::{LEADER, World, outcomes};
use amko_lab::avi::FaultOrder;
use http::Method;
use serde_json::json;

/// F-7 and F-10: whatever status says so.
#[tokio::test(start_paused = true)]
async fn a_session_that_is_gone_costs_one_refused_call_and_one_login() {
    for (name, status) in [("session-expiry", 401), ("session-419", 419)] {
        let world = world_with(&["web"]).await;
        minutes(1).await;
        let before = world.avi.last_request();
        add(&world, &fault(name));
        set_address(&world, "web", "10.1.0.6");
        world.settle().await;
        let writes = world.writes_since(before);
        assert_eq!(outcomes(&writes), [("PUT gslbservice/<uuid>", status), ("PUT gslbservice/<uuid>", 200)], "{name}");
        assert_eq!(logins(&world, before), [200], "{name}");
        assert_eq!(addresses(&world, "web"), ["10.1.0.6"]);
    }
}

/// F-8.
#[tokio::test(start_paused = true)]
async fn sessions_that_end_in_a_burst_lose_no_write_and_are_opened_once_each() {
    let names = many(40);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let world = world_with(&names).await;
    let before = world.avi.last_request();
    add(&world, &fault("session-expiry-in-burst").with("skip", 10));
    names.iter().for_each(|name| set_address(&world, name, "10.1.0.6"));
    world.settle().await;
    assert_eq!(world.avi.faults(), []);
    one_login_per_session(&world, before);
    let done = world.writes_since(before).iter().filter(|write| write.status == 200).count();
    assert_eq!(done, names.len());
    for name in names {
        assert_eq!(addresses(&world, name), ["10.1.0.6"], "{name}");
    }
}

/// F-9.
#[tokio::test(start_paused = true)]
async fn a_session_that_ends_between_two_pages_costs_the_one_page_again() {
    let names = many(220);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let world = world_with(&names).await;
    let before = world.avi.last_request();
    add(&world, &fault("session-expiry-between-pages"));
    minutes(31).await;
    assert_eq!(world.avi.faults(), []);
    one_login_per_session(&world, before);
    let mut pages = asked(&world, before, "GET", "/api/gslbservice");
    pages.retain(|page| page.path_and_query.contains("page_size=192&sort=name&page=2"));
    assert_eq!(statuses(&pages)[..2], [401, 200]);
    assert_eq!(world.writes_since(before), []);
    assert_eq!(world.service_names().len(), 220);
}

/// F-11.
#[tokio::test(start_paused = true)]
async fn sessions_that_no_call_accepts_are_told_and_not_opened_all_the_time() {
    let world = world_with(&["web"]).await;
    let before = world.avi.last_request();
    let id = add(&world, &fault("permanent-401"));
    set_address(&world, "web", "10.1.0.6");
    minutes(30).await;
    let tried = logins(&world, before).len();
    patient(tried, 30);
    let refused = world.requests_since(before).iter().filter(|request| request.status == 401).count();
    assert!(tried <= refused, "{tried} logins after {refused} refused calls");
    assert!(state(&world).starts_with("error: "), "{}", state(&world));
    assert_eq!(addresses(&world, "web"), ["10.1.0.5"]);

    world.avi.clear_fault(id).unwrap();
    minutes(12).await;
    world.settle().await;
    assert_eq!(addresses(&world, "web"), ["10.1.0.6"]);
    assert_eq!(state(&world), "success: gslb config accepted");
}

/// F-12.
#[tokio::test(start_paused = true)]
async fn a_changed_password_is_tried_once_and_the_account_stays_open() {
    let world = world_with(&["web", "other"]).await;
    let before = world.avi.last_request();
    add(&world, &FaultOrder::new("password-changed").with("password", "new"));
    set_address(&world, "web", "10.1.0.6");
    set_address(&world, "other", "10.1.0.6");
    minutes(30).await;
    assert_eq!(logins(&world, before), [401]);
    assert!(state(&world).contains("refuses username or password"), "{}", state(&world));
    for leader in [false, true, false, true] {
        set_leader(world.home(), leader);
        minutes(1).await;
    }
    assert_eq!(logins(&world, before), [401], "another term is no other password");

    let before = world.avi.last_request();
    set_password(world.home(), "new");
    world.settle().await;
    one_login_per_session(&world, before);
    assert_eq!(
        (addresses(&world, "web"), addresses(&world, "other")),
        (vec!["10.1.0.6".into()], vec!["10.1.0.6".into()])
    );
}

/// F-13.
#[tokio::test(start_paused = true)]
async fn a_locked_account_is_tried_rarely_and_used_again_when_the_lock_ends() {
    let world = world_with(&["web"]).await;
    let before = world.avi.last_request();
    add(&world, &fault("account-locked").with("lock", "30m"));
    add(&world, &fault("session-expiry"));
    set_address(&world, "web", "10.1.0.6");
    minutes(30).await;
    let tried = logins(&world, before).len();
    assert!((1..=6).contains(&tried), "{tried} logins in half an hour");
    minutes(30).await;
    assert_eq!(addresses(&world, "web"), ["10.1.0.6"]);
}

/// F-13.
#[tokio::test(start_paused = true)]
async fn one_session_is_enough_when_the_account_may_have_no_more() {
    let names = many(20);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let world = world_with(&names).await;
    add(&world, &fault("session-cap"));
    add(&world, &fault("session-expiry"));
    let before = world.avi.last_request();
    names.iter().for_each(|name| set_address(&world, name, "10.1.0.6"));
    minutes(5).await;
    let logins = logins(&world, before);
    assert_eq!(logins.iter().filter(|status| **status == 200).count(), 1, "{logins:?}");
    assert!(logins.len() <= 15, "{logins:?}");
    for name in names {
        assert_eq!(addresses(&world, name), ["10.1.0.6"], "{name}");
    }
}

/// F-13.
#[tokio::test(start_paused = true)]
async fn when_others_have_all_sessions_it_waits_for_one() {
    let world = world_with(&["web"]).await;
    let cap = fault("session-cap");
    add(&world, &cap);
    add(&world, &fault("session-expiry"));
    let other = world.somebody_else();
    other.request(Method::GET, "/api/cluster", "admin", None).await.unwrap();
    let before = world.avi.last_request();
    set_address(&world, "web", "10.1.0.6");
    minutes(10).await;
    let refused = logins(&world, before);
    assert!((2..=60).contains(&refused.len()) && refused.iter().all(|status| *status == 401), "{refused:?}");

    other.logout().await.unwrap();
    minutes(3).await;
    world.settle().await;
    assert_eq!(addresses(&world, "web"), ["10.1.0.6"]);
}

/// F-14 and F-15.
#[tokio::test(start_paused = true)]
async fn a_controller_that_starts_again_is_waited_for_and_read_whole_before_it_is_written() {
    for (name, down, node) in [("restart", 60, "neutral"), ("failover", 15, "neutral-node2")] {
        let world = world_with(&["web", "other"]).await;
        let before = world.avi.last_request();
        add(&world, &fault(name));
        set_address(&world, "web", "10.1.0.6");
        seconds(down).await;
        let meanwhile = world.requests_since(before);
        assert!((2..=40).contains(&meanwhile.len()), "{name}: {} requests", meanwhile.len());
        assert!(meanwhile.iter().all(|request| request.status == 503), "{name}");
        assert_eq!(
            logins(&world, before),
            Vec::<u16>::new(),
            "{name}: a controller that starts has no sessions to give"
        );

        let before = world.avi.last_request();
        minutes(2).await;
        world.settle().await;
        one_login_per_session(&world, before);
        let requests = world.requests_since(before);
        let is_list = |r: &&amko_lab::avi::RequestRecord| r.path_and_query.starts_with("/api/gslbservice?");
        let listed = requests.iter().filter(is_list).find(|r| r.status == 200).unwrap().seq;
        let written = requests.iter().find(|r| r.method == "PUT" && r.status == 200).unwrap().seq;
        assert!(listed < written, "{name}");
        assert_eq!(addresses(&world, "web"), ["10.1.0.6"], "{name}");
        let runtime = world.somebody_else().request(Method::GET, "/api/cluster/runtime", "admin", None).await.unwrap();
        assert_eq!(runtime.into_json().unwrap()["node_states"][0]["name"], json!(node));
    }
}

/// F-22.
#[tokio::test(start_paused = true)]
async fn what_can_be_written_is_written_while_health_monitors_cannot() {
    let world = world_with(&["web"]).await;
    let before = world.avi.last_request();
    let id = add(&world, &fault("partial-outage").with("method", "POST"));
    apply(world.cluster("ctx-a"), web("new", "10.1.0.7"));
    seconds(1).await;
    set_address(&world, "web", "10.1.0.6");
    minutes(5).await;
    assert_eq!((addresses(&world, "web"), world.service_names().len()), (vec!["10.1.0.6".into()], 1));
    let refused = asked(&world, before, "POST", "/api/healthmonitor").len();
    patient(refused, 5);
    assert!(logins(&world, before).len() <= SESSIONS, "no login because of a 503");

    world.avi.clear_fault(id).unwrap();
    minutes(3).await;
    world.settle().await;
    assert_eq!(addresses(&world, "new"), ["10.1.0.7"]);
}

/// F-27.
#[tokio::test(start_paused = true)]
async fn maintenance_keeps_what_is_to_be_done_and_asks_slowly() {
    let world = world_with(&["web", "other"]).await;
    let before = world.avi.last_request();
    let id = add(&world, &fault("maintenance"));
    set_address(&world, "web", "10.1.0.6");
    set_address(&world, "other", "10.1.0.6");
    minutes(20).await;
    let writes = world.writes_since(before);
    patient(writes.len(), 2 * 20);
    assert!(writes.iter().all(|write| write.status == 400));
    world.avi.clear_fault(id).unwrap();
    let before = world.avi.last_request();
    minutes(3).await;
    world.settle().await;
    assert_eq!(outcomes(&world.writes_since(before)), [("PUT gslbservice/<uuid>", 200); 2]);
}

/// F-28.
#[tokio::test(start_paused = true)]
async fn an_upgrade_is_waited_out_and_the_new_release_is_used_with_a_new_session() {
    let world = world_with(&["web"]).await;
    let before = world.avi.last_request();
    let id = add(&world, &fault("upgrade"));
    set_address(&world, "web", "10.1.0.6");
    minutes(10).await;
    let writes = world.writes_since(before);
    patient(writes.len(), 10);
    assert!(writes.iter().all(|write| write.status == 403));

    world.avi.clear_fault(id).unwrap();
    let before = world.avi.last_request();
    minutes(5).await;
    world.settle().await;
    one_login_per_session(&world, before);
    assert_eq!(addresses(&world, "web"), ["10.1.0.6"]);
    let version = world.somebody_else().request(Method::GET, "/api/cluster/version", "admin", None).await.unwrap();
    assert_eq!(version.into_json().unwrap()["Version"], "31.1.1");
}

/// F-29.
#[tokio::test(start_paused = true)]
async fn an_older_controller_is_spoken_to_in_its_own_version() {
    let mut world = World::of_examples();
    add(&world, &FaultOrder::new("other-version"));
    apply(world.cluster("ctx-a"), web("web", "10.1.0.5"));
    world.start().await;
    assert_eq!(world.service_names(), ["web.example.org"]);
    assert!(world.writes().iter().all(|write| write.status == 201), "{:#?}", world.writes());
}

/// F-29 and DB-09: a field that the controller does not know is left out, and not missed at each full read.
#[tokio::test(start_paused = true)]
async fn what_an_older_controller_cannot_hold_is_not_written_again_and_again() {
    let mut world = World::of_examples();
    let id = add(&world, &FaultOrder::new("other-version"));
    create(&world, "applicationpersistenceprofile", persistence_profile("gap-1")).await;
    create(&world, "pkiprofile", pki_profile("pki-x")).await;
    let secure = |ip: &str| {
        let mut object = web("web", ip);
        object["spec"]["tls"] = json!([{"hosts": ["web.example.org"], "secretName": "web"}]);
        object
    };
    apply(world.cluster("ctx-a"), secure("10.1.0.5"));
    let persistence = json!({"enabled": true, "profileRef": "gap-1"});
    apply(world.home(), host_rule("rule", json!({"fqdn": "web.example.org", "sitePersistence": persistence})));
    world.start().await;
    assert_eq!(service(&world, LEADER, "web").unwrap()["site_persistence_enabled"], true);
    let before = world.avi.last_request();
    // Two full reads.
    minutes(61).await;
    assert_eq!(outcomes(&world.writes_since(before)), []);
    apply(world.cluster("ctx-a"), secure("10.1.0.6"));
    minutes(61).await;
    assert_eq!(outcomes(&world.writes_since(before)), [("PUT gslbservice/<uuid>", 200)], "the address");

    // The upgrade ends the sessions, as upgrades do.
    let before = world.avi.last_request();
    world.avi.clear_fault(id).unwrap();
    world.avi.expire_sessions(LEADER);
    minutes(61).await;
    assert_eq!(outcomes(&world.writes_since(before)), [("PUT gslbservice/<uuid>", 200)]);
    let pki = world.on_controller(LEADER, "pkiprofile")["pki-x"]["uuid"].clone();
    let reference = service(&world, LEADER, "web").unwrap()["pki_profile_ref"].clone();
    assert_eq!(reference, format!("/api/pkiprofile/{}", pki.as_str().unwrap()));
}

/// F-29: what the configuration says is the newest version that is spoken, not the only one.
#[tokio::test(start_paused = true)]
async fn a_configured_version_that_the_controller_does_not_know_yet_holds_up_nothing() {
    let mut world = World::of_examples();
    patch_config(world.home(), json!({"spec": {"gslbLeader": {"controllerVersion": "31.2.1"}}}));
    apply(world.cluster("ctx-a"), web("web", "10.1.0.5"));
    world.start().await;
    assert_eq!(world.service_names(), ["web.example.org"]);
    assert!(world.requests_since(0).iter().all(|request| request.status < 300), "{:#?}", world.requests_since(0));
    let state = config(world.home(), "gc-1")["status"]["state"].clone();
    assert_eq!(state, "success: gslb config accepted");
}
