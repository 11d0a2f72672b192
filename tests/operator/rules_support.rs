//! A PolicyWatcher at a desk of its own: the cluster is in memory, the neighbours write down what they hear.

use crate::support::World;
use amko::actors::avi_session::AviSessionMsg;
use amko::actors::board::{Board, RuleCounts};
use amko::actors::ever_listed::EverListed;
use amko::actors::gs_directory::GsDirectoryMsg;
use amko::actors::link::Link;
use amko::actors::operator::OperatorMsg;
use amko::actors::policy_watcher::{PolicyWatcher, PolicyWatcherArgs, PolicyWatcherMsg};
use amko::actors::status_writer::{RuleReport, StatusWriterMsg};
use amko::core::host_rule::{RuleState, RuleTable, RuleVerdict};
use amko::core::naming::Naming;
use amko::core::policy::DeploymentState;
use amko::core::references::{Answer, Catalog, Question, ReferencedMonitor};
use amko::retry::RetryPolicy;
use amko_lab::kube::KubeWorld;
use kube::Client;
use parking_lot::Mutex;
use ractor::{Actor, ActorProcessingErr, ActorRef, Message};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tower::ServiceExt;

/// Long enough for every watch to have failed, waited and succeeded.
const REST: Duration = Duration::from_secs(120);

/// What one of the neighbours heard.
enum Heard {
    Operator(OperatorMsg),
    Session(AviSessionMsg),
    Directory(GsDirectoryMsg),
    Status(StatusWriterMsg),
}

/// Writes down what it hears.
struct Listener<M> {
    notes: Arc<Mutex<Vec<Heard>>>,
    wrap: fn(M) -> Heard,
}

impl<M: Message + Sync> Actor for Listener<M> {
    type Msg = M;
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<M>, (): ()) -> Result<(), ActorProcessingErr> {
        Ok(())
    }

    async fn handle(&self, _: ActorRef<M>, message: M, (): &mut ()) -> Result<(), ActorProcessingErr> {
        self.notes.lock().push((self.wrap)(message));
        Ok(())
    }
}

pub struct Desk {
    pub home: KubeWorld,
    /// GET requests to this path are refused.
    refused: Arc<Mutex<String>>,
    notes: Arc<Mutex<Vec<Heard>>>,
    board: Board,
    watcher: Option<ActorRef<PolicyWatcherMsg>>,
    /// What the directory was told so far.
    table: RuleTable,
}

impl Desk {
    /// The home cluster of the examples; nothing runs yet.
    pub fn make() -> Self {
        Self {
            home: World::of_examples().home().clone(),
            refused: Arc::default(),
            notes: Arc::default(),
            board: Board::default(),
            watcher: None,
            table: RuleTable::new(),
        }
    }

    /// The same, watched by the leader.
    pub async fn start() -> Self {
        let mut desk = Self::make();
        desk.run().await;
        desk
    }

    pub async fn run(&mut self) {
        self.run_with_term(Some(1)).await;
    }

    pub async fn run_with_term(&mut self, term: Option<u64>) {
        let args = PolicyWatcherArgs {
            client: self.client(),
            namespace: "avi-system".into(),
            controller_ca: None,
            operator: self.listener(Heard::Operator).await,
            session: self.listener(Heard::Session).await,
            directory: self.listener(Heard::Directory).await,
            federation: Link::default(),
            status: self.listener(Heard::Status).await,
            events: Link::default(),
            board: self.board.clone(),
            ever_listed: EverListed::default(),
            log_levels: Arc::new(|_: &str| ()),
            wall: Arc::new(jiff::Timestamp::now),
            retry: RetryPolicy::default(),
            seed: 1,
            identities: amko::actors::identities::Identities::default(),
        };
        let (watcher, _) = PolicyWatcher::spawn(None, PolicyWatcher, args).await.unwrap();
        self.watcher = Some(watcher);
        self.tell(PolicyWatcherMsg::Term(term)).await;
    }

    async fn listener<M: Message + Sync>(&self, wrap: fn(M) -> Heard) -> Link<M> {
        let notes = Arc::clone(&self.notes);
        let (listener, _) = Actor::spawn(None, Listener { notes, wrap }, ()).await.unwrap();
        let link = Link::default();
        link.point_at(listener);
        link
    }

    fn client(&self) -> Client {
        let (router, refused) = (self.home.router(), Arc::clone(&self.refused));
        let service = tower::service_fn(move |request: http::Request<kube::client::Body>| {
            let refuse = request.uri().path() == refused.lock().as_str();
            let router = router.clone();
            async move {
                if refuse {
                    let answer = http::Response::builder().status(403).body(axum::body::Body::from("{}"));
                    return Ok(answer.unwrap());
                }
                router.oneshot(request.map(axum::body::Body::new)).await
            }
        });
        Client::new(service, "default")
    }

    /// Refuses to list or watch this path from now on, and no other.
    pub fn refuse(&self, path: &str) {
        path.clone_into(&mut self.refused.lock());
    }

    /// Lets time pass until everything that has happened has been heard of.
    pub async fn rest(&self) {
        tokio::time::sleep(REST).await;
    }

    pub async fn tell(&self, message: PolicyWatcherMsg) {
        self.watcher.as_ref().unwrap().cast(message).unwrap();
        self.rest().await;
    }

    /// What the controller is known to hold, from now on.
    pub async fn answer(&self, catalog: Catalog) {
        self.tell(PolicyWatcherMsg::References(Arc::new(catalog))).await;
    }

    /// What `pick` makes of the notes that it picks, which are thrown away.
    fn take<T>(&mut self, pick: impl Fn(&Heard) -> Option<T>) -> Vec<T> {
        let mut taken = Vec::new();
        self.notes.lock().retain(|note| pick(note).map(|found| taken.push(found)).is_none());
        taken
    }

    /// The table as told since the last look, in words: whole, or what is different for one FQDN.
    pub fn rules(&mut self) -> Option<Vec<String>> {
        enum Told {
            Whole(RuleTable),
            One(String, RuleState),
        }
        let told = self.take(|heard| match heard {
            Heard::Directory(GsDirectoryMsg::Rules(table)) => Some(Told::Whole((**table).clone())),
            Heard::Directory(GsDirectoryMsg::RuleOf { fqdn, rule }) => Some(Told::One(fqdn.clone(), rule.clone())),
            _ => None,
        });
        let any = !told.is_empty();
        for told in told {
            match told {
                Told::Whole(table) => self.table = table,
                Told::One(fqdn, RuleState::None) => drop(self.table.remove(&fqdn)),
                Told::One(fqdn, rule) => drop(self.table.insert(fqdn, rule)),
            }
        }
        any.then(|| in_words(&self.table))
    }

    /// The newest state of the policy since the last look, when it changed.
    pub fn deployment(&mut self) -> Option<DeploymentState> {
        self.snapshots().map(|(deployment, _)| deployment)
    }

    /// `statusObjects` and `useCustomGlobalFqdn` of the newest snapshot since the last look.
    pub fn choices(&mut self) -> Option<(bool, bool)> {
        self.snapshots().map(|(_, choices)| choices)
    }

    fn snapshots(&mut self) -> Option<(DeploymentState, (bool, bool))> {
        let snapshots = self.take(|heard| match heard {
            Heard::Directory(GsDirectoryMsg::Policy(policy)) => {
                let installation = policy.installation.as_ref().unwrap();
                let choices = (installation.status_for_all, installation.custom_global_fqdn);
                Some((policy.deployment.clone(), choices))
            }
            _ => None,
        });
        snapshots.into_iter().next_back()
    }

    /// The newest set of questions since the last look.
    pub fn asked(&mut self) -> Option<BTreeSet<Question>> {
        let asked = self.take(|heard| match heard {
            Heard::Session(AviSessionMsg::Ask(questions)) => Some(questions.clone()),
            _ => None,
        });
        asked.into_iter().next_back()
    }

    fn take_reports(&mut self) -> Vec<RuleReport> {
        self.take(|heard| match heard {
            Heard::Status(StatusWriterMsg::Rule(report)) => Some((**report).clone()),
            _ => None,
        })
    }

    /// Reports since the last look, in their order.
    pub fn reports(&mut self) -> Vec<(String, RuleVerdict)> {
        self.take_reports().into_iter().map(|report| (report.object.name, report.verdict)).collect()
    }

    pub fn last_report(&mut self) -> RuleReport {
        self.take_reports().pop().unwrap()
    }

    /// Rules that were told to be gone.
    pub fn gone(&mut self) -> Vec<String> {
        self.take(|heard| match heard {
            Heard::Status(StatusWriterMsg::RuleGone(name)) => Some(format!("{}/{}", name.namespace, name.name)),
            _ => None,
        })
    }

    /// All notes since the last look, by kind.
    pub fn heard(&mut self) -> Vec<String> {
        let kind = |heard: &Heard| {
            let text = match heard {
                Heard::Operator(_) => return None,
                Heard::Session(message) => format!("{message:?}"),
                Heard::Directory(message) => format!("{message:?}"),
                Heard::Status(message) => format!("{message:?}"),
            };
            Some(text.split(['(', ' ']).next().unwrap().to_owned())
        };
        self.take(kind)
    }

    /// How services are named, as told with the members.
    pub fn namings(&mut self) -> Vec<Option<Naming>> {
        self.take(|heard| match heard {
            Heard::Operator(OperatorMsg::Members { naming, .. }) => Some(naming.as_deref().cloned()),
            _ => None,
        })
    }

    /// Without the number of judgements.
    pub fn rules_notice(&self) -> RuleCounts {
        RuleCounts { judgements: 0, ..self.board.read().gslb_host_rules.counts }
    }

    pub fn policy_notice(&self) -> String {
        self.board.read().deployment_policy.clone()
    }

    /// The text that was last to be written into the policy's status.
    pub fn policy_status(&mut self) -> String {
        let texts = self.take(|heard| match heard {
            Heard::Status(StatusWriterMsg::Write { update, .. }) => {
                let text = format!("{update:?}");
                let (_, rest) = text.split_once("\"errorStatus\": String(\"")?;
                Some(rest.split('"').next().unwrap().to_owned())
            }
            _ => None,
        });
        texts.into_iter().next_back().unwrap()
    }
}

fn in_words(table: &RuleTable) -> Vec<String> {
    let line = |(fqdn, state): (&String, &RuleState)| match state {
        RuleState::None => format!("{fqdn}: none"),
        RuleState::Unknown(why) => format!("{fqdn}: unknown, {why}"),
        RuleState::InForce(rule) => {
            let ttl = rule.ttl.map_or("-".to_owned(), |ttl| ttl.to_string());
            format!("{fqdn}: {}/{} ttl {ttl}", rule.object.namespace, rule.object.name)
        }
    };
    table.iter().map(line).collect()
}

/// A GSLBHostRule.
pub fn rule(namespace: &str, name: &str, spec: Value) -> Value {
    json!({"apiVersion": "amko.vmware.com/v1alpha1", "kind": "GSLBHostRule",
        "metadata": {"namespace": namespace, "name": name}, "spec": spec})
}

pub fn accepted() -> RuleVerdict {
    RuleVerdict::Accepted { limitations: Vec::new() }
}

pub fn monitor(tenant: &str, name: &str) -> Question {
    Question::Monitor { tenant: tenant.to_owned(), name: name.to_owned() }
}

/// A monitor that can be referenced.
pub fn federated() -> Answer {
    Answer::Monitor(ReferencedMonitor { federated: Some(true), ..ReferencedMonitor::default() })
}

pub fn catalog<const N: usize>(answers: [(Question, Answer); N]) -> Catalog {
    answers.into_iter().collect()
}
