//! Clients for the clusters: the one that holds the AMKO objects, and the members named in a kubeconfig.

use http::HeaderValue;
use http::header::USER_AGENT;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// Longest wait for a connection to an API server.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Why no client could be made for a cluster.
#[derive(Debug, thiserror::Error)]
pub enum MemberError {
    #[error("context {context:?} is not in the multi-cluster kubeconfig: add it to the Secret gslb-config-secret")]
    UnknownContext { context: String },
    #[error("kubeconfig context {context:?} cannot be used: {source}")]
    BadContext { context: String, source: Box<kube::config::KubeconfigError> },
    #[error("no client for cluster {context:?}: {source}")]
    Client { context: String, source: Box<kube::Error> },
}

/// A client in the making.
pub type ClientFuture<'a> = Pin<Box<dyn Future<Output = Result<Client, MemberError>> + Send + 'a>>;

/// Where clients of member clusters come from: a kubeconfig in production, simulated clusters in tests.
pub trait MemberClients: Send + Sync + 'static {
    /// A new client for the cluster with this context.
    ///
    /// # Errors
    /// When the context is unknown or its credentials cannot be read.
    fn client<'a>(&'a self, context: &'a str) -> ClientFuture<'a>;
}

/// Clients by the contexts of one kubeconfig, which is held in memory only.
pub struct KubeconfigMembers(Kubeconfig);

impl KubeconfigMembers {
    pub fn new(kubeconfig: Kubeconfig) -> Self {
        Self(kubeconfig)
    }
}

impl MemberClients for KubeconfigMembers {
    fn client<'a>(&'a self, context: &'a str) -> ClientFuture<'a> {
        Box::pin(async move {
            if !self.0.contexts.iter().any(|named| named.name == context) {
                return Err(MemberError::UnknownContext { context: context.to_owned() });
            }
            let options = KubeConfigOptions { context: Some(context.to_owned()), ..KubeConfigOptions::default() };
            let config = Config::from_custom_kubeconfig(self.0.clone(), &options)
                .await
                .map_err(|source| MemberError::BadContext { context: context.to_owned(), source: Box::new(source) })?;
            client_of(config, context)
        })
    }
}

/// A client with the project's settings: retry belongs to the actors, a connection attempt is bounded, and the server is
/// told who asks, which audit logs and `metadata.managedFields` show.
///
/// # Errors
/// When the TLS material of the configuration cannot be used.
pub fn client_of(mut config: Config, context: &str) -> Result<Client, MemberError> {
    config.default_retry = false;
    config.connect_timeout = Some(CONNECT_TIMEOUT);
    config.headers.push((USER_AGENT, HeaderValue::from_static(concat!("amko/", env!("CARGO_PKG_VERSION")))));
    Client::try_from(config)
        .map_err(|source| MemberError::Client { context: context.to_owned(), source: Box::new(source) })
}
