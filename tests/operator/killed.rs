//! The operator dies two hundred times, without a goodbye and at the worst moments: around a write. Its successors
//! leave on the controller what an operator that never died leaves there.

use crate::support::controller::{create, user_monitor};
use crate::support::objects::{Host, apply, ingress, patch_config, policy, service};
use crate::support::{InProcessTransport, LEADER, World};
use amko::actors::operator::{Links, OperatorMsg, Outside, Settings, start};
use amko::avi::transport::{AviTransport, TransportError};
use amko::kubernetes::members::{ClientFuture, MemberClients};
use amko_lab::kube::KubeWorld;
use bytes::Bytes;
use futures::future::BoxFuture;
use http::{Method, Request, Response};
use kube::Client;
use ractor::ActorRef;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::watch;
use tower::ServiceExt;

const SEED: u64 = 20_260_101;
const DEATHS: usize = 200;
const CONTEXTS: [&str; 2] = ["ctx-a", "ctx-b"];
const FQDNS: usize = 24;
/// Changes that a life sees at most; then it ends at no particular moment.
const LONGEST: usize = 12;

/// When, around a write, a life ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Moment {
    BeforeItIsSent,
    BeforeItsAnswer,
    AfterItsAnswer,
    AtNoWrite,
}

const MOMENTS: [Moment; 4] =
    [Moment::BeforeItIsSent, Moment::BeforeItsAnswer, Moment::AfterItsAnswer, Moment::AtNoWrite];

/// One life of the operator. From the moment of its death nothing of it reaches the outside, and it hears nothing.
struct Life {
    dead: watch::Sender<bool>,
    writes: AtomicUsize,
    /// Which write is its last.
    last: usize,
    moment: Moment,
}

impl Life {
    fn new(last: usize, moment: Moment) -> Arc<Self> {
        Arc::new(Self { dead: watch::Sender::new(false), writes: AtomicUsize::new(0), last, moment })
    }

    fn die(&self) {
        self.dead.send_replace(true);
    }

    fn is_over(&self) -> bool {
        *self.dead.borrow()
    }

    /// The outcome of a call to the outside, if the caller lives to see it. What has not happened by its death never
    /// will.
    async fn lived<T>(&self, call: impl Future<Output = T>) -> T {
        let mut dead = self.dead.subscribe();
        let death = async { drop(dead.wait_for(|dead| *dead).await) };
        tokio::select! {
            biased;
            () = death => std::future::pending().await,
            outcome = call => outcome,
        }
    }
}

/// The way to the controllers during one life.
struct MortalTransport {
    avi: InProcessTransport,
    life: Arc<Life>,
}

impl AviTransport for MortalTransport {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        Box::pin(async move {
            let path = request.uri().path();
            let is_write = request.method() != Method::GET && !path.starts_with("/log");
            let number = if is_write { self.life.writes.fetch_add(1, Ordering::Relaxed) + 1 } else { 0 };
            let fatal = number == self.life.last;
            let call = self.avi.send(request);
            if !fatal || self.life.is_over() {
                return self.life.lived(call).await;
            }
            if self.life.moment == Moment::BeforeItIsSent {
                self.life.die();
                return std::future::pending().await;
            }
            let answer = call.await;
            self.life.die();
            match self.life.moment {
                Moment::AfterItsAnswer => answer,
                _ => std::future::pending().await,
            }
        })
    }
}

/// The way to one cluster during one life.
fn mortal_client(cluster: &KubeWorld, life: &Arc<Life>) -> Client {
    let (cluster, life) = (cluster.clone(), Arc::clone(life));
    let service = tower::service_fn(move |request: Request<kube::client::Body>| {
        let (router, life) = (cluster.router(), Arc::clone(&life));
        async move { life.lived(router.oneshot(request.map(axum::body::Body::new))).await }
    });
    Client::new(service, "default")
}

struct MortalMembers(BTreeMap<String, KubeWorld>, Arc<Life>);

impl MemberClients for MortalMembers {
    fn client<'a>(&'a self, context: &'a str) -> ClientFuture<'a> {
        let client = mortal_client(&self.0[context], &self.1);
        Box::pin(async move { Ok(client) })
    }
}

async fn begin(world: &World, life: &Arc<Life>, seed: u64) -> (ActorRef<OperatorMsg>, Links) {
    let (links, avi) = (Links::default(), world.avi.clone());
    let of_transport = Arc::clone(life);
    let outside = Outside {
        client: mortal_client(world.home(), life),
        members: Arc::new(MortalMembers(world.clusters.clone(), Arc::clone(life))),
        transports: Arc::new(move |_| {
            let (avi, life) = (InProcessTransport(avi.clone()), Arc::clone(&of_transport));
            Ok(Arc::new(MortalTransport { avi, life }) as Arc<dyn AviTransport>)
        }),
        seed,
        log_levels: Arc::new(|_| {}),
    };
    let (actor, _) =
        start(outside, Settings { heartbeat: None, ..Settings::in_namespace("avi-system") }, links.clone())
            .await
            .unwrap();
    (actor, links)
}

/// A world before anything happens, with objects of others on its controller.
async fn furnished() -> (World, Vec<Arc<Value>>) {
    let world = World::new(SEED, &CONTEXTS);
    // Nobody is there to approve anything.
    patch_config(world.home(), json!({"spec": {"deletionGuard": {"maxPercent": 100}}}));
    create(&world, "healthmonitor", user_monitor("amko--of-a-user")).await;
    let members = json!([{"ip": {"addr": "10.9.9.9", "type": "V4"}, "enabled": true, "ratio": 1}]);
    let service = json!({"name": "app01.example.org.lab", "domain_names": ["app01.example.org.lab"],
        "created_by": "somebody", "is_federated": true, "tenant_ref": "/api/tenant/?name=admin",
        "groups": [{"name": "amko-gs-group-10", "priority": 10, "members": members}]});
    create(&world, "gslbservice", service).await;
    // The controller's own monitors are among them.
    let others = everything(&world);
    (world, others)
}

fn everything(world: &World) -> Vec<Arc<Value>> {
    ["gslbservice", "healthmonitor"].into_iter().flat_map(|kind| world.avi.objects(LEADER, kind)).collect()
}

/// One change in a cluster.
fn step(world: &World, history: &mut StdRng) {
    let net = history.random_range(0..CONTEXTS.len());
    let cluster = world.cluster(CONTEXTS[net]);
    let number = history.random_range(0..FQDNS);
    let (name, host) = (format!("app{number:02}"), format!("app{number:02}.example.org"));
    let ip = format!("10.{net}.0.{}", history.random_range(1..250));
    match history.random_range(0..20) {
        0..=5 => {
            let kind = if number % 4 == 0 { "services" } else { "ingresses.networking.k8s.io" };
            let _ = cluster.delete(kind, Some("shop"), &name);
        }
        6 => {
            let weights =
                CONTEXTS.map(|c| json!({"cluster": c, "weight": history.random_range(1..20), "priority": 10}));
            apply(world.home(), policy(&CONTEXTS, json!({"trafficSplit": weights})));
        }
        _ if number % 4 == 0 => {
            let port = [80, 443, 5432][history.random_range(0..3)];
            apply(cluster, service(&name, &host, &ip, &[(port, "TCP")]));
        }
        _ => {
            let paths: &[&str] = [&["/"][..], &["/api"], &["/", "/login"]][history.random_range(0..3)];
            let mut object = ingress(&name, &[Host { host: &host, ip: &ip, paths }]);
            let uuids = json!({&host: format!("virtualservice-{name}-{net}")}).to_string();
            object["metadata"]["annotations"]["ako.vmware.com/host-fqdn-vs-uuid-map"] = json!(uuids);
            if history.random_range(0..4) == 0 {
                object["spec"]["tls"] = json!([{"hosts": [host], "secretName": "tls"}]);
            }
            apply(cluster, object);
        }
    }
}

/// Waits until a living operator has nothing left to do.
async fn settle(world: &World, links: &Links) {
    let (mut quiet, mut before) = (0, 0);
    for _ in 0..3600 {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let (requests, queue) = (world.avi.last_request(), links.board.read().queue);
        let idle = requests == before && queue.waiting + queue.delayed + queue.in_flight == 0;
        (quiet, before) = (if idle { quiet + 1 } else { 0 }, requests);
        if quiet == 30 {
            return;
        }
    }
    panic!("the world does not settle: {:#?}", links.board.read());
}

/// What one operator leaves that never dies.
async fn undisturbed(steps: usize) -> Vec<Value> {
    let (world, _) = furnished().await;
    let mut history = StdRng::seed_from_u64(SEED);
    let (_, links) = begin(&world, &Life::new(usize::MAX, Moment::AtNoWrite), 1).await;
    for _ in 0..steps {
        step(&world, &mut history);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    settle(&world, &links).await;
    comparable(&everything(&world))
}

/// Objects without their UUIDs and times, which differ from run to run; references name what they refer to.
fn comparable(objects: &[Arc<Value>]) -> Vec<Value> {
    let names: BTreeMap<&str, &str> =
        objects.iter().map(|object| (object["uuid"].as_str().unwrap(), object["name"].as_str().unwrap())).collect();
    let mut objects: Vec<Value> = objects
        .iter()
        .map(|object| {
            let mut text = object.to_string();
            names.iter().for_each(|(uuid, name)| text = text.replace(uuid, name));
            let mut object: Value = serde_json::from_str(&text).unwrap();
            // Time of the last write, and how many there were.
            for field in ["_last_modified", "configpb_attributes"] {
                object.as_object_mut().unwrap().remove(field);
            }
            object
        })
        .collect();
    objects.sort_by_key(|object| (object["name"].to_string(), object.to_string()));
    objects
}

/// No name twice in a tenant, no domain name in two services.
fn assert_no_duplicates(objects: &[Arc<Value>]) {
    let mut seen = BTreeSet::new();
    for object in objects {
        assert!(seen.insert((object["tenant_ref"].to_string(), object["name"].to_string())), "twice: {object:#}");
        for domain in object["domain_names"].as_array().into_iter().flatten() {
            assert!(seen.insert(("domain".into(), domain.to_string())), "{domain} twice: {object:#}");
        }
    }
}

/// DB-09, DB-47, EX-31 and EX-32, wherever a run breaks off.
#[tokio::test(start_paused = true)]
async fn two_hundred_sudden_deaths_leave_no_trace_on_the_controller() {
    let (world, others) = furnished().await;
    let (mut history, mut fate) = (StdRng::seed_from_u64(SEED), StdRng::seed_from_u64(SEED + 1));
    let (mut steps, mut died) = (0, BTreeMap::new());
    for death in 0..DEATHS {
        let moment = MOMENTS[fate.random_range(0..MOMENTS.len())];
        let last = if moment == Moment::AtNoWrite { usize::MAX } else { fate.random_range(1..8) };
        let life = Life::new(last, moment);
        let (operator, _) = begin(&world, &life, death as u64).await;
        for _ in 0..fate.random_range(1..=LONGEST) {
            step(&world, &mut history);
            steps += 1;
            tokio::time::sleep(Duration::from_millis(fate.random_range(0..1500))).await;
            if life.is_over() {
                break;
            }
        }
        *died.entry(if life.is_over() { moment } else { Moment::AtNoWrite }).or_insert(0) += 1;
        life.die();
        // Nothing of it can reach anything any more; this only frees its memory.
        operator.kill();
        for _ in 0..fate.random_range(0..3) {
            step(&world, &mut history);
            steps += 1;
        }
    }
    println!("{steps} changes, {} requests, deaths: {died:?}", world.avi.last_request());
    assert!(died.values().all(|deaths| *deaths >= 20) && died.len() == MOMENTS.len(), "{died:?}");

    let (_, links) = begin(&world, &Life::new(usize::MAX, Moment::AtNoWrite), 9999).await;
    settle(&world, &links).await;
    let held = everything(&world);
    assert_no_duplicates(&held);
    for other in &others {
        assert!(held.contains(other), "an object of others as it was: {other:#}");
    }
    let expected = undisturbed(steps).await;
    let found = comparable(&held);
    assert!(expected.len() > FQDNS, "there is something to compare");
    for object in expected.iter().filter(|object| !found.contains(object)) {
        println!("missing: {object:#}");
    }
    for object in found.iter().filter(|object| !expected.contains(object)) {
        println!("too much: {object:#}");
    }
    assert!(found == expected, "after {steps} changes");
}
