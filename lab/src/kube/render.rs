//! The forms in which objects leave the server: as they are, as metadata only, or as a Table.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::events;
use super::list::Page;
use super::meta;
use super::resource::Resource;
use super::table::{self, IncludeObject, TableKind, TableOptions};
use crate::clock::Clock;

/// What the client asked for with its Accept header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Plain,
    Metadata,
    Table,
}

/// Renders for one request.
#[derive(Debug, Clone, Copy)]
pub struct Renderer {
    pub form: Form,
    pub include_object: IncludeObject,
    pub clock: Clock,
}

impl Renderer {
    /// One object, in the version of the request.
    pub fn object<'a>(&self, resource: &Resource, object: Cow<'a, Value>) -> Cow<'a, Value> {
        match self.form {
            Form::Plain => object,
            Form::Metadata => Cow::Owned(metadata_only(&object)),
            Form::Table => {
                let revision = meta::text(&object, "resourceVersion").to_owned();
                let page = Page { items: vec![Arc::new(object.into_owned())], ..Page::default() };
                Cow::Owned(self.table(resource, &page, revision))
            }
        }
    }

    pub fn list(&self, resource: &Resource, page: Page) -> Listing {
        let revision = page.revision.to_string();
        let (kind, api_version, items) = match self.form {
            Form::Table => return Listing::Table(self.table(resource, &page, revision)),
            Form::Plain => {
                // A typed server says the type of a list once.
                let typed = resource.custom.is_some();
                let items = page.items.into_iter().map(|object| Item { object, typed }).collect();
                (resource.list_kind.clone(), resource.api_version(), items)
            }
            Form::Metadata => {
                let shown = |object: &Arc<Value>| Item { object: Arc::new(metadata_only(object)), typed: true };
                let items = page.items.iter().map(shown).collect();
                ("PartialObjectMetadataList".to_owned(), "meta.k8s.io/v1".to_owned(), items)
            }
        };
        let mut metadata = json!({ "resourceVersion": revision });
        if !page.continue_token.is_empty() {
            metadata["continue"] = json!(page.continue_token);
        }
        if let Some(remaining) = page.remaining {
            metadata["remainingItemCount"] = json!(remaining);
        }
        Listing::Objects { kind, api_version, metadata, items }
    }

    fn table(&self, resource: &Resource, page: &Page, resource_version: String) -> Value {
        let kind = match &resource.custom {
            Some(custom) => TableKind::Custom { columns: custom.columns.clone() },
            None => TableKind::Builtin { group: resource.group.clone(), kind: resource.kind.clone() },
        };
        let now: Timestamp = self.clock.now();
        let options = TableOptions {
            include_object: self.include_object,
            now,
            resource_version,
            continue_token: page.continue_token.clone(),
            remaining: page.remaining,
        };
        let items: Vec<Value> = page.items.iter().map(|object| Value::clone(object)).collect();
        if resource.converts_events() {
            let core: Vec<Value> = items.into_iter().map(events::to_core).collect();
            let kind = TableKind::Builtin { group: String::new(), kind: resource.kind.clone() };
            return table::render(&kind, &core, &options);
        }
        table::render(&kind, &items, &options)
    }
}

/// A list on its way out. Its objects are still those of the store: to copy thousands of them would be most of the work.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Listing {
    Objects {
        kind: String,
        #[serde(rename = "apiVersion")]
        api_version: String,
        metadata: Value,
        items: Vec<Item>,
    },
    Table(Value),
}

/// One object of a list.
#[derive(Debug)]
pub struct Item {
    object: Arc<Value>,
    /// Whether it says its own type.
    typed: bool,
}

impl Serialize for Item {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &*self.object {
            Value::Object(fields) if !self.typed => {
                let shown = |key: &str| key != "apiVersion" && key != "kind";
                serializer.collect_map(fields.iter().filter(|(key, _)| shown(key)))
            }
            object => object.serialize(serializer),
        }
    }
}

fn metadata_only(object: &Value) -> Value {
    json!({ "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"] })
}
