//! Asking the other clusters, some of which never answer.

use super::ask::{Asked, PATIENCE, ask};
use crate::core::federation::survey::Answer;
use crate::kubernetes::members::{ClientFuture, MemberClients, MemberError};
use kube::Client;
use kube::client::Body;
use std::convert::Infallible;
use std::time::Duration;
use tokio::time::Instant;

/// Clusters by the name of what they do.
struct Odd;

impl MemberClients for Odd {
    fn client<'a>(&'a self, context: &'a str) -> ClientFuture<'a> {
        Box::pin(async move {
            match context {
                "unknown" => Err(MemberError::UnknownContext { context: context.to_owned() }),
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
    let Asked { answers, clients } = ask(&Odd, "avi-system", &contexts).await;
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
