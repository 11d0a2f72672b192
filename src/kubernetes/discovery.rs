//! Whether an API server serves a kind at all. A kind that is not served is absent; one that cannot be asked about is
//! not known, and nothing follows from that.

use super::cause::said;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::APIResourceList;
use kube::{Client, Resource};
use std::time::Duration;

/// How soon a kind that is not served is asked for again: a CRD installed later is noticed by then.
pub const ABSENT_RETRY: Duration = Duration::from_secs(30);

/// Why it is not known whether a kind is served.
#[derive(Debug, thiserror::Error)]
#[error("cannot ask whether {resource} is served: GET {path}: {}{remedy}", said(source))]
pub struct Undiscovered {
    /// For instance `routes.route.openshift.io`.
    resource: String,
    path: String,
    source: Box<kube::Error>,
    remedy: &'static str,
}

/// What is appended for a person whose user may not ask.
const MAY_NOT_ASK: &str = "; the user of the kubeconfig needs the verb get on this URL, which the ClusterRole \
                           system:discovery gives to every authenticated user";

/// Asks whether the kind is served, with a client of [`super::bounded::bounded`]. `false` only when the server says
/// so: its group and version are unknown, or known without this kind.
///
/// # Errors
/// Whenever there is any other answer than a list of kinds, or none.
pub async fn is_served<K: Resource<DynamicType = ()>>(client: &Client) -> Result<bool, Undiscovered> {
    Ok(resources::<K>(client).await?.is_some_and(|list| names(&list, &K::plural(&()))))
}

/// How an API server holds the status of a kind's objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusHeld {
    /// Not at all: the kind is not served.
    Nowhere,
    /// As a field like others, as the definitions of upstream have it.
    AsField,
    /// Apart, under `/status`.
    Apart,
}

/// Asks how the status of a kind's objects is held.
///
/// # Errors
/// As [`is_served`].
pub async fn status_held<K: Resource<DynamicType = ()>>(client: &Client) -> Result<StatusHeld, Undiscovered> {
    let plural = K::plural(&());
    Ok(match resources::<K>(client).await? {
        Some(list) if names(&list, &format!("{plural}/status")) => StatusHeld::Apart,
        Some(list) if names(&list, &plural) => StatusHeld::AsField,
        Some(_) | None => StatusHeld::Nowhere,
    })
}

/// The kinds of the group and version of this one; `None` when there is no such version.
async fn resources<K: Resource<DynamicType = ()>>(client: &Client) -> Result<Option<APIResourceList>, Undiscovered> {
    let version = K::api_version(&());
    match client.list_api_group_resources(&version).await {
        Ok(list) => Ok(Some(list)),
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(None),
        Err(source) => {
            let forbidden = matches!(&source, kube::Error::Api(status) if matches!(status.code, 401 | 403));
            Err(Undiscovered {
                resource: format!("{}.{}", K::plural(&()), K::group(&())),
                path: format!("/apis/{version}"),
                source: Box::new(source),
                remedy: if forbidden { MAY_NOT_ASK } else { "" },
            })
        }
    }
}

fn names(list: &APIResourceList, plural: &str) -> bool {
    list.resources.iter().any(|resource| resource.name == plural)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::objects::IngressObject;
    use http::{Request, Response};
    use kube::client::Body;
    use std::convert::Infallible;

    fn answering(status: u16, body: &'static str) -> Client {
        let answer = move |request: Request<Body>| {
            assert_eq!(request.uri().path(), "/apis/networking.k8s.io/v1");
            let answer = Response::builder().status(status).body(Body::from(body.as_bytes().to_vec())).unwrap();
            async move { Ok::<_, Infallible>(answer) }
        };
        Client::new(tower::service_fn(answer), "default")
    }

    async fn asked(status: u16, body: &'static str) -> Result<bool, String> {
        is_served::<IngressObject>(&answering(status, body)).await.map_err(|error| error.to_string())
    }

    const LIST: &str = r#"{"kind":"APIResourceList","groupVersion":"networking.k8s.io/v1","resources":[
        {"name":"ingresses","singularName":"","namespaced":true,"kind":"Ingress","verbs":["list"]}]}"#;
    const OTHERS: &str = r#"{"kind":"APIResourceList","groupVersion":"networking.k8s.io/v1","resources":[
        {"name":"ingresses/status","singularName":"","namespaced":true,"kind":"Ingress","verbs":["get"]}]}"#;

    /// DB-01
    #[tokio::test]
    async fn only_a_list_without_the_kind_or_a_404_means_that_it_is_absent() {
        assert_eq!(asked(200, LIST).await, Ok(true));
        assert_eq!(asked(200, OTHERS).await, Ok(false));
        assert_eq!(asked(404, "404 page not found\n").await, Ok(false));
    }

    #[tokio::test]
    async fn the_status_is_apart_where_its_own_resource_is_listed() {
        const BOTH: &str = r#"{"kind":"APIResourceList","groupVersion":"networking.k8s.io/v1","resources":[
            {"name":"ingresses","singularName":"","namespaced":true,"kind":"Ingress","verbs":["list"]},
            {"name":"ingresses/status","singularName":"","namespaced":true,"kind":"Ingress","verbs":["patch"]}]}"#;
        const NEITHER: &str = r#"{"kind":"APIResourceList","groupVersion":"networking.k8s.io/v1","resources":[]}"#;
        let cases = [
            (200, BOTH, Some(StatusHeld::Apart)),
            (200, LIST, Some(StatusHeld::AsField)),
            (200, NEITHER, Some(StatusHeld::Nowhere)),
            (404, "404 page not found\n", Some(StatusHeld::Nowhere)),
            (503, "busy", None),
        ];
        for (code, body, expected) in cases {
            assert_eq!(status_held::<IngressObject>(&answering(code, body)).await.ok(), expected, "{code} {body}");
        }
    }

    /// DB-01
    #[tokio::test]
    async fn any_other_answer_is_an_error_that_names_kind_and_remedy() {
        let asking = "cannot ask whether ingresses.networking.k8s.io is served: GET /apis/networking.k8s.io/v1: ";
        let busy = asked(503, "busy").await.unwrap_err();
        assert!(busy.starts_with(asking), "{busy}");
        let forbidden = asked(403, "no").await.unwrap_err();
        assert!(forbidden.starts_with(asking) && forbidden.ends_with(MAY_NOT_ASK), "{forbidden}");
        assert!(asked(200, "<html>").await.unwrap_err().starts_with(asking));
    }
}
