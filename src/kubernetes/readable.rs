//! An object that may be unreadable, among others that are not.
//!
//! kube's own guard builds a tree of every object and a copy of that tree before it looks whether the object can be
//! read. That was most of what a cluster's complete list cost, so here the text is kept instead, and looked at again
//! only where something is wrong with it.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// An object as its owner wants it, or what is wrong with it. Read from JSON text only: a list, or a watch event whose
/// type comes before its object, as API servers write it.
#[derive(Debug, Clone)]
pub struct Readable<K>(pub Result<K, Unreadable>);

/// An object of which only the metadata could be read.
#[derive(Debug, Clone)]
pub struct Unreadable {
    /// Which field, and what is wrong with it.
    pub error: String,
    pub metadata: ObjectMeta,
}

#[derive(Deserialize)]
struct MetadataOnly {
    #[serde(default)]
    metadata: ObjectMeta,
}

impl<'de, K: DeserializeOwned> Deserialize<'de> for Readable<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Box::<RawValue>::deserialize(deserializer)?;
        let read = serde_json::from_str::<K>(text.get());
        read.map(|object| Self(Ok(object))).or_else(|error| {
            let MetadataOnly { metadata } = serde_json::from_str(text.get()).map_err(D::Error::custom)?;
            Ok(Self(Err(Unreadable { error: place::<K>(text.get()).unwrap_or_else(|| error.to_string()), metadata })))
        })
    }
}

/// Where in the object the error is, and which.
fn place<K: DeserializeOwned>(text: &str) -> Option<String> {
    let error = serde_path_to_error::deserialize::<_, K>(&mut serde_json::Deserializer::from_str(text)).err()?;
    let (path, why) = (error.path().to_string(), error.into_inner().to_string());
    // The position is one in the server's answer, which nobody has in front of them.
    let why = why.split(" at line ").next().unwrap_or(&why);
    Some(if path == "." { why.to_owned() } else { format!("{path}: {why}") })
}

impl<K: Resource> Resource for Readable<K> {
    type DynamicType = K::DynamicType;
    type Scope = K::Scope;

    fn kind(dynamic: &K::DynamicType) -> Cow<'_, str> {
        K::kind(dynamic)
    }

    fn group(dynamic: &K::DynamicType) -> Cow<'_, str> {
        K::group(dynamic)
    }

    fn version(dynamic: &K::DynamicType) -> Cow<'_, str> {
        K::version(dynamic)
    }

    fn plural(dynamic: &K::DynamicType) -> Cow<'_, str> {
        K::plural(dynamic)
    }

    fn meta(&self) -> &ObjectMeta {
        self.0.as_ref().map_or_else(|unreadable| &unreadable.metadata, K::meta)
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        self.0.as_mut().map_or_else(|unreadable| &mut unreadable.metadata, K::meta_mut)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::api::core::v1::ConfigMap;
    use kube::ResourceExt;
    use kube::core::{ObjectList, WatchEvent};

    const GOOD: &str = r#"{"metadata":{"name":"good","uid":"u-1"},"data":{"a":"b"}}"#;
    const BAD: &str = r#"{"metadata":{"name":"bad","namespace":"shop"},"data":{"a":"b","c":[1]}}"#;
    const BAD_SAYS: &str = "data.c: invalid type: sequence, expected a string";

    /// Namespace, name, and the data or the error.
    fn told(object: &Readable<ConfigMap>) -> (Option<String>, String, Result<Option<String>, String>) {
        let data = |object: &ConfigMap| object.data.as_ref()?.get("a").cloned();
        let read = object.0.as_ref().map(data).map_err(|unreadable| unreadable.error.clone());
        (object.namespace(), object.name_any(), read)
    }

    #[test]
    fn what_cannot_be_read_in_a_list_is_named_and_hides_nothing_else() {
        let text =
            format!(r#"{{"kind":"ConfigMapList","apiVersion":"v1","metadata":{{}},"items":[{BAD},{GOOD},{{}}]}}"#);
        let list: ObjectList<Readable<ConfigMap>> = serde_json::from_str(&text).unwrap();
        let expected = [
            (Some("shop".to_owned()), "bad".to_owned(), Err(BAD_SAYS.to_owned())),
            (None, "good".to_owned(), Ok(Some("b".to_owned()))),
            (None, String::new(), Ok(None)),
        ];
        assert_eq!(list.items.iter().map(told).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_watch_event_about_an_unreadable_object_is_about_that_object() {
        let text = format!(r#"{{"type":"MODIFIED","object":{BAD}}}"#);
        let WatchEvent::Modified(object) = serde_json::from_str(&text).unwrap() else { panic!("{text}") };
        assert_eq!(told(&object), (Some("shop".to_owned()), "bad".to_owned(), Err(BAD_SAYS.to_owned())));
    }

    #[test]
    fn an_object_without_readable_metadata_fails_the_answer() {
        let read = |text: &str| serde_json::from_str::<Readable<ConfigMap>>(text).map(drop).map_err(|e| e.to_string());
        let says = "invalid type: integer `7`, expected ObjectMeta at line 1 column 13";
        assert_eq!(read(r#"{"metadata":7}"#), Err(says.to_owned()));
    }
}
