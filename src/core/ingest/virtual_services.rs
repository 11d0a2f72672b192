//! Which virtual services AKO made for the hostnames of one object (rule OBJ-03).

use super::annotations::VS_UUID_MAP;
use crate::core::endpoint::VirtualServiceRef;
use std::collections::BTreeMap;

/// The virtual services of one object, by hostname.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct VirtualServices {
    by_host: BTreeMap<String, String>,
    cluster_uuid: String,
}

impl VirtualServices {
    /// From the two texts that AKO writes, wherever it wrote them; one without the other counts as none.
    ///
    /// # Errors
    /// The map is not a JSON object of strings: the reason, for the owner of the object.
    pub(super) fn read(map: Option<&str>, cluster_uuid: Option<&str>) -> Result<Self, String> {
        let (Some(map), Some(cluster_uuid)) = (filled(map), filled(cluster_uuid)) else { return Ok(Self::default()) };
        match serde_json::from_str(map) {
            Ok(by_host) => Ok(Self { by_host, cluster_uuid: cluster_uuid.to_owned() }),
            Err(error) => Err(format!(
                "{VS_UUID_MAP} is not a JSON object from hostname to virtual service UUID ({error}); AKO writes it, \
                 so delete it and let AKO write it again"
            )),
        }
    }

    /// Nothing was found to read.
    pub(super) fn is_unknown(&self) -> bool {
        self.cluster_uuid.is_empty()
    }

    /// The virtual service for exactly this hostname (rule OBJ-08: no case folding).
    pub(super) fn for_host(&self, hostname: &str) -> Option<VirtualServiceRef> {
        let vs_uuid = self.by_host.get(hostname).filter(|uuid| !uuid.is_empty())?;
        Some(VirtualServiceRef { vs_uuid: vs_uuid.clone(), cluster_uuid: self.cluster_uuid.clone() })
    }
}

fn filled(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}
