//! The boundary to Kubernetes: clients per cluster, watches, and the small structs that watched objects become.

pub mod access;
pub mod bounded;
pub mod cause;
pub mod dial;
pub mod discovery;
pub mod ear;
pub mod events;
pub mod heard;
pub mod identity;
pub mod kubeconfig;
pub mod members;
pub mod objects;
pub mod proxies;
pub mod readable;
pub mod token_file;
pub mod trust;
pub mod watch;

/// Whether an API server answered 404. For a path that it does not serve it does so in plain text, for instance for the
/// status of a kind without that subresource; kube's own check knows only a `Status` with the reason.
pub fn is_not_found(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == 404)
}
