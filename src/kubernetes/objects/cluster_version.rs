//! OpenShift's `config.openshift.io/v1` ClusterVersion. Never read: that it is served says what the cluster is.

use super::watched;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

watched!(ClusterVersionObject, "config.openshift.io", "v1", "clusterversions", "ClusterVersion");

/// A ClusterVersion.
#[derive(Debug, Clone)]
pub struct ClusterVersionObject {
    metadata: ObjectMeta,
}
