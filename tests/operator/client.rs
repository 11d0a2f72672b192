//! The client against the simulated controller: how often it logs in, what it loses, what it leaves behind.
//!
//! Time is paused: a sleep is virtual and takes no time.

use crate::support::objects::{apply, web};
use crate::support::{InProcessTransport, LEADER, UUID, World};
use amko::avi::call_error::{CallError, Failure};
use amko::avi::session::{AviClient, SessionCounts, SessionSettings};
use amko::core::gslb::{GslbService, Member, Pool, PoolAlgorithm};
use amko::core::owner::Owner;
use amko::core::plan::Write;
use amko_lab::avi::{AviWorld, AviWorldConfig, SiteConfig};
use amko_lab::chance::Chance;
use amko_lab::clock::Clock;
use futures::future::join_all;
use http::Method;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// One controller whose answers take about 20 ms.
fn world(version: &str) -> AviWorld {
    let clock = Clock::starting_at("2026-01-01T00:00:00Z".parse().unwrap());
    let site = SiteConfig { name: LEADER.into(), address: LEADER.into() };
    let config = AviWorldConfig::new(vec![site], clock, Chance::seeded(7));
    let latency = Duration::from_millis(20);
    AviWorld::new(AviWorldConfig { latency, version: version.into(), check_cluster_uuids: false, ..config })
}

fn client(world: &AviWorld, password: &str) -> AviClient {
    let settings = SessionSettings {
        address: LEADER.into(),
        username: "admin".into(),
        password: password.to_owned().into(),
        version: "30.2.1".into(),
    };
    AviClient::new(Arc::new(InProcessTransport(world.clone())), settings).unwrap()
}

fn owner() -> Owner {
    Owner::from_uuid(UUID.parse().unwrap())
}

fn requests(world: &AviWorld, path: &str) -> usize {
    world.requests().iter().filter(|r| r.path_and_query == path).count()
}

async fn reads(client: &AviClient, calls: usize) -> Vec<CallError> {
    let read = || client.request(Method::GET, "/api/cloud", "*", None);
    join_all((0..calls).map(|_| read())).await.into_iter().filter_map(Result::err).collect()
}

/// A client that has used all the sessions it may have.
async fn busy(world: &AviWorld) -> AviClient {
    let client = client(world, "avi123");
    for _ in 0..5 {
        assert_eq!(reads(&client, 50).await, []);
    }
    assert_eq!(client.sessions(), SessionCounts { ready: 4, logging_in: 0, blocked: 0 });
    assert_eq!(world.session_count(LEADER), 4);
    client
}

/// DB-06.
#[tokio::test(start_paused = true)]
async fn two_hundred_callers_with_a_wrong_password_make_one_login_in_each_lock_window() {
    let world = world("30.2.1");
    let client = client(&world, "wrong");
    for _ in 0..3 {
        let failures: BTreeSet<_> = reads(&client, 200).await.iter().map(ToString::to_string).collect();
        let expected = "POST /login in tenant admin: the controller refuses username or password (Invalid \
                        credentials); correct the credentials Secret";
        assert_eq!(failures.iter().map(String::as_str).collect::<Vec<_>>(), [expected]);
        tokio::time::sleep(Duration::from_secs(3600)).await;
    }
    assert_eq!(world.last_request(), 3);
}

/// DB-06.
#[tokio::test(start_paused = true)]
async fn a_locked_account_is_tried_again_after_its_lock_and_not_during_it() {
    let world = world("30.2.1");
    for _ in 0..3 {
        reads(&client(&world, "guess"), 1).await;
    }
    let client = client(&world, "avi123");
    let start = tokio::time::Instant::now();
    while let Some(error) = reads(&client, 20).await.pop() {
        assert_eq!(error.failure, Failure::AccountLocked("Account is locked, try again later".into()));
        tokio::time::sleep(Duration::from_secs(30)).await;
    }
    assert_eq!((start.elapsed().as_secs() / 60, requests(&world, "/login")), (35, 3 + 2));
}

/// DB-48.
#[tokio::test(start_paused = true)]
async fn two_hundred_callers_lose_no_call_when_all_sessions_are_dropped_at_once() {
    for lost_after in [1, 10, 25, 60] {
        let world = world("30.2.1");
        let client = busy(&world).await;
        let before = requests(&world, "/login");
        let loss = async {
            tokio::time::sleep(Duration::from_millis(lost_after)).await;
            world.expire_sessions(LEADER);
        };
        let calls = async {
            let mut failures = reads(&client, 200).await;
            failures.extend(reads(&client, 200).await);
            failures
        };
        let (failures, ()) = tokio::join!(calls, loss);
        let logins = requests(&world, "/login") - before;
        assert_eq!(failures, []);
        assert!((1..=4).contains(&logins), "{logins} logins for four sessions");
        println!("lost after {lost_after} ms: {logins} logins");
    }
}

/// DB-48.
#[tokio::test(start_paused = true)]
async fn a_changed_password_is_met_by_four_sessions_and_tried_once() {
    let world = world("30.2.1");
    let client = busy(&world).await;
    let before = requests(&world, "/login");
    world.set_password("rotated");
    for _ in 0..3 {
        assert_eq!(reads(&client, 200).await.len(), 200);
    }
    assert_eq!(requests(&world, "/login") - before, 1);
}

/// DB-45 and FND-B8.
#[tokio::test(start_paused = true)]
async fn a_list_of_a_thousand_services_never_lacks_one_that_is_there_while_others_are_deleted() {
    let world = world("30.2.1");
    let client = client(&world, "avi123");
    let names: Vec<String> = (0..1000).map(|n| format!("s{n:03}.example.org")).collect();
    let creates = names.iter().map(|name| Write::CreateService(service(name)));
    for outcome in join_all(creates.map(|write| create(&client, write))).await {
        outcome.unwrap();
    }
    let mut rng = StdRng::seed_from_u64(11);
    let mut gone = BTreeSet::new();
    let mut complete = 0;
    for _ in 0..3 {
        let doomed: BTreeSet<String> = (0..10).map(|_| names[rng.random_range(0..1000)].clone()).collect();
        let doomed: Vec<String> = doomed.difference(&gone).cloned().collect();
        gone.extend(doomed.iter().cloned());
        let deletions = delete(&world, &doomed, rng.random());
        let lists = async {
            let mut lists = Vec::new();
            for _ in 0..2 {
                lists.push(client.list_own(&owner(), &Default::default()).await);
            }
            lists
        };
        let ((), lists) = tokio::join!(deletions, lists);
        for list in lists {
            let own = list.unwrap();
            let absent: Vec<_> =
                names.iter().filter(|name| !gone.contains(*name) && !own.by_fqdn.contains_key(*name)).collect();
            assert_eq!(absent, Vec::<&String>::new(), "these are on the controller");
            complete += 1;
        }
    }
    assert!(complete == 6 && gone.len() > 25);
    let own: BTreeSet<String> =
        client.list_own(&owner(), &Default::default()).await.unwrap().by_fqdn.into_keys().collect();
    assert_eq!(own, names.into_iter().filter(|name| !gone.contains(name)).collect());
}

async fn create(client: &AviClient, write: Write) -> Result<(), CallError> {
    client.execute(&write, &owner()).await.map(drop)
}

fn service(name: &str) -> GslbService {
    let member = Member {
        address: "10.1.0.5".parse().unwrap(),
        ratio: 1,
        cluster_uuid: None,
        vs_uuid: None,
        public_address: None,
        enabled: true,
    };
    let algorithm = PoolAlgorithm::RoundRobin;
    GslbService {
        tenant: "admin".into(),
        name: name.into(),
        domain_names: vec![name.into()],
        description: String::new(),
        pools: vec![Pool { priority: 10, algorithm, min_health_monitors_up: 2, members: vec![member], enabled: true }],
        monitors: Vec::new(),
        ttl: None,
        down_response: None,
        persistence: None,
        enabled: true,
    }
}

/// Somebody deletes these, one now and then, within about two seconds.
async fn delete(world: &AviWorld, doomed: &[String], seed: u64) {
    let other = client(world, "avi123");
    let mut rng = StdRng::seed_from_u64(seed);
    for name in doomed {
        tokio::time::sleep(Duration::from_millis(rng.random_range(0..400))).await;
        let objects = world.objects(LEADER, "gslbservice");
        let object = objects.iter().find(|object| object["name"] == name.as_str()).unwrap();
        let target = format!("/api/gslbservice/{}", object["uuid"].as_str().unwrap());
        other.request(Method::DELETE, &target, "admin", None).await.unwrap();
    }
    other.logout().await.unwrap();
}

/// DB-48.
#[tokio::test(start_paused = true)]
async fn logout_leaves_no_session_on_the_controller() {
    let world = world("30.2.1");
    let client = busy(&world).await;
    client.logout().await.unwrap();
    assert_eq!((world.session_count(LEADER), requests(&world, "/logout")), (0, 4));
}

/// DB-48.
#[tokio::test(start_paused = true)]
async fn an_operator_that_stops_leaves_no_session_on_the_controller() {
    let mut world = World::of_examples();
    apply(world.cluster("ctx-a"), web("web", "10.1.0.5"));
    world.start().await;
    let open = world.avi.session_count(LEADER);
    world.stop().await;
    assert_eq!((open > 0, world.avi.session_count(LEADER)), (true, 0));
}

#[tokio::test(start_paused = true)]
async fn an_older_controller_is_spoken_to_in_its_own_version() {
    let world = world("22.1.1");
    let client = client(&world, "avi123");
    client.ready().await.unwrap();
    assert_eq!(world.session_count(LEADER), 0, "readiness is asked without a login");
    client.check_version().await.unwrap();
    client.execute(&Write::CreateService(service("a.example.org")), &owner()).await.unwrap();
    assert_eq!(client.negotiated_version().unwrap().used, "22.1.1");
}
