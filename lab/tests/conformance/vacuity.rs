//! A check that passes whatever a server says would show nothing.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum_server::tls_rustls::RustlsConfig;
use futures::{StreamExt, stream};

use amko_lab::up::serve::{Door, Listener};
use amko_lab::up::tls::LabTls;

use crate::check::Check;
use crate::client::Cluster;
use crate::target::{Features, Target};

/// A check that needs longer did not pass.
const PATIENCE: Duration = Duration::from_secs(3);

/// Which of the checks pass on a server that answers every request with this code and an empty object.
pub(crate) async fn passing(checks: &[Check], code: StatusCode) -> BTreeSet<u16> {
    let tls = LabTls::generate("example.com").unwrap();
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let router = Router::new().fallback(move || async move { (code, "{}\n") });
    let door = Door::Tls(RustlsConfig::from_config(tls.server_config().unwrap()));
    let _listener = Listener::open("a server without sense".into(), address, router, door).unwrap();
    let target = Target {
        name: "nonsense".into(),
        url: format!("https://{address}"),
        ca: tls.ca,
        admin_token: "none".into(),
        client_certificate: None,
        features: Features::default(),
    };
    let cluster = Cluster::new(Arc::new(target)).in_namespace("nonsense".into());
    let runs = checks.iter().map(|check| async {
        let outcome = tokio::time::timeout(PATIENCE, (check.run)(cluster.clone())).await;
        (check.number, outcome)
    });
    let outcomes: Vec<_> = stream::iter(runs).buffer_unordered(16).collect().await;
    outcomes.into_iter().filter(|(_, outcome)| matches!(outcome, Ok(Ok(())))).map(|(number, _)| number).collect()
}
