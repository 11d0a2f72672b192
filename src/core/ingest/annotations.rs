//! The annotations that AKO writes on objects of member clusters (rules OBJ-03 and TEN-02).

use crate::core::endpoint::VirtualServiceRef;
use crate::core::object::Meta;
use std::collections::BTreeMap;

/// JSON object from hostname to the UUID of the virtual service that serves it.
pub const VS_UUID_MAP: &str = "ako.vmware.com/host-fqdn-vs-uuid-map";
/// UUID of the Avi controller cluster that holds those virtual services.
pub const CLUSTER_UUID: &str = "ako.vmware.com/controller-cluster-uuid";
/// Tenant, on namespaces and on objects.
pub const TENANT: &str = "ako.vmware.com/tenant-name";
/// Present with any value on an Ingress: all its hosts are served with TLS.
pub const ENABLE_TLS: &str = "ako.vmware.com/enable-tls";

/// Every annotation of an Ingress or Service that decides anything; a projection needs to keep no other.
pub const READ: [&str; 4] = [VS_UUID_MAP, CLUSTER_UUID, TENANT, ENABLE_TLS];

/// The virtual services of one object, by hostname.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct VirtualServices {
    by_host: BTreeMap<String, String>,
    cluster_uuid: String,
}

impl VirtualServices {
    /// Reads both annotations; one without the other counts as none (rule OBJ-03).
    ///
    /// # Errors
    /// The map is not a JSON object of strings: the reason, for the owner of the object.
    pub(super) fn read(meta: &Meta) -> Result<Self, String> {
        let (Some(map), Some(cluster_uuid)) = (filled(meta, VS_UUID_MAP), filled(meta, CLUSTER_UUID)) else {
            return Ok(Self::default());
        };
        match serde_json::from_str(map) {
            Ok(by_host) => Ok(Self { by_host, cluster_uuid: cluster_uuid.to_owned() }),
            Err(error) => Err(format!(
                "annotation {VS_UUID_MAP} is not a JSON object from hostname to virtual service UUID ({error}); AKO \
                 writes it, so delete the annotation and let AKO write it again"
            )),
        }
    }

    /// The virtual service for exactly this hostname (rule OBJ-08: no case folding).
    pub(super) fn for_host(&self, hostname: &str) -> Option<VirtualServiceRef> {
        let vs_uuid = self.by_host.get(hostname).filter(|uuid| !uuid.is_empty())?;
        Some(VirtualServiceRef { vs_uuid: vs_uuid.clone(), cluster_uuid: self.cluster_uuid.clone() })
    }
}

/// The value of an annotation that is present and not empty.
pub(super) fn filled<'a>(meta: &'a Meta, key: &str) -> Option<&'a str> {
    meta.annotations.get(key).filter(|value| !value.is_empty())
}
