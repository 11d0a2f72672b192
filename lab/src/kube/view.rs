//! Between the stored form of an object and the version in which a request speaks about it.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::events;
use super::resource::Resource;

/// The object as this version of the resource shows it. Defaults that came later than the object apply.
pub fn present<'a>(resource: &Resource, stored: &'a Value) -> Cow<'a, Value> {
    if resource.converts_events() {
        return Cow::Owned(events::from_core(stored.clone()));
    }
    // The built-in kinds are served as they are stored.
    let Some(custom) = &resource.custom else { return Cow::Borrowed(stored) };
    let mut object = stored.clone();
    object["apiVersion"] = json!(resource.api_version());
    with_bare_body(&mut object, |body| custom.schema.apply_defaults(body));
    Cow::Owned(object)
}

/// The stored form of an object that came in this version.
pub fn absorb(resource: &Resource, mut object: Value) -> Value {
    if resource.converts_events() {
        return events::to_core(object);
    }
    if let Some(fields) = object.as_object_mut() {
        fields.insert("apiVersion".to_owned(), json!(resource.storage_api_version()));
        fields.insert("kind".to_owned(), json!(resource.kind));
    }
    object
}

/// Runs `work` on the object without its type and metadata, which no schema of a custom resource rules.
pub fn with_bare_body<T>(object: &mut Value, work: impl FnOnce(&mut Value) -> T) -> T {
    let kept: Vec<(String, Value)> = match object.as_object_mut() {
        Some(fields) => ["apiVersion", "kind", "metadata"]
            .iter()
            .filter_map(|&key| Some((key.to_owned(), fields.remove(key)?)))
            .collect(),
        None => Vec::new(),
    };
    let result = work(object);
    if let Some(fields) = object.as_object_mut() {
        fields.extend(kept);
    }
    result
}
