//! Which virtual services AKO made for the hostnames of one object (rule OBJ-03).

use super::annotations::VS_UUID_MAP;
use crate::core::dns_name::{into_normal, normal};
use crate::core::endpoint::VirtualServiceRef;
use serde_json::Value;
use std::collections::BTreeMap;

/// The virtual services of one object, by hostname.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct VirtualServices {
    by_host: BTreeMap<String, String>,
    cluster_uuid: String,
    /// Hostnames whose entry is no text.
    odd: Vec<String>,
}

impl VirtualServices {
    /// From the two texts that AKO writes, wherever it wrote them; one without the other counts as none. An entry that is
    /// no text says nothing about the others.
    ///
    /// # Errors
    /// The map is not a JSON object: the reason, for the owner of the object.
    pub(super) fn read(map: Option<&str>, cluster_uuid: Option<&str>) -> Result<Self, String> {
        let (Some(map), Some(cluster_uuid)) = (filled(map), filled(cluster_uuid)) else { return Ok(Self::default()) };
        match serde_json::from_str::<BTreeMap<String, Value>>(map) {
            Ok(entries) => Ok(Self::of(entries, cluster_uuid)),
            Err(error) => Err(format!(
                "{VS_UUID_MAP} is not a JSON object from hostname to virtual service UUID ({error}); AKO writes it, \
                 so delete it and let AKO write it again"
            )),
        }
    }

    fn of(entries: BTreeMap<String, Value>, cluster_uuid: &str) -> Self {
        let mut found = Self { cluster_uuid: cluster_uuid.to_owned(), ..Self::default() };
        for (host, uuid) in entries {
            match uuid {
                Value::String(uuid) => {
                    // Of two spellings of one name, the one that says more.
                    let known = found.by_host.entry(into_normal(host)).or_default();
                    if known.is_empty() {
                        *known = uuid;
                    }
                }
                _ => found.odd.push(host),
            }
        }
        found
    }

    /// What of the map cannot be read, for the owner of the object.
    pub(super) fn odd(&self) -> Option<String> {
        (!self.odd.is_empty()).then(|| {
            format!(
                "{VS_UUID_MAP} has no text for {}, so its virtual service is not known; AKO writes it, so delete it and let \
                 AKO write it again",
                self.odd.join(", ")
            )
        })
    }

    /// Nothing was found to read.
    pub(super) fn is_unknown(&self) -> bool {
        self.cluster_uuid.is_empty()
    }

    /// The virtual service for this hostname (OBJ-08).
    pub(super) fn for_host(&self, hostname: &str) -> Option<VirtualServiceRef> {
        let vs_uuid = self.by_host.get(&*normal(hostname)).filter(|uuid| !uuid.is_empty())?;
        Some(VirtualServiceRef { vs_uuid: vs_uuid.clone(), cluster_uuid: self.cluster_uuid.clone() })
    }
}

fn filled(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}
