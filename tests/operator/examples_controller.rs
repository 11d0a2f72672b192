//! The worked examples about what the controller holds already and what it refuses, through the whole operator.

use crate::support::bodies::*;
use crate::support::controller::{create, delete};
use crate::support::objects::apply;
use crate::support::{LEADER, World, outcomes};
use amko::actors::gs_directory::views;
use amko_lab::avi::{Fault, FaultAnswer};
use serde_json::{Value, json};
use std::time::Duration;

/// Another installation.
const OTHER: &str = "amko-99999999-2222-11ee-8000-333333333333";

/// Attempts within twenty minutes at what only a person can mend: after 30, 60, 120, 240 and 480 seconds.
const RARE: std::ops::Range<usize> = 6..7;

async fn minutes(n: u64) {
    tokio::time::sleep(Duration::from_secs(60 * n)).await;
}

/// The monitor of `web` with another marker, or none.
fn monitor_of(owner: Option<&str>) -> Value {
    let mut body = http_monitor(ROOT, WEB, "/");
    match owner {
        Some(owner) => body["markers"] = json!([{"key": "created-by", "values": [owner]}]),
        None => drop(body.as_object_mut().unwrap().remove("markers")),
    }
    body
}

fn created_service() -> Value {
    web_service(&["ctx-a"], vec![member("10.1.0.5", 1, "web", WEB)], &[ROOT])
}

/// What the operator says about the only service it works on.
async fn last_error(world: &World) -> Option<String> {
    let views = views(&world.links().directory).await.unwrap();
    assert_eq!(views.iter().map(|view| &*view.fqdn).collect::<Vec<_>>(), [WEB]);
    views[0].last_error.clone()
}

/// EX-31, DB-17
#[tokio::test(start_paused = true)]
async fn ex_31_a_monitor_of_nobody_or_our_own_is_taken_over_before_the_service_is_created() {
    let put = || vec![("PUT healthmonitor/<uuid>", http_monitor(ROOT, WEB, "/"))];
    for (owner, takeover) in [(None, put()), (Some(OWNER), vec![])] {
        let mut world = World::of_examples();
        create(&world, "healthmonitor", monitor_of(owner)).await;
        apply(world.cluster("ctx-a"), web_ingress("10.1.0.5", "/"));
        let before = world.avi.last_request();
        world.start().await;
        let expected = [takeover, vec![("POST gslbservice", created_service())]].concat();
        expect(&world.writes_since(before), &expected);
    }
}

/// EX-31, DB-17
#[tokio::test(start_paused = true)]
async fn ex_31_a_monitor_that_appeared_meanwhile_is_read_and_taken_over() {
    for owner in [None, Some(OWNER)] {
        let world = started().await;
        create(&world, "healthmonitor", monitor_of(owner)).await;
        let writes = world.writes_after(|w| drop(apply(w.cluster("ctx-a"), web_ingress("10.1.0.5", "/")))).await;
        let monitor = http_monitor(ROOT, WEB, "/");
        // One that says the same already, owner and all, needs no write.
        let taken_over = owner.is_none().then_some((("PUT healthmonitor/<uuid>", 200), monitor.clone()));
        let expected = [
            Some((("POST healthmonitor", 409), monitor)),
            taken_over,
            Some((("POST gslbservice", 201), created_service())),
        ];
        let written = outcomes(&writes).into_iter().zip(writes.iter().map(|request| request.body.clone()));
        assert_eq!(written.collect::<Vec<_>>(), expected.into_iter().flatten().collect::<Vec<_>>(), "{owner:?}");
        assert_eq!(names(&world), (vec![WEB.to_owned()], vec![ROOT.to_owned()]));
    }
}

/// EX-31, DB-17
#[tokio::test(start_paused = true)]
async fn ex_31_a_monitor_of_another_installation_is_left_alone_and_told_until_it_is_gone() {
    let mut world = World::of_examples();
    let foreign = create(&world, "healthmonitor", monitor_of(Some(OTHER))).await;
    apply(world.cluster("ctx-a"), web_ingress("10.1.0.5", "/"));
    let before = world.avi.last_request();
    world.start_without_settling().await;
    minutes(20).await;
    let writes = world.writes_since(before);
    assert!(writes.iter().all(|w| (w.line.as_str(), w.status) == ("POST healthmonitor", 409)), "{writes:#?}");
    assert!(RARE.contains(&writes.len()), "{} attempts in twenty minutes", writes.len());
    assert_eq!(world.service_names(), Vec::<String>::new());
    let held = &world.on_controller(LEADER, "healthmonitor")[ROOT];
    assert_eq!((&held["markers"], &held["uuid"]), (&foreign["markers"], &foreign["uuid"]));
    let expected = format!(
        "health monitor {ROOT} (created by: amko, gsname: {WEB}, path: /, protocol: http): POST /api/healthmonitor/ in \
         tenant admin: it exists and belongs to {OTHER}; remove it there, or give this installation the same AMKO UUID"
    );
    assert_eq!(last_error(&world).await, Some(expected));

    delete(&world, "healthmonitor", ROOT).await;
    let before = world.avi.last_request();
    minutes(3).await;
    world.settle().await;
    let expected = [("POST healthmonitor", http_monitor(ROOT, WEB, "/")), ("POST gslbservice", created_service())];
    expect(&world.writes_since(before), &expected);
    assert_eq!(last_error(&world).await, None);
}

/// EX-32
#[tokio::test(start_paused = true)]
async fn ex_32_what_no_object_asks_for_any_more_goes_at_the_start_and_what_users_made_stays() {
    let mut world = World::of_examples();
    let (stale, gone, users) = ("stale.example.org", "gone.example.org", "user-stale.example.org-hm");
    create(&world, "healthmonitor", http_monitor("amko--h1", stale, "/")).await;
    create(&world, "healthmonitor", http_monitor("amko--h9", gone, "/")).await;
    let user = monitor_body(json!({"name": users, "type": "HEALTH_MONITOR_TCP", "monitor_port": 80, "markers": null}));
    create(&world, "healthmonitor", user).await;
    let group = round_robin(10, vec![member("10.1.0.5", 1, "stale", stale)]);
    let service = service_of(stale, &format!("INGRESS/ctx-a/shop/stale/{stale}"), vec![group.clone()], &["amko--h1"]);
    create(&world, "gslbservice", service).await;
    let foreign = "foreign.example.org";
    let others = service_of(foreign, "", vec![group], &[users]);
    create(&world, "gslbservice", with(others, json!({"created_by": "somebody"}))).await;
    let kept = |world: &World| {
        let monitor = world.on_controller(LEADER, "healthmonitor")[users].clone();
        (monitor, world.on_controller(LEADER, "gslbservice")[foreign].clone())
    };
    let before = (world.avi.last_request(), kept(&world));
    let uuids: Vec<(String, String)> =
        [("gslbservice", stale), ("healthmonitor", "amko--h1"), ("healthmonitor", "amko--h9")]
            .map(|(kind, name)| {
                (kind.to_owned(), world.on_controller(LEADER, kind)[name]["uuid"].as_str().unwrap().to_owned())
            })
            .to_vec();

    world.start().await;
    let deleted: Vec<(String, String)> = world
        .requests_since(before.0)
        .into_iter()
        .filter(|r| r.method != "GET" && !r.path_and_query.contains("login"))
        .map(|r| {
            assert_eq!((r.method.as_str(), r.status), ("DELETE", 204), "{r:?}");
            let mut pieces = r.path_and_query.trim_matches('/').split('/').skip(1).map(str::to_owned);
            (pieces.next().unwrap(), pieces.next().unwrap())
        })
        .collect();
    let mut sorted = deleted.clone();
    sorted.sort();
    let mut expected = uuids.clone();
    expected.sort();
    assert_eq!(sorted, expected, "exactly these three go");
    let place = |wanted: &(String, String)| deleted.iter().position(|found| found == wanted);
    assert!(place(&uuids[0]) < place(&uuids[1]), "a service goes before its monitor");
    assert_eq!(names(&world), (vec![foreign.to_owned()], vec![]));
    assert_eq!(kept(&world), before.1);
}

/// Requests about services since `seq`: method and status, reads included.
fn service_calls(world: &World, seq: u64) -> Vec<(String, u16)> {
    let calls = world.requests_since(seq).into_iter();
    let calls = calls.filter(|r| r.path_and_query.trim_start_matches('/').starts_with("api/gslbservice"));
    calls.map(|r| (r.method, r.status)).collect()
}

fn calls(expected: &[(&str, u16)]) -> Vec<(String, u16)> {
    expected.iter().map(|(method, status)| ((*method).to_owned(), *status)).collect()
}

/// A fault that answers creations of services so.
fn refuse(status: u16, error: &str, times: u32) -> Fault {
    let fault = Fault::once(LEADER, "/api/gslbservice", status, &json!({"error": error}).to_string());
    Fault { method: Some("POST".into()), times, ..fault }
}

/// Faults ordered, then the Ingress; returns the number of the last request before.
fn apply_web_with(world: &World, fault: Fault) -> u64 {
    world.avi.inject(fault);
    let before = world.avi.last_request();
    apply(world.cluster("ctx-a"), web_ingress("10.1.0.5", "/"));
    before
}

/// The one service with its one monitor, as if nothing had happened.
fn assert_done(world: &World, before: u64) {
    let accepted: Vec<_> = world.writes_since(before).into_iter().filter(|request| request.status < 300).collect();
    let expected = [("POST healthmonitor", http_monitor(ROOT, WEB, "/")), ("POST gslbservice", created_service())];
    expect(&accepted, &expected);
    assert_eq!(names(world), (vec![WEB.to_owned()], vec![ROOT.to_owned()]));
}

/// EX-35
#[tokio::test(start_paused = true)]
async fn ex_35_a_forbidden_creation_is_told_and_tried_again_until_it_is_allowed() {
    let world = started().await;
    let before = apply_web_with(&world, refuse(403, "User does not have permission", u32::MAX));
    minutes(20).await;
    let calls = service_calls(&world, before);
    assert!(calls.iter().all(|call| (&*call.0, call.1) == ("POST", 403)), "{calls:?}");
    assert!(RARE.contains(&calls.len()), "{} attempts in twenty minutes", calls.len());
    let expected = format!(
        "GSLB service {WEB}: POST /api/gslbservice/ in tenant admin: the account may not do this (User does not have \
         permission); give its role write access to GSLB services and health monitors"
    );
    assert_eq!(last_error(&world).await, Some(expected));

    world.avi.clear_faults();
    minutes(1).await;
    world.settle().await;
    assert_done(&world, before);
    assert_eq!(last_error(&world).await, None);
}

/// EX-35
#[tokio::test(start_paused = true)]
async fn ex_35_after_a_conflict_the_service_is_read_before_anything_is_decided() {
    let world = started().await;
    let exists = "Gslb service with this Name and Tenant ref already exists.";
    let before = apply_web_with(&world, refuse(409, exists, 1));
    world.settle().await;
    assert_eq!(service_calls(&world, before), calls(&[("POST", 409), ("GET", 200), ("POST", 201)]));
    assert_done(&world, before);
}

/// EX-35
#[tokio::test(start_paused = true)]
async fn ex_35_a_conflict_with_our_own_lost_answer_needs_no_second_creation() {
    let world = started().await;
    let exists = "Gslb service with this Name and Tenant ref already exists.";
    let before = apply_web_with(&world, Fault { after_commit: true, ..refuse(409, exists, 1) });
    world.settle().await;
    assert_eq!(service_calls(&world, before), calls(&[("POST", 409), ("GET", 200)]));
    assert_eq!(names(&world), (vec![WEB.to_owned()], vec![ROOT.to_owned()]));
    let views = views(&world.links().directory).await.unwrap();
    assert_eq!(views[0].last_error, None);
}

/// EX-35 and REST-01.
#[tokio::test(start_paused = true)]
async fn ex_35_a_conflict_that_does_not_end_is_tried_with_growing_pauses_and_succeeds_in_the_end() {
    let world = started().await;
    let exists = "Gslb service with this Name and Tenant ref already exists.";
    let before = apply_web_with(&world, refuse(409, exists, u32::MAX));
    minutes(20).await;
    let attempts = world.writes_since(before).len();
    // Six at once; the others after 30 s, 1, 2, 4 and 8 minutes, and a little less by chance.
    assert!((11..=12).contains(&attempts), "{attempts} attempts in twenty minutes");

    world.avi.clear_faults();
    minutes(10).await;
    world.settle().await;
    assert_done(&world, before);
}

/// EX-35 and REST-02.
#[tokio::test(start_paused = true)]
async fn ex_35_a_controller_that_is_unavailable_is_asked_until_it_answers_and_read_before_each_attempt() {
    let world = started().await;
    let before = apply_web_with(&world, refuse(503, "Service Unavailable", 4));
    minutes(5).await;
    world.settle().await;
    let made: Vec<(String, u16)> = service_calls(&world, before);
    let posts: Vec<u16> = made.iter().filter(|call| call.0 == "POST").map(|call| call.1).collect();
    assert_eq!(posts, [503, 503, 503, 503, 201], "{made:?}");
    for (first, second) in made.iter().zip(&made[1..]) {
        assert!((&*first.0, &*second.0) != ("POST", "POST"), "a creation of unknown outcome is followed by a read");
    }
    assert_done(&world, before);
}

/// EX-35
#[tokio::test(start_paused = true)]
async fn ex_35_an_answer_that_never_came_does_not_make_a_second_service() {
    let world = started().await;
    let lost = Fault { answer: FaultAnswer::BrokenBody, after_commit: true, ..refuse(0, "", 1) };
    let before = apply_web_with(&world, lost);
    world.settle().await;
    let made = service_calls(&world, before);
    assert_eq!(made.iter().filter(|call| call.0 == "POST").count(), 1, "{made:?}");
    assert_eq!(names(&world), (vec![WEB.to_owned()], vec![ROOT.to_owned()]));
}

/// EX-35 and REST-04.
#[tokio::test(start_paused = true)]
async fn ex_35_a_follower_is_not_written_to_until_it_leads_again() {
    let world = started().await;
    minutes(1).await;
    world.avi.promote("site1").unwrap();
    minutes(1).await;
    let before = world.avi.last_request();
    apply(world.cluster("ctx-a"), web_ingress("10.1.0.5", "/"));
    minutes(30).await;
    let writes = world.writes_since(before);
    let refused = |w: &crate::support::Request| (w.line.as_str(), w.status) == ("POST healthmonitor", 400);
    assert!(writes.len() <= 1 && writes.iter().all(refused), "{writes:#?}");

    world.avi.promote(LEADER).unwrap();
    minutes(2).await;
    world.settle().await;
    assert_done(&world, before);
}

/// DB-07 and EX-35.
#[tokio::test(start_paused = true)]
async fn ex_35_after_the_words_of_a_follower_leadership_is_checked_before_the_next_write() {
    let world = started().await;
    let text = "Config Operations can be done ONLY on leader cluster-1";
    let before = apply_web_with(&world, refuse(400, text, 1));
    minutes(5).await;
    world.settle().await;
    let requests = world.requests_since(before);
    let refused = requests.iter().position(|r| r.status == 400).unwrap();
    let next = requests[refused + 1..].iter().position(|r| r.method == "POST" && r.status == 201).unwrap();
    let between: Vec<&str> =
        requests[refused + 1..][..next].iter().map(|r| r.path_and_query.trim_start_matches('/')).collect();
    assert!(
        between.iter().any(|path| path.starts_with("api/gslb") && !path.starts_with("api/gslbservice")),
        "{between:?}"
    );
    assert_done(&world, before);
}
