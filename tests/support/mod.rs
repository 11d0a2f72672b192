//! A whole world in memory, in one thread, on paused time: simulated clusters and controllers, and the operator
//! between them, reached through its two seams.

#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

pub mod ako_crds;
pub mod bodies;
pub mod controller;
pub mod objects;
pub mod status;
pub mod transport;
pub mod wire;
pub mod witness;

pub use transport::InProcessTransport;
use witness::{HOME, Witness, witnessed};

use amko::actors::gs_directory::AWAKE;
use amko::actors::operator::{Links, OperatorMsg, Outside, Settings, start};
use amko::avi::session::{AviClient, SessionSettings};
use amko::avi::transport::{AviTransport, TransportError};
use amko::kubernetes::members::{ClientFuture, KubeconfigMembers, MemberClients, MemberError};
use amko_lab::avi::{AviWorld, AviWorldConfig, RequestRecord, SiteConfig};
use amko_lab::chance::Chance;
use amko_lab::clock::Clock;
use amko_lab::kube::{KubeWorld, KubeWorldConfig};
use bytes::Bytes;
use futures::future::BoxFuture;
use kube::Client;
use parking_lot::Mutex;
use ractor::ActorRef;
use serde_json::Value;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tower::ServiceExt;
use wire::Wire;

/// UUID of the installation in every world.
pub const UUID: &str = "11111111-2222-11ee-8000-333333333333";
/// The site whose controller leads.
pub const LEADER: &str = "neutral";

/// Where the operator believes the kubeconfig of the members to be.
pub const PLACE: &str = "key gslb-members of Secret avi-system/gslb-config-secret";

/// The grace of a deleted policy, and time for the list that confirms it.
const POLICY_GRACE: Duration = Duration::from_secs(32);

/// How long, in virtual time, nothing must happen before a world counts as settled.
const QUIET: Duration = Duration::from_secs(15);
const STEP: Duration = Duration::from_millis(500);
/// A world that does not settle by then never will.
const LIMIT: Duration = Duration::from_secs(1800);

pub struct World {
    pub clusters: BTreeMap<String, KubeWorld>,
    pub avi: AviWorld,
    pub clock: Clock,
    pub mischief: Mischief,
    /// How many service actors may be awake.
    pub awake: usize,
    /// Time between two looks at an idle controller. Without, a world without work comes to rest.
    pub heartbeat: Option<Duration>,
    /// Takes the place of clients without a kubeconfig.
    pub kubeconfig: Option<KubeconfigMembers>,
    /// How the ways to the servers are, from the next start.
    pub wire: Wire,
    witness: Option<Arc<dyn Witness>>,
    seed: u64,
    running: Option<Running>,
    starts: u64,
}

/// By context: the beginning of a path, and a status.
pub type Refusals = Arc<Mutex<BTreeMap<String, (&'static str, u16)>>>;

/// What the seams do to the operator beside what the worlds do, and what they saw of it.
#[derive(Clone, Default)]
pub struct Mischief {
    /// A controller request whose path begins so meets a bug: the transport panics. Taken once.
    pub panic_on: Arc<Mutex<Option<&'static str>>>,
    /// The home cluster answers every PATCH with 500.
    pub refuse_patches: Arc<AtomicBool>,
    /// By member cluster, or `home` for the way to the AMKO objects: GETs whose path begins so are answered with this status.
    pub refuse_reads: Refusals,
    /// The certificate of every controller is refused.
    pub refuse_certificates: Arc<AtomicBool>,
    /// Of each transport to a controller, whether it skips the verification of certificates.
    pub skips: Arc<Mutex<Vec<bool>>>,
    /// How often a transport to a controller was made.
    pub connects: Arc<AtomicUsize>,
    /// The log levels that were set.
    pub log_levels: Arc<Mutex<Vec<String>>>,
}

pub struct Running {
    pub links: Links,
    actor: ActorRef<OperatorMsg>,
}

impl World {
    /// Clusters with these contexts, the first of which holds the AMKO objects, and three controllers. Nothing runs
    /// yet.
    pub fn new(seed: u64, contexts: &[&str]) -> Self {
        let clock = Clock::starting_at("2026-01-01T00:00:00Z".parse().unwrap());
        let chance = Chance::seeded(seed);
        let sites = [LEADER, "site1", "site2"].map(|name| SiteConfig { name: name.into(), address: name.into() });
        let config = AviWorldConfig::new(sites.to_vec(), clock, chance.clone());
        let avi = AviWorld::new(AviWorldConfig { check_cluster_uuids: false, ..config });
        let cluster = |context: &&str| {
            let config = KubeWorldConfig { name: (*context).into(), clock, chance: chance.clone(), history: 100_000 };
            let world = KubeWorld::new(config);
            objects::install_crds(&world);
            ((*context).to_owned(), world)
        };
        let clusters: BTreeMap<String, KubeWorld> = contexts.iter().map(cluster).collect();
        objects::install_amko(&clusters[contexts[0]], contexts);
        Self {
            clusters,
            avi,
            clock,
            mischief: Mischief::default(),
            awake: AWAKE,
            heartbeat: None,
            kubeconfig: None,
            wire: Wire::default(),
            witness: None,
            seed,
            running: None,
            starts: 0,
        }
    }

    /// Two clusters `ctx-a` and `ctx-b`, as in the worked examples of `docs/RULES.md`.
    pub fn of_examples() -> Self {
        Self::new(1, &["ctx-a", "ctx-b"])
    }

    pub fn cluster(&self, context: &str) -> &KubeWorld {
        &self.clusters[context]
    }

    /// The cluster with the AMKO objects.
    pub fn home(&self) -> &KubeWorld {
        self.clusters.values().next().unwrap()
    }

    pub fn links(&self) -> &Links {
        &self.running.as_ref().unwrap().links
    }

    /// Starts the operator and waits until it has nothing left to do.
    pub async fn start(&mut self) {
        self.start_without_settling().await;
        self.settle().await;
    }

    pub async fn start_without_settling(&mut self) {
        self.starts += 1;
        let links = Links::default();
        let (avi, mischief, witness) = (self.avi.clone(), self.mischief.clone(), self.witness.clone());
        let wire = self.wire.clone();
        let levels = Arc::clone(&mischief.log_levels);
        let outside = Outside {
            client: self.home_client(),
            members: self.members(),
            transports: Arc::new(move |tls| {
                mischief.skips.lock().push(tls.insecure_skip_verify);
                mischief.connects.fetch_add(1, Ordering::Relaxed);
                let avi = InProcessTransport(avi.clone());
                let panic_on = Arc::clone(&mischief.panic_on);
                let refuse_certificates = Arc::clone(&mischief.refuse_certificates);
                let (wire, witness) = (wire.clone(), witness.clone());
                Ok(Arc::new(BuggyTransport { avi, panic_on, refuse_certificates, wire, witness })
                    as Arc<dyn AviTransport>)
            }),
            seed: self.seed.wrapping_mul(1000).wrapping_add(self.starts),
            log_levels: Arc::new(move |level: &str| levels.lock().push(level.to_owned())),
        };
        let (awake, heartbeat, clock) = (self.awake, self.heartbeat, self.clock);
        let wall = Arc::new(move || clock.now());
        let settings = Settings { awake, heartbeat, wall, ..Settings::in_namespace("avi-system") };
        let (actor, _) = start(outside, settings, links.clone()).await.unwrap();
        self.running = Some(Running { links, actor });
    }

    /// Clients for the member clusters.
    pub fn members(&self) -> Arc<dyn MemberClients> {
        match &self.kubeconfig {
            Some(members) => Arc::new(members.clone()),
            None => Arc::new(InProcessMembers {
                clusters: self.clusters.clone(),
                refusals: Arc::clone(&self.mischief.refuse_reads),
                wire: self.wire.clone(),
                witness: self.witness.clone(),
            }),
        }
    }

    fn home_client(&self) -> Client {
        let (router, refuse) = (self.home().router(), Arc::clone(&self.mischief.refuse_patches));
        let reads = Arc::clone(&self.mischief.refuse_reads);
        let (wire, witness) = (self.wire.clone(), self.witness.clone());
        let service = tower::service_fn(move |request: http::Request<kube::client::Body>| {
            let refused = refuse.load(Ordering::Relaxed) && request.method() == http::Method::PATCH;
            let read = reads.lock().get("home").copied().filter(|(path, _)| request.uri().path().starts_with(path));
            let refusal = refused.then_some(500).or(read.map(|(_, status)| status));
            let (router, wire, witness) = (router.clone(), wire.clone(), witness.clone());
            async move {
                wire.delay().await;
                if let Some(status) = refusal {
                    let failed = http::Response::builder().status(status).body(axum::body::Body::from("refused"));
                    return Ok(failed.unwrap());
                }
                let request = wire.cut(request, "limit");
                let uri = request.uri().clone();
                let answer = router.oneshot(request.map(axum::body::Body::new)).await?;
                Ok::<_, Infallible>(witnessed(witness, HOME, &uri, answer).await)
            }
        });
        Client::new(service, "default")
    }

    /// Everything that was asked of the controllers since `seq`.
    pub fn requests_since(&self, seq: u64) -> Vec<RequestRecord> {
        self.avi.requests().into_iter().filter(|r| r.seq > seq).collect()
    }

    /// Logins that were tried since `seq`.
    pub fn logins_since(&self, seq: u64) -> usize {
        self.requests_since(seq).iter().filter(|r| r.path_and_query.contains("/login")).count()
    }

    /// A client of the leader for what others do there.
    pub fn somebody_else(&self) -> AviClient {
        self.client_of(LEADER)
    }

    /// A client of the controller of one site.
    pub fn client_of(&self, site: &str) -> AviClient {
        let settings = SessionSettings {
            address: site.into(),
            username: "admin".into(),
            password: "avi123".to_owned().into(),
            version: "30.2.1".into(),
        };
        AviClient::new(Arc::new(InProcessTransport(self.avi.clone())), settings).unwrap()
    }

    /// Stops the operator in order.
    pub async fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            running.actor.stop_and_wait(None, None).await.unwrap();
        }
    }

    /// Lets virtual time pass until no request is sent and no work waits for a while.
    pub async fn settle(&self) {
        let mut quiet = Duration::ZERO;
        let mut waited = Duration::ZERO;
        let mut before = 0;
        while quiet < QUIET {
            tokio::time::sleep(STEP).await;
            waited += STEP;
            assert!(waited < LIMIT, "the world does not settle: {:#?}", self.links().board.read());
            let requests = self.avi.last_request();
            let queue = self.links().board.read().queue;
            let idle = requests == before && queue.waiting + queue.delayed + queue.in_flight == 0;
            quiet = if idle { quiet + STEP } else { Duration::ZERO };
            before = requests;
        }
    }

    /// Runs `change` and gives the controller writes that follow from it.
    pub async fn writes_after(&self, change: impl FnOnce(&Self)) -> Vec<Request> {
        let before = self.avi.last_request();
        change(self);
        self.settle().await;
        self.writes_since(before)
    }

    pub fn writes_since(&self, seq: u64) -> Vec<Request> {
        let records = self.avi.requests();
        records.into_iter().filter(|r| r.seq > seq && is_write(r)).map(Request::from).collect()
    }

    /// The writes after that request which the controller did not refuse for what they say.
    pub fn taken_since(&self, seq: u64) -> Vec<Request> {
        let taken = |r: &RequestRecord| r.seq > seq && is_write(r) && r.status != 400;
        self.avi.requests().into_iter().filter(taken).map(Request::from).collect()
    }

    /// All writes since the world began.
    pub fn writes(&self) -> Vec<Request> {
        self.avi.requests().into_iter().filter(is_write).map(Request::from).collect()
    }

    /// Deletes the policy and gives the writes that follow from it, once its grace is over.
    pub async fn writes_after_deleted_policy(&self) -> Vec<Request> {
        let before = self.avi.last_request();
        objects::delete_policy(self.home());
        tokio::time::sleep(POLICY_GRACE).await;
        self.settle().await;
        self.writes_since(before)
    }

    /// Objects of a kind on a site, by name.
    pub fn on_controller(&self, site: &str, kind: &str) -> BTreeMap<String, Value> {
        let objects = self.avi.objects(site, kind).into_iter();
        objects.map(|o| (o["name"].as_str().unwrap().to_owned(), (*o).clone())).collect()
    }

    /// Names of the GSLB services on the leader.
    pub fn service_names(&self) -> Vec<String> {
        self.on_controller(LEADER, "gslbservice").into_keys().collect()
    }

    /// Names of the operator's health monitors on the leader.
    pub fn monitor_names(&self) -> Vec<String> {
        let names = self.on_controller(LEADER, "healthmonitor").into_keys();
        names.filter(|name| name.starts_with("amko--")).collect()
    }
}

fn is_write(record: &RequestRecord) -> bool {
    record.method != "GET" && !record.path_and_query.contains("login") && !record.path_and_query.contains("logout")
}

/// One write, as the worked examples show them: without the parts that differ from run to run.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    pub line: String,
    pub body: Value,
    pub status: u16,
}

impl From<RequestRecord> for Request {
    fn from(record: RequestRecord) -> Self {
        let path = record.path_and_query.trim_end_matches('/');
        let kind = path.split('/').nth(2).unwrap_or_default();
        let of_object = path.split('/').count() > 3;
        let line = format!("{} {kind}{}", record.method, if of_object { "/<uuid>" } else { "" });
        let mut body = record.body.unwrap_or(Value::Null);
        if let Some(body) = body.as_object_mut() {
            body.remove("_last_modified");
        }
        Self { line, body, status: record.status }
    }
}

/// Lines and answers of some requests.
pub fn outcomes(requests: &[Request]) -> Vec<(&str, u16)> {
    requests.iter().map(|r| (r.line.as_str(), r.status)).collect()
}

/// The lines of some requests, for comparing their order.
pub fn lines(requests: &[Request]) -> Vec<&str> {
    requests.iter().map(|r| r.line.as_str()).collect()
}

/// Member clusters without sockets, which may refuse to be read.
struct InProcessMembers {
    clusters: BTreeMap<String, KubeWorld>,
    refusals: Refusals,
    wire: Wire,
    witness: Option<Arc<dyn Witness>>,
}

impl MemberClients for InProcessMembers {
    fn client<'a>(&'a self, context: &'a str) -> ClientFuture<'a> {
        let world = self.clusters.get(context).cloned();
        let (context, refusals) = (context.to_owned(), Arc::clone(&self.refusals));
        let (wire, witness) = (self.wire.clone(), self.witness.clone());
        Box::pin(async move {
            let world = world.ok_or_else(|| MemberError::unknown(&context, PLACE))?;
            let service = tower::service_fn(move |request: http::Request<kube::client::Body>| {
                let refusal = refusals.lock().get(&context).copied();
                let refusal = refusal.filter(|(path, _)| request.uri().path().starts_with(path));
                let router = world.router();
                let (context, wire, witness) = (context.clone(), wire.clone(), witness.clone());
                async move {
                    wire.delay().await;
                    if let Some((_, status)) = refusal {
                        let refused = http::Response::builder().status(status);
                        return Ok(refused.body(axum::body::Body::from("refused by the test")).unwrap());
                    }
                    let request = wire.cut(request, "limit");
                    let uri = request.uri().clone();
                    let answer = router.oneshot(request.map(axum::body::Body::new)).await?;
                    Ok::<_, Infallible>(witnessed(witness, &context, &uri, answer).await)
                }
            });
            Ok(Client::new(service, "default"))
        })
    }
}

/// A transport with a bug on demand, or without trust.
struct BuggyTransport {
    avi: InProcessTransport,
    panic_on: Arc<Mutex<Option<&'static str>>>,
    refuse_certificates: Arc<AtomicBool>,
    wire: Wire,
    witness: Option<Arc<dyn Witness>>,
}

impl AviTransport for BuggyTransport {
    fn send(&self, request: http::Request<Bytes>) -> BoxFuture<'_, Result<http::Response<Bytes>, TransportError>> {
        if let Some(witness) = &self.witness {
            witness.asked(request.uri().host().unwrap_or_default(), &request);
        }
        let bug = self.panic_on.lock().take_if(|path| request.uri().path().starts_with(*path));
        Box::pin(async move {
            assert!(bug.is_none(), "a bug of the test");
            if self.refuse_certificates.load(Ordering::Relaxed) {
                return Err(TransportError::Tls("invalid peer certificate: UnknownIssuer".into()));
            }
            self.avi.send(self.wire.cut(request, "page_size")).await
        })
    }
}
