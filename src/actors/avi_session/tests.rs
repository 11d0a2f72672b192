//! The session against a scripted controller, on paused time.

mod marks;
mod pressure;
mod questions;
mod shared;

use super::*;
use crate::actors::listening::listener;
use crate::avi::session::SessionSettings;
use crate::avi::testing::TestController;
use crate::avi::transport::{AviTransport, TlsSettings};
use crate::core::owner::Owner;
use crate::core::references::Catalog;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::sync::mpsc::UnboundedReceiver;

const MONITORS: &str =
    "GET /api/healthmonitor?include_name=&is_federated=true&name.contains=amko--&page_size=200&sort=name";
const REFRESH: Duration = Duration::from_secs(600);

fn owner() -> Owner {
    Owner::from_uuid("11111111-2222-11ee-8000-333333333333".parse().unwrap())
}

fn page(objects: &[Value]) -> Value {
    json!({"count": objects.len(), "results": objects})
}

/// A leader that holds nothing of ours.
fn leader() -> TestController {
    let controller = TestController::default();
    let gslb = json!({"leader_cluster_uuid": "cluster-1", "third_party_sites": [{"name": "cdn"}]});
    let up = json!({"cluster_state": {"state": "CLUSTER_UP_NO_HA"}});
    controller.on("GET /api/cluster/runtime", 200, up);
    controller.on("GET /api/cloud", 200, page(&[])).on("GET /api/cluster", 200, json!({"uuid": "cluster-1"}));
    controller.on("GET /api/gslb", 200, page(&[gslb])).on(MONITORS, 200, page(&[])).on("POST /logout", 200, json!({}));
    for created_by in [owner().as_str(), "amko-gslb"] {
        let line = format!("GET /api/gslbservice?created_by={created_by}&include_name=&page_size=200&sort=name");
        controller.on(&line, 200, page(&[]));
    }
    controller
}

/// A session whose neighbours are listened to.
struct World {
    session: ActorRef<AviSessionMsg>,
    controller: TestController,
    policy: UnboundedReceiver<PolicyWatcherMsg>,
    directory: UnboundedReceiver<GsDirectoryMsg>,
    board: Board,
}

impl World {
    async fn new(controller: TestController) -> Self {
        let (policy_link, policy) = listener().await;
        let (directory_link, directory) = listener().await;
        let (transport, board) = (controller.clone(), Board::default());
        let args = AviSessionArgs {
            transports: Arc::new(move |_| Ok(Arc::new(transport.clone()) as Arc<dyn AviTransport>)),
            directory: directory_link,
            policy: policy_link,
            board: board.clone(),
            metrics: Arc::default(),
            memory: Memory::default(),
            retry: RetryPolicy::default(),
            concurrency: 4,
            heartbeat: None,
            seed: 7,
        };
        let (session, _) = Actor::spawn(None, AviSession, args).await.unwrap();
        Self { session, controller, policy, directory, board }
    }

    /// The same, connected.
    async fn ready(controller: TestController) -> Self {
        let world = Self::new(controller).await;
        world.configure("avi.example.org", owner());
        world.tell(AviSessionMsg::Term(Some(1)));
        world
    }

    fn tell(&self, message: AviSessionMsg) {
        self.session.cast(message).unwrap();
    }

    fn configure(&self, address: &str, owner: Owner) {
        let session = SessionSettings {
            address: address.into(),
            username: "admin".into(),
            password: crate::avi::testing::PASSWORD.into(),
            version: "30.2.1".into(),
        };
        let tls = TlsSettings { ca_pem: None, insecure_skip_verify: true };
        let settings = ControllerSettings {
            session,
            tls,
            owner,
            refresh: REFRESH,
            requests_per_second: 0,
            follow_leader: false,
            controllers: None,
            secret_version: None,
            deletions: DeletionPolicy { max_percent: 100, max_count: 0, approved: None },
        };
        self.tell(AviSessionMsg::Configure(Some(Arc::new(settings))));
    }

    fn ask<const N: usize>(&self, questions: [Question; N]) {
        self.tell(AviSessionMsg::Ask(questions.into()));
    }

    /// The next catalog that the policy watcher is told; the directory must be told the same.
    async fn told(&mut self) -> Catalog {
        let told = loop {
            match self.policy.recv().await.unwrap() {
                PolicyWatcherMsg::References(catalog) => break catalog,
                _ => continue,
            }
        };
        let directory = loop {
            match self.directory.recv().await.unwrap() {
                GsDirectoryMsg::References(catalog) => break catalog,
                _ => continue,
            }
        };
        assert_eq!(told, directory);
        (*told).clone()
    }

    /// Whether nobody is told of references for this long.
    async fn silent_for(&mut self, time: Duration) -> bool {
        tokio::time::timeout(time, self.told()).await.is_err()
    }

    /// How often each line was asked for.
    fn asked(&self, line: &str) -> usize {
        self.controller.lines().iter().filter(|asked| *asked == line).count()
    }
}
