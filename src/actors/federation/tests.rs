//! Asking the other clusters, some of which never answer, and answers that come too late.

use super::ask::{Asked, Home, PATIENCE, ask};
use super::run::Progress;
use super::{FederationActor, FederationArgs, FederationMsg};
use crate::actors::board::{Board, RoleNotice};
use crate::actors::link::Link;
use crate::core::federation::survey::{Answer, Peer};
use crate::core::precedence::ObjectName;
use crate::crd::{AmkoCluster, AmkoClusterSpec};
use crate::kubernetes::members::{ClientFuture, MemberClients, MemberError};
use crate::retry::RetryPolicy;
use kube::Client;
use kube::client::Body;
use ractor::Actor;
use serde_json::json;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// Clusters by the name of what they do.
struct Odd;

impl MemberClients for Odd {
    fn client<'a>(&'a self, context: &'a str) -> ClientFuture<'a> {
        Box::pin(async move {
            match context {
                "unknown" => Err(MemberError::unknown(context, "a test")),
                "no-client" => std::future::pending().await,
                _ => Ok(client(context.to_owned())),
            }
        })
    }
}

fn client(context: String) -> Client {
    let service = tower::service_fn(move |_: http::Request<Body>| {
        let context = context.clone();
        async move {
            if context.starts_with("hangs") {
                std::future::pending::<()>().await;
            }
            let status = if context == "refuses" { 403 } else { 200 };
            let text = match status {
                403 => r#"{"kind":"Status","apiVersion":"v1","status":"Failure","message":"not you","code":403}"#,
                _ => r#"{"kind":"AMKOClusterList","apiVersion":"amko.vmware.com/v1alpha1","metadata":{},"items":[]}"#,
            };
            let body = axum::body::Body::from(text);
            Ok::<_, Infallible>(http::Response::builder().status(status).body(body).unwrap_or_default())
        }
    });
    Client::new(service, "default")
}

#[tokio::test(start_paused = true)]
async fn clusters_that_hang_are_given_up_together_and_hold_up_no_answer() {
    let contexts = ["hangs-1", "unknown", "no-client", "refuses", "hangs-2", "answers"].map(str::to_owned);
    let before = Instant::now();
    let Asked { answers, clients, .. } = ask(&Odd, "avi-system", &contexts, &home(0)).await;
    let took = before.elapsed();
    assert!(took >= PATIENCE && took < PATIENCE + Duration::from_millis(10), "{took:?}");
    let given = [
        Answer::NoList("no answer in 5s".into()),
        Answer::UnknownContext,
        Answer::NoClient("no client in 5s".into()),
        Answer::NoList("not you".into()),
        Answer::NoList("no answer in 5s".into()),
        Answer::Peers(vec![]),
    ];
    let expected: Vec<(String, Answer)> = contexts.into_iter().zip(given).collect();
    assert_eq!(answers, expected);
    assert_eq!(clients.into_keys().collect::<Vec<_>>(), ["answers"], "only these may be written to");
}

/// Lists one AMKOCluster that leads, at versions that go up by one with each list.
fn at_version(first: u64) -> Client {
    let version = Arc::new(AtomicU64::new(first));
    let service = tower::service_fn(move |_: http::Request<Body>| {
        let version = version.fetch_add(1, Ordering::Relaxed);
        async move {
            let object = json!({"metadata": {"name": "amkocluster", "uid": "u-1"}, "spec": {"isLeader": true, "version": "2.2.1"}});
            let list = json!({"kind": "AMKOClusterList", "apiVersion": "amko.vmware.com/v1alpha1",
                "metadata": {"resourceVersion": version.to_string()}, "items": [object]});
            Ok::<_, Infallible>(http::Response::new(axum::body::Body::from(list.to_string())))
        }
    });
    Client::new(service, "default")
}

fn home(version: u64) -> Home {
    Home { client: at_version(version), uid: "u-1".into() }
}

/// One context, that leads to this cluster.
struct Leads(Client);

impl MemberClients for Leads {
    fn client<'a>(&'a self, _context: &'a str) -> ClientFuture<'a> {
        let client = self.0.clone();
        Box::pin(async move { Ok(client) })
    }
}

/// FND-A4: a backup of the own cluster that runs elsewhere has its UIDs, and may have an AMKO that leads.
#[tokio::test]
async fn a_context_that_leads_home_is_told_from_a_cluster_restored_from_a_backup_of_it() {
    let same = home(100);
    let own = Answer::Own;
    let rival = Answer::Peers(vec![Peer { is_leader: true, version: "2.2.1".into() }]);
    let cases = [
        (same.client.clone(), own),
        // Behind and ahead of the versions at home.
        (at_version(50), rival.clone()),
        (at_version(5000), rival),
    ];
    for (there, expected) in cases {
        let members = Leads(there);
        let asked = ask(&members, "avi-system", &["ctx-b".to_owned()], &same).await;
        let written_to = expected != Answer::Own;
        assert_eq!(
            (asked.answers, asked.clients.len()),
            (vec![("ctx-b".to_owned(), expected)], usize::from(written_to))
        );
    }
}

/// The leader of two clusters, the other of which hangs.
fn leader() -> (ObjectName, AmkoCluster) {
    let spec = AmkoClusterSpec {
        is_leader: true,
        cluster_context: "home".into(),
        version: "2.2.1".into(),
        clusters: vec!["home".into(), "hangs-1".into()],
    };
    let name = "amkocluster-federation";
    (ObjectName { namespace: "avi-system".into(), name: name.into() }, AmkoCluster::new(name, spec))
}

#[tokio::test(start_paused = true)]
async fn a_late_answer_to_an_earlier_run_neither_ends_nor_decides_the_present_one() {
    let board = Board::default();
    let args = FederationArgs {
        namespace: "avi-system".into(),
        client: client("home".into()),
        members: Arc::new(Odd),
        session: Link::default(),
        directory: Link::default(),
        policy: Link::default(),
        status: Link::default(),
        board: board.clone(),
        terms: Arc::default(),
        retry: RetryPolicy::default(),
        seed: 1,
    };
    let (actor, _) = Actor::spawn(None, FederationActor, args).await.unwrap();
    actor.cast(FederationMsg::AmkoClusters([leader()].into())).unwrap();
    let late = Asked { answers: vec![("hangs-1".into(), Answer::Peers(vec![]))], ..Asked::default() };
    actor.cast(FederationMsg::Progress { run: 0, progress: Box::new(Progress::Asked(late)) }).unwrap();
    crate::retry::pause(PATIENCE / 2).await;
    assert_eq!(board.read().role, RoleNotice::Starting, "the present run has not heard anything yet");
    crate::retry::pause(PATIENCE).await;
    assert_eq!(board.read().role, RoleNotice::Leader { term: 1 });
}
