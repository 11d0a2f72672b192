//! Watched objects, decoded straight into the few fields that decide anything.
//!
//! A typed Ingress costs several kilobytes in memory, its projection about half of one. The metadata is decoded whole
//! because the watcher needs it, and dropped with the object once the projection is made. What is missing or null
//! counts as empty, what is not read may be anything; a part that is read and has another type fails its object.

mod cluster_version;
mod host_rule;
mod ingress;
mod multi_cluster_ingress;
mod namespace;
mod parts;
mod route;
mod service;
#[cfg(test)]
mod tests;

pub use cluster_version::ClusterVersionObject;
pub use host_rule::HostRuleObject;
pub use ingress::IngressObject;
pub use multi_cluster_ingress::MultiClusterIngressObject;
pub use namespace::NamespaceObject;
pub use route::RouteObject;
pub use service::ServiceObject;

/// Declares a kind as the watcher knows it: where it is served, and its metadata.
macro_rules! watched {
    ($type:ident, $group:literal, $version:literal, $plural:literal, $kind:literal) => {
        impl kube::Resource for $type {
            type DynamicType = ();
            type Scope = k8s_openapi::NamespaceResourceScope;

            fn kind((): &()) -> std::borrow::Cow<'_, str> {
                $kind.into()
            }
            fn group((): &()) -> std::borrow::Cow<'_, str> {
                $group.into()
            }
            fn version((): &()) -> std::borrow::Cow<'_, str> {
                $version.into()
            }
            fn plural((): &()) -> std::borrow::Cow<'_, str> {
                $plural.into()
            }
            fn meta(&self) -> &k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta {
                &self.metadata
            }
            fn meta_mut(&mut self) -> &mut k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta {
                &mut self.metadata
            }
        }
    };
}
use watched;
