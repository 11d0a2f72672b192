//! What clients see of a stored object: absolute references, names behind them, only the fields of their version.

use super::condition::Condition;
use super::kind::Kind;
use super::schema::{self, Field, Shape};
use super::store::{Store, target_of, text};
use super::version::ApiVersion;
use serde_json::{Map, Value};

/// How to show objects to one client.
pub(super) struct Rendering<'a> {
    pub store: &'a Store,
    /// The host the client used.
    pub host: &'a str,
    /// Put `#name` behind every reference.
    pub names: bool,
    pub skip_default: bool,
    pub version: ApiVersion,
    pub condition: &'a Condition,
}

impl Rendering<'_> {
    pub fn object(&self, kind: Kind, object: &Value) -> Value {
        let Value::Object(map) = object else { return object.clone() };
        let mut shown = Value::Object(self.fields(Some(kind.fields()), map));
        self.condition.with_new_fields(kind, &mut shown);
        self.condition.arrange(&mut shown);
        shown
    }

    fn fields(&self, fields: Option<&'static [Field]>, map: &Map<String, Value>) -> Map<String, Value> {
        let shown = map.iter().filter_map(|(key, value)| {
            let field = fields.and_then(|fields| schema::find(fields, key));
            let hidden = field.is_some_and(|field| field.since > self.version || self.is_default(field, value));
            (!hidden).then(|| (key.clone(), self.value(field.map(|field| field.shape), key, value)))
        });
        shown.collect()
    }

    fn is_default(&self, field: &Field, value: &Value) -> bool {
        self.skip_default && field.preset.value().as_ref() == Some(value)
    }

    fn value(&self, shape: Option<Shape>, key: &str, value: &Value) -> Value {
        match (shape, value) {
            (_, Value::String(text)) if is_reference(key) => self.reference(text).into(),
            (Some(Shape::Object(fields)), Value::Object(map)) => Value::Object(self.fields(Some(fields), map)),
            (Some(Shape::List(item, _)), Value::Array(items)) => {
                items.iter().map(|value| self.value(Some(*item), key, value)).collect()
            }
            _ => value.clone(),
        }
    }

    fn reference(&self, path: &str) -> String {
        let Some((kind, uuid)) = target_of(path) else { return path.to_owned() };
        let name = self.store.get(kind, uuid).map(|target| text(target, "name")).filter(|_| self.names);
        let name = name.filter(|_| !self.condition.references.nameless);
        let host = self.condition.references.host.as_deref().unwrap_or(self.host);
        let fragment = name.map(|name| format!("#{name}")).unwrap_or_default();
        format!("https://{host}{path}{fragment}")
    }
}

fn is_reference(key: &str) -> bool {
    key == "url" || key.ends_with("_ref") || key.ends_with("_refs")
}
