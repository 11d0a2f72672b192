//! References between objects: four spellings, one name.

use super::field::text;
use serde_json::Value;
use std::collections::BTreeMap;

/// Names of objects by their uuid, for references that carry no name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RefNames(BTreeMap<String, String>);

/// Names by uuid.
impl FromIterator<(String, String)> for RefNames {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(names: I) -> Self {
        Self(names.into_iter().collect())
    }
}

impl RefNames {
    /// Learns the names of listed objects.
    pub fn of<'a>(objects: impl IntoIterator<Item = &'a Value>) -> Self {
        let pairs =
            objects.into_iter().filter_map(|o| Some((text(o, "uuid")?.to_owned(), text(o, "name")?.to_owned())));
        Self(pairs.collect())
    }

    /// Name of the object behind `reference`. A uuid that is not known stands for itself: it equals no name, so the
    /// object that refers to it is seen as different and rewritten.
    pub(super) fn resolve(&self, reference: &str) -> String {
        if let Some((_, name)) = reference.split_once('#') {
            return name.to_owned();
        }
        if let Some((_, name)) = reference.split_once("?name=") {
            return name.to_owned();
        }
        let uuid = reference.trim_end_matches('/').rsplit('/').next().unwrap_or(reference);
        self.0.get(uuid).cloned().unwrap_or_else(|| uuid.to_owned())
    }

    /// Name behind the reference in field `key`; `None` when absent or empty.
    pub(super) fn resolve_field(&self, object: &Value, key: &str) -> Option<String> {
        text(object, key).filter(|reference| !reference.is_empty()).map(|reference| self.resolve(reference))
    }
}
