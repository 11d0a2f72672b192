//! The kubeconfig of the members is exchanged while the operator runs: through its Secret, or in a file.
//!
//! Time is paused: a sleep is virtual and takes no time.

use crate::support::objects::{apply, delete_ingress, members, patch_config, policy, web};
use crate::support::{LEADER, PLACE, World, lines};
use amko::actors::board::KubeconfigNotice;
use amko::actors::operator::{Child, OperatorMsg};
use amko::kubernetes::members::{Dial, KubeconfigMembers, Place};
use amko_lab::kube::KubeWorld;
use kube::Client;
use parking_lot::Mutex;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tower::ServiceExt;

const SECRETS: &str = "secrets";
const NAMESPACE: Option<&str> = Some("avi-system");
const SECRET: &str = "gslb-config-secret";
const STAYS: &str = "What was read before stays in force";

/// What the way to the clusters lets through, and what came.
#[derive(Clone, Default)]
pub struct Ways {
    /// Tokens that no server takes any more.
    revoked: Arc<Mutex<BTreeSet<String>>>,
    /// Of each list of Services, which only a watch that begins anew asks for: server and token.
    pub lists: Arc<Mutex<Vec<String>>>,
    /// By server: the cluster that stands there now instead.
    pub rebuilt: Arc<Mutex<BTreeMap<String, KubeWorld>>>,
}

impl Ways {
    /// Clients for the servers `https://NAME`, each of which is the cluster of this name.
    fn dial(&self, clusters: BTreeMap<String, KubeWorld>) -> Dial {
        let ways = self.clone();
        Arc::new(move |config, _| {
            let server = config.cluster_url.host().unwrap().to_owned();
            let token = config.auth_info.token.unwrap().expose_secret().to_owned();
            let (world, ways) = (clusters[&server].clone(), ways.clone());
            let service = tower::service_fn(move |request: http::Request<kube::client::Body>| {
                let refused = ways.revoked.lock().contains(&token);
                let is_watch = request.uri().query().unwrap_or_default().contains("watch=true");
                if request.uri().path() == "/api/v1/services" && !is_watch {
                    ways.lists.lock().push(format!("{server} {token}"));
                }
                let router = ways.rebuilt.lock().get(&server).unwrap_or(&world).router();
                async move {
                    if refused {
                        return Ok(unauthorized());
                    }
                    router.oneshot(request.map(axum::body::Body::new)).await
                }
            });
            Ok(Client::new(service, "default"))
        })
    }

    /// Which servers were listed since the last call, with which tokens.
    fn listed(&self) -> BTreeSet<String> {
        std::mem::take(&mut *self.lists.lock()).into_iter().collect()
    }
}

fn unauthorized() -> http::Response<axum::body::Body> {
    let status = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Unauthorized",
        "message": "Unauthorized", "code": 401});
    http::Response::builder().status(401).body(axum::body::Body::from(status.to_string())).unwrap()
}

/// A kubeconfig of contexts with servers and tokens.
pub fn kubeconfig(contexts: &[(&str, &str, &str)]) -> String {
    let all = |make: &dyn Fn(&(&str, &str, &str)) -> Value| contexts.iter().map(make).collect::<Vec<_>>();
    json!({"apiVersion": "v1", "kind": "Config",
        "clusters": all(&|(c, server, _)| json!({"name": c, "cluster": {"server": format!("https://{server}")}})),
        "users": all(&|(c, _, token)| json!({"name": c, "user": {"token": token}})),
        "contexts": all(&|(c, _, _)| json!({"name": c, "context": {"cluster": c, "user": c}}))})
    .to_string()
}

pub const A: (&str, &str, &str) = ("ctx-a", "ctx-a", "a-1");
pub const B: (&str, &str, &str) = ("ctx-b", "ctx-b", "b-1");

fn store(world: &World, data: Value) {
    let secret = json!({"apiVersion": "v1", "kind": "Secret",
        "metadata": {"name": SECRET, "namespace": "avi-system"}, "stringData": data});
    // Keys that are not named any more have to go.
    let _ = world.home().delete(SECRETS, NAMESPACE, SECRET);
    apply(world.home(), secret);
}

/// As `kubectl apply` does.
pub fn exchange(world: &World, contexts: &[(&str, &str, &str)]) {
    exchange_text(world, &kubeconfig(contexts));
}

/// The same with any text.
pub fn exchange_text(world: &World, text: &str) {
    let secret = json!({"apiVersion": "v1", "kind": "Secret",
        "metadata": {"name": SECRET, "namespace": "avi-system"}, "stringData": {"gslb-members": text}});
    apply(world.home(), secret);
}

/// Three clusters, the last of which is no member, and no operator yet; `web` is in the first two.
fn prepared() -> (World, Ways) {
    prepared_with(|dial| dial)
}

/// The same with another way to the clusters, made of the usual one.
pub fn prepared_with(way: impl FnOnce(Dial) -> Dial) -> (World, Ways) {
    let mut world = World::new(1, &["ctx-a", "ctx-b", "other"]);
    patch_config(world.home(), members(&["ctx-a", "ctx-b"]));
    apply(world.home(), policy(&["ctx-a", "ctx-b"], json!({})));
    apply(world.cluster("ctx-a"), web("web", "10.1.0.5"));
    apply(world.cluster("ctx-b"), web("web", "10.2.0.5"));
    let ways = Ways::default();
    let place = Place::Secret { namespace: "avi-system".into(), name: SECRET.into(), key: "gslb-members".into() };
    world.kubeconfig = Some(KubeconfigMembers::at(place, way(ways.dial(world.clusters.clone()))));
    (world, ways)
}

/// The same with a Secret that names these contexts, and an operator that rests.
pub async fn running(contexts: &[(&str, &str, &str)]) -> (World, Ways) {
    let (mut world, ways) = prepared();
    exchange(&world, contexts);
    world.start().await;
    assert_eq!(std::mem::take(&mut *ways.lists.lock()).len(), contexts.len(), "each cluster is listed once");
    (world, ways)
}

pub fn addresses(world: &World) -> Vec<String> {
    let service = world.on_controller(LEADER, "gslbservice")["web.example.org"].clone();
    let groups = service["groups"].as_array().unwrap().clone();
    let members = groups.iter().flat_map(|group| group["members"].as_array().unwrap().clone());
    members.map(|member| member["ip"]["addr"].as_str().unwrap().to_owned()).collect()
}

fn notice(world: &World) -> KubeconfigNotice {
    world.links().board.read().kubeconfig.unwrap()
}

fn told(contexts: &[&str], error: Option<&str>) -> KubeconfigNotice {
    let contexts = contexts.iter().map(|context| (*context).to_owned()).collect();
    KubeconfigNotice { place: PLACE.into(), contexts, error: error.map(str::to_owned) }
}

/// Whether everything of a cluster was seen, and what is wrong with it.
pub fn sight(world: &World, context: &str) -> (bool, Option<String>) {
    let notice = world.links().board.read().clusters[context].clone();
    (notice.synced, notice.error)
}

fn usable(world: &World) -> bool {
    let text = world.links().metrics.render(&world.links().board.read());
    text.lines().any(|line| line == "amko_kubeconfig_usable 1")
}

fn set(lists: &[&str]) -> BTreeSet<String> {
    lists.iter().map(|list| (*list).to_owned()).collect()
}

/// CL-08
#[tokio::test(start_paused = true)]
async fn a_new_token_is_used_at_once_for_its_cluster_alone_and_writes_nothing() {
    let (world, ways) = running(&[A, B]).await;
    assert_eq!(addresses(&world), ["10.1.0.5", "10.2.0.5"]);
    ways.revoked.lock().insert("b-1".into());
    let writes = world.writes_after(|world| exchange(world, &[A, ("ctx-b", "ctx-b", "b-2")])).await;
    assert_eq!((writes, ways.listed()), (vec![], set(&["ctx-b b-2"])));
    assert_eq!((sight(&world, "ctx-b"), notice(&world)), ((true, None), told(&["ctx-a", "ctx-b"], None)));
    let writes = world.writes_after(|world| drop(apply(world.cluster("ctx-b"), web("web", "10.2.0.6")))).await;
    assert_eq!(
        (lines(&writes), addresses(&world)),
        (vec!["PUT gslbservice/<uuid>"], vec!["10.1.0.5".to_owned(), "10.2.0.6".to_owned()])
    );
}

/// CL-08, DB-01
#[tokio::test(start_paused = true)]
async fn a_token_that_is_refused_loses_nothing_and_the_right_one_is_taken_at_once() {
    let (world, ways) = running(&[A, B]).await;
    ways.revoked.lock().insert("wrong".into());
    let writes = world.writes_after(|world| exchange(world, &[A, ("ctx-b", "ctx-b", "wrong")])).await;
    delete_ingress(world.cluster("ctx-b"), "web");
    let (synced, error) = sight(&world, "ctx-b");
    assert_eq!((writes, synced), (vec![], false));
    assert!(error.unwrap().contains("the cluster refuses the credentials"));
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!(addresses(&world), ["10.1.0.5", "10.2.0.5"]);
    let writes = world.writes_after(|world| exchange(world, &[A, B])).await;
    assert_eq!((lines(&writes), addresses(&world)), (vec!["PUT gslbservice/<uuid>"], vec!["10.1.0.5".to_owned()]));
    assert_eq!(sight(&world, "ctx-b"), (true, None));
}

/// CL-08, CL-02, DB-14
#[tokio::test(start_paused = true)]
async fn a_context_that_comes_brings_its_members_and_one_that_goes_leaves_them() {
    let (world, ways) = running(&[A]).await;
    let lacking = format!("context \"ctx-b\" is not in the multi-cluster kubeconfig: add it to {PLACE}");
    assert_eq!(
        (addresses(&world), sight(&world, "ctx-b")),
        (vec!["10.1.0.5".to_owned()], (false, Some(lacking.clone())))
    );
    let writes = world.writes_after(|world| exchange(world, &[A, B])).await;
    assert_eq!(
        (lines(&writes), addresses(&world)),
        (vec!["PUT gslbservice/<uuid>"], vec!["10.1.0.5".to_owned(), "10.2.0.5".to_owned()])
    );
    assert_eq!((ways.listed(), sight(&world, "ctx-b")), (set(&["ctx-b b-1"]), (true, None)));

    let writes = world.writes_after(|world| exchange(world, &[A])).await;
    assert_eq!((writes, ways.listed(), sight(&world, "ctx-b")), (vec![], set(&[]), (false, Some(lacking))));
    let writes = world.writes_after(|world| drop(apply(world.cluster("ctx-a"), web("web", "10.1.0.6")))).await;
    assert_eq!(
        (lines(&writes), addresses(&world)),
        (vec!["PUT gslbservice/<uuid>"], vec!["10.1.0.6".to_owned(), "10.2.0.5".to_owned()])
    );
}

/// CL-08, DB-01, FND-A4: another cluster behind the context, approved before anybody has seen it.
#[tokio::test(start_paused = true)]
async fn members_stay_until_everything_was_seen_at_a_new_address() {
    let (world, ways) = running(&[A, B]).await;
    world.cluster("other").set_available(false);
    apply(world.cluster("other"), web("late", "10.2.0.9"));
    let writes = world.writes_after(|world| exchange(world, &[A, ("ctx-b", "other", "b-1")])).await;
    patch_config(world.home(), json!({"metadata": {"annotations": {"amko.vmware.com/approve-clusters": "ctx-b"}}}));
    assert!(!ways.listed().contains("ctx-a a-1"));
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!((writes, addresses(&world)), (vec![], vec!["10.1.0.5".to_owned(), "10.2.0.5".to_owned()]));
    assert!(!sight(&world, "ctx-b").0);
    let before = world.avi.last_request();
    world.cluster("other").set_available(true);
    tokio::time::sleep(Duration::from_secs(60)).await;
    let writes = world.writes_since(before);
    let mut lines = lines(&writes);
    lines.sort_unstable();
    assert_eq!(lines, ["POST gslbservice", "POST healthmonitor", "PUT gslbservice/<uuid>"]);
    assert_eq!((addresses(&world), sight(&world, "ctx-b")), (vec!["10.1.0.5".to_owned()], (true, None)));
}

/// CL-08
#[tokio::test(start_paused = true)]
async fn a_secret_that_is_gone_or_broken_changes_nothing_and_is_told_with_the_remedy() {
    let (world, ways) = running(&[A, B]).await;
    let good = kubeconfig(&[A, B]);
    let half = good.replace(r#"{"cluster":"ctx-b""#, r#"{"cluster":"nowhere""#);
    assert_ne!(half, good);
    let gone = format!("Secret avi-system/{SECRET} does not exist: make it, with key gslb-members. {STAYS}");
    let moved = format!(
        "Secret avi-system/{SECRET} has no key gslb-members (it has members): put the kubeconfig there. {STAYS}"
    );
    let wrong = |what: &str| format!("{PLACE} is no usable kubeconfig: {what}: correct it. {STAYS}");
    let refused = format!(
        "in {PLACE}, context \"ctx-b\" cannot be used: the kubeconfig has no cluster \"nowhere\": add it, or correct the context; until then \
         each stays as it was. {STAYS}"
    );
    let broken = [
        (None, gone),
        (Some(json!({"members": good})), moved),
        (Some(json!({"gslb-members": ""})), wrong("it is empty")),
        (Some(json!({"gslb-members": "token: a-1\n- b-1"})), wrong("wrong from line 2, column 3 on")),
        (Some(json!({"gslb-members": "{}"})), wrong("it has no contexts")),
        (Some(json!({"gslb-members": half})), refused),
    ];
    for (data, error) in broken {
        let writes = world
            .writes_after(|world| match data {
                Some(data) => store(world, data),
                None => world.home().delete(SECRETS, NAMESPACE, SECRET).unwrap(),
            })
            .await;
        assert_eq!((writes, ways.listed()), (vec![], set(&[])), "{error}");
        assert_eq!((notice(&world), usable(&world)), (told(&["ctx-a", "ctx-b"], Some(&error)), false));
        assert_eq!((sight(&world, "ctx-a"), sight(&world, "ctx-b")), ((true, None), (true, None)), "{error}");
    }
    let writes = world.writes_after(|world| store(world, json!({"gslb-members": good}))).await;
    assert_eq!((writes, ways.listed()), (vec![], set(&[])));
    assert_eq!((notice(&world), usable(&world)), (told(&["ctx-a", "ctx-b"], None), true));
}

/// CL-08
#[tokio::test(start_paused = true)]
async fn before_the_first_kubeconfig_nobody_leads_and_nothing_is_written() {
    let (mut world, _) = prepared();
    world.start_without_settling().await;
    tokio::time::sleep(Duration::from_secs(3600)).await;
    let missing = format!("Secret avi-system/{SECRET} does not exist: make it, with key gslb-members");
    assert_eq!(world.links().board.readiness(), Err(format!("no role: {missing}")));
    assert_eq!((world.writes(), notice(&world)), (vec![], told(&[], Some(&missing))));
    assert_eq!(sight(&world, "ctx-a"), (false, Some(missing)));

    exchange(&world, &[A, B]);
    world.settle().await;
    assert_eq!(addresses(&world), ["10.1.0.5", "10.2.0.5"]);
    assert_eq!(
        (world.links().board.readiness(), notice(&world)),
        (Ok("first look done: every GSLB service is as it should be".to_owned()), told(&["ctx-a", "ctx-b"], None))
    );
}

/// CL-08
#[tokio::test(start_paused = true)]
async fn while_the_secret_cannot_be_looked_at_that_is_told_and_what_was_read_stays() {
    let (world, ways) = running(&[A, B]).await;
    world.home().set_available(false);
    tokio::time::sleep(Duration::from_secs(60)).await;
    let error = notice(&world).error.unwrap();
    assert!(error.starts_with(&format!("cannot watch Secret avi-system/{SECRET}: ")), "{error}");
    assert!(!usable(&world));
    world.home().set_available(true);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!((notice(&world), usable(&world)), (told(&["ctx-a", "ctx-b"], None), true));
    assert!(!ways.listed().contains("ctx-b b-1"), "nobody else begins anew");
}

/// CL-08: and a bug in one part is no failure of another.
#[tokio::test(start_paused = true)]
async fn a_watcher_of_the_kubeconfig_that_is_restarted_exchanges_nothing() {
    let (world, ways) = running(&[A, B]).await;
    let child = Child::parse("members-watcher").unwrap();
    let writes = world.writes_after(|world| world.links().operator.cast(OperatorMsg::Poison(child))).await;
    assert_eq!(
        (writes, ways.listed(), world.links().board.read().actors["members-watcher"].restarts),
        (vec![], set(&[]), 1)
    );
    let writes = world.writes_after(|world| exchange(world, &[("ctx-a", "ctx-a", "a-2"), B])).await;
    assert_eq!((writes, ways.listed()), (vec![], set(&["ctx-a a-2"])));
    assert_eq!(world.links().board.read().actors["cluster-watcher/ctx-a"].restarts, 0, "that is no failure");
}

/// CL-08, DB-38
#[tokio::test(start_paused = true)]
async fn events_go_with_the_new_token_as_well() {
    let (world, ways) = running(&[A, B]).await;
    world.writes_after(|world| drop(apply(world.cluster("ctx-b"), web("one", "10.2.0.7")))).await;
    ways.revoked.lock().insert("b-1".into());
    world.writes_after(|world| exchange(world, &[A, ("ctx-b", "ctx-b", "b-2")])).await;
    world.writes_after(|world| drop(apply(world.cluster("ctx-b"), web("two", "10.2.0.8")))).await;
    let events = world.cluster("ctx-b").list("events");
    let about: Vec<&str> = events.iter().map(|event| event["involvedObject"]["name"].as_str().unwrap()).collect();
    assert_eq!(about, ["one", "two", "web"], "the last one from the start");
}

/// A directory as a kubelet makes it for a Secret: the file is a link through `..data`, which is exchanged as a whole.
struct Mounted(PathBuf);

impl Mounted {
    fn new() -> Self {
        let directory = std::env::temp_dir().join(format!("amko-kubeconfig-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        std::os::unix::fs::symlink("..data/gslb-members", directory.join("gslb-members")).unwrap();
        Self(directory)
    }

    fn put(&self, version: &str, text: &str) {
        std::fs::create_dir(self.0.join(version)).unwrap();
        std::fs::write(self.0.join(version).join("gslb-members"), text).unwrap();
        std::os::unix::fs::symlink(version, self.0.join("..data_tmp")).unwrap();
        std::fs::rename(self.0.join("..data_tmp"), self.0.join("..data")).unwrap();
    }

    fn file(&self) -> PathBuf {
        self.0.join("gslb-members")
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        // A leftover in the system's directory for such things does no harm.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// CL-08
#[tokio::test(start_paused = true)]
async fn a_file_that_a_kubelet_exchanges_is_noticed_and_one_that_is_broken_or_gone_changes_nothing() {
    let (mut world, ways) = prepared();
    let mounted = Mounted::new();
    mounted.put("..1", &kubeconfig(&[A, B]));
    let place = Place::File(mounted.file());
    world.kubeconfig = Some(KubeconfigMembers::at(place, ways.dial(world.clusters.clone())));
    world.start().await;
    ways.listed();
    let file = format!("file {}", mounted.file().display());
    let told = |error: Option<String>| {
        Some(KubeconfigNotice { place: file.clone(), contexts: vec!["ctx-a".into(), "ctx-b".into()], error })
    };
    let steps = [
        ("..2", kubeconfig(&[A, ("ctx-b", "ctx-b", "b-2")]), set(&["ctx-b b-2"]), None),
        ("..3", "- b-3".to_owned(), set(&[]), Some("wrong from line 1, column 1 on")),
        ("..4", kubeconfig(&[A, ("ctx-b", "ctx-b", "b-2")]), set(&[]), None),
    ];
    for (version, text, lists, wrong) in steps {
        mounted.put(version, &text);
        // The file is read every 15 seconds.
        let writes = world.writes_after(|_| ()).await;
        tokio::time::sleep(Duration::from_secs(15)).await;
        let error = wrong.map(|wrong| format!("{file} is no usable kubeconfig: {wrong}: correct it. {STAYS}"));
        assert_eq!((writes, ways.listed()), (vec![], lists), "{version}");
        assert_eq!((world.links().board.read().kubeconfig, sight(&world, "ctx-b")), (told(error), (true, None)));
    }
    std::fs::remove_file(mounted.file()).unwrap();
    tokio::time::sleep(Duration::from_secs(16)).await;
    let error =
        format!("cannot read {file}: No such file or directory (os error 2): mount the Secret with this key. {STAYS}");
    assert_eq!((world.links().board.read().kubeconfig, ways.listed()), (told(Some(error)), set(&[])));
}
