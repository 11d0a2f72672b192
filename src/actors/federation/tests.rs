//! Asking the other clusters, some of which never answer, and answers that come too late.

use super::ask::{Asked, PATIENCE, ask};
use super::run::Progress;
use super::{FederationActor, FederationArgs, FederationMsg};
use crate::actors::board::{Board, RoleNotice};
use crate::actors::link::Link;
use crate::core::federation::survey::Answer;
use crate::core::precedence::ObjectName;
use crate::crd::{AmkoCluster, AmkoClusterSpec};
use crate::kubernetes::members::{ClientFuture, MemberClients, MemberError};
use crate::retry::RetryPolicy;
use kube::Client;
use kube::client::Body;
use ractor::Actor;
use std::convert::Infallible;
use std::sync::Arc;
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
    let Asked { answers, clients, .. } = ask(&Odd, "avi-system", &contexts).await;
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
