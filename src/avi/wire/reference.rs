//! References between objects: four spellings, one name.

use super::field::text;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// What has a meaning of its own in the query of a reference, or may not stand there. Nothing else is encoded, so that
/// ordinary names look as upstream writes them.
const IN_REFERENCE: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'&')
    .add(b'+')
    .add(b'<')
    .add(b'>')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// A name as it stands in the query of a reference.
pub(super) fn encoded(name: &str) -> impl fmt::Display + '_ {
    utf8_percent_encode(name, IN_REFERENCE)
}

/// The name that stands there.
fn decoded(query: &str) -> String {
    percent_decode_str(query).decode_utf8_lossy().into_owned()
}

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
        let (address, name) =
            reference.split_once('#').map_or((reference, None), |(before, name)| (before, Some(name)));
        if let Some((_, name)) = address.split_once("?name=") {
            return decoded(name);
        }
        if let Some(name) = name {
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
