//! OpenShift's `route.openshift.io/v1` Route.

use super::parts::{exact, meta, or_empty};
use super::watched;
use crate::core::inventory::Seen;
use crate::core::object::{Route, RouteAdmission, RouteCondition};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Deserialize;

watched!(RouteObject, "route.openshift.io", "v1", "routes", "Route");

/// A Route on the wire.
#[derive(Debug, Clone, Deserialize)]
pub struct RouteObject {
    metadata: ObjectMeta,
    #[serde(default, deserialize_with = "or_empty")]
    spec: RouteSpec,
    #[serde(default, deserialize_with = "or_empty")]
    status: RouteStatus,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct RouteSpec {
    #[serde(default, deserialize_with = "or_empty")]
    host: String,
    #[serde(default, deserialize_with = "or_empty")]
    subdomain: String,
    #[serde(default, deserialize_with = "or_empty")]
    path: String,
    #[serde(default)]
    tls: Option<TlsObject>,
}

#[derive(Debug, Clone, Deserialize)]
struct TlsObject {
    #[serde(default, deserialize_with = "or_empty")]
    termination: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct RouteStatus {
    #[serde(default, deserialize_with = "or_empty")]
    ingress: Vec<AdmissionObject>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct AdmissionObject {
    #[serde(default, deserialize_with = "or_empty")]
    router_name: String,
    #[serde(default, deserialize_with = "or_empty")]
    host: String,
    #[serde(default, deserialize_with = "or_empty")]
    conditions: Vec<ConditionObject>,
}

#[derive(Debug, Clone, Deserialize)]
struct ConditionObject {
    #[serde(default, deserialize_with = "or_empty")]
    reason: String,
    #[serde(default, deserialize_with = "or_empty")]
    message: String,
}

impl From<RouteObject> for Seen {
    fn from(object: RouteObject) -> Self {
        let RouteSpec { host, subdomain, path, tls } = object.spec;
        Self::Route(Route {
            meta: meta(object.metadata),
            host,
            subdomain,
            path,
            termination: tls.map(|tls| tls.termination),
            admissions: exact(object.status.ingress.into_iter().map(RouteAdmission::from)),
        })
    }
}

impl From<AdmissionObject> for RouteAdmission {
    fn from(AdmissionObject { router_name, host, conditions }: AdmissionObject) -> Self {
        let text = |ConditionObject { reason, message }| RouteCondition { reason, message };
        Self { router_name, host, conditions: exact(conditions.into_iter().map(text)) }
    }
}
