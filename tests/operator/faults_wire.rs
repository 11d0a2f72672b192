//! Faults of the wire, ordered by name: what the operator does while they last, and that it ends where it should.

use crate::support::objects::{apply, delete_ingress, web};
use crate::support::{LEADER, World, lines, outcomes};
use amko_lab::avi::{FaultOrder, RequestRecord};
use std::collections::BTreeMap;
use std::time::Duration;

/// Longer than any pause that the operator makes.
const LONGEST_PAUSE: u64 = 12;

/// An operator that has written these services, each with address `10.1.0.5`, and rests.
async fn world_with(names: &[&str]) -> World {
    let mut world = World::of_examples();
    names.iter().for_each(|name| drop(apply(world.cluster("ctx-a"), web(name, "10.1.0.5"))));
    world.start().await;
    assert_eq!(world.service_names().len(), names.len());
    world
}

async fn minutes(n: u64) {
    tokio::time::sleep(Duration::from_secs(60 * n)).await;
}

/// A fault on the leader.
fn fault(name: &str) -> FaultOrder {
    FaultOrder::new(name).on(LEADER)
}

fn add(world: &World, order: FaultOrder) -> u64 {
    world.avi.add_fault(&order).unwrap()
}

/// Lets the operator meet a fault that strikes once, then ends it.
async fn meet(world: &World) {
    world.settle().await;
    assert_eq!(world.avi.faults(), [], "each fault was met");
    mend(world).await;
}

/// Ends all faults and gives the operator the time it may need to notice.
async fn mend(world: &World) {
    world.avi.clear_faults();
    minutes(LONGEST_PAUSE).await;
    world.settle().await;
}

fn move_web(world: &World, address: &str) {
    apply(world.cluster("ctx-a"), web("web", address));
}

/// The address of the only member of each service.
fn addresses(world: &World) -> BTreeMap<String, String> {
    let services = world.on_controller(LEADER, "gslbservice").into_iter();
    services
        .map(|(name, service)| {
            let members = service["groups"][0]["members"].as_array().unwrap();
            assert_eq!(members.len(), 1, "{name}");
            (name, members[0]["ip"]["addr"].as_str().unwrap().to_owned())
        })
        .collect()
}

fn expected(services: &[(&str, &str)]) -> BTreeMap<String, String> {
    services.iter().map(|(name, address)| (format!("{name}.example.org"), (*address).to_owned())).collect()
}

/// Writes of services since `seq`, with their answers; 0 for those that got none.
fn service_writes(world: &World, seq: u64) -> Vec<(String, u16)> {
    let writes = world.writes_since(seq);
    let of_services = outcomes(&writes).into_iter().filter(|(line, _)| line.contains("gslbservice"));
    of_services.map(|(line, status)| (line.to_owned(), status)).collect()
}

fn deletions(world: &World, seq: u64) -> usize {
    lines(&world.writes_since(seq)).into_iter().filter(|line| line.starts_with("DELETE")).count()
}

/// The requests since `seq` as method and beginning of the path, with services and monitors apart.
fn requests(world: &World, seq: u64) -> Vec<String> {
    let path = |path: &str| path.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/').to_owned();
    world.requests_since(seq).iter().map(|r| format!("{} {}", r.method, path(&r.path_and_query))).collect()
}

/// F-1: the answer to a write comes later than any deadline; what the controller holds is read before anything is
/// written again.
#[tokio::test(start_paused = true)]
async fn f_1_a_write_whose_answer_is_late_is_read_back_and_not_repeated() {
    let world = world_with(&["web"]).await;
    add(&world, fault("slow-answer").with("delay", "10m").with("method", "PUT").with("times", 1));
    let before = world.avi.last_request();
    move_web(&world, "10.1.0.6");
    meet(&world).await;
    assert_eq!(service_writes(&world, before), [("PUT gslbservice/<uuid>".to_owned(), 200)]);
    let asked = requests(&world, before);
    let put = asked.iter().position(|line| line.starts_with("PUT")).unwrap();
    assert!(asked[put + 1..].iter().any(|line| line.starts_with("GET /api/gslbservice")), "{asked:#?}");
    assert_eq!(addresses(&world), expected(&[("web", "10.1.0.6")]));
}

/// F-1: a login that takes long is waited for, by all who need it.
#[tokio::test(start_paused = true)]
async fn f_1_a_slow_login_is_one_login() {
    let world = world_with(&["web"]).await;
    add(&world, fault("slow-answer").with("delay", "20s").with("path", "/login"));
    world.avi.expire_sessions(LEADER);
    let before = world.avi.last_request();
    for name in ["a", "b", "c", "d"] {
        apply(world.cluster("ctx-a"), web(name, "10.1.0.6"));
    }
    mend(&world).await;
    let services = ["a", "b", "c", "d"].map(|name| (name, "10.1.0.6"));
    assert_eq!(addresses(&world), expected(&[&services[..], &[("web", "10.1.0.5")]].concat()));
    let logins = world.logins_since(before);
    assert!((1..=4).contains(&logins), "{logins} logins: at most one for each session of the pool");
}

/// F-1: lists that trickle in for minutes are given up, and nothing is concluded from them.
#[tokio::test(start_paused = true)]
async fn f_1_a_list_that_trickles_deletes_nothing() {
    let world = world_with(&["web"]).await;
    add(&world, fault("slow-answer").with("delay", "0s").with("trickle", 1).with("method", "GET"));
    let before = world.avi.last_request();
    minutes(40).await;
    move_web(&world, "10.1.0.6");
    mend(&world).await;
    assert_eq!(deletions(&world, before), 0);
    assert_eq!(addresses(&world), expected(&[("web", "10.1.0.6")]));
}

/// F-2, REST-02: a burst of 5xx is waited out with the sessions that there are.
#[tokio::test(start_paused = true)]
async fn f_2_a_burst_of_server_errors_costs_no_login_and_no_service() {
    for status in ["500", "502", "503", "504", "500,502,503,504"] {
        let world = world_with(&["web", "old"]).await;
        add(&world, fault("server-error").with("status", status).with("for", "8m"));
        let before = world.avi.last_request();
        move_web(&world, "10.1.0.6");
        apply(world.cluster("ctx-a"), web("new", "10.1.0.7"));
        delete_ingress(world.cluster("ctx-a"), "old");
        minutes(8).await;
        let asked = world.requests_since(before).len();
        assert!(asked < 200, "{status}: {asked} requests in eight minutes");
        mend(&world).await;
        assert_eq!(world.logins_since(before), 0, "{status}");
        assert_eq!(addresses(&world), expected(&[("new", "10.1.0.7"), ("web", "10.1.0.6")]), "{status}");
    }
}

/// F-2: after a 503 the controller is asked whether it is ready before it gets work again.
#[tokio::test(start_paused = true)]
async fn f_2_readiness_is_asked_for_before_work_goes_on() {
    let world = world_with(&["web"]).await;
    add(&world, fault("server-error").with("status", 503).with("for", "5m"));
    let before = world.avi.last_request();
    move_web(&world, "10.1.0.6");
    minutes(5).await;
    mend(&world).await;
    let records = world.requests_since(before);
    let path =
        |record: &RequestRecord| record.path_and_query.split('?').next().unwrap().trim_end_matches('/').to_owned();
    let refused: Vec<String> = records.iter().filter(|r| r.status == 503).map(path).collect();
    let work = refused.iter().filter(|path| path.starts_with("/api/gslbservice")).count();
    assert!(work <= 5, "work stops after a few failures: {refused:#?}");
    let first = records.iter().find(|record| record.status != 503).map(path).unwrap();
    assert_eq!(first, "/api/cluster/runtime");
    assert_eq!(addresses(&world), expected(&[("web", "10.1.0.6")]));
}

/// F-3: what was reset before it took effect is done once, a creation only after another look.
#[tokio::test(start_paused = true)]
async fn f_3_a_write_that_was_reset_before_it_took_effect_is_done_once() {
    for method in ["POST", "PUT", "DELETE"] {
        let world = world_with(&["web", "old"]).await;
        let path = "/api/gslbservice";
        add(&world, fault("reset-before-commit").with("method", method).with("path", path).with("times", 1));
        let before = world.avi.last_request();
        match method {
            "POST" => drop(apply(world.cluster("ctx-a"), web("new", "10.1.0.7"))),
            "PUT" => move_web(&world, "10.1.0.6"),
            _ => delete_ingress(world.cluster("ctx-a"), "old"),
        }
        meet(&world).await;
        let (line, done, end): (_, _, &[_]) = match method {
            "POST" => ("POST gslbservice", 201, &[("new", "10.1.0.7"), ("old", "10.1.0.5"), ("web", "10.1.0.5")]),
            "PUT" => ("PUT gslbservice/<uuid>", 200, &[("old", "10.1.0.5"), ("web", "10.1.0.6")]),
            _ => ("DELETE gslbservice/<uuid>", 204, &[("web", "10.1.0.5")]),
        };
        assert_eq!(service_writes(&world, before), [(line.to_owned(), 0), (line.to_owned(), done)]);
        assert_eq!((addresses(&world), world.logins_since(before)), (expected(end), 0), "{method}");
        let asked = requests(&world, before);
        let tries: Vec<usize> = (0..asked.len()).filter(|at| asked[*at] == format!("POST {path}")).collect();
        if let [first, second] = tries[..] {
            assert!(asked[first..second].iter().any(|line| line.starts_with(&format!("GET {path}"))), "{asked:#?}");
        }
    }
}

/// F-4: a creation that took effect without an answer is found by name and adopted.
#[tokio::test(start_paused = true)]
async fn f_4_a_creation_reset_after_it_took_effect_is_adopted() {
    let world = world_with(&["web"]).await;
    let order = fault("reset-after-commit").with("method", "POST").with("path", "/api/gslbservice");
    add(&world, order.with("times", 1));
    let before = world.avi.last_request();
    apply(world.cluster("ctx-a"), web("new", "10.1.0.7"));
    meet(&world).await;
    assert_eq!(service_writes(&world, before), [("POST gslbservice".to_owned(), 0)], "one POST, adopted");
    // It is the operator's now: it follows the objects.
    apply(world.cluster("ctx-a"), web("new", "10.1.0.8"));
    world.settle().await;
    assert_eq!(addresses(&world), expected(&[("new", "10.1.0.8"), ("web", "10.1.0.5")]));
    delete_ingress(world.cluster("ctx-a"), "new");
    world.settle().await;
    assert_eq!(addresses(&world), expected(&[("web", "10.1.0.5")]));
}

/// F-4, DB-17: so is a monitor.
#[tokio::test(start_paused = true)]
async fn f_4_a_monitor_reset_after_it_took_effect_is_adopted() {
    let world = world_with(&["web"]).await;
    let order = fault("reset-after-commit").with("method", "POST").with("path", "/api/healthmonitor");
    add(&world, order.with("times", 1));
    let before = world.avi.last_request();
    apply(world.cluster("ctx-a"), web("new", "10.1.0.7"));
    meet(&world).await;
    assert_eq!((world.service_names().len(), world.monitor_names().len()), (2, 2));
    let writes = world.writes_since(before);
    let created =
        outcomes(&writes).into_iter().filter(|(line, status)| *line == "POST healthmonitor" && *status == 201);
    assert_eq!(created.count(), 0, "no second monitor: {writes:#?}");
    assert_eq!(deletions(&world, before), 0);
}

/// F-4: an update is read back and found to be done; a deletion too.
#[tokio::test(start_paused = true)]
async fn f_4_an_update_or_deletion_reset_after_it_took_effect_counts_as_done() {
    let world = world_with(&["web", "old"]).await;
    add(&world, fault("reset-after-commit").with("method", "PUT").with("times", 1));
    add(&world, fault("reset-after-commit").with("method", "DELETE").with("path", "/api/gslbservice").with("times", 1));
    let before = world.avi.last_request();
    move_web(&world, "10.1.0.6");
    world.settle().await;
    assert_eq!(service_writes(&world, before), [("PUT gslbservice/<uuid>".to_owned(), 0)]);
    let before = world.avi.last_request();
    delete_ingress(world.cluster("ctx-a"), "old");
    meet(&world).await;
    let deleted = service_writes(&world, before);
    assert_eq!(deleted[0], ("DELETE gslbservice/<uuid>".to_owned(), 0));
    assert!(deleted.len() <= 2 && deleted[1..].iter().all(|(_, status)| *status == 404), "{deleted:#?}");
    assert_eq!(addresses(&world), expected(&[("web", "10.1.0.6")]));
    assert_eq!(world.monitor_names().len(), 1, "its monitor is gone too");
}

/// F-5: a controller that accepts and says nothing is asked rarely, and what waits is done when it speaks again.
#[tokio::test(start_paused = true)]
async fn f_5_a_silent_controller_is_not_hammered() {
    let world = world_with(&["web", "old"]).await;
    add(&world, fault("silence").with("for", "10m"));
    let before = world.avi.last_request();
    move_web(&world, "10.1.0.6");
    apply(world.cluster("ctx-a"), web("new", "10.1.0.7"));
    delete_ingress(world.cluster("ctx-a"), "old");
    minutes(10).await;
    let asked = world.requests_since(before).len();
    assert!((1..60).contains(&asked), "{asked} requests in ten minutes");
    mend(&world).await;
    let logins = world.logins_since(before);
    assert!(logins <= 3, "{logins} logins: the pool opens its other sessions while calls are in flight, no more");
    assert_eq!(addresses(&world), expected(&[("new", "10.1.0.7"), ("web", "10.1.0.6")]));
}

/// F-6: while nobody listens nothing is lost, and the session survives.
#[tokio::test(start_paused = true)]
async fn f_6_refused_connections_lose_nothing() {
    let world = world_with(&["web", "old"]).await;
    add(&world, fault("refuse-connections").with("for", "5m"));
    let before = world.avi.last_request();
    move_web(&world, "10.1.0.6");
    apply(world.cluster("ctx-a"), web("new", "10.1.0.7"));
    delete_ingress(world.cluster("ctx-a"), "old");
    minutes(5).await;
    assert_eq!(world.avi.last_request(), before, "nothing came through");
    mend(&world).await;
    assert_eq!(world.logins_since(before), 0);
    assert_eq!(addresses(&world), expected(&[("new", "10.1.0.7"), ("web", "10.1.0.6")]));
}

/// F-32, REST-02: what the controller has no time for is done later, each thing once.
#[tokio::test(start_paused = true)]
async fn f_32_a_rate_limit_slows_the_work_and_loses_none() {
    for retry_after in [None, Some("2")] {
        let world = world_with(&["web"]).await;
        let order = fault("rate-limit").with("rate", 5);
        add(&world, retry_after.iter().fold(order, |order, seconds| order.with("retry-after", seconds)));
        let before = world.avi.last_request();
        let names: Vec<String> = (0..30).map(|n| format!("app{n:02}")).collect();
        names.iter().for_each(|name| drop(apply(world.cluster("ctx-a"), web(name, "10.1.0.7"))));
        mend_after(&world, 15).await;
        assert_eq!(world.service_names().len(), 31);
        let records = world.requests_since(before);
        let refused = records.iter().filter(|record| record.status == 429).count();
        assert!(refused < 200, "{refused} refusals of {}", records.len());
        let created = service_writes(&world, before).into_iter().filter(|(_, status)| *status == 201).count();
        assert_eq!((created, deletions(&world, before), world.logins_since(before)), (30, 0, 0));
    }
}

/// F-32: requests that are held up instead are waited for.
#[tokio::test(start_paused = true)]
async fn f_32_requests_that_are_held_up_are_not_repeated() {
    let world = world_with(&["web"]).await;
    add(&world, fault("rate-limit").with("rate", 5).with("over", "hold"));
    let before = world.avi.last_request();
    for n in 0..30 {
        apply(world.cluster("ctx-a"), web(&format!("app{n:02}"), "10.1.0.7"));
    }
    mend_after(&world, 2).await;
    let writes = service_writes(&world, before);
    assert_eq!(writes, vec![("POST gslbservice".to_owned(), 201); 30]);
    assert_eq!(world.service_names().len(), 31);
}

async fn mend_after(world: &World, n: u64) {
    minutes(n).await;
    mend(world).await;
}

/// F-33, F-34: an answer that cannot be used says nothing about the write: it is read back, not repeated.
#[tokio::test(start_paused = true)]
async fn f_33_and_f_34_half_an_answer_to_a_write_is_read_back() {
    for name in ["truncated-body", "cut-json"] {
        let world = world_with(&["web"]).await;
        for method in ["POST", "PUT"] {
            add(&world, fault(name).with("method", method).with("path", "/api/gslbservice").with("times", 1));
        }
        let before = world.avi.last_request();
        apply(world.cluster("ctx-a"), web("new", "10.1.0.7"));
        world.settle().await;
        move_web(&world, "10.1.0.6");
        meet(&world).await;
        let expected_writes = [("POST gslbservice".to_owned(), 201), ("PUT gslbservice/<uuid>".to_owned(), 200)];
        assert_eq!(service_writes(&world, before), expected_writes, "{name}");
        assert_eq!((deletions(&world, before), world.logins_since(before)), (0, 0), "{name}");
        assert_eq!(addresses(&world), expected(&[("new", "10.1.0.7"), ("web", "10.1.0.6")]), "{name}");
    }
}

/// F-33, F-34: half a list is no list.
#[tokio::test(start_paused = true)]
async fn f_33_and_f_34_half_a_list_deletes_nothing() {
    for name in ["truncated-body", "cut-json"] {
        broken_lists(fault(name)).await;
    }
}

/// F-35: what is no list is no list either, whatever its status says.
#[tokio::test(start_paused = true)]
async fn f_35_wrong_content_instead_of_a_list_deletes_nothing() {
    for content in ["html", "empty", "other-json", "bom", "non-utf8"] {
        broken_lists(fault("wrong-content").with("content", content)).await;
    }
}

/// F-36: a list too large to be held is not held.
#[tokio::test(start_paused = true)]
async fn f_36_a_huge_answer_is_dropped_and_deletes_nothing() {
    broken_lists(fault("huge-answer").with("path", "/api/gslbservice").with("objects", 70)).await;
}

/// F-52: a redirect is neither followed nor taken for a refused session.
#[tokio::test(start_paused = true)]
async fn f_52_a_redirect_is_an_error() {
    for to in ["other-host", "login"] {
        broken_lists(fault("redirect").with("to", to)).await;
    }
}

/// Every list of the controller is spoilt for longer than a refresh interval, while objects change and the operator
/// starts again: nothing is deleted for it, nothing logs in for it, and the end is right.
async fn broken_lists(order: FaultOrder) {
    let mut world = world_with(&["web", "other"]).await;
    let spoilt = order.clone().with("method", "GET").with("path", order.options.get("path").map_or("/api/", |p| p));
    add(&world, spoilt);
    let before = world.avi.last_request();
    minutes(32).await;
    let asked = world.requests_since(before).len();
    assert!((1..500).contains(&asked), "{order:?}: {asked} requests in half an hour");
    // Sessions that nobody used for half an hour have run out.
    let (logins, sessions) = (world.logins_since(before), world.avi.session_count(LEADER));
    assert!(logins <= sessions.max(1), "{order:?}: {logins} logins for {sessions} sessions");
    world.stop().await;
    world.start_without_settling().await;
    move_web(&world, "10.1.0.6");
    minutes(5).await;
    let kept = addresses(&world);
    assert_eq!((kept.len(), &kept["other.example.org"]), (2, &"10.1.0.5".to_owned()), "{order:?}");
    mend(&world).await;
    assert_eq!((deletions(&world, before), created(&world, before)), (0, 0), "{order:?}");
    assert_eq!(addresses(&world), expected(&[("other", "10.1.0.5"), ("web", "10.1.0.6")]), "{order:?}");
}

fn created(world: &World, seq: u64) -> usize {
    lines(&world.writes_since(seq)).into_iter().filter(|line| line.starts_with("POST")).count()
}

/// F-35: a write whose answer is something else is read back.
#[tokio::test(start_paused = true)]
async fn f_35_wrong_content_instead_of_what_was_written_is_read_back() {
    for content in ["html", "empty", "other-json", "bom", "non-utf8"] {
        let world = world_with(&["web"]).await;
        let order = fault("wrong-content").with("content", content).with("path", "/api/gslbservice");
        add(&world, order.clone().with("method", "POST").with("times", 1));
        add(&world, order.with("method", "PUT").with("times", 1));
        let before = world.avi.last_request();
        apply(world.cluster("ctx-a"), web("new", "10.1.0.7"));
        world.settle().await;
        move_web(&world, "10.1.0.6");
        meet(&world).await;
        let writes: Vec<String> = service_writes(&world, before).into_iter().map(|(line, _)| line).collect();
        assert_eq!(writes, ["POST gslbservice", "PUT gslbservice/<uuid>"], "{content}");
        assert_eq!(addresses(&world), expected(&[("new", "10.1.0.7"), ("web", "10.1.0.6")]), "{content}");
    }
}

/// F-37: no service goes because a walk over pages was broken, neither at a refresh nor at a start.
#[tokio::test(start_paused = true)]
async fn f_37_pages_that_do_not_fit_together_delete_nothing() {
    for trouble in ["next-missing", "next-loops", "shrinking", "count-wrong", "page-404"] {
        let mut world = world_with(&["a", "b", "web"]).await;
        add(&world, fault("paging").with("trouble", trouble).with("page-size", 1));
        let before = world.avi.last_request();
        minutes(32).await;
        let asked = world.requests_since(before).len();
        assert!(asked < 1000, "{trouble}: {asked} requests in half an hour");
        world.stop().await;
        world.start_without_settling().await;
        move_web(&world, "10.1.0.6");
        minutes(5).await;
        mend(&world).await;
        assert_eq!((deletions(&world, before), created(&world, before)), (0, 0), "{trouble}");
        let end = expected(&[("a", "10.1.0.5"), ("b", "10.1.0.5"), ("web", "10.1.0.6")]);
        assert_eq!(addresses(&world), end, "{trouble}");
    }
}

/// F-37: a page that links to itself is noticed at once.
#[tokio::test(start_paused = true)]
async fn f_37_a_loop_of_pages_is_left_after_its_first_round() {
    let world = world_with(&["a", "web"]).await;
    add(&world, fault("paging").with("trouble", "next-loops").with("page-size", 1));
    let before = world.avi.last_request();
    // One refresh falls into this time.
    minutes(31).await;
    let asked = world.requests_since(before).len();
    assert!(asked < 100, "{asked} requests");
    mend(&world).await;
    assert_eq!(deletions(&world, before), 0);
}

/// F-41: new CSRF tokens are followed, and cost no login.
#[tokio::test(start_paused = true)]
async fn f_41_rotating_tokens_are_followed() {
    let world = world_with(&["web"]).await;
    add(&world, fault("cookies"));
    let before = world.avi.last_request();
    let names: Vec<String> = (0..30).map(|n| format!("app{n:02}")).collect();
    for name in &names {
        apply(world.cluster("ctx-a"), web(name, "10.1.0.7"));
        world.settle().await;
    }
    move_web(&world, "10.1.0.6");
    world.settle().await;
    assert_eq!(world.logins_since(before), 0);
    assert!(world.requests_since(before).iter().all(|record| record.status != 401));
    assert_eq!((world.service_names().len(), &addresses(&world)["web.example.org"]), (31, &"10.1.0.6".to_owned()));
}

/// F-41: the session cookie may be called otherwise from the next login on.
#[tokio::test(start_paused = true)]
async fn f_41_a_renamed_session_cookie_is_followed() {
    let world = world_with(&["web"]).await;
    add(&world, fault("cookies").with("kind", "rename"));
    world.avi.expire_sessions(LEADER);
    let before = world.avi.last_request();
    move_web(&world, "10.1.0.6");
    world.settle().await;
    apply(world.cluster("ctx-a"), web("new", "10.1.0.7"));
    world.settle().await;
    assert_eq!(addresses(&world), expected(&[("new", "10.1.0.7"), ("web", "10.1.0.6")]));
    let logins = world.logins_since(before);
    assert!((1..=4).contains(&logins), "{logins} logins: at most one for each session of the pool");
}
