//! STAND-IN, to be deleted once `objects` has these kinds: Route, HostRule and MultiClusterIngress on the wire.

use crate::core::inventory::Seen;
use crate::core::object::{AkoHostRule, Meta, MultiClusterIngress, Route};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use serde::Deserialize;
use std::borrow::Cow;

macro_rules! pending {
    ($type:ident, $group:literal, $version:literal, $plural:literal, $kind:literal) => {
        /// Only the metadata.
        #[derive(Debug, Clone, Deserialize)]
        pub struct $type {
            metadata: ObjectMeta,
        }

        impl Resource for $type {
            type DynamicType = ();
            type Scope = k8s_openapi::NamespaceResourceScope;

            fn kind((): &()) -> Cow<'_, str> {
                $kind.into()
            }
            fn group((): &()) -> Cow<'_, str> {
                $group.into()
            }
            fn version((): &()) -> Cow<'_, str> {
                $version.into()
            }
            fn plural((): &()) -> Cow<'_, str> {
                $plural.into()
            }
            fn meta(&self) -> &ObjectMeta {
                &self.metadata
            }
            fn meta_mut(&mut self) -> &mut ObjectMeta {
                &mut self.metadata
            }
        }
    };
}

pending!(RouteObject, "route.openshift.io", "v1", "routes", "Route");
pending!(HostRuleObject, "ako.vmware.com", "v1beta1", "hostrules", "HostRule");
pending!(MultiClusterIngressObject, "ako.vmware.com", "v1alpha1", "multiclusteringresses", "MultiClusterIngress");

fn meta(meta: ObjectMeta) -> Meta {
    Meta { namespace: meta.namespace.unwrap_or_default(), name: meta.name.unwrap_or_default(), ..Meta::default() }
}

impl From<RouteObject> for Seen {
    fn from(object: RouteObject) -> Self {
        Self::Route(Route { meta: meta(object.metadata), ..Route::default() })
    }
}

impl From<MultiClusterIngressObject> for Seen {
    fn from(object: MultiClusterIngressObject) -> Self {
        Self::MultiClusterIngress(MultiClusterIngress { meta: meta(object.metadata), ..MultiClusterIngress::default() })
    }
}

impl From<HostRuleObject> for AkoHostRule {
    fn from(object: HostRuleObject) -> Self {
        let Meta { namespace, name, .. } = meta(object.metadata);
        Self { namespace, name, ..Self::default() }
    }
}
