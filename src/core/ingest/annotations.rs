//! The annotations that AKO writes on objects of member clusters (rules OBJ-03 and TEN-02).

use crate::core::object::Meta;

/// JSON object from hostname to the UUID of the virtual service that serves it.
pub const VS_UUID_MAP: &str = "ako.vmware.com/host-fqdn-vs-uuid-map";
/// UUID of the Avi controller cluster that holds those virtual services.
pub const CLUSTER_UUID: &str = "ako.vmware.com/controller-cluster-uuid";
/// Tenant, on namespaces and on objects.
pub const TENANT: &str = "ako.vmware.com/tenant-name";
/// Present with any value on an Ingress: all its hosts are served with TLS.
pub const ENABLE_TLS: &str = "ako.vmware.com/enable-tls";
/// `true` on an Ingress, in any case: TLS is handed through to the pods.
pub const PASSTHROUGH: &str = "passthrough.ako.vmware.com/enabled";

/// Every annotation of a namespaced object that decides anything; a projection needs to keep no other.
pub const READ: [&str; 5] = [VS_UUID_MAP, CLUSTER_UUID, TENANT, ENABLE_TLS, PASSTHROUGH];

/// The value of an annotation that is present and not empty.
pub(super) fn filled<'a>(meta: &'a Meta, key: &str) -> Option<&'a str> {
    meta.annotations.get(key).filter(|value| !value.is_empty())
}
