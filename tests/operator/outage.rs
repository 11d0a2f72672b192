//! The controller, or a part of it, is gone for a while: it is not hammered, nothing is lost, and nothing is written
//! twice.

use crate::support::objects::{apply, config, patch_config, web};
use crate::support::{LEADER, World, outcomes};
use amko_lab::avi::Fault;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

async fn seconds(n: u64) {
    tokio::time::sleep(Duration::from_secs(n)).await;
}

fn names(n: usize) -> Vec<String> {
    (0..n).map(|n| format!("app{n}")).collect()
}

fn give(world: &World, names: &[String], address: &str) {
    names.iter().for_each(|name| drop(apply(world.cluster("ctx-a"), web(name, address))));
}

/// Every request of the leader that begins so fails, until the faults are cleared.
fn fail(world: &World, path: &str, status: u16) {
    world.avi.inject(Fault { times: u32::MAX, ..Fault::once(LEADER, path, status, "<html>Bad Gateway</html>") });
}

/// How often each line was answered with each status since `seq`.
fn counts(world: &World, seq: u64) -> BTreeMap<(String, u16), usize> {
    let writes = world.writes_since(seq);
    let mut counts = BTreeMap::new();
    for (line, status) in outcomes(&writes) {
        *counts.entry((line.to_owned(), status)).or_default() += 1;
    }
    counts
}

fn count(line: &str, status: u16, times: usize) -> ((String, u16), usize) {
    ((line.into(), status), times)
}

/// Address of the only member of each service on a site.
fn addresses(world: &World, site: &str, names: &[String]) -> Vec<Value> {
    let services = world.on_controller(site, "gslbservice");
    let address =
        |name: &String| services[&format!("{name}.example.org")]["groups"][0]["members"][0]["ip"]["addr"].clone();
    names.iter().map(address).collect()
}

fn metric(world: &World, name: &str) -> String {
    let text = world.links().metrics.render(&world.links().board.read());
    let line = text.lines().find(|line| line.starts_with(&format!("{name} "))).unwrap().to_owned();
    line.rsplit(' ').next().unwrap().to_owned()
}

/// REST-02 and DB-49.
#[tokio::test(start_paused = true)]
async fn during_a_minute_of_503_only_probes_are_sent_and_afterwards_everything_is_written_once() {
    let mut world = World::of_examples();
    world.start().await;
    let names = names(500);
    let (logins, before) = (world.logins_since(0), world.avi.last_request());
    fail(&world, "/", 503);
    give(&world, &names, "10.1.0.5");
    seconds(60).await;
    let asked = world.requests_since(before).len();
    assert!(asked <= 30, "{asked} requests in a minute, of which eight were on their way when it began");
    assert_eq!(metric(&world, "amko_controller_breaker"), "2");

    world.avi.clear_faults();
    let after = world.avi.last_request();
    seconds(60).await;
    world.settle().await;
    let expected = [count("POST gslbservice", 201, 500), count("POST healthmonitor", 201, 500)];
    assert_eq!(counts(&world, after), expected.into());
    assert_eq!(world.service_names().len(), 500);
    assert_eq!(world.logins_since(0), logins, "an outage is no reason to log in again");
    assert_eq!(metric(&world, "amko_controller_breaker"), "0");
}

/// DB-49.
#[tokio::test(start_paused = true)]
async fn after_ten_minutes_without_a_controller_each_changed_service_is_written_once() {
    let mut world = World::of_examples();
    let names = names(40);
    give(&world, &names, "10.1.0.5");
    world.start().await;
    let before = world.avi.last_request();
    world.avi.set_available(LEADER, false);
    let (changed, restored) = names.split_at(30);
    for round in 0..20 {
        give(&world, changed, &format!("10.1.1.{round}"));
        give(&world, restored, if round == 19 { "10.1.0.5" } else { "10.1.2.1" });
        seconds(30).await;
    }
    world.avi.set_available(LEADER, true);
    seconds(60).await;
    world.settle().await;
    assert_eq!(counts(&world, before), [count("PUT gslbservice/<uuid>", 200, 30)].into());
    assert_eq!(addresses(&world, LEADER, changed), vec![json!("10.1.1.19"); 30]);
    assert_eq!(addresses(&world, LEADER, restored), vec![json!("10.1.0.5"); 10]);
}

/// REST-04.
#[tokio::test(start_paused = true)]
async fn when_the_leader_changes_in_mid_run_no_two_leaders_take_writes() {
    let mut world = World::of_examples();
    patch_config(world.home(), json!({"spec": {"gslbLeader": {"followLeader": true}}}));
    let names = names(100);
    give(&world, &names, "10.1.0.5");
    world.start().await;
    let before = world.avi.last_request();
    for round in 0..60 {
        give(&world, &names[round..=round + 40], &format!("10.1.1.{round}"));
        if round == 20 {
            world.avi.promote("site1").unwrap();
        }
        seconds(1).await;
    }
    seconds(120).await;
    world.settle().await;
    let taken = world.requests_since(before).into_iter().filter(|r| r.method == "PUT" && r.status == 200);
    let sites: Vec<String> = taken.map(|record| record.site).collect();
    let moved = sites.iter().position(|site| site == "site1").unwrap();
    assert!(moved > 0, "the first leader took some");
    assert!(sites[moved..].iter().all(|site| site == "site1"), "and none after the second one took any");
    let newest = |n: usize| if n <= 59 { json!(format!("10.1.1.{n}")) } else { json!("10.1.1.59") };
    assert_eq!(addresses(&world, "site1", &names), (0..100).map(newest).collect::<Vec<_>>());
    assert_eq!(addresses(&world, LEADER, &names), addresses(&world, "site1", &names));
}

/// REST-01: the services that need no monitor go on, also while the controller cannot be read completely any more.
#[tokio::test(start_paused = true)]
async fn a_part_of_the_controller_that_fails_holds_up_nothing_else() {
    let mut world = World::of_examples();
    let (old, new) = (names(10), vec!["new".to_owned()]);
    patch_config(world.home(), json!({"spec": {"refreshInterval": 60}}));
    give(&world, &old, "10.1.0.5");
    world.start_without_settling().await;
    seconds(30).await;
    let (logins, before) = (world.logins_since(0), world.avi.last_request());
    fail(&world, "/api/healthmonitor", 503);
    give(&world, &new, "10.1.0.9");
    for round in 0..60 {
        give(&world, &old, &format!("10.1.1.{round}"));
        seconds(10).await;
        assert_eq!(addresses(&world, LEADER, &old), vec![json!(format!("10.1.1.{round}")); 10], "round {round}");
        assert_eq!(metric(&world, "amko_controller_breaker"), "0", "round {round}");
        let notice = world.links().board.read().avi_api;
        assert!(notice.synced, "round {round}");
    }
    assert_eq!(config(world.home(), "gc-1")["status"]["state"], "success: gslb config accepted");
    assert_eq!(world.logins_since(0), logins);
    let asked = world.requests_since(before).iter().filter(|r| r.method == "GET" || r.status != 200).count();
    assert!(asked < 600, "{asked} requests in ten minutes beside the writes");
    world.avi.clear_faults();
    seconds(120).await;
    assert_eq!(addresses(&world, LEADER, &new), ["10.1.0.9"]);
}

/// REST-01: each call that is left fails, and none of them would show that the controller is well.
#[tokio::test(start_paused = true)]
async fn many_services_that_need_the_failing_part_do_not_stop_the_session() {
    let mut world = World::of_examples();
    world.start().await;
    let names = names(50);
    fail(&world, "/api/healthmonitor", 502);
    let before = world.avi.last_request();
    give(&world, &names, "10.1.0.5");
    for _ in 0..60 {
        seconds(5).await;
        let notice = world.links().board.read();
        assert_eq!((notice.avi_api.synced, metric(&world, "amko_controller_breaker").as_str()), (true, "0"));
    }
    assert_eq!(config(world.home(), "gc-1")["status"]["state"], "success: gslb config accepted");
    let lists = world.requests_since(before).iter().filter(|r| r.path_and_query.contains("created_by=")).count();
    assert_eq!(lists, 0, "nothing is read anew");
    world.avi.clear_faults();
    seconds(60).await;
    world.settle().await;
    assert_eq!(addresses(&world, LEADER, &names), vec![json!("10.1.0.5"); 50]);
}
