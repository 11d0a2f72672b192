//! What an FQDN and an event cost: requests, time and memory. Only behaviour is asserted; times and sizes are printed,
//! in release mode (`make bench`) for worlds of the size that matters, otherwise for a small one.
//!
//! Everything of one measurement runs in one thread, so that the thread's own allocation counters see all of it and
//! nothing else.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test may panic, and tells figures")]

mod support;

use amko::actors::gs_actor::GsMsg;
use amko::actors::operator::{Links, OperatorMsg, Outside, Settings, start};
use amko::avi::transport::{AviTransport, TransportError};
use amko::kubernetes::members::{ClientFuture, MemberClients, MemberError};
use amko::kubernetes::objects::IngressObject;
use amko_lab::kube::KubeWorld;
use bytes::Bytes;
use futures::future::BoxFuture;
use futures::{StreamExt, TryStreamExt};
use kube::runtime::watcher;
use kube::{Api, Client};
use ractor::{Actor, ActorProcessingErr, ActorRef};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use support::objects::{Host, apply, ingress};
use support::{InProcessTransport, LEADER, World, lines};
use tikv_jemalloc_ctl::thread;
use tokio::runtime::Handle;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::Instant;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const CONTEXTS: [&str; 3] = ["s1az1", "s1az2", "s2"];
/// FQDNs, and single changes, of the measurement of time.
const EVENTS: usize = if cfg!(debug_assertions) { 100 } else { 1_000 };
/// FQDNs of the measurements of memory.
const SIZES: &[usize] = if cfg!(debug_assertions) { &[100] } else { &[1_000, 10_000] };
/// How often a waiting measurement looks.
const GLANCE: Duration = Duration::from_millis(5);
/// Looks without a difference after which nothing more is expected.
const STILL: usize = 100;

/// Bytes that this thread has allocated and not freed.
fn heap() -> i64 {
    let (allocated, freed) = (thread::allocatedp::read().unwrap().get(), thread::deallocatedp::read().unwrap().get());
    allocated.cast_signed() - freed.cast_signed()
}

fn on_real_time<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// The Ingress of FQDN `number` in one cluster; `round` makes its address another one.
fn app(cluster: usize, number: usize, round: usize) -> Value {
    let host = format!("app{number}.example.org");
    let ip = format!("10.{}.{}.{}", cluster * 10 + round, number / 250, number % 250 + 1);
    ingress(&format!("app{number}"), &[Host { host: &host, ip: &ip, paths: &["/"] }])
}

/// Three clusters that each have an Ingress for each of `fqdns`.
fn loaded(fqdns: usize) -> World {
    let world = World::new(1, &CONTEXTS);
    for (index, context) in CONTEXTS.iter().enumerate() {
        for number in 0..fqdns {
            apply(world.cluster(context), app(index + 1, number, 0));
        }
    }
    world
}

struct Members(BTreeMap<String, KubeWorld>);

impl MemberClients for Members {
    fn client<'a>(&'a self, context: &'a str) -> ClientFuture<'a> {
        let world = self.0.get(context);
        let client = world.map(|world| Client::new(world.router(), "default"));
        let client = client.ok_or_else(|| MemberError::unknown(context, "a test"));
        Box::pin(async move { client })
    }
}

/// Notes when a PUT leaves.
struct Stamping {
    inner: InProcessTransport,
    left: UnboundedSender<Instant>,
}

impl AviTransport for Stamping {
    fn send(&self, request: http::Request<Bytes>) -> BoxFuture<'_, Result<http::Response<Bytes>, TransportError>> {
        if request.method() == http::Method::PUT {
            self.left.send(Instant::now()).unwrap();
        }
        self.inner.send(request)
    }
}

/// An operator on real time between the worlds.
struct Running {
    actor: ActorRef<OperatorMsg>,
    links: Links,
    left: UnboundedReceiver<Instant>,
    /// Tasks that were alive before it started.
    tasks: usize,
}

impl Running {
    async fn start(world: &World) -> Self {
        let tasks = Handle::current().metrics().num_alive_tasks();
        let (links, (stamps, left)) = (Links::default(), unbounded_channel());
        let avi = world.avi.clone();
        let outside = Outside {
            client: Client::new(world.home().router(), "default"),
            members: Arc::new(Members(world.clusters.clone())),
            transports: Arc::new(move |_| {
                Ok(Arc::new(Stamping { inner: InProcessTransport(avi.clone()), left: stamps.clone() }))
            }),
            seed: 1,
            log_levels: Arc::new(|_| {}),
        };
        let (actor, _) =
            start(outside, Settings { heartbeat: None, ..Settings::in_namespace("avi-system") }, links.clone())
                .await
                .unwrap();
        Self { actor, links, left, tasks }
    }

    fn is_idle(&self) -> bool {
        let queue = self.links.board.read().queue;
        queue.waiting + queue.delayed + queue.in_flight == 0
    }

    /// Waits until the controller has this many services and nothing is left to do.
    async fn settle(&self, world: &World, services: usize) {
        while world.avi.objects(LEADER, "gslbservice").len() < services || !self.is_idle() {
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// Stops it and waits until no more of its tasks end; answers how many are left.
    async fn stop(self) -> usize {
        self.actor.stop_and_wait(None, None).await.unwrap();
        let tasks = self.tasks;
        drop(self);
        let alive = || Handle::current().metrics().num_alive_tasks();
        let (mut before, mut still) = (alive(), 0);
        while still < STILL && before > tasks {
            tokio::time::sleep(GLANCE).await;
            still = if alive() == before { still + 1 } else { 0 };
            before = alive();
        }
        before.saturating_sub(tasks)
    }
}

#[tokio::test(start_paused = true)]
async fn an_address_change_costs_one_put_and_nothing_else() {
    let mut world = loaded(20);
    world.start().await;
    let before = world.avi.last_request();
    apply(world.cluster("s2"), app(3, 7, 1));
    world.settle().await;
    assert_eq!(world.avi.last_request(), before + 1, "no read, no login");
    assert_eq!(lines(&world.writes_since(before)), ["PUT gslbservice/<uuid>"]);
}

#[test]
fn each_of_many_changes_is_one_request() {
    on_real_time(async {
        let world = loaded(EVENTS);
        let mut running = Running::start(&world).await;
        running.settle(&world, EVENTS).await;
        let mut operator = Vec::with_capacity(EVENTS);
        for number in 0..EVENTS {
            let before = world.avi.last_request();
            apply(world.cluster("s2"), app(3, number, 1));
            let seen = Instant::now();
            operator.push(running.left.recv().await.unwrap() - seen);
            while !running.is_idle() {
                tokio::task::yield_now().await;
            }
            assert_eq!(world.avi.last_request(), before + 1, "app{number}");
        }
        running.stop().await;
        let floor = floor(&world).await;
        let (operator, floor) = (Spread::of(operator), Spread::of(floor));
        println!("watch event to request, {EVENTS} FQDNs in {} clusters, {EVENTS} single changes:", CONTEXTS.len());
        println!("  operator                  {operator}");
        println!("  bare watcher, no operator {floor}");
        println!("  ratio                     {}", operator.ratio(&floor));
    });
}

/// The same changes with nothing between a watch and the transport.
async fn floor(world: &World) -> Vec<Duration> {
    let (stamps, mut left) = unbounded_channel();
    let transport = Stamping { inner: InProcessTransport(world.avi.clone()), left: stamps };
    let ingresses = Api::<IngressObject>::all(Client::new(world.cluster("s2").router(), "default"));
    let mut events = watcher::watcher(ingresses, watcher::Config::default()).boxed();
    while !matches!(events.try_next().await.unwrap(), Some(watcher::Event::InitDone)) {}
    let watching = tokio::spawn(async move {
        while let Some(event) = events.try_next().await.unwrap() {
            assert!(matches!(event, watcher::Event::Apply(_)));
            let request = http::Request::put(format!("https://{LEADER}/api/gslbservice")).body(Bytes::new()).unwrap();
            transport.send(request).await.unwrap();
        }
    });
    tokio::task::yield_now().await;
    let mut times = Vec::with_capacity(EVENTS);
    for number in 0..EVENTS {
        apply(world.cluster("s2"), app(3, number, 2));
        let seen = Instant::now();
        times.push(left.recv().await.unwrap() - seen);
        tokio::task::yield_now().await;
    }
    watching.abort();
    times
}

/// Median and 99th percentile.
struct Spread {
    median: Duration,
    p99: Duration,
}

impl Spread {
    fn of(mut times: Vec<Duration>) -> Self {
        times.sort();
        Self { median: times[times.len() / 2], p99: times[times.len() * 99 / 100] }
    }

    fn ratio(&self, floor: &Self) -> String {
        let of = |one: Duration, other: Duration| one.as_secs_f64() / other.as_secs_f64().max(f64::EPSILON);
        format!("median {:.2}, p99 {:.2}", of(self.median, floor.median), of(self.p99, floor.p99))
    }
}

impl std::fmt::Display for Spread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "median {:?}, p99 {:?}", self.median, self.p99)
    }
}

#[test]
fn a_stopped_operator_leaves_the_controller_as_it_is_and_its_memory_free() {
    for &fqdns in SIZES {
        let actor = on_real_time(bare_actors(fqdns)) / fqdns;
        let total = on_real_time(operator_heap(fqdns)) / fqdns;
        let ours = total.saturating_sub(actor);
        println!("heap per FQDN at {fqdns} FQDNs: {total} bytes, of these {actor} the bare actor and {ours} ours");
        assert!(total > actor, "what was measured is the operator");
    }
}

/// Bytes that go when a settled operator is stopped.
async fn operator_heap(fqdns: usize) -> usize {
    let world = loaded(fqdns);
    let started = Instant::now();
    let running = Running::start(&world).await;
    running.settle(&world, fqdns).await;
    println!("{fqdns} FQDNs synced in {:?}", started.elapsed());
    let with = heap();
    let left = running.stop().await;
    let freed = with - heap();
    println!("{left} tasks left after the stop");
    assert_eq!(world.service_names().len(), fqdns);
    usize::try_from(freed).unwrap()
}

/// An actor without state that takes what a GsActor takes.
struct Bare;

impl Actor for Bare {
    type Msg = GsMsg;
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<GsMsg>, (): ()) -> Result<(), ActorProcessingErr> {
        Ok(())
    }
}

/// Bytes that this many idle actors take, linked to a parent as GsActors are.
async fn bare_actors(count: usize) -> usize {
    let (parent, _) = Actor::spawn(None, Bare, ()).await.unwrap();
    let before = heap();
    let mut actors = Vec::with_capacity(count);
    for _ in 0..count {
        actors.push(Actor::spawn_linked(None, Bare, (), parent.get_cell()).await.unwrap().0);
    }
    tokio::task::yield_now().await;
    let taken = heap() - before;
    parent.stop_and_wait(None, None).await.unwrap();
    usize::try_from(taken).unwrap()
}
