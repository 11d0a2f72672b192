//! Three clusters, of which one cannot be seen: whatever happens in the other two, nothing of it goes. When it can be
//! seen again, exactly that goes which is gone.

use crate::support::ako_crds::{ROUTES, install_ako_crds, install_route_crd, remove_crd, route_of};
use crate::support::objects::{apply, delete_ingress, policy, web};
use crate::support::status::{RULES, host_rule};
use crate::support::{LEADER, Request, World};
use amko::actors::gs_directory::GsDirectoryMsg;
use amko::actors::operator::{Child, OperatorMsg};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

const ALL: [&str; 3] = ["ctx-a", "ctx-b", "ctx-c"];
/// The cluster that is not seen.
const BLIND: &str = "ctx-c";

/// Why it is not seen.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Why {
    Unreachable,
    /// Reads of this path are refused with this status.
    Refused(&'static str, u16),
    /// During an outage the kind of its objects went from the API; they come back with it.
    NoKind,
}

/// `web` is in all three clusters, `pair` in the last two, `only` in the last one, `here` in the first.
async fn furnished(why: Why) -> World {
    let mut world = World::new(1, &ALL);
    world.clusters.values().for_each(install_ako_crds);
    if why == Why::NoKind {
        install_route_crd(world.cluster(BLIND));
    }
    for (net, context, names) in [(1, "ctx-a", &["here", "web"][..]), (2, "ctx-b", &["pair", "web"])] {
        for name in names {
            apply(world.cluster(context), web(name, &format!("10.{net}.0.5")));
        }
    }
    ["only", "pair", "web"].into_iter().for_each(|name| furnish_blind(&world, why, name));
    world.start().await;
    assert_eq!(of_blind(&world).len(), 3, "{:#?}", addresses(&world));
    world
}

fn furnish_blind(world: &World, why: Why, name: &str) {
    let object = match why {
        Why::NoKind => {
            let host = format!("{name}.example.org");
            let to = json!({"kind": "Service", "name": "web", "weight": 100});
            route_of(name, &host, "10.3.0.5", json!({"host": host, "path": "/", "to": to}))
        }
        _ => web(name, "10.3.0.5"),
    };
    apply(world.cluster(BLIND), object);
}

/// Makes the cluster unseen.
async fn blind(world: &World, why: Why) {
    match why {
        Why::Unreachable => world.cluster(BLIND).set_available(false),
        Why::Refused(path, status) => drop(world.mischief.refuse_reads.lock().insert(BLIND.into(), (path, status))),
        Why::NoKind => {
            world.cluster(BLIND).set_available(false);
            minutes(1).await;
            remove_crd(world.cluster(BLIND), ROUTES);
            world.cluster(BLIND).compact();
            world.cluster(BLIND).set_available(true);
        }
    }
}

/// Makes it seen again; its `web` is gone.
fn see(world: &World, why: Why) {
    match why {
        Why::Unreachable => world.cluster(BLIND).set_available(true),
        Why::Refused(..) => drop(world.mischief.refuse_reads.lock().remove(BLIND)),
        Why::NoKind => {
            install_route_crd(world.cluster(BLIND));
            ["only", "pair"].into_iter().for_each(|name| furnish_blind(world, why, name));
        }
    }
}

/// Addresses of the members of each service, sorted.
fn addresses(world: &World) -> BTreeMap<String, Vec<String>> {
    let services = world.on_controller(LEADER, "gslbservice").into_iter();
    services.map(|(name, service)| (name, addresses_in(&service))).collect()
}

fn addresses_in(service: &Value) -> Vec<String> {
    let groups = service["groups"].as_array().unwrap().iter();
    let members = groups.flat_map(|group| group["members"].as_array().unwrap());
    let mut addresses: Vec<String> = members.map(|m| m["ip"]["addr"].as_str().unwrap().to_owned()).collect();
    addresses.sort();
    addresses
}

/// The services with a member in the cluster that is not seen.
fn of_blind(world: &World) -> Vec<String> {
    let here = addresses(world).into_iter().filter(|(_, addresses)| addresses.contains(&"10.3.0.5".into()));
    here.map(|(name, _)| name).collect()
}

/// Lines of requests with the service and the addresses that they are about.
fn told(requests: &[Request]) -> Vec<(&str, Option<&str>, Vec<String>)> {
    let service = |r: &Request| if r.body["groups"].is_array() { addresses_in(&r.body) } else { vec![] };
    requests.iter().map(|r| (r.line.as_str(), r.body["name"].as_str(), service(r))).collect()
}

async fn minutes(n: u64) {
    // The clock is paused: minutes take no time.
    tokio::time::sleep(Duration::from_secs(60 * n)).await;
}

/// What happens while the cluster is not seen, in words and in deeds.
type Happening = (&'static str, fn(&World));

const MEANWHILE: [Happening; 12] = [
    ("nothing", |_| {}),
    ("a member of another cluster moves", |w| drop(apply(w.cluster("ctx-b"), web("web", "10.2.0.77")))),
    ("a member of another cluster goes", |w| delete_ingress(w.cluster("ctx-a"), "web")),
    ("all members that can be seen go", |w| delete_ingress(w.cluster("ctx-b"), "pair")),
    ("and come back", |w| {
        apply(w.cluster("ctx-a"), web("web", "10.1.0.5"));
        apply(w.cluster("ctx-b"), web("pair", "10.2.0.5"));
        apply(w.cluster("ctx-b"), web("web", "10.2.0.5"));
    }),
    ("another policy", |w| {
        let split = json!([{"cluster": "ctx-a", "weight": 5, "priority": 20}]);
        apply(w.home(), policy(&ALL, json!({"trafficSplit": split, "ttl": 77})));
    }),
    ("the old policy", |w| drop(apply(w.home(), policy(&ALL, json!({}))))),
    ("a rule for a service of its own", |w| {
        apply(w.home(), host_rule("rule", json!({"fqdn": "only.example.org", "ttl": 33})));
    }),
    ("no rule any more", |w| w.home().delete(RULES, Some("avi-system"), "rule").unwrap_or_default()),
    ("a service comes", |w| drop(apply(w.cluster("ctx-b"), web("new", "10.2.0.9")))),
    ("parts of the operator fail", |w| {
        for child in [Child::AviSession, Child::GsDirectory, Child::PolicyWatcher, Child::ClusterWatcher(BLIND.into())]
        {
            w.links().operator.cast(OperatorMsg::Poison(child));
        }
    }),
    ("a service actor fails", |w| w.links().directory.cast(GsDirectoryMsg::Poison(Some("only.example.org".into())))),
];

/// The whole story.
async fn nothing_of_it_goes(why: Why, from_the_start: bool) {
    let mut world = furnished(why).await;
    if from_the_start {
        world.stop().await;
    }
    let before = world.avi.last_request();
    blind(&world, why).await;
    if why != Why::NoKind {
        delete_ingress(world.cluster(BLIND), "web");
    }
    if from_the_start {
        world.start().await;
    }
    for (what, happen) in MEANWHILE {
        happen(&world);
        minutes(2).await;
        world.settle().await;
        let expected = ["only.example.org", "pair.example.org", "web.example.org"];
        assert_eq!(of_blind(&world), expected, "{why:?}: {what}");
    }
    if from_the_start {
        world.stop().await;
        world.start().await;
    }
    // Long enough for a full read of the controller.
    minutes(40).await;
    world.settle().await;
    let deletions = world.writes_since(before).into_iter().filter(|w| w.line.starts_with("DELETE"));
    assert_eq!(deletions.collect::<Vec<_>>(), [], "{why:?}");
    let services = addresses(&world);

    let before = world.avi.last_request();
    see(&world, why);
    minutes(3).await;
    world.settle().await;
    let writes = world.writes_since(before);
    let left = vec!["10.1.0.5".to_owned(), "10.2.0.5".to_owned()];
    assert_eq!(told(&writes), [("PUT gslbservice/<uuid>", Some("web.example.org"), left.clone())], "{why:?}");
    let mut expected = services;
    expected.insert("web.example.org".into(), left);
    assert_eq!(addresses(&world), expected, "{why:?}");
}

/// DB-01, DB-26
#[tokio::test(start_paused = true)]
async fn an_address_that_an_unseen_cluster_has_too_stays_when_a_seen_one_gives_it_up() {
    let mut world = World::new(1, &ALL);
    apply(world.cluster("ctx-a"), web("web", "10.1.0.5"));
    apply(world.cluster("ctx-b"), web("web", "10.3.0.5"));
    apply(world.cluster(BLIND), web("web", "10.3.0.5"));
    world.start().await;
    let both = vec!["10.1.0.5".to_owned(), "10.3.0.5".to_owned()];
    assert_eq!(addresses(&world)["web.example.org"], both);
    world.stop().await;
    world.cluster(BLIND).set_available(false);
    world.start().await;
    delete_ingress(world.cluster("ctx-b"), "web");
    minutes(5).await;
    assert_eq!(addresses(&world)["web.example.org"], both);
    world.cluster(BLIND).set_available(true);
    minutes(5).await;
    assert_eq!(addresses(&world)["web.example.org"], both);
    delete_ingress(world.cluster(BLIND), "web");
    minutes(5).await;
    assert_eq!(addresses(&world)["web.example.org"], both[..1]);
}

/// CL-04, CL-05 and DB-01
#[tokio::test(start_paused = true)]
async fn nothing_of_a_cluster_goes_that_cannot_be_reached_at_the_start() {
    nothing_of_it_goes(Why::Unreachable, true).await;
}

/// CL-06 and DB-01
#[tokio::test(start_paused = true)]
async fn nothing_of_a_cluster_goes_that_cannot_be_reached_any_more() {
    nothing_of_it_goes(Why::Unreachable, false).await;
}

/// CL-05 and DB-01
#[tokio::test(start_paused = true)]
async fn nothing_of_a_cluster_goes_whose_objects_may_not_be_listed_at_the_start() {
    for path in ["/apis/networking.k8s.io/v1/ingresses", "/api/v1/namespaces", "/api/v1/services", "/apis"] {
        nothing_of_it_goes(Why::Refused(path, 403), true).await;
    }
}

/// DB-01: without the kind nobody says what became of its objects.
#[tokio::test(start_paused = true)]
async fn nothing_of_a_cluster_goes_that_loses_the_kind_of_its_objects() {
    nothing_of_it_goes(Why::NoKind, false).await;
}

/// CL-06: also while nothing happens in the cluster.
#[tokio::test(start_paused = true)]
async fn an_outage_that_is_over_leaves_no_error_behind() {
    let world = furnished(Why::Unreachable).await;
    let error = || world.links().board.read().clusters[BLIND].error.clone();
    world.cluster(BLIND).set_available(false);
    // Virtual: until the broken watch was told.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let told = error().unwrap();
    assert!(told.starts_with("cluster ctx-c: cannot watch ") && told.contains("Namespace"), "{told}");
    world.cluster(BLIND).set_available(true);
    // Virtual: longer than the pause before the watch is opened again.
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(error(), None);
}
