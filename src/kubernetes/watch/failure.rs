//! What a failed list or watch means, in types for the caller and in words for people.

use crate::kubernetes::cause::{innermost, said, server_said};
use kube::runtime::watcher;
use kube::{Resource, core::Status};

/// The server does not know the kind (any more); whether it is absent has to be asked of discovery. Carries the
/// server's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotServed(pub String);

/// The server's own answer, when there is one.
fn answer(error: &watcher::Error) -> Option<&Status> {
    match error {
        watcher::Error::InitialListFailed(kube::Error::Api(status))
        | watcher::Error::WatchStartFailed(kube::Error::Api(status))
        | watcher::Error::WatchFailed(kube::Error::Api(status))
        | watcher::Error::WatchError(status) => Some(status),
        _ => None,
    }
}

/// Whether the server says that it does not know the kind.
pub fn is_not_served(error: &watcher::Error) -> bool {
    answer(error).is_some_and(|status| status.code == 404)
}

/// The failure, and what a person can do about it.
pub fn describe<K: Resource<DynamicType = ()>>(error: &watcher::Error) -> String {
    let remedy = match answer(error).map(|status| status.code) {
        Some(401) => {
            "; the cluster refuses the credentials: renew them where this cluster's kubeconfig comes from".into()
        }
        Some(403) => format!("; give the user of this cluster the verbs list and watch on {}", resource::<K>()),
        Some(404) if is_everywhere::<K>() => {
            "; every API server serves this kind: see that the server of this cluster in the kubeconfig is one, and its \
             path right"
                .into()
        }
        _ => String::new(),
    };
    let words = match error {
        watcher::Error::InitialListFailed(error)
        | watcher::Error::WatchStartFailed(error)
        | watcher::Error::WatchFailed(error) => said(error),
        watcher::Error::WatchError(status) => server_said(status),
        watcher::Error::NoResourceVersion => innermost(error),
    };
    format!("{words}{remedy}")
}

/// Whether every Kubernetes has this kind.
fn is_everywhere<K: Resource<DynamicType = ()>>() -> bool {
    K::group(&()).is_empty() || K::group(&()) == "networking.k8s.io"
}

/// For instance `hostrules.ako.vmware.com`, as roles and kubectl spell it.
fn resource<K: Resource<DynamicType = ()>>() -> String {
    let (plural, group) = (K::plural(&()), K::group(&()));
    if group.is_empty() { plural.into_owned() } else { format!("{plural}.{group}") }
}
