//! The federation through the whole operator: who leads, what the AMKOCluster says, and what the followers get.

use crate::support::objects::{apply, delete_policy, patch_config, policy, set_leader, web};
use crate::support::{InProcessTransport, UUID, World, lines};
use amko::actors::board::RoleNotice;
use amko::actors::operator::{Child, Links, OperatorMsg, Outside, Settings, start};
use amko::avi::transport::AviTransport;
use amko::kubernetes::members::{ClientFuture, MemberClients, MemberError};
use amko_lab::kube::KubeWorld;
use kube::Client;
use parking_lot::Mutex;
use ractor::ActorRef;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tower::ServiceExt;

const CONFIGS: &str = "gslbconfigs.amko.vmware.com";
pub const POLICIES: &str = "globaldeploymentpolicies.amko.vmware.com";
const AMKO_CLUSTERS: &str = "amkoclusters.amko.vmware.com";
const NAMESPACE: Option<&str> = Some("avi-system");

/// Operators and the clusters that they federate. The first cluster is `ctx-a`, with all AMKO objects, and leads; the
/// others have an AMKOCluster that does not.
pub struct Fleet {
    world: World,
    pub network: Network,
    running: Vec<ActorRef<OperatorMsg>>,
}

/// The way to every API server, which remembers each write and swallows what goes to a hanging cluster.
#[derive(Clone)]
pub struct Network {
    clusters: BTreeMap<String, KubeWorld>,
    writes: Arc<Mutex<Vec<String>>>,
    /// Lists of AMKO's kinds.
    lists: Arc<Mutex<Vec<String>>>,
    hanging: Arc<Mutex<BTreeSet<String>>>,
    /// How late a cluster answers.
    pub late: Arc<Mutex<BTreeMap<String, Duration>>>,
}

impl Network {
    fn reach(&self, context: &str) -> Option<Client> {
        let router = self.clusters.get(context)?.router();
        let (network, context) = (self.clone(), context.to_owned());
        let service = tower::service_fn(move |request: http::Request<kube::client::Body>| {
            let (network, context, router) = (network.clone(), context.clone(), router.clone());
            async move {
                if network.hanging.lock().contains(&context) {
                    std::future::pending::<()>().await;
                }
                let late = network.late.lock().get(&context).copied();
                tokio::time::sleep(late.unwrap_or_default()).await;
                let what = request.uri().path_and_query().unwrap().as_str().rsplit("avi-system/").next().unwrap();
                if request.method() != http::Method::GET {
                    network.writes.lock().push(format!("{context}: {} {what}", request.method()));
                } else if ["amkoclusters?", "gslbconfigs?", "globaldeploymentpolicies?"].contains(&what) {
                    network.lists.lock().push(format!("{context}: {what}"));
                }
                router.oneshot(request.map(axum::body::Body::new)).await
            }
        });
        Some(Client::new(service, "default"))
    }
}

impl MemberClients for Network {
    fn client<'a>(&'a self, context: &'a str) -> ClientFuture<'a> {
        let client = self.reach(context);
        Box::pin(async move { client.ok_or_else(|| MemberError::unknown(context, "a test")) })
    }
}

impl Fleet {
    pub fn of(contexts: &[&str]) -> Self {
        let world = World::new(1, contexts);
        for context in &contexts[1..] {
            let object = json!({"apiVersion": "amko.vmware.com/v1alpha1", "kind": "AMKOCluster",
                "metadata": {"name": "amkocluster-federation", "namespace": "avi-system"},
                "spec": {"isLeader": false, "clusterContext": context, "version": "2.2.1", "clusters": contexts}});
            apply(world.cluster(context), object);
        }
        let (writes, lists, hanging, late) = (Arc::default(), Arc::default(), Arc::default(), Arc::default());
        let network = Network { clusters: world.clusters.clone(), writes, lists, hanging, late };
        Self { world, network, running: Vec::new() }
    }

    /// Starts the operator of a cluster and gives it a minute.
    pub async fn start(&mut self, home: &str) -> Links {
        let links = self.start_at_once(home).await;
        after(60).await;
        links
    }

    async fn start_at_once(&mut self, home: &str) -> Links {
        let (links, avi) = (Links::default(), self.world.avi.clone());
        let outside = Outside {
            client: self.network.reach(home).unwrap(),
            members: Arc::new(self.network.clone()),
            transports: Arc::new(move |_| Ok(Arc::new(InProcessTransport(avi.clone())) as Arc<dyn AviTransport>)),
            seed: 7,
            log_levels: Arc::new(|_: &str| {}),
        };
        let (operator, _) = start(outside, Settings::in_namespace("avi-system"), links.clone()).await.unwrap();
        self.running.push(operator);
        links
    }

    pub fn cluster(&self, context: &str) -> &KubeWorld {
        self.world.cluster(context)
    }

    /// Type, status and reason of each condition.
    pub fn conditions(&self, context: &str) -> Vec<[String; 3]> {
        let object = self.cluster(context).get(AMKO_CLUSTERS, NAMESPACE, "amkocluster-federation").unwrap();
        let conditions = object["status"]["conditions"].as_array().cloned().unwrap_or_default();
        let text = |condition: &Value, key: &str| condition[key].as_str().unwrap_or_default().to_owned();
        conditions.iter().map(|c| ["type", "status", "reason"].map(|key| text(c, key))).collect()
    }

    /// What a cluster has of both kinds that are copied: kind, and everything but what its own server keeps.
    pub fn copies(&self, context: &str) -> Vec<Value> {
        [CONFIGS, POLICIES].into_iter().flat_map(|kind| self.cluster(context).list(kind)).map(essence).collect()
    }

    fn set_amko_cluster(&self, context: &str, spec: Value) {
        let patch = json!({ "spec": spec });
        self.cluster(context).merge_patch(AMKO_CLUSTERS, NAMESPACE, "amkocluster-federation", None, patch).unwrap();
    }

    /// The writes to API servers since the last call.
    pub fn writes(&self) -> Vec<String> {
        std::mem::take(&mut *self.network.writes.lock())
    }

    /// The writes to the other clusters since the last call.
    pub fn writes_to_members(&self) -> Vec<String> {
        self.writes().into_iter().filter(|write| !write.starts_with("ctx-a: ")).collect()
    }
}

pub async fn after(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

fn essence(object: Value) -> Value {
    let meta = &object["metadata"];
    json!({"kind": object["kind"], "name": meta["name"], "namespace": meta["namespace"], "labels": meta["labels"],
        "annotations": meta["annotations"], "spec": object["spec"]})
}

fn role(links: &Links) -> RoleNotice {
    links.board.read().role
}

pub const OWN: [&str; 3] = ["current AMKOCluster Validation", "valid AMKOCluster object", ""];
pub const CLIENTS: [&str; 3] = ["member cluster initialisation", "all cluster clients fetched", ""];
pub const MEMBERS: [&str; 3] = ["member cluster validation", "validated all member clusters", ""];
pub const CONFIG: [&str; 3] = ["GSLBConfig Federation", "federated to all valid clusters successfully", ""];
pub const POLICY: [&str; 3] = ["GDP Federation", "federated to all valid clusters successfully", ""];
const FOLLOWER: [&str; 3] = ["current AMKOCluster Validation", "won't federate objects", "AMKO not a leader"];

/// EX-36
#[tokio::test(start_paused = true)]
async fn ex_36_a_follower_of_another_version_gets_nothing_until_it_is_upgraded() {
    let mut fleet = Fleet::of(&["ctx-a", "ctx-b"]);
    patch_config(
        fleet.cluster("ctx-a"),
        json!({"metadata": {"labels": {"team": "net"}, "annotations": {"note": "n"}}}),
    );
    fleet.set_amko_cluster("ctx-b", json!({"version": "2.1.1"}));
    fleet.start("ctx-a").await;
    let reason = "version mismatch, current AMKO: 2.2.1, AMKO in cluster ctx-b: 2.1.1";
    let refused = ["member cluster validation", "error in validating some member clusters", reason];
    assert_eq!(fleet.conditions("ctx-a"), [OWN, CLIENTS, refused]);
    assert_eq!((fleet.copies("ctx-b"), fleet.writes_to_members()), (vec![], vec![]));

    fleet.set_amko_cluster("ctx-b", json!({"version": "2.2.1"}));
    after(31).await;
    assert_eq!(fleet.conditions("ctx-a"), [OWN, CLIENTS, MEMBERS, CONFIG, POLICY]);
    assert_eq!(fleet.copies("ctx-b"), fleet.copies("ctx-a"));
    let annotations = json!({"amko.vmware.com/amko-uuid": UUID, "note": "n"});
    let copy = fleet.cluster("ctx-b").get(CONFIGS, NAMESPACE, "gc-1").unwrap();
    assert_eq!(
        (&copy["metadata"]["annotations"], &copy["metadata"]["labels"]),
        (&annotations, &json!({"team": "net"}))
    );
    let writes = [
        "ctx-b: POST gslbconfigs?&fieldManager=AMKO-Federator",
        "ctx-b: POST globaldeploymentpolicies?&fieldManager=AMKO-Federator",
    ];
    assert_eq!(fleet.writes_to_members(), writes);
}

/// DB-37
#[tokio::test(start_paused = true)]
async fn db_37_a_second_run_and_a_restart_of_the_actor_write_nothing() {
    let mut fleet = Fleet::of(&["ctx-a", "ctx-b", "ctx-c"]);
    let links = fleet.start("ctx-a").await;
    assert_eq!(fleet.copies("ctx-b"), fleet.copies("ctx-a"));
    assert_eq!(fleet.copies("ctx-c"), fleet.copies("ctx-a"));
    fleet.writes();
    after(1300).await;
    links.operator.cast(OperatorMsg::Poison(Child::Federation));
    after(60).await;
    assert_eq!(fleet.writes(), Vec::<String>::new());
    assert_eq!(role(&links), RoleNotice::Leader { term: 2 }, "the restarted actor leads again, in a new term");
    let other = fleet.start("ctx-b").await;
    assert_eq!((role(&other), fleet.conditions("ctx-b")), (RoleNotice::Follower, vec![FOLLOWER.map(str::to_owned)]));
}

/// DB-37
#[tokio::test(start_paused = true)]
async fn db_37_changes_are_copied_at_once_and_what_changes_on_a_follower_is_undone_at_the_next_resync() {
    let mut fleet = Fleet::of(&["ctx-a", "ctx-b"]);
    fleet.start("ctx-a").await;
    fleet.writes();
    apply(fleet.cluster("ctx-a"), policy(&["ctx-a", "ctx-b"], json!({"ttl": 30})));
    after(1).await;
    assert_eq!(fleet.copies("ctx-b"), fleet.copies("ctx-a"));
    assert_eq!(
        fleet.writes_to_members(),
        ["ctx-b: PUT globaldeploymentpolicies/global-gdp?&fieldManager=AMKO-Federator"]
    );
    patch_config(fleet.cluster("ctx-b"), json!({"spec": {"refreshInterval": 1}}));
    fleet.cluster("ctx-b").delete(POLICIES, NAMESPACE, "global-gdp").unwrap();
    after(601).await;
    assert_eq!(fleet.copies("ctx-b"), fleet.copies("ctx-a"));
}

/// DB-37
#[tokio::test(start_paused = true)]
async fn db_37_a_follower_that_was_down_is_caught_up_with_although_nothing_changes_on_the_leader() {
    let mut fleet = Fleet::of(&["ctx-a", "ctx-b", "ctx-c"]);
    fleet.cluster("ctx-b").set_available(false);
    let links = fleet.start("ctx-a").await;
    assert_eq!(role(&links), RoleNotice::Leader { term: 1 }, "who cannot be reached does not decide who leads");
    assert_eq!(fleet.copies("ctx-c"), fleet.copies("ctx-a"));
    let [own, clients, members, config, policy] = fleet.conditions("ctx-a").try_into().unwrap();
    assert_eq!([own, clients, config, policy], [OWN, CLIENTS, CONFIG, POLICY]);
    assert_eq!(members[1], "error in validating some member clusters");
    assert!(members[2].starts_with("error in getting AMKOCluster list for cluster ctx-b: "), "{members:?}");
    after(600).await;
    fleet.writes();
    fleet.cluster("ctx-b").set_available(true);
    after(31).await;
    assert_eq!(fleet.copies("ctx-b"), fleet.copies("ctx-a"));
    assert_eq!(fleet.conditions("ctx-a"), [OWN, CLIENTS, MEMBERS, CONFIG, POLICY]);
    assert_eq!(fleet.writes_to_members().len(), 2, "ctx-c is as it should be");
}

#[tokio::test(start_paused = true)]
async fn a_follower_that_refuses_an_object_says_so_and_the_other_kind_and_the_other_followers_go_on() {
    let mut fleet = Fleet::of(&["ctx-a", "ctx-b", "ctx-c"]);
    let mut crd = fleet.cluster("ctx-b").get("customresourcedefinitions.apiextensions.k8s.io", None, CONFIGS).unwrap();
    fleet.cluster("ctx-b").delete("customresourcedefinitions.apiextensions.k8s.io", None, CONFIGS).unwrap();
    fleet.start("ctx-a").await;
    let conditions = fleet.conditions("ctx-a");
    assert_eq!(
        (&conditions[..3], &conditions[4]),
        (&[OWN, CLIENTS, MEMBERS].map(|c| c.map(str::to_owned))[..], &POLICY.map(str::to_owned))
    );
    assert_eq!(conditions[3][..2], ["GSLBConfig Federation", "error in federating to some clusters"]);
    let reason = &conditions[3][2];
    assert!(reason.starts_with("can't list GSLBConfigs in avi-system namespace for ctx-b cluster: "), "{reason}");
    assert_eq!(fleet.copies("ctx-c"), fleet.copies("ctx-a"));
    assert_eq!(fleet.copies("ctx-b"), fleet.copies("ctx-a")[1..]);

    crd["metadata"].as_object_mut().unwrap().retain(|key, _| key == "name");
    crd.as_object_mut().unwrap().remove("status");
    apply(fleet.cluster("ctx-b"), crd);
    after(31).await;
    assert_eq!(fleet.copies("ctx-b"), fleet.copies("ctx-a"));
    assert_eq!(fleet.conditions("ctx-a"), [OWN, CLIENTS, MEMBERS, CONFIG, POLICY]);
}

#[tokio::test(start_paused = true)]
async fn a_follower_that_hangs_delays_the_first_term_by_seconds_only() {
    let mut fleet = Fleet::of(&["ctx-a", "ctx-b", "ctx-c"]);
    fleet.network.hanging.lock().insert("ctx-b".into());
    let links = fleet.start_at_once("ctx-a").await;
    after(6).await;
    assert_eq!(role(&links), RoleNotice::Leader { term: 1 });
    assert_eq!(fleet.copies("ctx-c"), fleet.copies("ctx-a"));
    let reason = "error in getting AMKOCluster list for cluster ctx-b: no answer in 5s";
    let members = ["member cluster validation", "error in validating some member clusters", reason];
    assert_eq!(fleet.conditions("ctx-a"), [OWN, CLIENTS, members, CONFIG, POLICY]);
    after(600).await;
    assert_eq!(role(&links), RoleNotice::Leader { term: 1 }, "nor does it end a term");
}

#[tokio::test(start_paused = true)]
async fn two_leaders_write_nothing_and_say_why_until_one_stands_back() {
    let mut fleet = Fleet::of(&["ctx-a", "ctx-b", "ctx-c"]);
    apply(fleet.cluster("ctx-a"), web("web", "10.1.0.5"));
    let a = fleet.start("ctx-a").await;
    assert_eq!(fleet.world.service_names(), ["web.example.org"]);
    fleet.set_amko_cluster("ctx-b", json!({"isLeader": true}));
    let b = fleet.start("ctx-b").await;
    let conflict = |with: &str| {
        let reason = format!("AMKO in cluster {with} is also a leader, conflicting state");
        let members = ["member cluster validation", "member cluster clients invalid", &reason].map(str::to_owned);
        let conditions = vec![OWN.map(str::to_owned), CLIENTS.map(str::to_owned), members];
        (RoleNotice::Undecided { reason: reason.clone() }, conditions, Err(format!("no role: {reason}")))
    };
    assert_eq!((role(&b), fleet.conditions("ctx-b"), b.board.readiness()), conflict("ctx-a"));
    after(600).await;
    assert_eq!((role(&a), fleet.conditions("ctx-a"), a.board.readiness()), conflict("ctx-b"));

    fleet.writes();
    let before = fleet.world.avi.last_request();
    apply(fleet.cluster("ctx-a"), web("late", "10.1.0.6"));
    apply(fleet.cluster("ctx-a"), policy(&["ctx-a"], json!({})));
    after(600).await;
    assert_eq!((fleet.writes(), fleet.world.writes_since(before)), (vec![], vec![]));

    fleet.set_amko_cluster("ctx-b", json!({"isLeader": false}));
    after(60).await;
    assert_eq!((role(&a), role(&b)), (RoleNotice::Leader { term: 2 }, RoleNotice::Follower));
    assert_eq!(fleet.conditions("ctx-a"), [OWN, CLIENTS, MEMBERS, CONFIG, POLICY]);
    assert_eq!(fleet.conditions("ctx-b"), [FOLLOWER]);
    assert_eq!(fleet.copies("ctx-b"), fleet.copies("ctx-a"));
    assert_eq!(lines(&fleet.world.writes_since(before)), ["POST healthmonitor", "POST gslbservice"]);
}

#[tokio::test(start_paused = true)]
async fn a_second_leader_is_noticed_within_a_minute_although_nothing_changes_here() {
    let mut fleet = Fleet::of(&["ctx-a", "ctx-b"]);
    let links = fleet.start("ctx-a").await;
    after(300).await;
    fleet.set_amko_cluster("ctx-b", json!({"isLeader": true}));
    after(61).await;
    let reason = "AMKO in cluster ctx-b is also a leader, conflicting state".to_owned();
    assert_eq!(role(&links), RoleNotice::Undecided { reason });
    fleet.set_amko_cluster("ctx-b", json!({"isLeader": false}));
    after(31).await;
    assert_eq!(role(&links), RoleNotice::Leader { term: 2 });
}

/// DB-37
#[tokio::test(start_paused = true)]
async fn db_37_every_minute_costs_one_list_per_cluster_and_copies_are_compared_every_ten() {
    let mut fleet = Fleet::of(&["ctx-a", "ctx-b"]);
    fleet.start("ctx-a").await;
    let lists = |fleet: &Fleet| {
        let all = std::mem::take(&mut *fleet.network.lists.lock());
        all.into_iter().filter(|list| list.starts_with("ctx-b: ")).collect::<Vec<_>>()
    };
    lists(&fleet);
    after(9 * 60 - 1).await;
    assert_eq!(lists(&fleet), ["ctx-b: amkoclusters?"; 9]);
    after(60).await;
    assert_eq!(lists(&fleet), ["ctx-b: amkoclusters?", "ctx-b: gslbconfigs?", "ctx-b: globaldeploymentpolicies?"]);
}

#[tokio::test(start_paused = true)]
async fn a_follower_copies_nothing_and_the_role_may_change_at_any_time() {
    let mut fleet = Fleet::of(&["ctx-a", "ctx-b"]);
    set_leader(fleet.cluster("ctx-a"), false);
    let links = fleet.start("ctx-a").await;
    assert_eq!((role(&links), fleet.conditions("ctx-a")), (RoleNotice::Follower, vec![FOLLOWER.map(str::to_owned)]));
    assert_eq!((fleet.copies("ctx-b"), fleet.writes_to_members()), (vec![], vec![]));

    set_leader(fleet.cluster("ctx-a"), true);
    after(1).await;
    assert_eq!(fleet.conditions("ctx-a"), [OWN, CLIENTS, MEMBERS, CONFIG, POLICY]);
    assert_eq!(fleet.copies("ctx-b"), fleet.copies("ctx-a"));

    set_leader(fleet.cluster("ctx-a"), false);
    after(1).await;
    fleet.writes();
    apply(fleet.cluster("ctx-a"), policy(&["ctx-a"], json!({})));
    delete_policy(fleet.cluster("ctx-a"));
    after(1300).await;
    assert_eq!((fleet.writes(), fleet.conditions("ctx-a")), (vec![], vec![FOLLOWER.map(str::to_owned)]));
}

/// DB-37
#[tokio::test(start_paused = true)]
async fn db_37_a_policy_deleted_on_the_leader_is_deleted_on_the_followers_after_a_minute() {
    let mut fleet = Fleet::of(&["ctx-a", "ctx-b", "ctx-c"]);
    fleet.start("ctx-a").await;
    fleet.writes();
    let policies = |fleet: &Fleet| ["ctx-b", "ctx-c"].map(|context| fleet.cluster(context).list(POLICIES).len());
    delete_policy(fleet.cluster("ctx-a"));
    after(59).await;
    assert_eq!((policies(&fleet), fleet.writes_to_members()), ([1, 1], vec![]));
    after(2).await;
    assert_eq!(policies(&fleet), [0, 0]);
    assert_eq!(
        fleet.writes_to_members(),
        ["ctx-b: DELETE globaldeploymentpolicies/global-gdp?", "ctx-c: DELETE globaldeploymentpolicies/global-gdp?"]
    );
    assert_eq!(fleet.copies("ctx-b"), fleet.copies("ctx-a"), "the GSLBConfig stays");
    assert_eq!(fleet.conditions("ctx-a"), [OWN, CLIENTS, MEMBERS, CONFIG, POLICY]);
}

/// DB-37
#[tokio::test(start_paused = true)]
async fn db_37_a_policy_that_is_made_anew_within_the_minute_never_leaves_the_followers() {
    let mut fleet = Fleet::of(&["ctx-a", "ctx-b"]);
    fleet.start("ctx-a").await;
    fleet.writes();
    delete_policy(fleet.cluster("ctx-a"));
    after(50).await;
    apply(fleet.cluster("ctx-a"), policy(&["ctx-a", "ctx-b"], json!({})));
    after(30).await;
    delete_policy(fleet.cluster("ctx-a"));
    after(50).await;
    assert_eq!((fleet.writes_to_members(), fleet.cluster("ctx-b").list(POLICIES).len()), (vec![], 1));
}

/// DB-37
#[tokio::test(start_paused = true)]
async fn db_37_a_leader_that_cannot_read_its_own_objects_deletes_none_of_its_followers() {
    let mut fleet = Fleet::of(&["ctx-a", "ctx-b"]);
    let links = fleet.start("ctx-a").await;
    fleet.writes();
    delete_policy(fleet.cluster("ctx-a"));
    after(30).await;
    fleet.cluster("ctx-a").set_available(false);
    after(600).await;
    assert_eq!((fleet.writes_to_members(), fleet.cluster("ctx-b").list(POLICIES).len()), (vec![], 1));
    assert_eq!(role(&links), RoleNotice::Leader { term: 1 });
    fleet.cluster("ctx-a").set_available(true);
    after(60).await;
    assert_eq!(fleet.cluster("ctx-b").list(POLICIES).len(), 0, "now it has been seen to be gone");
}

/// DB-37
#[tokio::test(start_paused = true)]
async fn db_37_a_policy_that_cannot_be_decoded_is_not_a_policy_that_is_gone() {
    let mut fleet = Fleet::of(&["ctx-a", "ctx-b"]);
    let home = fleet.cluster("ctx-a");
    let mut crd = home.get("customresourcedefinitions.apiextensions.k8s.io", None, POLICIES).unwrap();
    for version in crd["spec"]["versions"].as_array_mut().unwrap() {
        let lax = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
        version["schema"] = json!({"openAPIV3Schema": lax});
    }
    home.apply(crd).unwrap();
    apply(home, policy(&["ctx-a"], json!({"ttl": "thirty"})));
    apply(fleet.cluster("ctx-b"), policy(&["ctx-b"], json!({})));
    let before = fleet.cluster("ctx-b").list(POLICIES);
    fleet.start("ctx-a").await;
    after(1300).await;
    assert_eq!(fleet.cluster("ctx-b").list(POLICIES), before);
    let reason = "GlobalDeploymentPolicy avi-system/global-gdp cannot be decoded: correct it or delete it";
    let failed = ["GDP Federation", "failure in federation", reason];
    assert_eq!(fleet.conditions("ctx-a"), [OWN, CLIENTS, MEMBERS, CONFIG, failed]);
}

/// DB-36
#[tokio::test(start_paused = true)]
async fn db_36_only_what_is_federated_changes_on_a_follower() {
    let mut fleet = Fleet::of(&["ctx-a", "ctx-b"]);
    let b = fleet.cluster("ctx-b").clone();
    let object = |kind: &str, namespace: &str, name: &str, more: Value| {
        let mut object = json!({"apiVersion": "amko.vmware.com/v1alpha1", "kind": kind,
            "metadata": {"name": name, "namespace": namespace}});
        for (key, value) in more.as_object().unwrap() {
            object[key] = value.clone();
        }
        apply(&b, object)
    };
    let config = json!({"spec": {"gslbLeader": {"controllerIP": "old"}}});
    let mut present = object("GSLBConfig", "avi-system", "gc-1", config.clone());
    present["metadata"]["labels"] = json!({"kept": "yes"});
    present["status"] = json!({"state": "kept"});
    let mut present = apply(&b, present);
    object("GSLBConfig", "avi-system", "gc-old", config.clone());
    let elsewhere = object("GSLBConfig", "elsewhere", "gc-old", config);
    let rule = object("GSLBHostRule", "avi-system", "rule", json!({"spec": {"fqdn": "web.example.org"}}));
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "own", "namespace": "avi-system"}});
    let secret = apply(&b, secret);

    fleet.start("ctx-a").await;
    let mut copy = b.get(CONFIGS, NAMESPACE, "gc-1").unwrap();
    assert_eq!(copy["spec"], fleet.cluster("ctx-a").get(CONFIGS, NAMESPACE, "gc-1").unwrap()["spec"]);
    present["metadata"]["annotations"] = json!({"amko.vmware.com/amko-uuid": UUID});
    for object in [&mut copy, &mut present] {
        object["spec"] = Value::Null;
        for key in ["resourceVersion", "generation", "managedFields"] {
            object["metadata"][key] = Value::Null;
        }
    }
    assert_eq!(copy, present, "labels and status are the follower's own");
    assert_eq!(b.get(CONFIGS, NAMESPACE, "gc-old"), None);
    assert_eq!(b.get(CONFIGS, Some("elsewhere"), "gc-old"), Some(elsewhere));
    assert_eq!(b.get("gslbhostrules.amko.vmware.com", NAMESPACE, "rule"), Some(rule));
    assert_eq!(
        (b.get("secrets", NAMESPACE, "own"), b.get("secrets", NAMESPACE, "gslb-avi-secret")),
        (Some(secret), None)
    );
}

#[tokio::test(start_paused = true)]
async fn an_object_that_says_nothing_clear_is_told_so_in_its_own_status() {
    let cases = [
        (
            json!({"version": ""}),
            vec![[OWN[0], "invalid AMKOCluster object", "version field can't be empty in AMKOCluster object"]],
        ),
        (
            json!({"clusters": ["ctx-b"]}),
            vec![
                OWN,
                [
                    CLIENTS[0],
                    "member cluster clients invalid",
                    "error in initialising member cluster contexts: current cluster context ctx-a not part of member clusters",
                ],
            ],
        ),
        (
            json!({"clusters": ["ctx-a", "ctx-x"]}),
            vec![
                OWN,
                [
                    CLIENTS[0],
                    "member cluster clients invalid",
                    "error in initialising member cluster contexts: error in building context config for kubernetes cluster \
             ctx-x: context \"ctx-x\" does not exist",
                ],
            ],
        ),
        (
            json!({"clusters": ["ctx-a"]}),
            vec![OWN, [CLIENTS[0], "member cluster clients invalid", "no valid cluster contexts found"]],
        ),
    ];
    for (spec, expected) in cases {
        let mut fleet = Fleet::of(&["ctx-a", "ctx-b"]);
        fleet.set_amko_cluster("ctx-a", spec);
        fleet.start("ctx-a").await;
        assert_eq!(fleet.conditions("ctx-a"), expected);
        assert_eq!(fleet.copies("ctx-b"), Vec::<Value>::new());
    }
}
